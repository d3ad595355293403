#!/bin/bash
# check-lines.sh PAGE FILE...: each file stands in the page, word for word, as a literal block (in which scdoc wants a
# backslash twice). The files are what tests run.
set -uo pipefail

page=$1 failed=0
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk -v dir="$dir" '/^```/ { inside = !inside; n += inside; next } inside { gsub(/\\\\/, "\\"); print >(dir "/" n) }' "$page"
for file; do
	found=
	for block in "$dir"/*; do
		! cmp -s "$block" "$file" || found=yes
	done
	[ -n "$found" ] || { printf '%s has no block that is %s\n' "$page" "$file" >&2; failed=1; }
done
exit "$failed"
