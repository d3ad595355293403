#!/bin/bash
# A scheduler with QUEUED (100000) jobs queued and BUILDERS (1000) times SLOTS (10) running is killed and started again,
# ROUNDS (3) times. welcome: from its start to a new builder's WELCOME; first-job: to the first job that it hands out;
# all-back: until all builders are connected again. What runs must run on, by the same attempt on the same builder, at
# once and SETTLE (8) seconds later.
# shellcheck source=bench/scheduler.sh
. "$(dirname "$0")/scheduler.sh"
queued=${QUEUED:-100000} builders=${BUILDERS:-1000} slots=${SLOTS:-10} rounds=${ROUNDS:-3} settle=${SETTLE:-8}
running=$((builders * slots)) online="SELECT count(*) FROM builder WHERE online AND name LIKE 'fake-%'"

look() { # FILE
	query "SELECT id, attempt, builder FROM job WHERE state = 'running' AND builder LIKE 'fake-%' ORDER BY id" >"$1"
}
queue_length() { query "SELECT count(*) FROM job WHERE state = 'queued'"; }
# Compares what runs with what ran. WHEN
compare() {
	look "$WORK/after"
	lost=$(comm -23 <(sort "$WORK/before") <(sort "$WORK/after") | wc -l)
	doubled=$(comm -13 <(sort "$WORK/before") <(sort "$WORK/after") | wc -l)
	[ "$lost$doubled" = 00 ] || wrong "$1: $lost of the jobs that ran do not, $doubled run that did not"
}

row "# restart, $(file_system)"
row round queued running welcome-ms first-job-ms all-back-ms lost doubled memory-MB
for ((i = 1; i <= rounds; i++)); do
	farm_new --tasks $((queued + running)) --running "$running" --slots "$slots" --owners 100
	scheduler_start
	fake-builders --builders "$builders" --slots "$slots" --resume --hold --seconds 900 --retry 100 >"$WORK/fakes" &
	fake=$!
	pids+=("$fake")
	until_true query_is "$online" "$builders"
	look "$WORK/before"
	before=$(queue_length)
	[ "$(wc -l <"$WORK/before")" = "$running" ] || wrong "$(wc -l <"$WORK/before") jobs run before, not $running"
	scheduler_end KILL
	start=$EPOCHREALTIME
	scheduler_begin
	fake-builders --name-prefix probe --arch none --until-welcome --retry 1 --seconds 600 >"$WORK/probe"
	welcome=$(ms_since "$start")
	fake-builders --name-prefix first --hold --jobs 1 --retry 1 --seconds 600 >"$WORK/first"
	first=$(ms_since "$start")
	until_true query_is "$online" "$builders"
	back=$(ms_since "$start")
	compare "after a restart"
	[ "$(queue_length)" = $((before - 1)) ] || wrong "$(queue_length) jobs are queued, not $((before - 1))"
	row "$i" "$before" "$running" "$welcome" "$first" "$back" "$lost" "$doubled" "$(ratio "$(scheduler_memory)" 1048576 %.0f)"
	sleep "$settle"
	compare "$settle s after a restart"
	kill "$fake"
	wait "$fake" || wrong "$(grep -E '^(doubled|overbooked)' "$WORK/fakes")"
	scheduler_end TERM
done
exit $status
