#!/bin/bash
# A builder that lost its job without knowing: its late log, artefacts and result harm nothing. And two builders of
# one name: the second is told so, and the first goes on.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/remote.sh
. "$here/remote.sh"
scenario_begin farm
remote_scheduler --stall 3 --lease 5
join="$BUILD/artel --root $FARM join"
remote_builder builder-1 "$join"

slow=$(spec_make slow 1.0 <<'SPEC'
BuildArch: noarch
%description
x
%build
for i in $(seq 1 20); do echo "line $i of it"; sleep 0.5; done
%install
mkdir -p %buildroot%_datadir/slow
head -c 400000 /dev/urandom > %buildroot%_datadir/slow/noise
%files
%_datadir/slow
SPEC
)
git_make joe slow 1.0-1 "$slow"
id=$(build joe slow 1.0-1)
job() { sqlite3 "$FARM/farm.db" "SELECT $1 FROM job WHERE task = $id AND kind = 'build'"; }
log() { cat "$FARM/run/log/$number.$1" 2>/dev/null; }
begun() { number=$(job id) && [ -n "$number" ] && grep -q '^line 2 ' <(log "$1"); }
ok 'it is begun' wait_for 150 begun 1
begun 1

# The control connection stands still, and no new one comes through: the exchange of the job goes on.
line=$(line_of builder-1)
touch "$line/hold-control"
printf '0 kill -STOP {pid}\n' >"$line/limit-control-up"
ok 'the job is lost' wait_for 150 grep -q "job $number of task #$id: its lease ran out" "$FARM/scheduler.log"
like 'and so is its builder' "$(artel status --all)" 'builder-1 +offline'
remote_builder builder-2 "$join"
ok 'another builder has it' wait_for 150 begun 2
ended() { grep -Eq "job #$id.100 x86_64 build: ended" "$FARM/builder-1.log"; }
ok 'the first one ends meanwhile' wait_for 150 ended
is 'it is not done by that' "$(job state)" running
rm "$line/hold-control"
stale="builder builder-1: a result of job $number attempt 1, which is not wanted any more"
ok 'its result is not wanted' wait_for 150 grep -q "$stale" "$FARM/scheduler.log"

# What is said in the name of the old attempt, by whoever has its number.
late() { # ATTEMPT NAME
	python3 - "$FARM/run/wire" "$number" "$1" "$2" <<'PY'
import socket, struct, sys
def text(s): return struct.pack('<I', len(s)) + s.encode()
hello = struct.pack('<II', 4, 2) + text(sys.argv[4]) + text('') * 3 + struct.pack('<qIQ', 0, 0, 0)
hello += struct.pack('<IqI', 1, int(sys.argv[2]), int(sys.argv[3]))
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect(sys.argv[1])
s.sendall(struct.pack('<II', len(hello), 1) + hello + struct.pack('<II', 9, 15) + b'forgery!\n')
s.shutdown(socket.SHUT_WR)
said = b''
try:
    while chunk := s.recv(4096):
        said += chunk
except ConnectionResetError:
    pass
print('refused' if struct.unpack('<I', said[4:8])[0] == 3 and b'not wanted any more' in said else said)
PY
}
is 'an exchange of the old attempt is refused' "$(late 1 builder-1)" refused
is 'one of another builder' "$(late 2 builder-1)" refused
is 'one of an attempt to come' "$(late 3 builder-2)" refused
ok 'it is built' wait_state 150 "$id" BUILT
is 'by the second attempt' "$(job "attempt || ' ' || builder")" '2 builder-2'
is 'each log has its own lines' "$(for n in 1 2; do log $n | grep -c '^line [0-9]* of it'; done | tr '\n' ' ')" '20 20 '
is 'once each' "$(log 2 | grep '^line [0-9]* of it' | sort | uniq -d | wc -l)" 0
is 'no word of the stranger' "$(grep -l forgery "$FARM"/run/log/* | wc -l)" 0
is 'one package is its output' "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM output WHERE task = $id AND kind = 'rpm'")" 1
is 'it was reported once' "$(artel events | grep -c "#$id.100 build: OK")" 1

# Two of one name.
before=$(grep -c 'connected to the scheduler' "$FARM/builder-2.log")
artel-builder --name builder-2 --state "$FARM/far/again" ${UID_BASE:+--uid-base=$UID_BASE} >"$FARM/again.log" 2>&1 &
again=$!
why='another builder named builder-2, of another host or folder, is connected: give one of the two another --name'
ok 'the second one is refused, and says why' wait_for 150 grep -q "the scheduler refuses: $why" "$FARM/again.log"
ok 'the farm says so too' grep -q "builder builder-2: refused: $why" "$FARM/scheduler.log"
sleep 3
is 'once' "$(grep -c refuses "$FARM/again.log")" 1
is 'the first one keeps its connection' "$(grep -c 'connected to the scheduler' "$FARM/builder-2.log")" "$before"
like 'and is online' "$(artel status --all)" 'builder-2 +online'
kill "$again" && wait "$again" 2>/dev/null
scenario_end
