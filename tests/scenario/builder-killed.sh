#!/bin/bash
# A builder killed in the middle of a build: nothing of it runs on, the job is done again,
# and a late result of the old attempt would be refused.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

slow=$(spec_make slow 1.0 <<'SPEC'
BuildArch: noarch
%description
x
%build
echo started-slow-build
sleep 4.0625
%install
mkdir -p %buildroot%_datadir/slow
%files
%_datadir/slow
SPEC
)
git_make joe slow 1.0-1 "$slow"
id=$(build joe slow 1.0-1)
running() { artel log "$id" 2>/dev/null | grep -q '^started-slow-build'; }
until running || [ "$SECONDS" -gt 60 ]; do sleep 0.2; done
builder=$(sqlite3 "$FARM/farm.db" "SELECT builder FROM job WHERE task = $id AND kind = 'build' AND state = 'running'")
like 'it builds somewhere' "$builder" '^builder-[12]$'
ok 'killed' kill -9 "$(process_pid "$builder")"
sleep 1
is 'none of its processes is left' "$(pgrep -fc 'sleep 4.0625')" 0
ok 'the task is built all the same' wait_state 60 "$id" BUILT
is 'by a second attempt' "$(sqlite3 "$FARM/farm.db" "SELECT attempt FROM job WHERE task = $id AND kind = 'build'")" 2
is 'with one package' "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM output WHERE task = $id AND kind = 'rpm'")" 1

# Abort: the whole tree is gone in under two seconds.
sed -i 's/sleep 4.0625/sleep 333.0625/; s/started-slow/started-long/' "$FARM/work/joe-slow/slow.spec"
sed -i 's/^Version: 1.0/Version: 2.0/' "$FARM/work/joe-slow/slow.spec"
git -C "$FARM/work/joe-slow" commit -qam 2 && tag_signed joe "$FARM/work/joe-slow" 2.0-1
git -C "$FARM/work/joe-slow" push -q "$FARM/people/joe/packages/slow.git" HEAD:main 2.0-1
id=$(build joe slow 2.0-1)
until artel log "$id" 2>/dev/null | grep -q '^started-long-build' || [ "$SECONDS" -gt 120 ]; do sleep 0.2; done
ok 'abort' artel -u joe task abort "$id"
sleep 2
is 'nothing of it runs' "$(pgrep -fc 'sleep 333.0625')" 0
is 'it is cancelled' "$(task_state "$id")" CANCELLED
like 'and says by whom' "$(task_reason "$id")" 'aborted by joe'
is 'no job is left open' "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM job WHERE state IN ('waiting', 'queued', 'running')")" 0
is 'no folder of a job is left' "$(find "$FARM"/builder/*/job -mindepth 1 -maxdepth 1 | wc -l)" 0
is 'no mount is left' "$(grep -c "$FARM" /proc/mounts)" 0
scenario_end
