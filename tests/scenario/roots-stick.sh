#!/bin/bash
# Two repositories with base groups of their own, two builders: jobs go where their base root is,
# and to the other builder only where that one is busy.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin farm

ok 'a second repository' artel repo create small --arch x86_64 --import "${base:?}" --base-group \
	'bash dash coreutils diffutils findutils sed grep gzip tar cpio rpm-build mawk file xz-utils bzip2 patch make'
tiny joe one 1.0
tiny joe two 1.0
for n in 1 2 3 4; do tiny joe "again$n" 1.0; done

builder_start() { # NAME
	rm -f "$FARM/stop"
	artel-builder --name "$1" --slots 1 --jobs 2 </dev/null >>"$FARM/$1.log" 2>&1 &
	printf '%s\n' "$!" >"$FARM/$1.pid"
}
builder_stop() {
	kill "$(process_pid "$1")"
	wait "$(process_pid "$1")" 2>/dev/null
	rm -f "$FARM/$1.pid"
}
ran_on() { # TASK ; the builders that its jobs ran on
	sqlite3 "$FARM/farm.db" "SELECT DISTINCT builder FROM job WHERE task = $1 ORDER BY 1" | tr '\n' ' ' | sed 's/ $//'
}
run() { # REPOSITORY NAME... ; prints the id
	local repository=$1 name words=()
	shift
	for name in "$@"; do words+=("$name" 1.0-1); done
	REPO=$repository build joe "${words[@]}"
}
fresh() { find "$FARM"/builder/*/roots -mindepth 1 -maxdepth 1 -type d | wc -l; }

artel-scheduler </dev/null >>"$FARM/scheduler.log" 2>&1 &
printf '%s\n' "$!" >"$FARM/scheduler.pid"
builder_start builder-1
id=$(run demo one)
ok 'the first builder makes a root' wait_state 60 "$id" BUILT
builder_stop builder-1
builder_start builder-2
id=$(run small two)
ok 'the second makes one of the other repository' wait_state 60 "$id" BUILT
is 'of other packages' "$(fresh)" 2
builder_start builder-1
until [ "$(sqlite3 "$FARM/farm.db" 'SELECT count(*) FROM builder WHERE online')" = 2 ]; do sleep 0.1; done

for n in 1 2; do
	id=$(run small "again$n")
	ok "task $n of that one is built" wait_state 60 "$id" BUILT
	is 'where its root is' "$(ran_on "$id")" builder-2
	id=$(run demo "again$n")
	ok "task $n of the other one is built" wait_state 60 "$id" BUILT
	is 'where its root is' "$(ran_on "$id")" builder-1
done
is 'no root was made twice' "$(fresh)" 2

id=$(run demo again3 again4)
ok 'two subtasks at once' wait_state 60 "$id" BUILT
is 'leave no builder without work' "$(ran_on "$id")" 'builder-1 builder-2'
scenario_end
