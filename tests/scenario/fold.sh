#!/bin/bash
# plumb fold: transactions given as rpm-md folders, without a farm.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin empty

cd "$FARM" || exit 1
metadata() { "$here/scenario/make-metadata"; }
fold() { artel plumb fold base --batch "$@"; }
results() { grep -E '^[0-9]+	' | cut -f 1,2 | tr '\t\n' '= ' | sed 's/ $//'; }

metadata <<'PACKAGES'
base; lib 1-1 lib
base; user 1-1 user; r lib = 1-1
base; tool 1-1 tool; f /usr/bin/tool
base; needs-tool 1-1 needs-tool; r /usr/bin/tool
base; hole 1-1 hole; r nothing-has-this
t/new; new 1-1 new; r lib
t/lib; lib 2-1 lib
t/user; user 2-1 user; r lib = 2-1
t/one-z; one-z 1-1 one-z; p libz.so.1()(64bit)
t/two-z; two-z 1-1 two-z; p libz.so.1()(64bit)
t/three-z; three-z 1-1 three-z; p libz.so.1()(64bit); c one-z
t/older; needs-tool 0-1 needs-tool
t/moved; other 1-1 other; f /usr/bin/tool
t/twice; same 1-1 same
t/twice; same 2-1 same
t/plug; plug 1-1 plug; p nothing-has-this
PACKAGES
cat >./batch <<'LINES'
{"id": 1, "add": "t/new"}
{"id": 2, "del": ["tool"]}
{"id": 3, "add": "t/lib"}
{"id": 4, "add": "t/user", "deps": [3]}

{"id": 5, "add": "t/one-z"}
{"id": 6, "add": "t/two-z"}
{"id": 7, "add": "t/three-z", "del": []}
{"id": 8, "add": "t/older"}
{"id": 9, "del": ["hole"], "deps": [2]}
{"id": 10}
{"id": 11, "add": "t/twice"}
{"id": 12, "add": "t/plug", "deps": [13]}
{"id": 13, "del": ["new"], "deps": [12]}
LINES
want='1=merged 2=evicted 3=merged 4=merged 5=merged 6=evicted 7=merged 8=evicted 9=evicted 10=evicted 11=evicted 12=evicted 13=evicted'
out=$(fold batch)
is 'the status' "$?" 0
is 'what becomes of each' "$(results <<<"$out")" "$want"
why() { awk -F '\t' -v id="$1" '$1 == id { print $3 }' <<<"$out"; }
is '2: what it breaks' "$(why 2)" 'needs-tool-1-1.x86_64 requires /usr/bin/tool, which nothing provides; it was in tool-1-1.x86_64, which task #2 takes away'
like '6: with whom it cannot be' "$(why 6)" 'two-z-1-1.x86_64.* provides libz.so.1\(\)\(64bit\), and so does .*: one of them should conflict with the other|three-z.*and so does two-z-1-1.x86_64 \(task #6\)'
is '8: older' "$(why 8)" 'needs-tool-0-1.x86_64 (task #8) is older than needs-tool-1-1.x86_64 in the repository: raise its version or release'
is '9: what it depends on' "$(why 9)" 'what it depends on is not merged'
is '10: empty' "$(why 10)" 'task #10: the plan is empty: nothing to build and nothing to delete'
is '11: contradicts itself' "$(why 11)" 'task #11: two subtasks give the package same'
like '12: in a circle' "$(why 12)" 'depends on'
like 'then numbers' "$(tail -n 3 <<<"$out" | tr '\t\n' '= ')" '^rounds=[0-9]+ attempts=[0-9]+ milliseconds=[0-9]+ $'
is 'json says the same' "$(fold batch --json | jq -r '.transactions[] | "\(.id)=\(.result)"' | tr '\n' ' ' | sed 's/ $//')" "$want"
is 'json: why' "$(fold batch --json | jq -r '.transactions[] | select(.id == 9).why')" 'what it depends on is not merged'
is 'json: numbers' "$(fold batch --json | jq -c '[.merged, (.rounds > 0), (.attempts > 0), (.ms >= 0)]')" '[5,true,true,true]'
for s in auto prefix2 prefix blocks serial; do
	for n in 1 3 64; do is "strategy $s, $n testers" "$(fold batch --strategy "$s" --testers "$n" | results)" "$want"; done
done
is 'the merger by itself' "$(artel-merger --fold batch base | results)" "$want"
is 'from anywhere' "$(cd / && artel plumb fold "$FARM/base" --batch "$FARM/batch" | results)" "$want"
is 'two folders make one repository' "$(artel plumb fold base t/moved --batch <(printf '{"id": 2, "del": ["tool"]}') | results)" 2=merged
: >empty
is 'no transaction' "$(fold empty | tr '\t\n' '= ' | sed 's/milliseconds.*//')" 'rounds=0 attempts=0 '

# What is not a batch: refused with the line, before anything is tried.
line=0
refused() { # PATTERN LINE
	line=$((line + 1))
	printf '%b\n' "$2" >"bad-$line"
	fails "refused: ${2:0:50}" 1 "$1" fold "bad-$line"
}
refused 'bad-[0-9]+ line 1: ' '{'
refused 'bad-[0-9]+ line 2: ' '{"id": 1, "del": ["tool"]}\n{"id": 2,}'
refused 'line 1: not a JSON object' '[1, 2]'
refused 'line 1: ' '\0001\0002{}'
refused 'line 1: ' '{"id": 1} {"id": 2}'
refused 'line 1: .id. must be a positive number' '{"add": "t/new"}'
refused 'line 1: .id. must be a positive number' '{"id": -1, "add": "t/new"}'
refused 'line 1: .id. must be a positive number' '{"id": "1", "add": "t/new"}'
refused 'line 1: ' '{"id": 99999999999999999999, "add": "t/new"}'
refused 'line 2: id 1 is there already' '{"id": 1, "add": "t/new"}\n{"id": 1, "del": ["tool"]}'
refused 'line 1: .del. is no list' '{"id": 1, "del": "tool"}'
refused 'line 1: .del. is a list of source names' '{"id": 1, "del": ["tool", 3]}'
refused 'line 1: .deps. is no list' '{"id": 1, "del": ["tool"], "deps": 2}'
refused 'line 1: .deps. is a list of ids' '{"id": 1, "del": ["tool"], "deps": ["2"]}'
refused '1 depends on 2, which is not in the file' '{"id": 1, "del": ["tool"], "deps": [2]}'
refused 'line 1: .add. is a folder' '{"id": 1, "add": 7}'
refused 'line 1: .*t/none' '{"id": 1, "add": "t/none"}'
refused 'line 1: ' '{"id": 1, "add": "batch"}'
cp -a t/new damaged && head -c 40 "$(echo t/new/repodata/*primary*)" >"$(echo damaged/repodata/*primary*)"
refused 'line 1: .*damaged' '{"id": 1, "add": "damaged"}'
printf '{"id": 1, "del": ["%s"]}\n' "$(head -c 20000000 /dev/zero | tr '\0' x)" >long
is 'a name of 20 MB is only a source that is not there' "$(fold long | results)" 1=merged
fails 'no such file' 1 'open none: No such file' fold none
fails 'a folder' 1 'base: Is a directory' fold base
fails 'no base' 1 'nowhere' artel plumb fold nowhere --batch batch
fails 'no folder at all' 2 'name one or more rpm-md folders' artel plumb fold --batch batch
fails 'no batch' 2 'and --batch FILE' artel plumb fold base
fails 'an unknown strategy' 2 'strategy is' fold batch --strategy best
fails 'testers that are none' 2 'testers is' fold batch --testers 1000

# A thousand, of which some are bad; and a thousand that are all bad.
for i in $(seq 1000); do
	echo "many; p$i 1-1 p$i; p q$i"
	echo "many; r$i 1-1 r$i; r q$i"
	echo "u/$i; p$i 2-1 p$i; p q$i"
	echo "b/$i; p$i 2-1 p$i"
done | metadata
for i in $(seq 1000); do
	case $i in 7 | 77 | 500 | 501 | 999) echo "{\"id\": $i, \"add\": \"b/$i\"}" ;; *) echo "{\"id\": $i, \"add\": \"u/$i\"}" ;; esac
done >thousand
out=$(artel plumb fold many --batch thousand)
is 'a thousand: the bad ones' "$(results <<<"$out" | tr ' ' '\n' | grep evicted | tr '\n' ' ')" '7=evicted 77=evicted 500=evicted 501=evicted 999=evicted '
is 'a thousand: all others' "$(results <<<"$out" | tr ' ' '\n' | grep -c merged)" 995
tail -n 3 <<<"$out" | tr '\t\n' ' ,' | sed 's/^/# /; s/,$/\n/'
sed 's/u\//b\//' thousand >worse
out=$(artel plumb fold many --batch worse)
is 'a thousand bad ones: none is merged' "$(results <<<"$out" | tr ' ' '\n' | grep -c evicted)" 1000
is 'each has its reason' "$(grep -c 'requires q[0-9]*, which nothing provides; it was in p[0-9]*-1-1.x86_64' <<<"$out")" 1000
tail -n 3 <<<"$out" | tr '\t\n' ' ,' | sed 's/^/# /; s/,$/\n/'
scenario_end
