#!/bin/bash
# Two mergers at once: one works, the other says so and does nothing.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

tiny joe one 1.0
id=$(build joe one 1.0-1)
ok 'built' wait_state 60 "$id" BUILT
exec 9>"$FARM/run/merger.$REPO"
flock 9
fails 'the second one' 75 'another merger is at work' artel-merger --once
is 'nothing happened' "$(task_state "$id")" BUILT
is 'a second one that is quiet says nothing, but by its status' "$(artel-merger --quiet 2>&1; echo $?)" 75
fails 'one that waits waits so long' 75 'another merger is at work' artel-merger --wait 1
fails 'waiting is bounded' 2 'wait is 0 to 86400' artel-merger --wait 86401
artel-merger --wait 60 --sweep --dry-run 9>&- >"$FARM/waited" 2>&1 &
waiter=$!
exec 9>&-
wait "$waiter"
is 'one that waits does its work in the end' "$? $(grep -c . "$FARM/waited")" '0 4'
for _ in 1 2 3 4 5 6; do
	artel-merger --once 2>/dev/null &
done
wait -n
sleep 1
is 'six at once merge it once' "$(sqlite3 "$FARM/farm.db" 'SELECT count(*) FROM merge_task')" 1
is 'and it is done' "$(task_state "$id")" DONE
is 'nothing to do is nothing to say' "$(artel-merger --once 2>&1; echo $?)" 0
fails 'a second scheduler' 1 'another scheduler' artel-scheduler
scenario_end
