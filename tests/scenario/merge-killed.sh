#!/bin/bash
# A merger killed between any two of its steps: readers always see a whole repository,
# and the next one finishes or abandons, so that every task is merged once.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

latest=$FARM/repo/$REPO/x86_64/latest
whole() { # does what is published have all that it names?
	local state
	state=$(readlink -f "$latest")
	[ -d "$state/repodata" ] && createrepo_check "$state"
}
createrepo_check() {
	artel plumb repo-check "$1" >/dev/null
	[ $? -le 1 ] || return 1
	zcat "$1"/repodata/*-primary.xml.gz | grep -o 'href="[^"]*"' | cut -d '"' -f 2 | while read -r href; do
		[ -e "$1/$href" ] || { echo "$href is missing"; return 1; }
	done
}

n=0
last() { sqlite3 "$FARM/farm.db" "SELECT serial FROM repository"; }
for point in merge-prepared merge-written merge-current merge-switched merge-git syncfs \
	committed:1 committed:2 fsync:1 fsync:5 write:1 write:4; do
	n=$((n + 1))
	tiny joe "one$n" 1.0
	id=$(build joe "one$n" 1.0-1)
	wait_state 60 "$id" BUILT || fail "built for $point"
	serial=$(last)
	case $point in *:*) fault=$point ;; *) fault=$point:1 ;; esac
	(ARTEL_FAULT=$fault:kill exec artel-merger --once) 2>/dev/null
	is "$point: killed" "$?" 137
	ok "$point: readers see a whole repository" whole
	ok "$point: the next one works" artel-merger --once
	is "$point: the task is done" "$(task_state "$id")" DONE
	is "$point: one state more" "$(last)" $((serial + 1))
	is "$point: which is the published one" "$(readlink "$latest")" "state/$(last)"
	is "$point: the git branch follows" "$(git -C "$FARM/git/o/one$n.git" rev-parse "refs/heads/$REPO")" \
		"$(git -C "$FARM/people/joe/packages/one$n.git" rev-parse main)"
done
is 'nothing was merged twice' "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM merge_task t JOIN merge m ON m.id = t.merge WHERE m.state = 'DONE'")" "$n"
is 'all are there' "$(artel repo packages "$REPO" | grep -c '^one')" "$n"
ok 'and whole' whole

# Every visit of a point in turn, over one and the same task, until a merger comes through: so those that
# clean up after another are killed, too. Readers never see a half state, nor a serial that the database does not know.
every_visit() { # POINT [kill]; prints how many it took
	local visit=0 status state
	while :; do
		visit=$((visit + 1))
		(ARTEL_FAULT=$1:$visit${2:+:$2} exec artel-merger --once) >/dev/null 2>&1
		status=$?
		[ "$status" != 0 ] || break
		[ "$visit" -lt 600 ] || { echo 'no end'; return 1; }
		state=$(readlink "$latest")
		[ -e "$latest/repodata/repomd.xml" ] || { echo "visit $visit: $state is not whole"; return 1; }
		[ "${state#state/}" -le "$(last)" ] || { echo "visit $visit: $state is published and not current"; return 1; }
	done
	[ "$visit" -gt 1 ]
}
for point in sql committed write fsync syncfs attempt merge-prepared merge-written merge-current merge-switched merge-git; do
	for how in kill ''; do
		[ "$point$how" != committed ] || continue # is no error
		n=$((n + 1))
		tiny joe "one$n" 1.0
		id=$(build joe "one$n" 1.0-1)
		wait_state 60 "$id" BUILT || fail "built for $point"
		serial=$(last)
		ok "every $point ${how:-fails}: in the end it is merged" every_visit "$point" "$how" 2>/dev/null
		is "every $point ${how:-fails}: done" "$(task_state "$id")" DONE
		is "every $point ${how:-fails}: once" "$(last) $(readlink "$latest")" "$((serial + 1)) state/$((serial + 1))"
	done
done
ok 'whole after all that' whole
is 'no serial was skipped, none used twice' \
	"$(sqlite3 "$FARM/farm.db" 'SELECT group_concat(serial) FROM (SELECT serial FROM merge WHERE state = "DONE" ORDER BY serial)')" \
	"$(seq -s , "$(sqlite3 "$FARM/farm.db" 'SELECT min(serial) FROM merge WHERE state = "DONE"')" "$(last)")"
is 'nothing is half done' "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM merge WHERE state NOT IN ('DONE', 'ABANDONED')")" 0
is 'each state has its folder, and no other is there' "$(find "$FARM/repo/$REPO/x86_64/state" -mindepth 1 -maxdepth 1 | wc -l)" "$(last)"

# The same points as errors instead of deaths: said, undone, tried again.
for point in merge-prepared merge-written syncfs write; do
	n=$((n + 1))
	tiny joe "one$n" 1.0
	id=$(build joe "one$n" 1.0-1)
	wait_state 60 "$id" BUILT || fail "built for $point"
	ARTEL_FAULT=$point:1 artel-merger --once >"$FARM/out" 2>&1
	is "$point fails: said by the exit status" "$?" 1
	like "$point fails: and in words" "$(cat "$FARM/out")" 'merge demo: '
	is "$point fails: the task is as before" "$(task_state "$id")" BUILT
	ok "$point fails: the next one works" artel-merger --once
	is "$point fails: done" "$(task_state "$id")" DONE
done
scenario_end
