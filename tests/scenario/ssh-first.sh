#!/bin/bash
# The way in: a key says who comes, one command is done, everything else is refused.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
scenario_begin farm
# shellcheck disable=SC2119 # no more lines of configuration
ssh_start || exit 1
ssh_user joe
ssh_user ann
ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/stranger"
ssh_config stranger "$FARM/keys/stranger"

like 'help lists the commands' "$(far joe help)" '^  task new \[REPO\]'
is 'but none of the operator' "$(far joe help | grep -c '^  user add')" 0
like 'and what is said of one' "$(far joe task share --help)" '^  task share \[ID\] status'
id=$(far joe task new 2>"$FARM/said")
is 'a task is made' "$(cat "$FARM/said")" "new task #$id: owner=joe repo=$REPO"
is 'whose it is, the key said' "$(artel task show --json "$id" | jq -r .owner)" joe
fails 'another may not change it' 1 "task #$id belongs to joe, not to ann" far ann task rm "$id"
like 'the journal says who, from where and by which key' "$(artel --json events --task "$id")" \
	"\"user\":\"joe\",\"origin\":\"ssh 127.0.0.1 SHA256:[A-Za-z0-9+/]{43}\""

fails 'a key of nobody does not come in' 255 'Permission denied' far stranger help
fails 'there is no shell' 2 'there is no shell here, joe' far joe
fails 'a command of the host is refused' 1 'init. is for the farm.s own host' far joe init
fails 'a command of the operator is refused' 1 'only an administrator may .user add.; joe is none' far joe user add bob
fails 'what is no command is refused' 2 'no command .id.; .help. lists them' far joe id
fails 'quotes are no quotes' 2 "no command .'task. ls" far joe "'task' ls"
fails 'a line end is refused' 2 'not one line of printable' far joe $'task ls\nid'
fails 'a terminal sequence is refused, and not repeated' 2 'not one line of printable UTF-8$' far joe $'task \033]0;x\007'
fails 'a very long command is refused' 2 'longer than 98304 bytes' far joe "task $(printf '%0100000d' 7)"
fails 'settings are an operator'"'"'s' 1 'only an administrator may .repo set.' far joe repo set "$REPO" allow /etc/passwd
artel user add boss --admin
ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/boss"
ssh_user boss
fails 'a file of the host is not read, for an administrator either' 2 'over ssh it is .-.' far boss repo set "$REPO" allow /etc/passwd
ok 'an administrator adds a user' far boss user add bob
is 'who is there' "$(artel user ls | grep -c '^bob ')" 1
scenario_end
