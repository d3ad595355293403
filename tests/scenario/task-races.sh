#!/bin/bash
# What happens between the check of a task and its run: what was checked and approved, and by whom, is what is run.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin farm

tiny joe one 1.0
tiny joe two 1.0
id=$(artel -u joe task new 2>/dev/null)
artel -u joe task add "$id" one.git=1.0-1 2>/dev/null
artel -u joe task share "$id" enable 2>/dev/null

stopped() { [ "$(ps -o state= -p "$1")" = T ]; }
# Begin to run the task, and stop when it was checked. USER
checked() {
	ARTEL_FAULT=task-checked:1:stop artel -u "$1" task run "$id" >"$FARM/work/said" 2>&1 &
	running=$!
	until stopped "$running"; do kill -0 "$running" || return; sleep 0.02; done
}
# And on: the status, and what was said.
goes_on() {
	local status=0
	kill -CONT "$running"
	wait "$running" || status=$?
	said="$status $(cat "$FARM/work/said")"
}
subtasks() { sqlite3 "$FARM/farm.db" "SELECT printf('%o:%s:%s', id, user, dir) FROM subtask WHERE task = $id" | tr '\n' ' '; }

checked joe
artel -u ann task add "$id" /people/joe/packages/two.git=1.0-1 2>/dev/null
now=$(subtasks)
goes_on
like 'a subtask that came meanwhile was not checked: it is not run' "$said" '^1 .*subtasks were changed while they were checked: run it again'
is 'the task is as it was' "$(task_state "$id")" NEW
is 'and has it' "$(subtasks)" "$now"
artel -u joe task delsub "$id" 200 2>/dev/null

checked ann
artel -u joe task delsub "$id" 100 2>/dev/null
artel -u joe task add "$id" two.git=1.0-1 2>/dev/null
artel -u joe task approve "$id" 100 <<<'two is fine' 2>/dev/null
goes_on
like 'what was put in its place and approved is not what was checked' "$said" '^1 .*run it again'
is 'what was taken away does not come back' "$(subtasks)" '100:joe:/people/joe/packages/two.git '

checked ann
artel -u joe task share "$id" disable 2>/dev/null
goes_on
like 'that is shared no more' "$said" '^1 .*belongs to joe, not to ann'
is 'is not run' "$(task_state "$id")" NEW
is 'and stays so' "$(artel -u joe task share "$id" status)" disabled

artel -u ann task disapprove "$id" 100 <<<'not like this' 2>/dev/null
artel -u joe task check-git-inheritance "$id" 100 disable 0123456789012345678901234567890123456789
is 'what need not descend any more is approved no longer' "$(artel task show --json "$id" | jq -c '.subtasks["100"] | [.approved_by, .disapproved_by]')" '[[],["ann"]]'
# What is approved is what was there when the command was typed, however long the text takes to come.
mkfifo "$FARM/work/text"
artel -u ann task approve "$id" 100 <"$FARM/work/text" >"$FARM/work/said" 2>&1 &
writer=$!
exec 7>"$FARM/work/text"
# Nothing is left in the pipe: it reads.
drained() { [ "$(python3 -c 'import array, fcntl, termios; n = array.array("i", [0]); fcntl.ioctl(7, termios.FIONREAD, n); print(n[0])')" = 0 ]; }
printf 'fi' >&7
ok 'the text begins' wait_for 60 drained
artel -u joe task delsub "$id" 100 2>/dev/null
artel -u joe task add "$id" one.git=1.0-1 2>/dev/null
echo ne >&7
exec 7>&-
wait "$writer"
is 'what took its place meanwhile is not approved' "$? $(cat "$FARM/work/said")" "1 artel: task #$id was changed meanwhile: look at it again"
checked joe
goes_on
like 'is run' "$said" '^0 task .*: try #1 is AWAITING'
scenario_end
