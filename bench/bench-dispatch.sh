#!/bin/bash
# How fast jobs reach builders, with queues of QUEUED ("1000 10000 100000") jobs, BUILDERS (1000) builders of SLOTS (10)
# slots each; ROUNDS (3) times; "all" has the medians.
#
# burst: all builders are connected and one job runs, as limit.normal is 1; the limit is lifted, and the time until all
# slots are taken, or the queue is empty, is that of so many dispatches. With GATE= there is no limit, and the time is that
# from the first to the last job, with all that connecting takes. sustained: every job is answered at once, until as many are
# done as were queued; turn: from a result to the next job of that builder, all slots being in use; cpu: the processor time
# of the scheduler and of the builders' process for each of these jobs. light: the same turn, of ten slots whose jobs take
# 5 to 15 ms.
#
# The peers run in each round, on the same disk: SQLite, FULL, one job a transaction; fdatasync of one block.
# KILLS (3) times the scheduler is killed at a random moment of a burst: what reached a builder must be in the database.
# shellcheck source=bench/scheduler.sh
. "$(dirname "$0")/scheduler.sh"
read -r -a queued <<<"${QUEUED:-1000 10000 100000}"
builders=${BUILDERS:-1000} slots=${SLOTS:-10} rounds=${ROUNDS:-3} kills=${KILLS:-3}
fakes=(fake-builders --builders "$builders" --slots "$slots" --seconds 600)
farm=(--owners 100)
took=first-to-last
if [ -n "${GATE-yes}" ]; then
	fakes+=(--open-gate)
	farm+=(--gate)
	took=gate-to-last
fi

# Takes from the table of this round. COLUMN QUEUED
median() { awk -F '\t' -v c="$1" -v n="$2" '$2 == n { print $c }' "$WORK/rows" | middle; }
least() { [ "$1" -lt "$2" ] && printf '%s' "$1" || printf '%s' "$2"; }

burst() { # QUEUED
	local n early
	n=$(least "$1" $((builders * slots)))
	farm_new --tasks "$1" "${farm[@]}"
	scheduler_start
	"${fakes[@]}" --hold --jobs "$n" --record "$WORK/given" >"$WORK/burst" || wrong "burst of $1: $(grep -E '^(doubled|overbooked)' "$WORK/burst")"
	scheduler_end TERM
	early=$(value before-gate "$WORK/burst")
	[ "$took" != gate-to-last ] || [ "${early:-$n}" -le 1 ] || wrong "burst of $1: ${early:-$n} jobs came while limit.normal was 1"
	[ "$(value jobs "$WORK/burst")" -ge "$n" ] || wrong "burst of $1: $(value jobs "$WORK/burst") jobs came of $n"
	[ "$(not_running "$WORK/given")" = 0 ] || wrong "burst of $1: $(not_running "$WORK/given") jobs are with a builder and do not run"
}
sustained() { # QUEUED
	farm_new --tasks "$1" "${farm[@]}"
	scheduler_start
	before=$(scheduler_cpu)
	"${fakes[@]}" --jobs "$1" >"$WORK/sustained" || wrong "sustained, $1: $(grep -E '^(doubled|overbooked)' "$WORK/sustained")"
	cpu=$(($(scheduler_cpu) - before))
	scheduler_end TERM
	[ "$(query "SELECT count(*) FROM job WHERE state = 'done'")" -ge "$(value acknowledged "$WORK/sustained")" ] ||
		wrong "sustained, $1: results were acknowledged and are not stored"
}
light() { # QUEUED
	farm_new --tasks "$1" "${farm[@]}"
	scheduler_start
	fake-builders --builders 10 --slots 1 --time 5-15 --jobs 1000 --open-gate --seconds 600 >"$WORK/light" || wrong "light, $1"
	scheduler_end TERM
}
measure() { # ROUND QUEUED
	local jobs
	burst "$2"
	sustained "$2"
	light "$2"
	jobs=$(value jobs "$WORK/sustained")
	row "$1" "$2" "$((builders * slots))" "$(ratio "$(value jobs "$WORK/burst")" "$(value "$took" "$WORK/burst")" %.0f)" \
		"$(value jobs-rate "$WORK/sustained")" "$(value turn-p50 "$WORK/sustained")" "$(value turn-p99 "$WORK/sustained")" \
		"$(ratio "$cpu" "$((jobs * 1000))" %.1f)" "$(awk -v c="$(value cpu "$WORK/sustained")" -v n="$jobs" 'BEGIN { printf "%.1f", c * 1e6 / n }')" \
		"$(value turn-p50 "$WORK/light")" "$(value turn-p99 "$WORK/light")" | tee -a "$WORK/rows"
}

row "# dispatch, $(file_system)"
row round queued slots burst/s sustained/s turn-p50-ms turn-p99-ms scheduler-us builders-us light-p50-ms light-p99-ms
for ((i = 1; i <= rounds; i++)); do
	peer-commit "$WORK" >>"$WORK/peers"
	for n in "${queued[@]}"; do measure "$i" "$n"; done
done
for n in "${queued[@]}"; do
	cells=()
	for ((c = 4; c <= 11; c++)); do cells+=("$(median "$c" "$n")"); done
	row all "$n" "$((builders * slots))" "${cells[@]}"
done
last=${queued[-1]}
row "# peers"
row peer /s burst-is-times
for peer in sqlite-one-at-a-time fdatasync; do
	rate=$(value "$peer" "$WORK/peers" | middle)
	row "$peer" "$rate" "$(ratio "$(median 4 "$last")" "$rate")"
done

# Within the time that the burst took, of the last rounds.
row "# killed in a burst of $last"
row kill received committed-not-received not-in-database
time=$(value "$took" "$WORK/burst")
for ((i = 1; i <= kills; i++)); do
	farm_new --tasks "$last" "${farm[@]}"
	rm -f -- "$WORK/given"
	scheduler_start
	"${fakes[@]}" --hold --until-lost --record "$WORK/given" >"$WORK/killed" &
	fake=$!
	pids+=("$fake")
	until_true query_is "SELECT count(*) >= 2 FROM job WHERE state = 'running'" 1
	sleep "$(awk -v t="$time" -v seed="$i$RANDOM" 'BEGIN { srand(seed); printf "%.3f", rand() * t }')"
	scheduler_end KILL
	wait "$fake" || wrong "killed: $(grep -E '^(doubled|overbooked)' "$WORK/killed")"
	gone=$(not_running "$WORK/given")
	received=$(wc -l <"$WORK/given")
	row "$i" "$received" "$(($(query "SELECT count(*) FROM job WHERE state = 'running'") - received + gone))" "$gone"
	[ "$gone" = 0 ] || wrong "$gone jobs reached a builder and are not in the database"
done
exit $status
