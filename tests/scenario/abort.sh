#!/bin/bash
# A task is aborted whose build has left daemons that take no notice of signals: all of it is gone in two seconds.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# Of this run alone, as others may run beside it.
UID_BASE=$((1000000000 + $$ % 500 * 2000000))
scenario_begin start

stubborn=$(spec_make stubborn 1 <<'SPEC'
BuildArch: noarch
%description
x
%build
for i in 1 2 3; do
	setsid bash -c 'trap "" TERM INT HUP; exec </dev/null >/dev/null 2>&1; while :; do sleep 0.1; done' &
done
mkdir many
for i in $(seq 5000); do : >many/$i; done
echo stubborn-is-there
trap '' TERM INT HUP
while :; do sleep 0.1; done
%install
%files
SPEC
)
git_make joe stubborn 1-1 "$stubborn"
id=$(build joe stubborn 1-1)
until artel log "$id" 2>/dev/null | grep -q '^stubborn-is-there' || [ "$SECONDS" -gt 90 ]; do sleep 0.2; done

# Processes of the jobs' ids, but not those that are dead and wait for pid 1 to take notice.
there() {
	grep -hsE '^(State|Uid):' /proc/[0-9]*/status |
		awk -v low="$UID_BASE" '/^State/ { dead = $2 == "Z" || $2 == "X" } /^Uid/ && !dead && $2 >= low && $2 < low + 16 * 65536 { n++ } END { print n + 0 }'
}
groups() { find /sys/fs/cgroup -maxdepth 6 -type d -name "artel.*$(stat -c %i "$FARM/builder/$1").*" ! -name '*.builder' 2>/dev/null | wc -l; }
# Until a command prints 0; how many milliseconds after $began.
gone() {
	until [ "$("$@")" = 0 ] || [ $(($(date +%s%3N) - began)) -gt 20000 ]; do sleep 0.02; done
	echo $(($(date +%s%3N) - began))
}
folders() { find "$FARM"/builder/*/job -mindepth 1 -maxdepth 1 | wc -l; }

ok 'it runs' [ "$(there)" -gt 4 ]
builder=$(sqlite3 "$FARM/farm.db" "SELECT builder FROM job WHERE task = $id AND state = 'running'")
# Where the machine has none that can be written there is nothing to see.
if artel-builder --check >/dev/null; then like 'in groups of its own' "$(groups "$builder")" '^[1-9]'; fi
began=$(date +%s%3N)
ok 'abort' artel --user joe task abort "$id"
ms=$(gone there)
ok "the tree is gone in 2 s ($ms ms)" [ "$ms" -lt 2000 ]
is 'its folder goes' "$(gone folders >/dev/null; folders)" 0
is 'its groups go' "$(gone groups "$builder" >/dev/null; groups "$builder")" 0
is 'nothing is mounted' "$(grep -cF "$FARM" /proc/mounts)" 0
is 'it is cancelled' "$(task_state "$id")" CANCELLED

tiny joe good 1 >/dev/null
id=$(build joe good 1-1)
ok 'the builders work on' wait_state 60 "$id" BUILT
is 'each job says what it used' "$(artel task show --json "$id" |
	jq -c '[.jobs[].usage | .elapsed_ms > 0, .cpu_ms > 0, .disk > 0] | unique')" '[true]'
like 'and so does the end of its log' "$(artel log "$id" | grep '^artel: ' | tail -n 1)" '^artel: [0-9.]+ s, cpu [0-9.]+ s(, memory [0-9.]+[KMG]?)?, disk [0-9.]+[KMG]?$'
scenario_end
