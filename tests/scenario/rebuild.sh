#!/bin/bash
# Builds are done again from their records, at another time, with other numbers of jobs and processors: what comes out
# is the same to the byte, or is told.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

program=$(spec_make prog 1.0 <<'SPEC'
%description
A program of several files, made in parallel, that has the date of its build in it.
%prep
%setup -c -T
for i in 1 2 3 4 5 6; do echo "int f$i(void) { return $i; }" >f$i.c; done
echo 'int f1(void); int main(void) { return __DATE__[0] == f1(); }' >main.c
printf 'prog: %%s\n\tcc -o $@ $^\n' "$(echo f{1..6}.o main.o)" >Makefile
%build
%make_build
%install
install -D prog %buildroot%_bindir/prog
%files
%_bindir/prog
SPEC
)
git_make joe prog 1.0-1 "$program"
tiny joe page 1.0 'Provides: built-on(%(date +%%s%%N)) = 1'
tiny joe plain 1.0
clock=$(spec_make clock 1.0 <<'SPEC'
BuildArch: noarch
%description
Has the time and the place of its build in it.
%install
mkdir -p %buildroot%_datadir/clock
date +%%s%%N > %buildroot%_datadir/clock/now
echo "$RPM_BUILD_NCPUS" > %buildroot%_datadir/clock/jobs
echo always > %buildroot%_datadir/clock/same
%files
%_datadir/clock
SPEC
)
git_make joe clock 1.0-1 "$clock"
id=$(build joe prog 1.0-1 page 1.0-1 plain 1.0-1 clock 1.0-1)
ok 'built' wait_state 90 "$id" BUILT
farm_stop

json=$(artel task show --json "$id")
is 'each build has its packages, each with name and hash' \
	"$(jq -c '[.jobs[] | select(.kind != "test") | .buildroot | length > 20 and all(.nevra and (.sha256 | length == 64))]' <<<"$json")" \
	'[true,true,true,true,true,true,true,true]'
is 'and what it ran with' "$(jq -c '[.jobs[] | select(.kind == "build") | .ran.jobs, .ran.kernel]' <<<"$json")" \
	"$(jq -nc --arg k "$(uname -r)" '[range(4) | 2, $k]')"
is 'for people too' "$(artel task root "$id.100.x86_64" | cut -f 2 | sort)" \
	"$(jq -r '.jobs[] | select(.kind == "build" and .subtask == "100") | .buildroot[].sha256' <<<"$json" | sort)"
fails 'of a build that there is not' 1 'subtask 700 on x86_64 has no build that succeeded' artel task root "$id.700.x86_64"

rebuild() { artel plumb rebuild "$@" 2>>"$FARM/rebuild.log"; }
is 'a program, by more jobs' "$(rebuild "$id" 100 x86_64 --jobs 5; echo $?)" 'prog-1.0-1.x86_64.rpm	identical
0'
is 'and on one processor' "$(taskset -c "$(awk '/^Cpus_allowed_list/ { split($2, n, /[-,]/); print n[1] }' /proc/self/status)" \
	artel plumb rebuild "$id" 100 x86_64 --jobs 1 2>&1; echo $?)" 'prog-1.0-1.x86_64.rpm	identical
0'
is 'a package without architecture' "$(rebuild "$id" 300 x86_64; echo $?)" 'plain-1.0-1.noarch.rpm	identical
0'
is 'a source RPM' "$(rebuild "$id" 100; echo $?)" 'prog-1.0-1.src.rpm	identical
0'
is 'a spec that asks for the time' "$(rebuild "$id" 200 x86_64; echo $?)" 'page-1.0-1.noarch.rpm	differs
page-1.0-1.noarch.rpm	provides
3'
is 'a build that asks for the time: the file is named' "$(rebuild "$id" 400 x86_64 --keep "$FARM/kept"; echo $?)" \
	'clock-1.0-1.noarch.rpm	differs
clock-1.0-1.noarch.rpm	/usr/share/clock/now: other content
3'
like 'and what was made is kept' "$(ls "$FARM/kept")" '^clock-1.0-1.noarch.rpm$'
is 'its log too' "$(zstd -dc "$FARM/kept/log.zst" | grep -c '^Executing(%install)')" 1
json=$(rebuild "$id" 400 x86_64 --jobs 3 --json)
is 'json' "$(jq -c '[.task, .subtask, .arch, .identical, .files[0].result, .files[0].differs]' <<<"$json")" \
	"[$id,\"400\",\"x86_64\",false,\"differs\",[\"/usr/share/clock/jobs: other content\",\"/usr/share/clock/now: other content\"]]"
like 'what of the host is not as it was' "$(jq -r .host <<<"$json")" '^2 jobs, here 3$'

# As if the repository had had it already, with other bytes.
other=$(sqlite3 "$FARM/farm.db" "SELECT sha256 FROM output WHERE task = $id AND subtask = 64 AND kind = 'rpm'")
kept() { sqlite3 "$FARM/farm.db" "UPDATE output SET kept = $1, sha256 = '$2' WHERE task = $id AND subtask = 192 AND kind = 'rpm'"; }
was=$(sqlite3 "$FARM/farm.db" "SELECT sha256 FROM output WHERE task = $id AND subtask = 192 AND kind = 'rpm'")
kept 1 "$other"
is 'one that was not taken, as the repository has the same' "$(rebuild "$id" 300 x86_64; echo $?)" 'plain-1.0-1.noarch.rpm	kept
0'
kept 0 "$was"

artel-merger --once 2>>"$FARM/merger.log"
is 'a task that was merged' "$(rebuild "$id" 300 x86_64; echo $?)" 'plain-1.0-1.noarch.rpm	identical
0'
rm -rf "$FARM/builder/rebuild"
read -r nevra sha _ <<<"$(artel task root "$id.100.x86_64" | head -n 1)"
mv "$FARM/artefact/${sha:0:2}/${sha:2}" "$FARM/moved"
fails 'what is gone is named' 1 "1 of its [0-9]+ artefacts are gone: ${nevra//+/.}\$" artel plumb rebuild "$id" 100 x86_64
{ cat "$FARM/moved"; echo; } >"$FARM/artefact/${sha:0:2}/${sha:2}"
fails 'what is damaged, too' 1 "${nevra//+/.}: artefact $sha is damaged" artel plumb rebuild "$id" 100 x86_64
is 'nothing is left' "$(find "$FARM/builder/rebuild/job" -mindepth 1 | wc -l; mount | grep -c "$FARM/builder/rebuild")" '0
0'
scenario_end
