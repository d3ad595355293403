#!/bin/bash
# artel-merger --dry-run: what would become of every task that is BUILT; nothing changes, and then it does become so.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

dump() { sqlite3 "$FARM/farm.db" .dump | sha256sum; }
files() { find "$FARM/repo" "$FARM/git" "$FARM/artefacts" "$FARM/objects" -printf '%p %s %T@\n' 2>/dev/null | sort | sha256sum; }
dry() { artel-merger --dry-run "$@" 2>>"$FARM/dry.log"; }
sentence() { dry | awk -F '\t' -v id="$1" '$1 == id { print $2 ": " $3 }'; }

is 'nothing is BUILT: nothing is said' "$(dry; echo "status $?")" 'status 0'
is 'as JSON' "$(dry --json | jq -c .)" "{\"repository\":\"$REPO\",\"state\":1,\"tasks\":[]}"

tiny joe lib 1.0
tiny joe own 1.0
first=$(build joe lib 1.0-1 own 1.0-1)
ok 'a library' wait_state 60 "$first" BUILT
is 'alone it would be merged' "$(sentence "$first")" 'merged: '
ok 'it is' artel-merger --once

tiny joe lib 2.0
tiny ann old 1.0 'Requires: lib = 1.0'
tiny ann good 1.0
tiny ann after 1.0
tiny ann left 1.0
tiny joe own 1.1
update=$(build joe lib 2.0-1)
old=$(build ann old 1.0-1)
good=$(build ann good 1.0-1)
denied=$(build joe own 1.1-1)
git -C "$FARM/work/ann-left" checkout -q --orphan other
sed -i 's/^Version:.*/Version: 1.1/' "$FARM/work/ann-left/left.spec"
git -C "$FARM/work/ann-left" commit -qam other
tag_signed ann "$FARM/work/ann-left" 1.1-1
git -C "$FARM/work/ann-left" push -q "$FARM/people/ann/packages/left.git" refs/tags/1.1-1
left=$(build ann left 1.0-1)
second=$(build ann left 1.1-1)
for t in update old good denied left second; do ok "$t is built" wait_state 60 "${!t}" BUILT; done
artel acl "$REPO" own add ann
artel acl "$REPO" own del joe
out=$(dry | sort)
for s in auto prefix2 prefix blocks serial; do
	for n in 1 2 8; do is "strategy $s with $n testers" "$(dry --strategy "$s" --testers "$n" | sort)" "$out"; done
done
after=$(build ann --deps "$old" after 1.0-1)
ok 'and one that stands on another' wait_state 60 "$after" BUILT
farm_stop

before=$(dump) on_disk=$(files)
out=$(dry)
is 'one line each' "$(wc -l <<<"$out")" 7
is 'update' "$(sentence "$update")" 'merged: '
is 'good' "$(sentence "$good")" 'merged: '
is 'left' "$(sentence "$left")" 'merged: '
like 'old: sent back, and why' "$(sentence "$old")" "^sent back: .*old-1.0-1.noarch \(task #$old\) requires lib = 1.0, .* which task #$update takes away"
like 'after: waits for it' "$(sentence "$after")" '^waits: '
like 'second: waits' "$(sentence "$second")" '^waits: '
like 'denied: not permitted' "$(sentence "$denied")" '^not permitted: '
is 'JSON says the same' "$(dry --json | jq -r '.tasks | sort_by(.task) | .[] | [.task, .result] | @tsv')" "$(sort -n <<<"$out" | cut -f 1,2)"
is 'the database is as it was' "$(dump)" "$before"
is 'and all that is published' "$(files)" "$on_disk"
fails 'not for ever' 2 '--dry-run is for once' artel-merger --dry-run --watch

ok 'and then it is so' artel-merger --once
is 'merged' "$(for t in update good left; do task_state "${!t}"; done | sort -u)" DONE
is 'sent back' "$(task_state "$old")" AWAITING
is 'waits' "$(task_state "$after")" BUILT
is 'not permitted' "$(task_state "$denied")" EPERM
is 'second, in the next round' "$(task_state "$second")" FAILED
scenario_end
