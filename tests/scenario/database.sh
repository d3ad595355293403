#!/bin/bash
# A database that is newer than the programs, one that is none, and no farm at all.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin empty

for program in artel-scheduler artel-merger 'artel status'; do
	# shellcheck disable=SC2086 # a command and its word
	fails "$program without a farm" 1 'no farm here.*artel init' $program
done
artel init
fails 'two farms in one folder' 1 'already' artel init
sqlite3 "$FARM/farm.db" 'PRAGMA user_version = 99'
sum=$(sqlite3 "$FARM/farm.db" .dump | sha256sum)
for program in artel-scheduler artel-merger 'artel status'; do
	# shellcheck disable=SC2086
	fails "$program with a newer database" 1 'version 99 is newer.*upgrade' $program
done
is 'it was not changed' "$(sqlite3 "$FARM/farm.db" .dump | sha256sum)" "$sum"
printf 'this is no database, but it is long enough to be read as one' >"$FARM/farm.db"
fails 'no database' 1 'farm.db.*not a database' artel status
scenario_end
