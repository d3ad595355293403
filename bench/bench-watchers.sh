#!/bin/bash
# What watchers cost: the rate of jobs that are answered after TIME (20) ms, on BUILDERS (100) builders of SLOTS (10) slots,
# with 0, 1 and MANY (100) watchers, and with one that was stopped by SIGSTOP. The cases take turns of SPAN (5) seconds,
# ROUNDS (5) times, so that the machine's own noise shows: "again" is a second case without watchers. WATCHERS: the commands, one
# a line, which are started in turn. TIME=0 measures the whole machine: there watchers take the processor from it.
# shellcheck source=bench/scheduler.sh
. "$(dirname "$0")/scheduler.sh"
builders=${BUILDERS:-100} slots=${SLOTS:-10} span=${SPAN:-5} rounds=${ROUNDS:-5} time=${TIME:-20}
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
	case $2 in
	0 | again) ;;
	stopped) watch_start 1 ;;
	*) watch_start "$2" ;;
	esac
	sleep 1
	[ "$2" != stopped ] || kill -STOP "${watching[0]}"
	part >/dev/null
	sleep "$span"
	read -r _ _ jobs rate _ p50 p99 < <(part)
	row "$1" "$2" "$jobs" "$rate" "$p50" "$p99" | tee -a "$WORK/rows"
	watch_end
}
median() { awk -F '\t' -v c="$1" -v k="$2" '$2 == k { print $c }' "$WORK/rows" | middle; }

cases=(0 1 "$many" stopped again)
farm_new --tasks "$tasks" --owners 100
scheduler_start
fake-builders --builders "$builders" --slots "$slots" --time "$time" --seconds 3600 >"$WORK/fakes" &
fake=$!
pids+=("$fake")
until_true query_is "SELECT count(*) >= $((builders * slots / 2)) FROM job WHERE state = 'running'" 1
row "# watchers, jobs of $time ms on $((builders * slots)) slots, $(file_system)"
row round watchers jobs jobs/s turn-p50-ms turn-p99-ms
for ((i = 1; i <= rounds; i++)); do
	# Each time another one is first.
	for ((k = 0; k < ${#cases[@]}; k++)); do measure "$i" "${cases[(i + k) % ${#cases[@]}]}"; done
done
for k in "${cases[@]}"; do row all "$k" - "$(median 4 "$k")" "$(median 5 "$k")" "$(median 6 "$k")"; done
row watchers loss-percent
for k in "${cases[@]:1}"; do
	row "$k" "$(awk -v a="$(median 4 0)" -v b="$(median 4 "$k")" 'BEGIN { printf "%.1f", 100 * (1 - b / a) }')"
done
[ "$(query "SELECT count(*) FROM job WHERE state = 'queued'")" -gt $((builders * slots)) ] ||
	wrong "the queue has run dry: TASKS=$tasks is too few"
kill "$fake"
wait "$fake" || wrong "$(grep -E '^(doubled|overbooked)' "$WORK/fakes")"
exit $status
