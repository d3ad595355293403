#!/bin/bash
# The farm is looked at while it works: the page in any width and in place, its JSON, and what each task waits for.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin farm

# One that builds until it is told to end: NAME
package() {
	local dir
	dir=$(spec_make "$1" 1 <<'SPEC'
BuildArch: noarch
%description
Waits to be told.
%build
until [ -e ~/go ]; do sleep 0.1; done
%install
%files
SPEC
	)
	git_make joe "$1" 1-1 "$dir"
	rm -rf "$dir"
}
until_true() { # SECONDS COMMAND...
	local until=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}
status() { artel status "$@"; }
json() { # COMMAND... : the value of a Python expression of `o` on the last line of stdin
	python3 -c '
import json, sys
o = json.loads(sys.argv[1])
value = eval(sys.argv[2])
print(*value if isinstance(value, tuple) else [value])' "$("${@:2}")" "$1"
}
watch() { # LINES : what tests/watch.py is told
	python3 "$here/watch.py" artel status --watch <<<"$1" 2>&1
}
has_job() { [ "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM job WHERE $1")" -gt 0 ]; }

# --- nobody works ---
is 'an empty farm: one line' "$(status | wc -l)" 1
like 'no scheduler' "$(status)" 'scheduler: not running'
is 'as JSON' "$(json 'o["scheduler"], o["builders"], o["summary"]["queued"]' status --json)" 'False [] 0'
package one
package two
first=$(build joe one 1-1)
like 'who takes it' "$(artel task why "$first")" "task #$first is AWAITING"
like 'nobody does' "$(artel task why "$first")" '^  no scheduler runs: nothing is handed out$'
draft=$(artel --user joe task new "$REPO" 2>/dev/null)
like 'nobody has run it' "$(artel task why "$draft")" "task run $draft"

# --- work ---
farm_start
ok 'the first builds' until_true 60 has_job "task = $first AND kind = 'build' AND state = 'running'"
like 'a scheduler' "$(status)" 'scheduler: running'
like 'running, with its name' "$(status)" "^$first\.100\.x86_64 +one +[0-9.hms]+ +- +builder-[12] +$REPO +joe"
like 'builders' "$(status)" '^builder-2 +online +- +[01]/1 +x86_64'
like 'the task' "$(status)" "^#$first +BUILDING .*srpm 1/1, build 0/1"
is 'in no column of a pipe is there a control character' "$(status | tr -d '\n' | grep -c '[[:cntrl:]]')" 0
is 'as JSON' "$(json 'o["scheduler"], o["summary"]["running"], [(j["task"], j["kind"], j["package"]) for j in o["running"]], len(o["builders"])' status --json)" \
	"True 1 [($first, 'build', 'one')] 2"
is 'of another owner' "$(json 'o["running"], o["tasks"]' status --json --owner ann)" '[] []'
is 'of this one' "$(json 'len(o["running"]), len(o["tasks"])' status --json --owner joe --repository "$REPO")" '1 1'
fails 'an owner that is not there' 1 'nobody' artel status --owner nobody
fails 'a repository that is not there' 1 'nothing' artel status --repository nothing
fails 'an option that is not there' 2 'not --watch' artel status --what

like 'why: it runs' "$(artel task why "$first")" '^  100 build x86_64: running on builder-[12] for '
is 'why, as JSON' "$(json 'o["state"], [(j["kind"], j["state"]) for j in o["jobs"]]' artel task why --json "$first")" \
	"BUILDING [('srpm', 'done'), ('build', 'running')]"

# Of an architecture that nobody has.
artel repo create lonely --arch aarch64 >/dev/null 2>&1
lonely=$(artel --user joe build -b lonely two 1-1 2>>"$FARM/submit.log")
ok 'its source RPM is queued' until_true 20 has_job "task = $lonely AND state = 'queued'"
like 'no builder can' "$(artel task why "$lonely")" 'queued.*: no builder that is known can run it'
like 'and why' "$(artel task why "$lonely")" '^    aarch64: not on 2 builders: builder-1, builder-2$'
is 'as JSON' "$(json 'o["jobs"][0]["waits"], o["jobs"][0]["excluded"]' artel task why --json "$lonely")" \
	"no-builder [{'reason': 'arch', 'what': 'aarch64', 'builders': ['builder-1', 'builder-2']}]"
like 'in the queue' "$(status --repository lonely)" '^normal +any +1 +0 +0 +0 '

# One that depends on another.
later=$(artel --user joe build -b "$REPO" --deps "$first" two 1-1 2>>"$FARM/submit.log")
ok 'it is postponed' wait_state 20 "$later" POSTPONED
like 'for what, and whether that moves' "$(artel task why "$later")" "depends on task #$first, which is BUILDING; it is under way"

# --- in place ---
like 'in place, another size, keys' "$(watch "see #$first +BUILDING
size 60 24
see one +[0-9]
size 40 40
see scheduler: running
type ^Z
stopped
see scheduler: running
colours
type q
end")" '^coloured$'
is 'the end of it' "$(watch "see $first
type ^C
end")" 'exited 0'
is 'NO_COLOR' "$(NO_COLOR=1 watch "see $first
colours
type q
end")" 'plain
exited 0'
artel status --watch >"$FARM/pages" &
watcher=$!
artel status --watch --json >"$FARM/lines" &
lines=$!
watched() { [ "$(grep -c 'scheduler: running' "$FARM/pages")" -ge 2 ] && [ -s "$FARM/lines" ]; }
ok 'no terminal: page below page' until_true 20 watched
is 'without a control character' "$(tr -d '\n' <"$FARM/pages" | grep -c '[[:cntrl:]]')" 0

# A watcher that stands still has nothing open in the database: the log of that can begin anew.
kill -STOP "$watcher" "$lines"
anew() { [ "$(sqlite3 "$FARM/farm.db" 'PRAGMA wal_checkpoint(RESTART)' | cut -d '|' -f 1)" = 0 ]; }
ok 'nobody holds the log' until_true 20 anew
kill -CONT "$watcher" "$lines"

# --- the end of it ---
job=$(sqlite3 "$FARM/farm.db" "SELECT id FROM job WHERE task = $first AND kind = 'build'")
ok 'told to go on' touch "$(echo "$FARM"/builder/*/job/"$job".1/home)/go"
ok 'built' wait_state 60 "$first" BUILT
like 'for the merger' "$(artel task why "$first")" "waits for the merger: 1 of 1 that are built for $REPO"
like 'which was never there' "$(artel task why "$first")" 'nothing was merged into .* yet'
ok 'merged' merge_once
ok 'those who watch see it' until_true 20 grep -qE "^$REPO [0-9]+ +DONE .*#$first" "$FARM/pages"
seen() { tail -n 1 "$FARM/lines" | jq -e "[.merges[].tasks[]] | contains([$first])"; }
ok 'as JSON, a line each' until_true 20 seen
kill "$watcher"; wait "$watcher"; is 'SIGTERM ends it' "$?" 0
kill "$lines"; wait "$lines"
like 'done in the last day' "$(status)" 'done in 24h: 1  now 24 a day'
like 'nothing to wait for' "$(artel task why "$first")" "^task #$first is DONE"
farm_stop
like 'no scheduler any more' "$(status)" 'scheduler: not running'
like 'nothing is handed out' "$(artel task why "$lonely")" 'no scheduler runs'
scenario_end
