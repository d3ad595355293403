#!/bin/bash
# Merges with nothing in them: no task, only bad ones, a full disk; and tasks that would never come to an end.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

sql() { sqlite3 -cmd '.timeout 5000' "$FARM/farm.db" "$1"; }
serial() { sql "SELECT serial FROM repository"; }
everything() { find "$FARM/repo" -printf '%p %T@ %l\n' | sort | sha256sum; }
states() { for t in "$@"; do task_state "$t"; done | sort | uniq -c | sed 's/^ *//' | tr '\n' ' '; }

before=$(serial) on_disk=$(everything)
ok 'no task at all' artel-merger --once
is 'no serial' "$(serial)" "$before"
is 'no file' "$(everything)" "$on_disk"
is 'no row' "$(sql 'SELECT count(*) FROM merge WHERE kind = "merge"')" 0

# Six updates, tested before what they break was merged.
libs=()
for i in 1 2 3 4 5 6; do
	tiny joe "lib$i" 1.0
	libs+=("lib$i" 1.0-1)
done
first=$(build joe "${libs[@]}")
ok 'six libraries' wait_state 60 "$first" BUILT
ok 'merged' artel-merger --once
bad=()
for i in 1 2 3 4 5 6; do
	tiny joe "lib$i" 2.0
	bad+=("$(build joe "lib$i" 2.0-1)")
done
for t in "${bad[@]}"; do ok "update $t" wait_state 60 "$t" BUILT; done
sql "UPDATE task SET state = 'TESTED' WHERE state = 'BUILT'" # not of the next merge
tiny ann all 1.0 "$(for i in 1 2 3 4 5 6; do echo "Requires: lib$i = 1.0"; done)"
all=$(build ann all 1.0-1)
ok 'who needs them as they are' wait_state 60 "$all" BUILT
ok 'is merged' artel-merger --once
farm_stop
sql "UPDATE task SET state = 'BUILT' WHERE state = 'TESTED'"
before=$(serial) on_disk=$(everything)
ok 'every task is bad' artel-merger --once
is 'none is merged' "$(states "${bad[@]}")" '6 AWAITING '
is 'no serial is used' "$(serial)" "$before"
is 'no file is made' "$(everything)" "$on_disk"
is 'each has its own reason' "$(for i in 1 2 3 4 5 6; do
	task_reason "${bad[i - 1]}" | grep -Ec "all-1.0-1.noarch requires lib$i = 1.0, .* in lib$i-1.0-1.noarch, which task #${bad[i - 1]} takes away"
done | sort | uniq -c | tr -d '\n ')" 61
is 'the failures are remembered' "$(sql "SELECT count(*) > 0 FROM attempt WHERE base = $before")" 1

# Sent back again and again.
t=${bad[0]}
for i in 2 3 4 5; do
	sql "UPDATE task SET state = 'BUILT' WHERE id = $t"
	ok "sent back for the ${i}th time" artel-merger --once
	is "after $i times" "$(task_state "$t")" AWAITING
done
sql "UPDATE task SET state = 'BUILT' WHERE id = $t"
ok 'once more' artel-merger --once
is 'is enough: somebody must look at it' "$(task_state "$t")" FAILED
like 'which it says' "$(task_reason "$t")" "sent back 5 times; look at it, then .task run $t.\. Last: cannot go together .*lib1 = 1.0"
is 'still no serial' "$(serial)" "$before"

# Tested on this very state, and yet it fails: no test again.
t=${bad[1]}
sql "UPDATE task SET state = 'BUILT', base = $before WHERE id = $t"
ok 'tested on this state' artel-merger --once
is 'fails for good' "$(task_state "$t")" FAILED
like 'by the merge' "$(task_reason "$t")" '^merge: '

# A circle of dependencies that nobody could type: each is BUILT and waits for the other.
x=${bad[2]} y=${bad[3]} z=${bad[4]}
sql "INSERT INTO task_dep (task, dep) VALUES ($x, $y), ($y, $z), ($z, $x)"
sql "UPDATE task SET state = 'BUILT' WHERE id IN ($x, $y, $z)"
ok 'a circle of three' artel-merger --once
is 'all fail' "$(states "$x" "$y" "$z")" '3 FAILED '
like 'and name it' "$(task_reason "$x")" "circle: #$x.*#$y.*#$z.*#$x"

# No room where the merge writes, at each of its first writes.
tiny ann fine 1.0
farm_start
fine=$(build ann fine 1.0-1)
ok 'one that is fine' wait_state 60 "$fine" BUILT
farm_stop
before=$(serial) on_disk=$(readlink "$FARM/repo/$REPO/x86_64/latest")
for n in 1 2 3 4 5 6; do
	ARTEL_FAULT=write:$n artel-merger --once >"$FARM/out" 2>&1
	is "no room for write $n" "$?" 1
	like "write $n: said" "$(cat "$FARM/out")" 'No space left'
	is "write $n: undone" "$(task_state "$fine") $(serial) $(readlink "$FARM/repo/$REPO/x86_64/latest")" "BUILT $before $on_disk"
	is "write $n: nothing half is left" "$(find "$FARM/repo/$REPO/x86_64/state" -mindepth 1 -maxdepth 1 -newer "$FARM/submit.log" | wc -l)" 0
done
is 'six merges were abandoned' "$(sql 'SELECT count(*) FROM merge WHERE state = "ABANDONED"')" 6
ok 'with room it works' artel-merger --once
is 'done' "$(task_state "$fine") $(serial)" "DONE $((before + 1))"
is 'no serial was skipped' "$(sql 'SELECT group_concat(DISTINCT serial) FROM (SELECT serial FROM merge WHERE state = "DONE" ORDER BY serial)')" \
	"$(seq -s , "$(sql 'SELECT min(serial) FROM merge WHERE state = "DONE"')" "$(serial)")"
scenario_end
