#!/bin/bash
# Programs are run for events, mail goes out, and the journal is followed; whoever hangs or stops holds up nobody.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin farm

until_true() { # SECONDS COMMAND...
	local until=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}
sql() { sqlite3 -cmd '.timeout 10000' "$FARM/farm.db" "$@"; }
last() { sql 'SELECT max(id) FROM event'; }
reader() { sql "SELECT event FROM reader WHERE name = '$1'"; }
event() { artel user key joe "$FARM/keys/joe.pub"; }
hook() { # NAME; the script is on stdin
	local part=$FARM/work/hook.part
	{ printf '#!/bin/bash\n'; cat; } >"$part"
	chmod 755 "$part"
	mv "$part" "$FARM/hooks.d/$1"
}
hooks_start() { # OPTION...
	artel-hooks --limit 2 "$@" 2>>"$FARM/hooks.log" &
	hooks=$!
}
hooks_stop() { kill "$hooks"; wait "$hooks"; ended=$?; }
ids() { jq .id <"$1"; }
came() { [ "$(ids "$FARM/$1" | tail -n 1)" = "$2" ]; }
in_order() { # FILE FIRST LAST: each once
	[ "$(ids "$1" | tr '\n' ' ')" = "$(seq "$2" "$3" | tr '\n' ' ')" ] || { ids "$1" | tr '\n' ' '; return 1; }
}

# --- hooks ---
mkdir "$FARM/hooks.d" "$FARM/seen"
hook good <<'HOOK'
cat >>"$ARTEL_ROOT/good"
pwd >"$ARTEL_ROOT/good.pwd"
env | sed -n 's/^\(ARTEL_[A-Z_]*\)=.*/\1/p' | sort | tr '\n' ' ' >"$ARTEL_ROOT/good.env"
echo "said by $ARTEL_EVENT_ID"
HOOK
hook hangs <<'HOOK'
echo "$ARTEL_EVENT_ID $$" >>"$ARTEL_ROOT/hangs"
trap '' TERM INT
sleep 1000 &
wait
HOOK
for name in .hidden writable; do
	hook "$name" <<'HOOK'
touch "$ARTEL_ROOT/ran"
HOOK
done
chmod 775 "$FARM/hooks.d/writable"

is 'at first there is nothing to do' "$(artel-hooks --once 2>&1 | grep -v refused)" ''
first=$(($(last) + 1))
for _ in 1 2 3 4 5; do event; done
end=$(last)
hooks_start
ok 'a good hook has seen all' until_true 20 came good "$end"
ok 'each event once, in order' in_order "$FARM/good" "$first" "$end"
like 'while another one hangs at the first' "$(cat "$FARM/hangs")" "^$first [0-9]*$"
is 'it gets what artel events prints' "$(cat "$FARM/good")" "$(artel events --json --since $((first - 1)) --limit 5)"
is 'runs in /' "$(cat "$FARM/good.pwd")" /
is 'with a small environment' "$(cat "$FARM/good.env")" 'ARTEL_EVENT_ID ARTEL_EVENT_KIND ARTEL_EVENT_STATE ARTEL_ROOT ARTEL_TASK '
like 'what it says is in the log' "$(cat "$FARM/hooks.log")" "good: event $first: said by $first"
ok 'what hangs is killed at its limit' until_true 20 grep -q "hangs: event $first: took longer than 2 s and was killed" "$FARM/hooks.log"
read -r _ pid <"$FARM/hangs"
ok 'with its children' until_true 20 bash -c "! pgrep -g $pid"
ok 'and goes on' until_true 20 grep -q "^$((first + 1)) " "$FARM/hangs"
like 'one that others may write to is refused' "$(cat "$FARM/hooks.log")" 'hook refused: writable: group or others may write to it'
is 'once' "$(grep -c 'refused: writable' "$FARM/hooks.log")" 1
ok 'and not run, nor is a hidden one' test ! -e "$FARM/ran"
fails 'one a farm' 75 'another artel-hooks runs' artel-hooks --once
event
ok 'events are seen as they come' until_true 20 came good "$(last)"
rm "$FARM/hooks.d/hangs"
hooks_stop
is 'SIGTERM ends it' "$ended" 0
is 'all is noted' "$(reader hook:good)" "$(last)"

# --- killed ---
rm -f "$FARM/good"
hook good <<'HOOK'
read -r line
echo "$line" >>"$ARTEL_ROOT/good"
[ -e "$ARTEL_ROOT/calm" ] || { touch "$ARTEL_ROOT/at"; sleep 1000; }
HOOK
first=$(($(last) + 1))
for _ in 1 2 3 4 5; do event; done
for _ in 1 2 3; do
	rm -f "$FARM/at"
	hooks_start
	ok 'it runs a hook' until_true 20 test -e "$FARM/at"
	kill -9 "$hooks"
	wait "$hooks" 2>/dev/null
done
touch "$FARM/calm"
hooks_start
ok 'after SIGKILL it goes on' until_true 20 came good "$(last)"
ok 'nothing is lost' test "$(ids "$FARM/good" | uniq | tr '\n' ' ')" = "$(seq "$first" "$(last)" | tr '\n' ' ')"
is 'what was under way came again' "$(ids "$FARM/good" | grep -c "^$first$")" 4
hooks_stop
rm "$FARM/hooks.d/good"
hook new <<'HOOK'
cat >>"$ARTEL_ROOT/new"
HOOK
hook later <<'HOOK'
echo "$ARTEL_EVENT_ID" >>"$ARTEL_ROOT/later"
[ "$(wc -l <"$ARTEL_ROOT/later")" -ge 3 ] || exit 75
HOOK
artel-hooks --once 2>>"$FARM/hooks.log"
event
artel-hooks --once 2>>"$FARM/hooks.log"
is 'a new hook begins with what comes' "$(ids "$FARM/new")" "$(last)"
is 'exit status 75: tried again until it is well' "$(tr '\n' ' ' <"$FARM/later")" "$(last) $(last) $(last) "
event
ok 'or begins at the present' artel-hooks --skip hook:new
artel-hooks --once 2>>"$FARM/hooks.log"
is 'which it does' "$(wc -l <"$FARM/new")" 1
fails 'an unknown one' 1 'nothing of this name' artel-hooks --skip hook:no-such
rm "$FARM"/hooks.d/*
chmod 777 "$FARM/hooks.d"
fails 'a folder that others may write to' 1 'nothing in it is run' artel-hooks --once
chmod 755 "$FARM/hooks.d"
fails 'no such folder' 1 'no-such: No such file' artel-hooks --once --hooks "$FARM/no-such"

# --- mail ---
cat >"$FARM/sendmail" <<'MAIL'
#!/bin/bash
n=$(ls "$ARTEL_ROOT/seen" | wc -l)
echo "$*" >"$ARTEL_ROOT/arguments"
cat >"$ARTEL_ROOT/seen/$n.part"
mv "$ARTEL_ROOT/seen/$n.part" "$ARTEL_ROOT/seen/$n"
MAIL
chmod 755 "$FARM/sendmail"
artel user mail joe joe@example.org
is 'an address' "$(artel user mail joe)" joe@example.org
fails 'not two' 2 'not an address' artel user mail joe $'joe@example.org\nBcc: all@example.org'
fails 'an address to be from, and no mail' 2 'mail-from goes with' artel-hooks --mail-from joe@example.org
fails 'an empty command' 2 'sendmail wants a command' artel-hooks --sendmail ' '
fails 'no address to be from' 2 'mail-from wants an address' artel-hooks --sendmail true --mail-from 'x y'
hooks_start --sendmail "$FARM/sendmail --verbatim" --mail-from artel@farm.example.org
mail_is_at() { [ "$(reader mail)" = "$(last)" ]; }
ok 'the mail has a reader' until_true 20 mail_is_at
farm_start
tiny joe one 1.0
dir=$(spec_make two 1 <<'SPEC'
%description
Does not build.
%build
echo 'error: größer'
exit 1
%install
%files
SPEC
)
git_make joe two 1-1 "$dir"
one=$(build joe one 1.0-1) two=$(build joe two 1-1)
tiny ann three 1.0
ann=$(build ann three 1.0-1)
ok 'one is built' wait_state 60 "$one" BUILT
ok 'two is not' wait_state 60 "$two" FAILED
ok 'three is, of ann, who has no address' wait_state 60 "$ann" BUILT
ok 'merged' artel-merger --once
mails() { [ "$(find "$FARM/seen" -type f | wc -l)" = "$1" ]; }
ok 'two messages' until_true 20 mails 2
farm_stop
ok 'it has seen all' until_true 20 mail_is_at
ok 'and sent no more' mails 2
failed=$(grep -l "Task #$two " "$FARM"/seen/*) done=$(grep -l "Task #$one " "$FARM"/seen/*)
is 'the command' "$(cat "$FARM/arguments")" '--verbatim -i -t'
is 'who' "$(sed -n '/^$/q; /^From\|^To\|^Auto/p' "$failed")" 'From: artel@farm.example.org
To: joe@example.org
Auto-Submitted: auto-generated'
decode() { python3 -c "
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
print(m['Subject'] if sys.argv[2] == 'subject' else m.get_content())
assert not m.defects and m['Date'].datetime and m['Message-ID']" "$1" "$2"; }
is 'the subject says why' "$(decode "$failed" subject)" "[artel] task #$two FAILED: $(task_reason "$two")"
like 'in full' "$(decode "$failed" body)" 'größer'
like 'and how to read the log' "$(decode "$failed" body)" "artel log --reason $two"
is 'the other one' "$(decode "$done" subject)" "[artel] task #$one DONE"
hooks_stop

# --- followers ---
n=$(last)
artel events --follow --json --since "$n" >"$FARM/follow" &
follow=$!
is 'nothing yet' "$(cat "$FARM/follow")" ''
event
ok 'a new event is seen' until_true 10 came follow $((n + 1))
kill -STOP "$follow"
until_true 10 grep -q '^State:.*T' "/proc/$follow/status"
for _ in 1 2 3; do event; done
is 'one that is stopped does not keep the log from being emptied' "$(sql 'PRAGMA wal_checkpoint(TRUNCATE)')" '0|0|0'
is 'nor did it print' "$(ids "$FARM/follow")" $((n + 1))
kill -CONT "$follow"
ok 'and goes on' until_true 10 came follow "$(last)"
kill "$follow"; wait "$follow" 2>/dev/null
ok 'each event once' in_order "$FARM/follow" $((n + 1)) "$(last)"
is 'a part' "$(artel events --json --since "$n" --limit 2 | jq -c .id | tr '\n' ' ')" "$((n + 1)) $((n + 2)) "
is 'and the rest' "$(artel events --json --since $((n + 2)) | jq -c .id | tr '\n' ' ')" "$((n + 3)) $((n + 4)) "
fails 'beyond its end' 1 "the journal ends with $(last)" artel events --since 999999

# A journal that is larger than a pipe, and nobody reads: it stands in the middle of its output.
sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
	INSERT INTO event (at, kind, text) SELECT 1, 'farm', 'number ' || i FROM n"
mkfifo "$FARM/pipe"
sleep 1000 <>"$FARM/pipe" &
holder=$!
artel events --follow --since 0 >"$FARM/pipe" &
follow=$!
ok 'one that nobody reads stands still' until_true 20 grep -q pipe_write "/proc/$follow/wchan"
event
is 'and does not keep the log from being emptied' "$(sql 'PRAGMA wal_checkpoint(TRUNCATE)')" '0|0|0'
kill "$follow" "$holder"
wait "$follow" "$holder" 2>/dev/null
is 'who reads no more ends it' "$(timeout 20 artel events --follow --since 0 | head -n 1 | cut -f 1; echo "${PIPESTATUS[0]}")" '1
0'
is 'of a task, of a kind' "$(artel events --task "$one" --kind task | cut -f 6 | grep -v '^-$' | tr '\n' ' ')" 'NEW AWAITING BUILDING BUILT MERGING DONE '
is 'SIGINT ends it' "$(python3 -c "
import signal, subprocess
p = subprocess.Popen(['artel', 'events', '--follow', '--since', '0'], stdout=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
p.stdout.readline()
p.send_signal(signal.SIGINT)
print(p.wait())")" -2
scenario_end
