#!/bin/bash
# Scheduler, builders and merger are killed at random points while tasks are submitted,
# built and merged: nothing acknowledged is lost, nothing is done twice.
# ROUNDS (3) rounds of 4 tasks, seeds from SEED (1).
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin empty
base=$(base_make '' 2>/dev/null)
rounds=${ROUNDS:-3}

for round in $(seq "$rounds"); do
	seed=$((${SEED:-1} + round - 1))
	rm -rf "$FARM" && mkdir -p "$FARM"
	farm_make "$base" 2>/dev/null
	user_make joe
	user_make ann
	export TRIES=1000 KILL_PAUSE=2 KILLS=20
	farm_start
	farm_kill_loop "$seed" 2>/dev/null &
	killer=$!
	ids=()
	for n in 1 2 3; do
		tiny joe "pack$n" 1.0 "Requires: $([ "$n" = 1 ] && echo sed || echo "pack$((n - 1))")"
	done
	tiny ann bad 1.0 'Requires: no-such-thing'
	ids+=("$(build joe pack1 1.0-1)")
	ids+=("$(build joe --deps "${ids[0]}" pack2 1.0-1)")
	ids+=("$(build joe --deps "${ids[1]}" pack3 1.0-1)")
	ids+=("$(build ann bad 1.0-1)")
	is "seed $seed: all were acknowledged" "$(artel task ls --user=ALL --state=ALL | wc -l)" 4
	for _ in $(seq 150); do
		merge_once
		[ "$(artel task ls --user=ALL --state=DONE,FAILED | wc -l)" -lt 4 ] || break
		sleep 1
	done
	touch "$FARM/stop-killing"
	wait "$killer"
	merge_once
	is "seed $seed: states ($(sort "$FARM/killed" 2>/dev/null | uniq -c | tr -s ' \n' ' ')killed)" \
		"$(for id in "${ids[@]}"; do task_state "$id"; done | tr '\n' ' ')" 'DONE DONE DONE FAILED '
	is "seed $seed: packages" "$(published 'pack[123]|bad')" 'pack1-1.0-1 pack2-1.0-1 pack3-1.0-1'
	is "seed $seed: each was merged once" "$(sqlite3 "$FARM/farm.db" "SELECT group_concat(n) FROM (SELECT count(*) n FROM merge_task t JOIN merge m ON m.id = t.merge WHERE m.state = 'DONE' GROUP BY task)")" '1,1,1'
	is "seed $seed: the published state is the current one" "$(readlink "$FARM/repo/$REPO/x86_64/latest")" \
		"state/$(sqlite3 "$FARM/farm.db" 'SELECT serial FROM repository')"
	is "seed $seed: the database is sound" "$(sqlite3 "$FARM/farm.db" 'PRAGMA integrity_check')" ok
	farm_stop
	is "seed $seed: no mount is left" "$(grep -c "$FARM" /proc/mounts)" 0
done
scenario_end
