#!/bin/bash
# Floods by one user, from one address: another goes on submitting. What hangs holds nothing of the database.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
scenario_begin farm
# shellcheck disable=SC2119 # no more lines of configuration
ssh_start || exit 1
ssh_user joe
ssh_user ann
from=127.0.0.2
tiny joe one 1.0
theirs=$(far joe task new 2>/dev/null)
far joe task add "$theirs" repo one 1.0-1 2>/dev/null

sql() { sqlite3 -cmd '.timeout 10000' "$FARM/farm.db" "$@"; }
until_true() { # SECONDS COMMAND...
	local until=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.05
	done
}

# ann submits, each time by a connection of her own; how long the median took. WHAT
submits() {
	local n times=() begin
	for n in 1 2 3 4 5; do
		begin=${EPOCHREALTIME/./}
		ok "$1: task $n of another user" far ann task new
		times+=($((${EPOCHREALTIME/./} - begin)))
	done
	mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
	printf '# %s: %d ms each\n' "$1" $((times[2] / 1000))
}

echo '# nobody floods'
submits 'in peace'

echo '# connections that never get as far as a key'
flooders=()
flood() { # KIND CONNECTIONS
	nice -n 5 "$here/flood.py" "$SSH_ADDRESS" "$from" "$ssh_port" 120 "$@" >"$FARM/work/flood-$1" 2>&1 </dev/null &
	flooders+=("$!")
}
flood silent 300
flood garbage 50
flood banner 50
ok 'sshd turns them away' until_true 60 grep -q 'drop connection' "$FARM/ssh/log"
submits 'while sshd is flooded'
for kind in silent garbage banner; do
	ok "a thousand of them: $kind" until_true 60 grep -q . "$FARM/work/flood-$kind"
done
submits 'after some thousands'
kill "${flooders[@]}"
wait "${flooders[@]}" 2>/dev/null

echo '# commands by a key: ones that never end, are never read, or are refused'
# Some on each connection, as sshd has a limit of its own.
stuck=()
# The other end of its stdin stays open, and of its stdout is never read, until the process ends.
mkfifo "$FARM/work/never"
sleep 300 <>"$FARM/work/never" &
sleeper=$!
through() { ssh -F "$FARM/ssh/joe" -b "$from" -o "ControlPath=$FARM/ssh/c-$1" "${@:2}"; }
for n in 0 1 2; do
	ok "connection $n" through "$n" -f -N -M farm
done
exec 9<>"$FARM/work/never"
for n in {0..23}; do
	through "$((n % 3))" farm task approve "$theirs" all <"$FARM/work/never" 2>>"$FARM/work/stuck" &
	stuck+=("$!")
done
refused_some() { [ "$(grep -c 'under way already' "$FARM/work/stuck")" = 8 ]; }
ok 'more commands at once than are allowed are refused' until_true 60 refused_some
is 'each of those in one line' "$(grep -vc '^artel: you have 16 commands under way already' "$FARM/work/stuck")" 0
submits 'while commands hang'
huge=$(printf 'task %0100000d' 7)
for n in {1..20}; do
	through "$((n % 3))" farm "$huge" >/dev/null 2>&1 </dev/null &
	stuck+=("$!")
done
submits 'while commands are huge'
kill "${stuck[@]}" "$sleeper" 2>/dev/null
exec 9>&-
wait "${stuck[@]}" "$sleeper" 2>/dev/null
for n in 0 1 2; do through "$n" -O exit farm 2>/dev/null; done
may_again() { far joe task ls >/dev/null; }
ok 'and then commands of theirs are done again' until_true 30 may_again
is 'all tasks are there' "$(sql "SELECT count(*) FROM task WHERE owner = 'ann'")" 25
is 'and none of the approvals' "$(sql 'SELECT count(*) FROM approval')" 0

echo '# what hangs holds nothing'
# A command whose output nobody reads, or whose input never comes, until it waits there; then the log must be put back.
python3 - "$SSH_PROGRAMS/artel-shell" "$FARM" "$theirs" <<'PYTHON' >"$FARM/work/held" 2>&1
import fcntl, os, sqlite3, subprocess, sys, time

program, farm, task = sys.argv[1:]
READ, WRITE = '0', '1'


def waits_in(pid, call):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with open(f'/proc/{pid}/syscall') as f:
            words = f.read().split()
        if len(words) > 1 and words[0] == call and int(words[1], 16) in ((0,) if call == READ else (1, 2)):
            return True
        time.sleep(0.01)
    return False


def full():
    r, w = os.pipe()
    fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)
    try:
        while True:
            os.write(w, b'x')
    except BlockingIOError:
        pass
    fcntl.fcntl(w, fcntl.F_SETFL, 0)
    return r, w


def hang(words, call):
    r, w = full() if call == WRITE else os.pipe()
    p = subprocess.Popen([program, '--root', farm, '--user', 'joe'], env={'SSH_ORIGINAL_COMMAND': words},
                         stdin=r if call == READ else subprocess.DEVNULL, stdout=w if call == WRITE else subprocess.DEVNULL,
                         stderr=w if call == WRITE else subprocess.DEVNULL)
    there = waits_in(p.pid, call)
    db = sqlite3.connect(farm + '/farm.db', timeout=0, isolation_level=None)
    db.execute("UPDATE user SET why = why || '' WHERE name = 'joe'")
    busy = db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone()[0]
    db.close()
    p.kill()
    p.wait()
    os.close(r)
    os.close(w)
    print(('ok' if there and not busy else 'held' if there else 'did not wait') + ': ' + words)


for words in ('help', 'task ls', f'task show {task}', f'task show --json {task}', f'task why {task}', f'task why --json {task}', 'events',
              'events --follow --since 0', 'status', 'status --json', 'status --watch', 'user ls', 'repo ls', 'repo packages demo',
              'farm show', 'quota', 'task new', 'task ls --user=ALL', 'version', 'nosuch'):
    hang(words, WRITE)
for words in (f'task approve {task} all', f'task disapprove {task} 100', f'task run -m - {task}', 'build -m - one 1'):
    hang(words, READ)
PYTHON
is 'nothing is held by a command that waits' "$(grep -v '^ok: ' "$FARM/work/held")" ''
is 'all of them waited' "$(grep -c '^ok: ' "$FARM/work/held")" 24

echo '# a writer that takes long'
python3 - "$FARM" >"$FARM/work/writer" 2>&1 <<'PYTHON' &
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1] + '/farm.db', isolation_level=None)
db.execute('BEGIN EXCLUSIVE')
db.execute("UPDATE user SET why = why || '' WHERE name = 'joe'")
print('has it', flush=True)
time.sleep(300)
PYTHON
writer=$!
until_true 20 grep -q 'has it' "$FARM/work/writer"
like 'who comes in meanwhile is let in, and reads' "$(far ann task ls)" '^#'
ok 'the writer was there all the time' kill "$writer"
wait "$writer" 2>/dev/null
ok 'and who writes, writes then' far ann task new
scenario_end
