#!/bin/bash
# Each quota is hit, says so, and is lifted; what one does over ssh does not keep another out.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
scenario_begin farm
# shellcheck disable=SC2119 # no more lines of configuration
ssh_start 'MaxStartups 100' || exit 1
artel user add boss --admin
ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/boss"
for name in joe ann boss; do ssh_user "$name"; done
# The client itself, whose number is then $!.
watch() { exec ssh -F "$FARM/ssh/$1" farm events --follow >/dev/null; }
used() { far "$1" quota | awk -F '\t' -v what="$2" '$1 == what { print $2 "/" $3 }'; }

# Tasks.
is 'what there is at first' "$(far joe quota | sed 's/^disk\t[0-9]*/disk\tN/')" "$(printf '%s\t%s\t%s\n' tasks 0 2000 jobs 0 20000 disk N 17179869184 rate 0 1000 sessions - 16)"
ok 'an administrator limits joe' far boss user quota joe tasks=2
first=$(far joe task new 2>/dev/null)
far joe task new >/dev/null 2>&1
is 'used' "$(used joe tasks)" 2/2
fails 'one more task is refused' 1 'joe has 2 unfinished tasks, and the limit is 2: .task rm. or .task abort. some' far joe task new
fails 'build as well' 1 'joe has 2 unfinished tasks' far joe build -b "$REPO" del zlib
fails 'also on the host' 1 'joe has 2 unfinished tasks' artel -u joe task new
is 'nothing was left of it' "$(artel task ls --user=joe | wc -l)" 2
ok 'ann is not limited' far ann task new
ok 'nor an administrator' far boss task new
ok 'one is removed' far joe task rm "$first"
ok 'and there is room' far joe task new
artel user quota joe tasks=default
is 'lifted' "$(used joe tasks)" 2/2000

# Jobs.
id=$(far joe task new 2>/dev/null)
source=$(artel repo packages "$REPO" | cut -f 4 | sort -u | head -n 1)
far joe task add "$id" del "$source" 2>/dev/null
artel user quota @everybody jobs=2
fails 'a task that would make more jobs' 1 'joe has 0 jobs that have not ended, this may need 3 more .an estimate., and the limit is 2' far joe task run "$id"
is 'it was not run' "$(task_state "$id")" NEW
is 'nor counted as a run' "$(used joe rate)" 0/1000
artel user quota @everybody jobs=3
ok 'just as many' far joe task run "$id"
is 'they are expected' "$(used joe jobs)" 3/3
fails 'no more of them' 1 'joe has 3 jobs' far joe build -b "$REPO" del "$(artel repo packages "$REPO" | cut -f 4 | sort -u | sed -n 2p)"
far joe task abort "$id" 2>/dev/null
is 'gone' "$(used joe jobs)" 0/3
artel user quota @everybody jobs=default

# Rate.
artel user quota joe rate=2
is 'one run was counted' "$(used joe rate | cut -d / -f 2)" 2
sqlite3 "$FARM/farm.db" "UPDATE user SET spent = 0"
ok 'a run' far joe task run "$id"
far joe task abort "$id" 2>/dev/null
ok 'another one' far joe task run "$id"
far joe task abort "$id" 2>/dev/null
is 'all is used' "$(used joe rate)" 2/2
fails 'a third has to wait' 1 'the limit is 2 an hour: the next may be run in (29m|30m)' far joe task run "$id"
fails 'also on the host' 1 'the limit is 2 an hour' artel -u joe task run "$id"
ok 'an administrator runs it' far boss task run "$id"
far joe task abort "$id" 2>/dev/null
sqlite3 "$FARM/farm.db" "UPDATE user SET spent = spent + 86400000 WHERE name = 'joe'"
ok 'a clock that was wrong stops nobody' far joe task run "$id"
far joe task abort "$id" 2>/dev/null
artel user quota joe rate=none
ok 'lifted' far joe task run "$id"

# Sessions.
artel user quota joe sessions=3
followers=()
for n in 0 1 2; do
	watch joe 2>"$FARM/said.$n" &
	followers+=($!)
done
# To try the lock would take it for a moment, from whoever comes just then.
busy() { kill -0 "$(cat "$FARM/run/session/joe.$1" 2>/dev/null)" 2>/dev/null; }
all_busy() { busy 0 && busy 1 && busy 2; }
ok 'three watch' wait_for 30 all_busy
fails 'a fourth command is refused' 1 'you have 3 commands under way already, which is the limit; wait for one of them to end' far joe help
ok 'ann comes in' far ann help
kill "${followers[0]}"
free() { far joe help >/dev/null 2>&1; }
ok 'one ends, and there is room' wait_for 30 free
for n in 1 2; do kill "${followers[$n]}"; done
artel user quota joe sessions=default

# A flood of them.
artel user quota @everybody sessions=8
followers=()
for _ in $(seq 18); do
	watch joe 2>>"$FARM/flood" &
	followers+=($!)
done
most() { [ "$(grep -c 'you have 8 commands under way' "$FARM/flood")" -ge 10 ]; }
ok 'of 18 at once 10 are refused' wait_for 60 most
ok 'ann comes in' far ann task ls
kill "${followers[@]}" 2>/dev/null
wait "${followers[@]}" 2>/dev/null
artel user quota @everybody sessions=default

# Who may say so, and what is wrong.
fails 'not joe' 1 'only an administrator may .user quota.' far joe user quota joe tasks=none
fails "joe sees joe's" 1 'only an administrator' far joe quota ann
is 'an administrator all' "$(far boss quota joe | grep ^tasks)" "$(printf 'tasks\t3\t2000')"
is 'as JSON' "$(far joe quota --json | jq -c '.[0]')" '{"what":"tasks","used":3,"limit":2000}'
before=$(artel events | tail -n 1)
fails 'a number' 2 'tasks: a number from 1 to' artel user quota joe tasks=x
fails 'not none by 0' 2 'tasks: a number from 1 to' artel user quota joe tasks=0
fails 'bytes' 2 'disk: a number of bytes' artel user quota joe disk=3X
fails 'which' 2 'no quota of .tusks.' artel user quota joe tusks=1
fails 'all or none' 2 'no quota of .tusks.' artel user quota joe tasks=1 tusks=1
fails 'whose' 1 'no user nobody' artel user quota nobody tasks=1
is 'nothing was set' "$(artel events | tail -n 1)" "$before"
artel user quota joe disk=3G
is 'bytes have units' "$(artel user quota joe | grep disk)" "$(printf 'disk\t3221225472\tjoe')"
scenario_end
