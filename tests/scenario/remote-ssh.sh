#!/bin/bash
# A builder on another host, by ssh to a forced command. Its ssh is killed and stopped in mid-transfer, the builder
# is killed: each time what one end has already is not sent again.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/remote.sh
. "$here/remote.sh"
scenario_begin farm
small=200000 # what goes over a line besides the artefact in question: messages, logs, facts
remote_sshd 127.0.0.1 || exit 1
remote_scheduler --stall 3

# The key admits to nothing but to be that builder.
# shellcheck disable=SC2086 # a command in words
said=$($ssh -v id 2>/dev/null </dev/null)
is 'another command is not run' "$said" ''
mkdir -p "$(line_of stranger)"
artel-builder --name stranger --state "$FARM/far/stranger" --connect "$ssh" >"$FARM/stranger.log" 2>&1 &
stranger=$!
ok 'another name is refused' wait_for 150 grep -q 'refuses: this connection is for the builder builder-1: start it with --name builder-1' "$FARM/stranger.log"
kill "$stranger" && wait "$stranger"
is 'and not seen by the farm' "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM builder WHERE name = 'stranger'")" 0

# ssh is killed in mid-download.
heavy pack 1.0
mkdir -p "$(line_of builder-1)"
break_at builder-1 down 10000000 'kill -9 {pid}'
remote_builder builder-1 "$ssh"
ok 'the builder is there' wait_for 150 grep -q 'builder builder-1: x86_64' "$FARM/scheduler.log"
cache=$FARM/far/builder-1/artefact
id=$(build joe pack 1.0-1)
ok 'ssh was killed in mid-download' wait_for 150 broken builder-1

# And in mid-upload: a connection later the farm has its part, and is sent the rest.
upload_broken() { # WHAT COMMAND
	break_at builder-1 up 3000000 "touch $(line_of builder-1)/hold ; $2"
	[ -n "${id:-}" ] || id=$(build joe pack "$version-1")
	ok "$1 in mid-upload" wait_for 150 broken builder-1
	wait_for 150 test "$(parts "$FARM")" = 1 && wait_for 20 at_rest "$FARM"
	is "$1: the farm keeps what came" "$(parts "$FARM")" 1
	had=$(part_bytes "$FARM") before=$(connections builder-1)
	rm "$(line_of builder-1)/hold"
	ok "$1: it is built" wait_state 150 "$id" BUILT
	size=$(rpm_size "$id") sent=$(passed builder-1 up "$before")
	ok "$1: enough of it was there ($had of $size bytes)" [ "$had" -gt 1000000 ]
	ok "$1: only the rest was sent ($sent bytes)" [ "$sent" -lt "$((size - had + small))" ]
	is "$1: nothing is left of the part" "$(parts "$FARM")" 0
}
version=1.0
upload_broken 'ssh was killed' 'kill -9 {pid}'
is 'by the same attempt' "$(attempt_of "$id")" 1
fetched=$(find "$cache" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
got=$(passed builder-1 down)
ok "all was fetched once ($got for $fetched bytes)" [ "$got" -lt "$((fetched + 262144 + small))" ]

id='' version=2.0
heavy pack 2.0
upload_broken 'ssh was stopped' "cp /proc/{pid}/stat $FARM/stopped ; kill -STOP {pid}"
is 'by the same attempt' "$(attempt_of "$id")" 1
stopped=$(cut -d ' ' -f 1 "$FARM/stopped")
# Killed, whether or not init has waited for it yet.
ended() { ! grep -q '^State:.[^ZX]' "/proc/$stopped/status" 2>/dev/null; }
ok 'the stopped ssh is gone' wait_for 20 ended

id='' version=3.0
heavy pack 3.0
upload_broken 'the builder was killed' "kill -9 $(process_pid builder-1)"
is 'by the next attempt' "$(attempt_of "$id")" 2
is 'no temporary is left' "$(find "$FARM/artefact" "$cache" -maxdepth 1 -type f | wc -l)" 0
is 'no folder of a job is left' "$(find "$FARM"/far/builder-1/job -mindepth 1 -maxdepth 1 | wc -l)" 0
ok 'they are merged' merge_once
is 'and published' "$(published pack)" 'pack-3.0-1'
scenario_end
