#!/bin/bash
# with-data.sh ITEM... -- PROGRAM [ARGUMENT...]: have prepare make the items, and run the program
# with their folder as its last argument.
set -euo pipefail

items=()
while [ "$1" != -- ]; do
	items+=("$1")
	shift
done
shift
dir=$("$(dirname -- "$0")/prepare" "${items[@]}")
exec "$@" "$dir"
