#!/bin/bash
# People and their keys: added, removed, disabled, forgotten; and that the journal says of every change who, and from where.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
scenario_begin farm
# shellcheck disable=SC2119 # no more lines of configuration
ssh_start || exit 1
ssh_user joe
ssh_user ann
artel user add boss --admin
for key in boss new other; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$FARM/keys/$key"; done
ssh_user boss
artel user key boss "$FARM/keys/boss.pub"
fingerprint() { ssh-keygen -l -f "$FARM/keys/$1.pub" | cut -d ' ' -f 2; }

# Names.
for name in ALL scheduler merger hooks builder artel root local; do
	fails "$name is nobody's name" 2 'means something else here' artel user add "$name"
done

# Keys, by their owner over ssh.
key_of() { far "$1" user keys | awk -F '\t' -v use="$2" '$2 == use { print $4 }'; }
with_input() { # FILE COMMAND...
	local file=$1
	shift
	"$@" <"$file"
}
ok 'joe adds a key by the one that they have' with_input "$FARM/keys/new.pub" far joe user key joe --login -
ssh_config joe-new "$FARM/keys/new"
is 'and comes in by it' "$(far joe-new user show | head -n 1)" $'user\tjoe'
like 'the journal has which key each came by' "$(artel events --user joe --long)" "$(printf 'ssh 127.0.0.1 %s\tuser joe: comes in by %s' "$(fingerprint joe | sed 's/[+]/[+]/g')" "$(fingerprint new | sed 's/[+]/[+]/g')")"
ok 'removes the old one' far joe-new user key joe --remove "$(fingerprint joe)"
fails 'which is of no more use' 255 'Permission denied' far joe help
fails 'the last one stays' 1 'the last key that lets you in: add another one first' far joe-new user key joe --remove "$(fingerprint new)"
is 'it is still there' "$(key_of joe-new login)" "$(fingerprint new)"
fails 'nor would it sign any more: that went with the old one' 1 'joe has no key' far joe-new user key joe --remove "$(fingerprint joe)"
ok 'joe gives it back' with_input "$FARM/keys/joe.pub" far joe-new user key joe --login -
ok 'to sign with, too' with_input "$FARM/keys/joe.pub" far joe user key joe -
fails "another's key is refused" 1 'lets joe in already: a key is one person' with_input "$FARM/keys/new.pub" far ann user key ann --login -
fails 'to sign with, too' 1 'signs for joe already' with_input "$FARM/keys/joe.pub" far ann user key ann -
fails "ann gives joe no key" 1 'only an administrator may deal with what is another user' with_input "$FARM/keys/other.pub" far ann user key joe --login -
fails "and takes none" 1 'only an administrator' far ann user key joe --remove "$(fingerprint joe)"
fails "and looks at none" 1 'only an administrator' far ann user keys joe
fails "nor at joe" 1 'only an administrator' far ann user show joe
is 'of all she sees her own' "$(far ann user keys | cut -f 1 | sort -u)" ann
ok 'an administrator does all that' with_input "$FARM/keys/other.pub" far boss user key joe --login -
ok 'and back' far boss user key joe --remove "$(fingerprint other)"
fails 'not a key' 2 'not a public key' with_input /dev/null far ann user key ann --login -
fails 'a file of the host' 2 'over ssh it is' far ann user key ann /etc/passwd
fails 'no such key' 1 'user keys ann. lists them' far ann user key ann --remove SHA256:x

# What others see.
artel user mail joe joe@example.org
artel user disable ann gone fishing
like 'why somebody is disabled, the host sees' "$(artel user ls)" '^ann .*by .*: gone fishing$'
like 'administrators too' "$(far boss user ls --json)" 'gone fishing'
is 'others do not, nor addresses' "$(far joe user ls --json | grep -c 'fishing\|example.org'; far joe user ls | grep -c fishing)" $'0\n0'
artel user enable ann

# A file of keys for an sshd that asks nobody.
artel user authorized-keys >"$FARM/authorized"
line=$(grep -F -- "--user ann --key" "$FARM/authorized")
is 'a line of it is what sshd is told' "${line//$BUILD/$SSH_PROGRAMS}" "$(artel-shell --keys "$(fingerprint ann)" | sed "s,$BUILD,$SSH_PROGRAMS,")"
is 'each key once' "$(wc -l <"$FARM/authorized")" 4

# Disabled is out at once, also with what is under way.
far ann events --follow >"$FARM/followed" 2>/dev/null &
follower=$!
is_under_way() { grep -qs . "$FARM/run/session/ann.0"; }
ok 'ann watches' wait_for 20 is_under_way
ok 'a master connection of hers is open' ssh -F "$FARM/ssh/ann" -o ControlMaster=yes -o ControlPath="$FARM/ssh/master" -fN farm
FAR_OPTIONS=(-o ControlPath="$FARM/ssh/master")
ok 'and in use' far ann help
FAR_OPTIONS=()
ok 'the administrator disables her' far boss user disable ann left the house
FAR_OPTIONS=(-o ControlPath="$FARM/ssh/master")
fails 'a command through the connection that is open is refused, with the reason' 1 'user ann is disabled by boss: left the house' far ann task new
ssh -F "$FARM/ssh/ann" -o ControlPath="$FARM/ssh/master" -O exit farm 2>/dev/null
FAR_OPTIONS=()
gone() { ! kill -0 "$follower" 2>/dev/null; }
ok 'what she watched has ended' wait_for 20 gone
fails 'no new connection' 255 'Permission denied' far ann help
fails 'nor on the host' 1 'user ann is disabled by boss: left the house' artel -u ann task new
is 'her key is in no file' "$(artel user authorized-keys | grep -c 'user ann')" 0
tiny ann apple 1.0
artel user enable ann
ok 'enabled: she comes in' far ann help
artel user disable ann
fails "a tag that she signed is joe's to build no more" 1 'not signed|signed by none|no known key|unknown key' artel -u joe build /people/ann/packages/apple.git 1.0-1
artel user enable ann

# Administrators.
fails 'the last one cannot be disabled over ssh' 1 'boss is the last administrator: that takes' far boss user disable boss
fails 'nor demoted' 1 'the last administrator' far boss user admin boss no
fails 'nor removed' 1 'the last administrator' far boss user del boss
ok 'a second one' far boss user admin joe yes
ok 'then it can' far joe user admin boss no
fails 'and boss is none' 1 'only an administrator may' far boss user admin joe no
ok 'on the host anything goes' artel user admin joe no
artel user admin boss yes
artel user admin joe yes
mkfifo "$FARM/key"
ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/spare"
far joe user key ann --login - <"$FARM/key" 2>/dev/null &
waits=$!
exec 7>"$FARM/key"
is_joe() { grep -qs . "$FARM/run/session/joe.0" && ! flock -n "$FARM/run/session/joe.0" true; }
ok 'an administrator begins to give another one a key' wait_for 20 is_joe
artel user admin joe no
cat "$FARM/keys/spare.pub" >&7
exec 7>&-
wait "$waits"
ok 'and is none any more before it comes' [ "$?" != 0 ]
is 'nobody got it' "$(artel user keys ann | grep -c "$(ssh-keygen -lf "$FARM/keys/spare.pub" | cut -d ' ' -f 2)")" 0
fails 'yes or no' 2 'not yes or no' artel user admin boss maybe

# Gone.
far joe task new >/dev/null 2>&1
fails 'who has tasks stays' 1 'joe has tasks here: .user disable joe' artel user del joe
fails 'who has repositories stays' 1 'ann has git repositories in people/ann/packages' artel user del ann
is 'with all keys' "$(artel user keys ann | wc -l)" 2
artel user add bob
ok 'who has nothing goes' far boss user del bob
ok 'and the name is free' artel user add bob

# Many at once.
cat >"$FARM/people.txt" <<PEOPLE
# from the old farm
user eve
user dan admin
mail eve eve@example.org
login eve $(cat "$FARM/keys/other.pub")
sign eve $(cat "$FARM/keys/other.pub")
PEOPLE
is 'import' "$(artel user import "$FARM/people.txt")" 'import: 5 added, 0 there already'
is 'again' "$(artel user import "$FARM/people.txt")" 'import: 0 added, 5 there already'
ssh_config eve "$FARM/keys/other"
is 'who was imported comes in' "$(far eve user show | head -n 1)" $'user\teve'
before=$(artel events | tail -n 1)
bad() { # PATTERN LINE
	printf 'user new1\n\n%s\n' "$2" >"$FARM/bad.txt"
	fails "import: $2" "${3:-2}" "$1" artel user import "$FARM/bad.txt"
}
bad 'line 3: .usr.: a line begins with' 'usr x'
bad 'line 3: not user NAME' 'user x boss'
bad 'line 3: not user NAME' 'user'
bad 'line 3: .*cannot|line 3: .-x.' 'user -x'
bad 'line 3: no user nobody' 'mail nobody a@example.org' 1
bad 'line 3: .*not an address' 'mail new1 nonsense'
bad 'line 3: not login NAME' 'login new1 ssh-ed25519'
bad 'line 3: not a' 'login new1 ssh-ed25519 AAAA'
bad 'line 3: .*lets eve in already' "login new1 $(cat "$FARM/keys/other.pub")" 1
bad 'line 3: dan is here already, and is an administrator' 'user dan' 1
is 'nothing of these was done' "$(artel events | tail -n 1)" "$before"

# The journal: each verb that changes something says who, and from where.
tiny boss two 1.0
ids=$(far boss task new 2>/dev/null)
dep=$(far boss task new 2>/dev/null)
state() { sqlite3 "$FARM/farm.db" "UPDATE task SET state = '$1' WHERE id = $ids"; }
sqlite3 "$FARM/farm.db" "INSERT INTO builder (name, arches, slots, seen, online) VALUES ('anvil', 'x86_64', 1, 1, 0)"
boss_key=$(fingerprint boss)
noted() { # COMMAND...
	local last said
	last=$(artel events | tail -n 1 | cut -f 1)
	said=$(far boss "$@" 2>&1 <<<"for a reason") || true
	artel --json events --since "$last" --user boss |
		jq -es --arg from "ssh 127.0.0.1 $boss_key" 'length > 0 and all(.[]; .origin == $from)' >/dev/null
	is "noted: $*" "$?" 0
	[ "${said#artel: }" = "$said" ] || printf '# %s\n' "$said"
}
while read -r -a words; do
	[ "${#words[@]}" = 0 ] || noted "${words[@]}"
done <<VERBS
user add kim
user admin kim yes
user admin kim no
user disable kim why not
user enable kim
user share kim --weight 3
user mail kim kim@example.org
user quota kim tasks=7
user quota @everybody rate=900
user quota @everybody rate=default
user del kim
task new $REPO
task add $ids repo /people/boss/packages/two.git 1.0-1
task add $ids del zlib
task delsub $ids 200
task share $ids enable
task deps $ids add $dep
task deps $ids clear
task hold $ids wait
task release $ids
task class $ids background
task approve $ids 100
task disapprove $ids 100
task disapprove --revoke $ids 100
task run -m word --fail-late $ids
task abort $ids
task rm $ids
build -b $REPO del zlib
repo set $REPO keep-states 20
repo needs $REPO zlib --features kvm
repo gc $REPO
repo rollback $REPO 1
farm set owner-limit=7
builder drain anvil why
builder enable anvil
builder disable anvil why
builder rm anvil
merge $REPO
acl $REPO two create boss
acl $REPO two add joe
acl $REPO two del joe
acl $REPO two delete
VERBS
last=$(artel events | tail -n 1 | cut -f 1)
artel -u boss farm set owner-limit=0
is 'on the host it is the account' "$(artel events --since "$last" --long | cut -f 5,7)" "$(printf 'boss\tlocal %s' "$(id -un)")"
is 'without --long nothing is new' "$(artel events --since "$last" | awk -F '\t' '{ print NF }')" 7
is '--user, and a task of theirs' "$(artel events --user boss --task "$dep" | cut -f 4,5 | sort -u)" "$(printf '%s\tboss' "$dep")"
is '--user, and --limit' "$(artel events --user boss --limit 3 | wc -l)" 3
is '--user of nobody' "$(artel events --user nobody)" ''
artel events --user boss --since "$last" --follow --limit 2 >"$FARM/of-boss" &
follower=$!
artel -u joe task new >/dev/null 2>&1
artel -u boss farm set owner-limit=1
wait "$follower"
is '--user, and --follow: what others do is left out' "$(cut -f 5,7 "$FARM/of-boss")" $'boss\towner-limit is 0\nboss\towner-limit is 1'
fails 'root is no user, and is not told to become one' 1 'nobody can be called so: --user says who acts' artel -u root quota
fails '--user whom' 2 '--user wants a user' artel events --user
scenario_end
