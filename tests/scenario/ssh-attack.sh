#!/bin/bash
# Attacks on the way in. Whatever is typed, nothing changes; the answer is one clear line; nothing of a stranger's text
# reaches a terminal raw.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
scenario_begin farm

sql() { sqlite3 -cmd '.timeout 10000' "$FARM/farm.db" "$@"; }

# All that the farm keeps: its database, and its files but those of sshd, of this test, and what only lives. What is made
# and taken back at once leaves a number and lines of the journal; `quiet` is a pattern of what may be so.
quiet='^$'
state() {
	sql .dump | grep -aEv "$quiet"
	find "$FARM" -mindepth 1 \( -path "$FARM/ssh" -o -path "$FARM/work" -o -path "$FARM/run" -o -name 'farm.db*' -o -name 'said*' \) -prune -o \
		-printf '%P %y %s %m %T@ %l\n' | sort
}
remember() { state >"$FARM/work/before"; }
unchanged() { state | diff "$FARM/work/before" - >"$FARM/work/diff"; }

# UTF-8 without control characters but tabs and line ends, without those that turn the text around them. FILE
clean() {
	! LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' "$1" &&
		iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1
}

# What is said then: one line, clean. FILE
one_line() { [ "$(wc -l <"$1")" = 1 ] && grep -q '^artel: ' "$1" && clean "$1"; }

# Each of the words in place of @: refused, in one line, and nothing changes. WHAT TEMPLATE [WORD...]
hostile=(-oProxyCommand=x ../../etc/passwd /people/ann/../joe/packages/one.git "'\"\\x;|&>\$(id)\`id\`*#" %2e%2e%2fone)
paths=(--upload-pack=x -x /etc/passwd .. . one//.. one.git/hooks ä)
refused() {
	local what=$1 template=$2 word bad='' got
	shift 2
	for word in "$@"; do
		got=0
		far joe -- "${template//@/"$word"}" >"$FARM/said.out" 2>"$FARM/said" </dev/null || got=$?
		{ [ "$got" = 1 ] || [ "$got" = 2 ]; } && [ ! -s "$FARM/said.out" ] && one_line "$FARM/said" && continue
		bad+="${template//@/"$word"} gave $got: $(cat "$FARM/said" "$FARM/said.out")"$'\n'
	done
	unchanged || bad+="changed: $(head -n 5 "$FARM/work/diff")"
	is "$what" "$bad" ''
}

each_refused() { # lines of WHAT|TEMPLATE on stdin
	local what template
	while IFS='|' read -r what template; do
		refused "$what" "$template" "${hostile[@]}"
	done
}

# shellcheck disable=SC2119 # no more lines of configuration
ssh_start || exit 1
ssh_user joe
ssh_user ann
artel user add boss --admin
ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/boss"
ssh_user boss
tiny joe one 1.0
id=$(far joe task new 2>/dev/null)
far joe task add "$id" repo one 1.0-1 2>/dev/null
other=$(far ann task new 2>/dev/null)
# One connection for all that follows: what is attacked is behind it.
FAR_OPTIONS=(-o ControlMaster=auto -o "ControlPath=$FARM/ssh/c-%r-%n" -o ControlPersist=60)

echo '# words in every position of every command'
remember
each_refused <<TEMPLATES
the command itself|@
a word of it|task @
the name of a repository|task new @
the id of a task to change|task add @ one=1.0-1
a git repository|task add $id repo @ 1.0-1
a git repository before a tag|task add $id repo /people/ann/packages/@ 1.0-1
a user|task add $id repo /people/@/packages/one.git 1.0-1
a tag|task add $id repo one @
a tag behind a repository|task add $id one.git=@
a file|task add $id srpm @
a package to delete|task add $id del @
a package to rebuild|task add $id rebuild @
a package to copy|task add $id copy @
what to add|task add $id @
a task whose subtask goes|task delsub @ 100
a subtask|task delsub $id @
a task to run|task run @
a state|task ls --state=@
an option of ls|task ls @
a task to show|task show @
a root|task root @
a root of a subtask|task root $id.@
what a task waits for|task why @
a task to hold|task hold @
a task to release|task release @
a job|task requeue @
a job of a task|task requeue $id.@
a task of a class|task class @ normal
a class|task class $id @
a task to abort|task abort @
a task to forget|task rm @
a task to share|task share @
sharing|task share $id @
a dependency|task deps $id add @
what to do with dependencies|task deps $id @
a task to approve|task approve @ all
a subtask to approve|task approve $id @
a subtask to object to|task disapprove --revoke $id @
a commit|task check-git-inheritance $id 100 disable @
what to do about inheritance|task check-git-inheritance $id 100 @ 0123456789012345678901234567890123456789
TEMPLATES
quiet='^INSERT INTO (event|sqlite_sequence) '
remember
each_refused <<TEMPLATES
a repository to build for|build -b @ one 1.0-1
dependencies to build with|build --deps @ one 1.0-1
an option of build|build -@ one 1.0-1
a git repository to build|build @ 1.0-1
a tag to build|build one @
a package to build again|build rebuild @
TEMPLATES
quiet='^$'
remember
each_refused <<TEMPLATES
a repository of a list|acl @ one show
a user in a list|acl $REPO one add @
what to do with a list|acl $REPO one @ joe
a log|log @
a log of a subtask|log $id.@
lines of a log|log --tail @
an attempt|log --attempt @
an event|events --since @
a task's events|events --task @
events of a kind|events --kind @
how many events|events --limit @
an option of events|events @
an option of status|status @
a repository of status|status --repository @
an owner|status --owner @
a word behind a command that takes none|user ls @
another|farm show @
a repository's history|repo history @
a repository's packages|repo packages @
a user to add|user add @
a user to give a key|user key @ --login -
a builder|builder drain @
a repository to merge|merge @
what is for the host|repo create @
TEMPLATES
refused 'git to fetch' "git-upload-pack '@'" "${hostile[@]}" "${paths[@]}" "$FARM/people/joe/packages/one.git" one.git/../one.git .git
refused 'git to push' "git-receive-pack '@'" "${hostile[@]}" "${paths[@]}" /people/ann/packages/one.git "$FARM/people/joe/packages/one.git" one.git/objects
refused 'git without quotes' 'git-upload-pack @' "${hostile[@]}"
refused "git's options" '@' 'git-upload-pack --strict one.git' "git-upload-pack --timeout=1 'one.git'" 'git-receive-pack -x one.git' \
	"git -c core.sshCommand=x upload-pack 'one.git'" "git --exec-path=/tmp upload-pack 'one.git'" "git-upload-archive 'one.git'" \
	"git-shell -c id" "git-upload-pack 'one.git' 'one.git'" "git-upload-pack 'one'\\''.git'" "git upload-pack" "git gc"
refused 'other programs' '@' 'scp -t .' 'scp -f /etc/passwd' 'rsync --server -vlogDtpre.iLsfxCIvu . /etc' \
	'rsync --server --sender -vlogDtpre.iLsfxCIvu . /etc/passwd' internal-sftp /usr/lib/openssh/sftp-server sh 'bash -i' 'id;task' 'cvs server' \
	'artel task ls' 'git-annex-shell x' 'svnserve -t' 'borg serve'
refused 'what is no line of text' '@' $'task ls\nid' $'task\rls' $'task ls \033[2J' $'task ls \177' $'task \xff' $'task \xc2\x9b31m' $'task \xe2\x80\xaels' \
	$'build -m a\xe2\x81\xa6b one 1.0-1' $'\a'
refused 'a word as long as it gets' '@' "$(printf 'task show %098000d' 7)" "$(printf 'task add %s repo one %090000d' "$id" 7)" \
	"$(printf 'x%098303d' 7)" "$(printf 'acl %090000d one show' 7)" "$(printf 'task run -m %05000d %s' 7 "$id")"
refused 'too many words' '@' "task deps $id add$(printf ' %.0s7' {1..8200})" "task rm $id$(printf ' %.0s7' {1..8000})"

echo '# what is asked for may be nothing, but it is only that'
for template in 'task ls --user=@' 'task ls --repo=@' 'acl '"$REPO"' @ show' 'acl '"$REPO"' one check @' 'help @' 'task show @ --help' '@ --help'; do
	bad=
	for word in "${hostile[@]}"; do
		far joe -- "${template//@/"$word"}" >"$FARM/said.out" 2>"$FARM/said" </dev/null
		clean "$FARM/said.out" && clean "$FARM/said" && [ "$(wc -l <"$FARM/said")" -le 1 ] || bad+="$word "
	done
	unchanged || bad+="changed: $(cat "$FARM/work/diff")"
	is "${template#@ }" "$bad" ''
done

echo '# texts'
attack_text() { # WHAT STATUS PATTERN TEXT WORD...
	local what=$1 status=$2 pattern=$3 text=$4 got=0
	shift 4
	far joe "$@" <"$text" >"$FARM/said.out" 2>"$FARM/said" || got=$?
	if [ "$got" = "$status" ] && grep -Eq -- "$pattern" "$FARM/said" && one_line "$FARM/said" && unchanged; then pass "$what"; else fail "$what" "gave $got: $(cat "$FARM/said" "$FARM/work/diff")"; fi
}
printf 'a\033]0;owned\007b' >"$FARM/work/escape"
printf 'a\342\200\256b' >"$FARM/work/turned"
printf 'a\377b' >"$FARM/work/not-utf8"
printf 'a\0b' >"$FARM/work/nul"
printf 'a\rb' >"$FARM/work/return"
head -c 1000000 /dev/zero | tr '\0' x >"$FARM/work/long"
for name in escape turned not-utf8 return; do
	attack_text "a message: $name" 2 'not lines of printable UTF-8' "$FARM/work/$name" task run -m - "$id"
	attack_text "an approval: $name" 2 'not lines of printable UTF-8' "$FARM/work/$name" task approve "$id" all
	attack_text "an objection: $name" 2 'not lines of printable UTF-8' "$FARM/work/$name" task disapprove "$id" 100
done
attack_text 'a message with a NUL' 2 'NUL' "$FARM/work/nul" task run -m - "$id"
attack_text 'a message without an end' 1 'more than 4096 bytes' /dev/zero task run -m - "$id"
attack_text 'a long approval' 1 'more than 4096 bytes' "$FARM/work/long" task approve "$id" all
attack_text 'a message that is long' 1 'more than 4096 bytes' "$FARM/work/long" build -m - one 1.0-1
refused 'a reason' 'task hold @' "$id -x" "$id $(printf '%0501d' 7)"

echo '# packages'
hostile_package() { # NAME TAG TAGGER SPEC: what a push would leave there
	local work=$FARM/work/joe-$1
	git init -q -b main "$work"
	printf '%b' "$4" >"$work/$1.spec"
	git -C "$work" add -A
	GIT_COMMITTER_NAME=$3 GIT_AUTHOR_NAME=$3 git -C "$work" -c i18n.commitEncoding=UTF-8 commit -q -m $'\033]0;owned\007 \xe2\x80\xae'
	GIT_COMMITTER_NAME=$3 tag_signed joe "$work" "$2"
	git clone -q --bare "$work" "$FARM/people/joe/packages/$1.git"
}
plain='Name: two\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\n%%description\nx\n'
hostile_package tagger 1 $'J\033]0;owned\007oe \xe2\x80\xaeX' "${plain/two/tagger}"
hostile_package summary 1 joe "${plain/Summary: x/Summary: a\\033]0;owned\\007b\\0342\\0200\\0256c\\0377}"
hostile_package spec 1 joe "${plain/two/t\\033]0;owned\\007wo}"
hostile_package turned 1 joe "${plain/two/t\\0342\\0200\\0256wo}"
hostile_package climbs 1 joe "${plain/two/..\/..\/etc}"
hostile_package dash 1 joe "${plain/two/-oProxyCommand=x}"
hostile_package macro 1 joe "${plain/two/%(touch $FARM/owned)}"
git -C "$FARM/people/joe/packages/tagger.git" branch $'b\xe2\x80\xaex' 2>/dev/null
quiet='^INSERT INTO (event|sqlite_sequence) '
remember
for name in spec turned climbs dash macro; do
	far joe build "$name" 1 >"$FARM/said.out" 2>"$FARM/said"
	is "a spec whose name is hostile: $name" "$? $(cat "$FARM/said.out")" '2 '
	like 'is an error that names it' "$(cat "$FARM/said")" "^artel: build: .*$name.git 1: $name.spec: "
	ok 'which is clean' clean "$FARM/said"
	ok 'and nothing changes' unchanged
done
for name in tagger summary; do
	far joe build "$name" 1 >"$FARM/said.out" 2>"$FARM/said"
	ok "$name: what is said is clean" clean "$FARM/said"
done
ok 'no program of a spec ran' test ! -e "$FARM/owned"

echo '# what gets into the database all the same is not shown raw'
artel acl "$REPO" one create joe
python3 - "$FARM" "$id" <<'PYTHON'
import os, sqlite3, sys
farm, task = sys.argv[1], int(sys.argv[2])
bad = b'\x1b]0;owned\x07\x9b31m\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa6\xff\x7f\r\x08!'
db = sqlite3.connect(farm + '/farm.db', timeout=10)
db.execute('PRAGMA foreign_keys = OFF')
def put(table, columns, where):
    for c in columns:
        db.execute(f"UPDATE {table} SET {c} = CAST(? AS TEXT) WHERE {where}", (bad,))
put('task', ['message', 'reason', 'hold'], '1')
put('subtask', ['tag_name', 'tag_author', 'dir', 'srpm_file', 'copy_from', 'user'], '1')
db.execute("INSERT INTO event (at, kind, task, user, origin, state, text) VALUES (1, 'task', ?1, CAST(?2 AS TEXT), CAST(?2 AS TEXT),"
    " '', CAST(?2 AS TEXT))", (task, bad))
put('user', ['why'], "name = 'ann'")
put('package', ['evr', 'file', 'arch'], "name = 'make'")
db.execute("INSERT INTO builder (name, arches, slots, seen, online, why, features) VALUES (CAST(?1 AS TEXT), CAST(?1 AS TEXT), 1, 1, 1, CAST(?1 AS TEXT), '')", (bad,))
db.execute("UPDATE task SET state = 'BUILDING', started = 1, submitted = 1 WHERE id = ?", (task,))
for kind, state, attempt in ('srpm', 'failed', 1), ('build', 'running', 1), ('test', 'queued', 0):
    n = db.execute("INSERT INTO job (task, subtask, arch, kind, state, attempt, builder, reason, queued, started, finished, lease)"
        " VALUES (?1, ?2, CAST(?3 AS TEXT), ?4, ?5, ?6, CAST(?3 AS TEXT), CAST(?3 AS TEXT), 1, 1, 2, 9e15)",
        (task, 0 if kind == 'test' else 64, bad, kind, state, attempt)).lastrowid
    with open(f'{farm}/run/log/{n}.1', 'wb') as f:
        f.write(b'one ' + bad + b'\nartel: failed: ' + bad + b'\nartel: last: ' + bad + b'\n\xff\xfe no end')
db.commit()
PYTHON
is 'something hostile is there' "$(sql "SELECT count(*) FROM event WHERE text LIKE '%owned%'")" 1
while read -r -a command; do
	far joe "${command[@]}" >"$FARM/said.out" 2>"$FARM/said" </dev/null
	if [ -s "$FARM/said.out" ] && clean "$FARM/said.out" && clean "$FARM/said"; then
		pass "${command[*]}"
	else
		fail "${command[*]}" "$(cat -v "$FARM/said.out" "$FARM/said")"
	fi
done <<COMMANDS
task ls
task ls --user=ALL
task show $id
task show --brief $id
task show --json $id
task why $id
task why --json $id
events
events --json
status
status --all
status --json
log $id
log --tail 2 $id
log --reason $id
log $id.100
user ls
builder ls
builder ls --json
acl $REPO one show
repo ls
repo packages $REPO
farm show
help
COMMANDS
alone() { local FAR_OPTIONS=(); far "$@"; }
alone ann task new >/dev/null 2>&1
is 'where others come from is not told' "$(far joe events --json --since 0 | jq -r 'select(.user == "ann").origin' | sort -u)" ''
like 'but where one came from oneself' "$(far joe events --long --since 0 --user joe)" 'ssh 127.0.0.1 SHA256:'
like 'and administrators are told' "$(alone boss events --long --since 0 --user ann)" 'ssh 127.0.0.1 SHA256:'
fails 'a log is never raw' 1 'log --raw. is for the farm.s own host' far joe log --raw "$id"
cat >"$FARM/sendmail" <<'MAIL'
#!/bin/bash
cat >>"$ARTEL_ROOT/mail"
MAIL
chmod 755 "$FARM/sendmail"
artel user mail joe joe@example.org
artel-hooks --once --sendmail "$FARM/sendmail" --mail-from artel@example.org 2>/dev/null
sql "INSERT INTO event (at, kind, task, job, user, origin, state, text) VALUES (1, 'task', $id, 0, 'joe', '', 'FAILED',
	'task #$id for $REPO FAILED: ' || (SELECT reason FROM task WHERE id = $id))"
artel-hooks --once --sendmail "$FARM/sendmail" --mail-from artel@example.org 2>/dev/null
like 'a mail went out' "$(cat "$FARM/mail")" 'Task #.* is FAILED'
ok 'and is clean' clean "$FARM/mail"

echo '# what a client asks sshd for besides'
remember
FAR_OPTIONS=(-o LogLevel=VERBOSE)
fails 'a port of the farm to reach' 255 'administratively prohibited|stdio forwarding failed' ssh -F "$FARM/ssh/joe" -W "127.0.0.1:$ssh_port" farm
fails 'a port of the farm to listen on' 255 'remote port forwarding failed' ssh -F "$FARM/ssh/joe" -o ExitOnForwardFailure=yes -N -R "0:127.0.0.1:$ssh_port" farm
fails 'a socket of the farm to listen on' 255 'remote port forwarding failed' \
	ssh -F "$FARM/ssh/joe" -o ExitOnForwardFailure=yes -N -R "$FARM/socket:127.0.0.1:$ssh_port" farm
like 'a terminal' "$(far joe -tt help 2>&1)" 'PTY allocation request failed'
like 'X11' "$(DISPLAY=:7 far joe -Y help 2>&1)" 'X11 forwarding request failed'
for subsystem in sftp netconf shell; do
	fails "a subsystem: $subsystem" 255 'subsystem request failed' far joe -s "$subsystem"
done
ok 'nothing came of it' unchanged

echo '# an sshd that is told too much'
ssh_stop
ssh_start 'AcceptEnv *' 'Subsystem sftp internal-sftp' 'PermitUserEnvironment yes' 'UnusedConnectionTimeout 1' 'LogLevel DEBUG1' || exit 1
FAR_OPTIONS=(-o "SetEnv=GIT_DIR=/ GIT_SSH_COMMAND=x ARTEL_ROOT=/ ARTEL_USER=ann LOGNAME=ann USER=ann HOME=/nowhere SHELL=/bin/bash SSH_CONNECTION=8.8.8.8
	SSH_ORIGINAL_COMMAND=init BASH_ENV=$FARM/owned ENV=$FARM/owned PATH=/nowhere ARTEL_FAULT=sql:1 LC_ALL=xx TZ=:/etc/passwd IFS=k")
FAR_OPTIONS=("${FAR_OPTIONS[@]//$'\n\t'/ }")
remember
fails 'another one is not who asks' 1 'belongs to ann, not to joe' far joe task rm "$other"
fails 'a program of sshd is no command' 2 '' far joe -s sftp
ok 'nothing came of it' unchanged
mine=$(far joe task new 2>/dev/null)
is 'who, from where: as without them' "$(artel events --json --task "$mine" | jq -r '.user + " " + .origin' | cut -d ' ' -f 1-3)" 'joe ssh 127.0.0.1'
FAR_OPTIONS=()
ssh-agent -a "$FARM/ssh/agent" sh -c "SSH_AUTH_SOCK=$FARM/ssh/agent ssh -F $FARM/ssh/joe -A farm help" >/dev/null 2>&1
like 'an agent is not taken along' "$(cat "$FARM/ssh/log")" 'gent forwarding'
fails 'a connection that asks for nothing is ended' 255 'closed by' timeout 30 ssh -F "$FARM/ssh/joe" -o LogLevel=INFO -N farm
ssh_stop

echo '# the programs that sshd runs'
sh_keys() { "$SSH_PROGRAMS/artel-shell" --root "$FARM" --keys "$1"; }
key=$(ssh-keygen -lf "$FARM/keys/joe.pub" | cut -d ' ' -f 2)
like 'a key of the farm' "$(sh_keys "$key")" '^restrict,command="[^"]+ --user joe --key SHA256:[^" ]+" ssh-ed25519 [^ ]+$'
for word in "" "'" "$key'" "$key\" x" '%' "SHA256:" "$(printf '%0100000d' 7)" $'SHA256:\n' '../../etc/passwd'; do
	is "no key: ${word:0:20}" "$(sh_keys "$word")" ''
done
shell() { env -i "${@:2}" "$BUILD/artel-shell" -c "$1"; }
fails 'no account' 1 'LOGNAME is not the account' shell 'task ls'
fails 'an account that is none' 1 'LOGNAME is not the account' shell 'task ls' LOGNAME=nosuch
fails 'an account of another uid' 1 'LOGNAME is not the account' shell 'task ls' LOGNAME=nobody
fails 'an account whose home is no farm' 1 'no farm here' shell 'task ls' LOGNAME=root ARTEL_ROOT="$FARM"
cp /etc/passwd "$FARM/work/passwd"
printf 'joe:x:0:0::%s:/usr/bin/artel-shell\nmallory:x:0:0::%s:/usr/bin/artel-shell\n' "$FARM" "$FARM" >>"$FARM/work/passwd"
# shellcheck disable=SC2016 # they are that shell's
with_accounts() { unshare -m sh -c 'mount --bind "$0" /etc/passwd && exec "$@"' "$FARM/work/passwd" "$@"; }
logged_in() { with_accounts env -i LOGNAME="$1" ARTEL_ROOT=/ ARTEL_USER=ann bash -c 'exec -a -artel-shell "$@"' sh "$BUILD/artel-shell" "${@:2}"; }
like 'an account of the farm' "$(logged_in joe -c 'task ls')" "^#$mine NEW"
fails 'an account of nobody here' 1 'mallory' logged_in mallory -c 'task ls'
fails 'an account and no command' 2 'there is no shell here, joe' logged_in joe
fails 'an account and a file' 2 'not expected' logged_in joe /etc/passwd
fails 'more words than a command' 2 'not expected|unknown option' logged_in joe -c 'task ls' id
# shellcheck disable=SC2016 # it is a name
for name in '' . .. -x "a'b" 'a"b' 'a b' '$(id)' $'a\nb' $'a\033b' a/b ../joe 'ä' "$(printf '%0129d' 7)"; do
	fails "a user of the name $(printf '%.9q' "$name")" 2 "a user.s name is" artel user add "$name"
done
by() { env SSH_ORIGINAL_COMMAND=help "$BUILD/artel-shell" --root "$FARM" --user joe --key "$1"; }
ok 'a key of joe' by "$key"
fails 'one of ann' 1 'lets joe in no more' by "$(ssh-keygen -lf "$FARM/keys/ann.pub" | cut -d ' ' -f 2)"
artel user key joe --remove "$key" 2>/dev/null
fails 'one that was taken away while its connection was open' 1 'lets joe in no more' by "$key"
fails 'a user of that name is not let in' 1 'cannot be a user.s name' env SSH_ORIGINAL_COMMAND=help "$BUILD/artel-shell" --root "$FARM" --user ../joe

scenario_end
