# shellcheck shell=bash
# What the benchmarks of the builder start with: a farm below /tmp with a scheduler, and its numbers. As root.
set -euo pipefail
: "${BUILD:?the folder with the programs}"
FARM=$(mktemp -d /tmp/artel-XXXXXX)
GROUP=c
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../tests" && pwd)
# shellcheck source=tests/farm.sh
. "$here/farm.sh"

pids=()
bench_clean() {
	local pid
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || :; done
	wait
	rm -rf -- "$FARM"
}
trap bench_clean EXIT
bench_start() { "$@" </dev/null >>"$FARM/bench.log" 2>&1 & pids+=("$!"); }

# A builder of its own state; prints nothing. NAME SLOTS
builder_start() {
	artel-builder --name "$1" --slots "$2" --jobs 1 </dev/null >>"$FARM/bench.log" 2>&1 &
	builder=$!
	pids+=("$builder")
}
builder_stop() {
	kill "$builder"
	wait "$builder" || :
}

query() { sqlite3 -readonly -cmd '.timeout 5000' "$FARM/farm.db" "$1"; }
# Submit; prints the id. REPOSITORY NAME...
submit() {
	local repository=$1 name words=()
	shift
	for name in "$@"; do words+=("$name" 1-1); done
	artel --user joe build -b "$repository" "${words[@]}" 2>>"$FARM/bench.log"
}
# Until no task is under way; all must be BUILT.
wait_built() {
	while [ "$(query "SELECT count(*) FROM task WHERE state IN ('AWAITING', 'BUILDING')")" != 0 ]; do sleep 0.1; done
	[ "$(query "SELECT count(*) FROM task WHERE state != 'BUILT'")" = 0 ] || {
		query "SELECT id, state, reason FROM task WHERE state != 'BUILT' LIMIT 3" >&2
		exit 1
	}
}
# The last line that a job says of its phases, one "seconds name" a line. JOB
phases() {
	local line
	line=$(grep -h '^artel: .* in all ' "$FARM/run/log/$1".* | tail -n 1)
	tr ',' '\n' <<<"${line#artel: }" | sed -E 's/^ *(.*) ([0-9.]+) s$/\2 \1/'
}
# Seconds in these phases, of the jobs that SQL's WHERE chooses: one line each. WHERE PHASE...
spent() {
	local job where=$1 names
	shift
	names="|$(IFS="|"; printf "%s" "$*")|"
	for job in $(query "SELECT id FROM job WHERE $where ORDER BY id"); do
		phases "$job" | awk -v names="$names" '{ n = $1; $1 = ""; sub(/^ /, ""); gsub(/ /, "_"); if (index(names, "|" $0 "|")) sum += n }
			END { printf "%.3f\n", sum }'
	done
}
middle() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
seconds() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(seconds)" 'BEGIN { printf "%.3f", b - a }'; }
# $cpu: the CPU time of all that this shell has waited for, in seconds. bubblewrap does not wait for what it runs.
cpu_look() {
	times >"$FARM/times"
	# shellcheck disable=SC2034 # its callers read it
	cpu=$(awk -F '[ms ]+' 'NR == 2 { print $1 * 60 + $2 + $3 * 60 + $4 }' "$FARM/times")
}
say_number() { printf '%s %s %s\n' "$1" "$2" "$3"; }

# A package of one C file, or of none: NAME [LINES of the spec's head]
c_package() {
	local dir
	dir=$(spec_make "$1" 1 <<SPEC
Source0: $1.c
${2:-}
%description
A program of one file.
%build
gcc %optflags -o $1 %_sourcedir/$1.c
%install
install -D $1 %buildroot%_bindir/$1
%files
%_bindir/$1
SPEC
	)
	printf '#include <stdio.h>\nint main(void) { return puts("%s") < 0; }\n' "$1" >"$dir/$1.c"
	git_make joe "$1" 1-1 "$dir"
	rm -rf "$dir"
}
file_package() {
	local dir
	dir=$(spec_make "$1" 1 <<SPEC
BuildArch: noarch
${2:-}
%description
One file.
%install
mkdir -p %buildroot%_datadir/$1
echo 1 >%buildroot%_datadir/$1/x
%files
%_datadir/$1
SPEC
	)
	git_make joe "$1" 1-1 "$dir"
	rm -rf "$dir"
}
