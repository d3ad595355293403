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
exec 9>&-
for _ in 1 2 3 4 5 6; do
	artel-merger --once 2>/dev/null &
done
wait -n
sleep 1
is 'six at once merge it once' "$(sqlite3 "$FARM/farm.db" 'SELECT count(*) FROM merge_task')" 1
is 'and it is done' "$(task_state "$id")" DONE
fails 'a second scheduler' 1 'another scheduler' artel-scheduler
scenario_end
