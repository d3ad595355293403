#!/bin/bash
# What watchers cost: the rate of jobs that are answered after TIME (100) ms, on BUILDERS (50) builders of SLOTS (10) slots,
# with 1 and MANY (100) watchers, with one that was stopped by SIGSTOP, and with none, ROUNDS (3) times. Between any two
# stands a span without watchers: the loss is that against the two beside it, the median of all rounds, and that of "none"
# tells how much of it is the machine's own noise. SPAN (3): seconds of each. scheduler-us: the scheduler's processor time
# for a job, which noise touches least. WATCHERS: the commands, one a line, which are started in turn. TIME=0 measures the
# whole machine: there watchers take the processor from it.
# shellcheck source=bench/scheduler.sh
. "$(dirname "$0")/scheduler.sh"
builders=${BUILDERS:-50} slots=${SLOTS:-10} span=${SPAN:-3} rounds=${ROUNDS:-3} time=${TIME:-100}
tasks=${TASKS:-200000} many=${MANY:-100}
mapfile -t watchers <<<"${WATCHERS:-artel status --watch
artel events --follow}"

watching=()
watch_start() { # N
	local k words
	for ((k = 0; k < $1; k++)); do
		read -r -a words <<<"${watchers[k % ${#watchers[@]}]}"
		"${words[@]}" </dev/null >/dev/null 2>"$WORK/watcher.log" &
		watching+=("$!")
		pids+=("$!")
	done
}
watch_end() {
	local pid
	for pid in "${watching[@]}"; do
		kill -0 "$pid" 2>/dev/null || wrong "a watcher ended by itself: $(head -n 1 "$WORK/watcher.log")"
		kill "$pid" 2>/dev/null || :
		kill -CONT "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	watching=()
}
# One line of what came since the last one.
part() {
	local n
	n=$(grep -c '^part' "$WORK/fakes" || :)
	kill -USR1 "$fake"
	until_true lines_are "$WORK/fakes" '^part' $((n + 1))
	tail -n 1 "$WORK/fakes"
}
measure() { # ROUND CASE
	local before
	case $2 in
	0 | none) ;;
	stopped) watch_start 1 ;;
	*) watch_start "$2" ;;
	esac
	sleep 1
	[ "$2" != stopped ] || kill -STOP "${watching[0]}"
	part >/dev/null
	before=$(scheduler_cpu)
	sleep "$span"
	read -r _ _ jobs rate _ p50 p99 < <(part)
	row "$1" "$2" "$jobs" "$rate" "$p50" "$p99" "$(ratio $(($(scheduler_cpu) - before)) "${jobs}000" %.1f)" | tee -a "$WORK/rows"
	watch_end
}
median() { awk -F '\t' -v c="$1" -v k="$2" '$2 == k { print $c }' "$WORK/rows" | middle; }
# Percent of the rate of the two spans around it, of each round. CASE
losses() {
	awk -F '\t' -v k="$1" '{ name[NR] = $2; rate[NR] = $4 } END {
		for (i = 2; i < NR; i++) if (name[i] == k) printf "%.2f\n", 100 * (1 - 2 * rate[i] / (rate[i - 1] + rate[i + 1]))
	}' "$WORK/rows"
}

cases=(none 1 "$many" stopped)
farm_new --tasks "$tasks" --owners 100
scheduler_start
fake-builders --builders "$builders" --slots "$slots" --time "$time" --seconds 3600 >"$WORK/fakes" &
fake=$!
pids+=("$fake")
until_true query_is "SELECT count(*) >= $((builders * slots / 2)) FROM job WHERE state = 'running'" 1
row "# watchers, jobs of $time ms on $((builders * slots)) slots, $(file_system)"
row round watchers jobs jobs/s turn-p50-ms turn-p99-ms scheduler-us
measure 1 0
for ((i = 1; i <= rounds; i++)); do
	for k in "${cases[@]}"; do
		measure "$i" "$k"
		measure "$i" 0
	done
done
row watchers loss-percent jobs/s turn-p50-ms turn-p99-ms scheduler-us
for k in "${cases[@]}"; do
	row "$k" "$(losses "$k" | middle)" "$(median 4 "$k")" "$(median 5 "$k")" "$(median 6 "$k")" "$(median 7 "$k")"
done
[ "$(query "SELECT count(*) FROM job WHERE state = 'queued'")" -gt $((builders * slots)) ] ||
	wrong "the queue has run dry: TASKS=$tasks is too few"
kill "$fake"
wait "$fake" || wrong "$(grep -E '^(doubled|overbooked)' "$WORK/fakes")"
exit $status
