# shellcheck shell=bash
# What the benchmarks of the scheduler start with: farms below $DIR (/tmp; its file system counts), the real scheduler, and
# builders that build nothing. Tables are tab-separated with a heading. A wrong result fails; a slow one does not.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
BUILD=$(cd -- "${BUILD:-$here/../build}" && pwd)
DIR=${DIR:-/tmp}
# The address of a socket is short.
WORK=$(mktemp -d "$DIR/artel-XXXXXX")
FARM=$WORK/farm
export PATH=$BUILD:$BUILD/bench:$PATH ARTEL_ROOT=$FARM
unset ARTEL_USER
ulimit -n "$(ulimit -Hn)"
status=0 scheduler=

pids=()
bench_clean() {
	local pid
	# One that was stopped has to be told to go on.
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || :
		kill -CONT "$pid" 2>/dev/null || :
	done
	wait
	rm -rf -- "$WORK"
}
trap bench_clean EXIT
trap 'exit 130' INT TERM

wrong() {
	printf 'wrong: %s\n' "$*" >&2
	# shellcheck disable=SC2034 # its callers end with it
	status=1
}
row() {
	local IFS=$'\t'
	printf '%s\n' "$*"
}
query() { sqlite3 -readonly -cmd '.timeout 5000' "$FARM/farm.db" "$1"; }
# The value of a line `name value unit`. NAME FILE
value() { awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$2"; }
middle() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" -v f="${3:-%.2f}" 'BEGIN { printf f, b ? a / b : 0 }'; }
# Milliseconds since a moment of $EPOCHREALTIME.
ms_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", (b - a) * 1e3 }'; }
# Until a command says so, for ten minutes. COMMAND...
until_true() {
	local end=$((SECONDS + 600))
	while ((SECONDS < end)); do
		"$@" && return
		sleep 0.01
	done
	wrong "did not come true: $*"
	exit 1
}
query_is() { [ "$(query "$1")" = "$2" ]; }
lines_are() { [ "$(grep -c -e "$2" "$1")" = "$3" ]; } # FILE PATTERN NUMBER

# A copy of a farm that is made once. OPTION of fill-farm...
farm_new() {
	local made
	made=$WORK/made-$(printf '%s' "$*" | cksum | cut -d ' ' -f 1)
	[ -e "$made" ] || fill-farm --root "$made" "$@"
	rm -rf -- "$FARM"
	cp -a -- "$made" "$FARM"
	sync -f "$FARM"
}

scheduler_ready() {
	kill -0 "$scheduler" 2>/dev/null || { cat "$WORK/scheduler.log" >&2; exit 1; }
	grep -q 'jobs queued' "$WORK/scheduler.log"
}
# Not yet ready.
scheduler_begin() {
	: >"$WORK/scheduler.log"
	artel-scheduler </dev/null >"$WORK/scheduler.log" 2>&1 &
	scheduler=$!
	pids+=("$scheduler")
}
scheduler_start() {
	scheduler_begin
	until_true scheduler_ready
}
scheduler_end() { # SIGNAL
	kill "-$1" "$scheduler"
	wait "$scheduler" 2>/dev/null || :
}
# Bytes of the scheduler that are in memory.
scheduler_memory() { awk '/^VmRSS:/ { printf "%.0f\n", $2 * 1024 }' "/proc/$scheduler/status"; }

# Nanoseconds of processor time that it has had.
scheduler_cpu() { awk '{ sum += $1 } END { printf "%.0f", sum }' "/proc/$scheduler/task"/*/schedstat; }

# What builders were given, `job attempt` lines, and the database does not say to run by that attempt. FILE
not_running() {
	sqlite3 -cmd '.timeout 5000' "$FARM/farm.db" 'CREATE TEMP TABLE given (job INTEGER, attempt INTEGER)' \
		'.mode list' '.separator " "' ".import $1 given" \
		"SELECT count(*) FROM given g LEFT JOIN job j ON j.id = g.job AND j.attempt = g.attempt AND j.state = 'running' WHERE j.id IS NULL"
}
file_system() { stat -f -c %T "$WORK"; }
