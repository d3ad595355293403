#!/bin/bash
# A builder's cache and base roots are kept below a bound: what is old goes, while a job runs
# too, but not the root that it is in; and what went is had again.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin farm

tiny joe one 1.0
tiny joe two 1.0
tiny joe three 1.0
slow=$(spec_make slow 1.0 <<'SPEC'
BuildArch: noarch
%description
x
%build
for i in $(seq 60); do sleep 0.1; done
%install
mkdir -p %buildroot%_datadir/slow
echo 1 > %buildroot%_datadir/slow/x
%files
%_datadir/slow
SPEC
)
git_make joe slow 1.0-1 "$slow"

builder_start() {
	artel-builder --verbose --name builder-1 --slots 2 --jobs 2 --cache 4K </dev/null >>"$FARM/builder-1.log" 2>&1 &
	printf '%s\n' "$!" >"$FARM/builder-1.pid"
}
roots() { find "$FARM/builder/builder-1/roots" -mindepth 1 -maxdepth 1 -type d | wc -l; }
artefacts() { find "$FARM/builder/builder-1/artefact" -type f | wc -l; }
age() { find "$FARM/builder/builder-1/artefact" "$FARM/builder/builder-1/roots" -maxdepth 2 -type f -exec touch -d '1 hour ago' {} +; }
none_left() { [ "$(roots)" = 0 ] && [ "$(artefacts)" = 0 ]; }

artel-scheduler </dev/null >>"$FARM/scheduler.log" 2>&1 &
printf '%s\n' "$!" >"$FARM/scheduler.pid"
builder_start
id=$(build joe one 1.0-1)
ok 'a task is built, its bound being nothing' wait_state 60 "$id" BUILT
ok 'something was swept over' wait_for 20 grep -q 'job .*: ended' "$FARM/builder-1.log"
is 'what is young stays' "$(roots)" 1

kill "$(process_pid builder-1)"
wait "$(process_pid builder-1)" 2>/dev/null
age
builder_start
ok 'what is old goes' wait_for 20 none_left
ok 'and it says so' wait_for 5 grep -q 'swept [0-9]* artefacts and 1 base roots' "$FARM/builder-1.log"
id=$(build joe two 1.0-1)
ok 'the next task has it again' wait_state 60 "$id" BUILT
is 'in a root of its own making' "$(roots)" 1

id=$(build joe slow 1.0-1)
running() { [ "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM job WHERE task = $id AND kind = 'build' AND state = 'running'")" = 1 ]; }
ok 'a build runs' wait_for 30 running
sleep 1
age
other=$(build joe three 1.0-1)
ok 'another task is built beside it, and sweeps' wait_state 60 "$other" BUILT
ok 'the slow one ends well' wait_state 60 "$id" BUILT
is 'in the root that it had' "$(roots)" 1
is 'and no attempt was lost' "$(sqlite3 "$FARM/farm.db" 'SELECT max(attempt) FROM job')" 1
scenario_end
