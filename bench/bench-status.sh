#!/bin/bash
# What people wait for in a farm of TASKS (100000) tasks: most merged or failed long ago, a tenth queued, some running.
# Wall time of each command, median of RUNS (20), beside counting the tasks by sqlite3. COMMANDS: one a line; ID stands
# for a queued task.
# shellcheck source=bench/scheduler.sh
. "$(dirname "$0")/scheduler.sh"
tasks=${TASKS:-100000} runs=${RUNS:-20}
commands=${COMMANDS:-artel status
artel status --json
artel task why ID}
open=$((tasks / 10))

farm_new --tasks "$open" --running $((open / 10)) --done $((tasks * 8 / 10)) --failed $((tasks / 10)) --owners 100
id=$(query "SELECT max(task) FROM job WHERE state = 'queued'")
# Milliseconds of each run. WORD...
times() {
	local start
	for ((run = 0; run < runs; run++)); do
		start=$EPOCHREALTIME
		"$@" </dev/null >"$WORK/out" 2>"$WORK/err" || { wrong "$*: $(head -n 1 "$WORK/err")"; break; }
		ms_since "$start"
		echo
	done
}
measure() { # WORD...
	times "$@" >"$WORK/times"
	row "$*" "$(middle <"$WORK/times")" "$(sort -n "$WORK/times" | tail -n 1)" "$(wc -l <"$WORK/out")"
}

row "# status of $tasks tasks, $open of them queued, $(file_system)"
row command median-ms most-ms lines
while read -r -a words; do
	measure "${words[@]/%ID/$id}"
done <<<"$commands"
measure sqlite3 -readonly "$FARM/farm.db" 'SELECT state, count(*) FROM task GROUP BY state'
exit $status
