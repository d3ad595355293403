#!/bin/bash
# Six subtasks of one task by their BuildRequires: a diamond of four, one after it, one alone.
# What is not needed is built side by side, what is built is there for the next at once.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

# A package of one file that is built for a while, with the files of those that it needs there: NAME NEEDED...
part() {
	local name=$1 dir
	shift
	dir=$(
		{
			printf 'BuildArch: noarch\n'
			for need; do printf 'BuildRequires: %s = 1.0\n' "$need"; done
			printf '%%description\nx\n%%build\n'
			for need; do printf 'grep -qx %s /usr/share/%s/name\n' "$need" "$need"; done
			printf 'sleep 1\n%%install\nmkdir -p %%buildroot%%_datadir/%s\necho %s >%%buildroot%%_datadir/%s/name\n' "$name" "$name" "$name"
			printf '%%files\n%%_datadir/%s\n' "$name"
		} | spec_make "$name" 1.0
	)
	git_make joe "$name" 1.0-1 "$dir"
}
part top left right
part left bottom
part right bottom
part bottom
part after top
part alone

# In an order that is none.
id=$(build joe after 1.0-1 top 1.0-1 right 1.0-1 alone 1.0-1 left 1.0-1 bottom 1.0-1)
ok 'all six are built' wait_state 120 "$id" BUILT
# Milliseconds: NAME began|ended
when() {
	sqlite3 "$FARM/farm.db" "SELECT j.$2 FROM job j JOIN subtask s ON s.task = j.task AND s.id = j.subtask
		WHERE j.task = $id AND j.kind = 'build' AND s.package = '$1'"
}
for pair in bottom:left bottom:right left:top right:top top:after; do
	first=${pair%:*} then=${pair#*:}
	ok "$then is begun when $first is done" [ "$(when "$first" finished)" -le "$(when "$then" started)" ]
done
# That two run at once takes two free builders; that they may is for us to say.
for pair in left:right bottom:alone; do
	one=${pair%:*} two=${pair#*:}
	ok "$one and $two may be built side by side" [ "$(when "$one" queued)" -le "$(when "$two" started)" -a "$(when "$two" queued)" -le "$(when "$one" started)" ]
done
is 'on both builders' "$(sqlite3 "$FARM/farm.db" "SELECT count(DISTINCT builder) FROM job WHERE task = $id")" 2
is 'each was built once' "$(sqlite3 "$FARM/farm.db" "SELECT max(attempt) FROM job WHERE task = $id")" 1
like 'the last root had what was built before it' "$(artel task root "$id.$(sqlite3 "$FARM/farm.db" \
	"SELECT printf('%o', id) FROM subtask WHERE task = $id AND package = 'after'").x86_64" 2>&1)" 'top-1.0-1.noarch'
scenario_end
