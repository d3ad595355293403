#!/bin/bash
# A short soak breaks no rule; and the checker of its journal is no rubber stamp: whatever is broken by hand in a copy
# of what the soak left, it names.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
rm -rf -- "$FARM"
soak=$BUILD/tests/soak/soak
run() { "$soak" --keep --seed "${SEED:-1}" --seconds 8 --build "$BUILD" "$FARM"; }
ok 'a short soak' run

# A copy of the farm, to be broken by SQL.
copy=$(mktemp -d /tmp/artel-XXXXXX)
scenario_clean() {
	rm -rf -- "$copy"
	if [ "$tap_bad" != 0 ]; then printf '# kept: %s\n' "$FARM"; else rm -rf -- "$FARM"; fi
}
renew() {
	rm -f "$copy"/*
	cp "$FARM"/farm.db* "$FARM"/notes.* "$copy"
	sqlite3 "$copy/farm.db" 'DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete'
}
check() { "$soak" --check "$copy"; }
breaks() { # RULE WHAT SQL
	renew
	sqlite3 "$copy/farm.db" "PRAGMA foreign_keys = OFF; CREATE TEMP TABLE n (x); $3" || { fail "$1: the SQL" "$3"; return; }
	like "$1: $2" "$(check)" "^$1: "
}
renew
ok 'the copy is as good' check

# A job that is done, of a task that then was BUILT: its last start, and its end.
done_job="INSERT INTO n SELECT e.job FROM event e WHERE e.kind = 'job' AND e.state = 'done' AND EXISTS
	(SELECT 1 FROM event t WHERE t.task = e.task AND t.state = 'BUILT' AND t.id > e.id) ORDER BY e.id LIMIT 1;"
job='(SELECT x FROM n)'
again="INSERT INTO event (id, at, kind, task, job, user, state, text) SELECT" # the columns of a row that is said again
after="FROM event WHERE job = $job AND state ="
breaks arrow 'DONE and then FAILED' "INSERT INTO event (at, kind, task, user, state, text)
	SELECT 0, 'task', task, 'x', 'FAILED', 'x' FROM event WHERE kind = 'task' AND state = 'DONE' LIMIT 1"
breaks rest 'a task BUILDING for ever' "UPDATE task SET state = 'BUILDING' WHERE id = (SELECT min(id) FROM task WHERE state = 'DONE')"
breaks rest 'a task POSTPONED for nothing' "UPDATE task SET state = 'POSTPONED' WHERE id = (SELECT min(id) FROM task WHERE state = 'DONE')"
breaks job 'done without a start' "$done_job DELETE FROM event WHERE job = $job AND state = 'running'"
breaks twice 'done twice' "$done_job $again NULL, at, kind, task, job, user, state, text $after 'done'"
breaks overlap 'two attempts at once' "$done_job UPDATE event SET state = 'running', job = $job, kind = 'job', text = 'x on gang-1-0',
	task = (SELECT task $after 'done') WHERE id = (SELECT max(id) $after 'running') + 1"
breaks aborted 'done after the abort' "$done_job UPDATE event SET state = 'CANCELLED', kind = 'task', job = NULL, task = (SELECT task $after 'done')
	WHERE id = (SELECT max(id) $after 'running') + 1"
breaks held 'a start of a held task' "$done_job UPDATE event SET state = 'held', kind = 'task', job = NULL, task = (SELECT task $after 'done')
	WHERE id = (SELECT max(id) $after 'running') - 1"
for mode in draining disabled offline; do
	breaks closed "a start on a builder that is $mode" "$done_job UPDATE event SET kind = 'builder', task = NULL, job = NULL, state = '$mode',
		text = 'builder ' || (SELECT substr(text, instr(text, ' on ') + 4) $after 'running') || ' x' WHERE id = (SELECT max(id) $after 'running') - 1"
done
breaks slots 'more jobs than slots' 'UPDATE builder SET slots = 1'
breaks owner-limit 'more jobs than an owner may run' "UPDATE event SET kind = 'farm', task = NULL, job = NULL, state = 'owner-limit', text = 'owner-limit is 1'
	WHERE id = (SELECT min(id) FROM event WHERE state = 'NEW')"
breaks class-limit 'more jobs than a class may run' "UPDATE event SET kind = 'farm', task = NULL, job = NULL, state = 'limit.normal', text = 'limit.normal is 1'
	WHERE id = (SELECT min(id) FROM event WHERE state = 'NEW')"
breaks depends 'a start without a dependency' "INSERT INTO task_dep SELECT max(task), (SELECT min(id) FROM task WHERE state = 'CANCELLED')
	FROM event WHERE kind = 'task' AND state = 'BUILDING'"
breaks cycle 'a start within a cycle' "INSERT INTO n SELECT max(task) FROM event WHERE kind = 'task' AND state = 'BUILDING';
	INSERT OR IGNORE INTO task_dep VALUES ($job, $job); UPDATE event SET text = 'x: dependencies changed', state = '' WHERE task = $job AND state = 'AWAITING'"
breaks given 'a start that is not in the journal' "$done_job DELETE FROM event WHERE job = $job"
breaks given 'a start on another builder' "$done_job UPDATE event SET text = 'x on gang-x-1' WHERE job = $job AND state = 'running'"
breaks acked 'an end that came after its acknowledgement' "$done_job INSERT INTO event (at, kind, task, job, user, state, text)
	SELECT at, kind, task, job, user, state, text $after 'done'; DELETE FROM event WHERE id = (SELECT min(id) $after 'done')"
breaks acked 'another outcome' "$done_job UPDATE event SET state = 'failed' WHERE job = $job AND state = 'done'"
breaks left-over 'a job that is queued' "UPDATE job SET state = 'queued' WHERE id = (SELECT min(id) FROM job)"
breaks table 'a job done that failed' "UPDATE job SET state = 'failed' WHERE id = (SELECT min(id) FROM job WHERE state = 'done')"
breaks table 'a lost task' "DELETE FROM event WHERE kind = 'task' AND state = 'DONE' AND task = (SELECT min(id) FROM task WHERE state = 'DONE')"
breaks table 'another attempt' "UPDATE job SET attempt = attempt + 1 WHERE id = (SELECT min(id) FROM job WHERE state = 'done')"
breaks database 'a row that refers to nothing' "INSERT INTO approval VALUES (99999999, 64, 'x', 'approve', '', 0)"
scenario_end
