#!/bin/bash
# The disk fills up in the middle of a merge: said so, undone, and it works once there is room.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin empty

mkdir "$FARM/small"
mount -t tmpfs -o size=160m tmpfs "$FARM/small" || { echo 'Bail out! cannot mount a small tmpfs'; exit 1; }
outer=$FARM
FARM=$outer/small
export ARTEL_ROOT=$FARM
base=$(base_make '' 2>/dev/null)
farm_make "$base" 2>/dev/null
user_make joe
# The builders' roots are not on the small disk.
mkdir -p "$outer/builder"
ln -s "$outer/builder" "$FARM/builder"
farm_start
tiny joe one 1.0
id=$(build joe one 1.0-1)
ok 'built' wait_state 60 "$id" BUILT
farm_stop
# Leave a little: enough for the database, not for the next state.
head -c "$(($(df --output=avail -B1 "$FARM" | tail -n 1) - 20480))" /dev/zero >"$FARM/ballast"
serial=$(sqlite3 -readonly "$FARM/farm.db" 'SELECT serial FROM repository' 2>/dev/null || echo 1)
artel-merger --once >"$outer/out" 2>&1
is 'the merger fails' "$?" 1
like 'and says why' "$(cat "$outer/out")" 'No space left|database or disk is full|disk I/O error'
rm "$FARM/ballast"
like 'the task waits' "$(task_state "$id")" '^(BUILT|MERGING)$'
is 'readers see the old state' "$(readlink "$FARM/repo/$REPO/x86_64/latest")" "state/$serial"
ok 'with room again it works' artel-merger --once
is 'done' "$(task_state "$id")" DONE
is 'published' "$(published one)" one-1.0-1
FARM=$outer
scenario_end
