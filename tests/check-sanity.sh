#!/bin/bash
# check-sanity.sh ARTEL MAN-PAGE: the checks that the program has, their levels and what they find, against the page.
set -uo pipefail

program=$1 page=$2
failed=0
wrong() {
	printf 'sanity: %s\n' "$*" >&2
	failed=1
}
export ARTEL_ROOT=/nonexistent

checks=$("$program" plumb sanity) || wrong "plumb sanity: exit status $?"
[ -n "$checks" ] || wrong 'plumb sanity: lists no checks'
# Entries of the page are `*name*, level`, and below them a sentence.
in_page=$(sed -n '/^# CHECKS/,/^# SEE ALSO/{
	/^\*\([a-z-]*\)\*, \([a-z]*\)$/{
		N
		s/^\*\([a-z-]*\)\*, \([a-z]*\)\n\t\(.*\)\.$/\1\t\2\t\3/
		p
	}
}' "$page" | sed 's/\\//g')
while IFS=$'\t' read -r name level text; do
	line="$name"$'\t'"$level"$'\t'"${text^}"
	grep -qxF -- "$line" <<<"$in_page" || wrong "${page##*/} has not: $line"
done <<<"$checks"
while IFS=$'\t' read -r name _; do
	grep -q "^$name"$'\t' <<<"$checks" || wrong "${page##*/} has $name, which is no check"
done <<<"$in_page"
[ "$(wc -l <<<"$checks")" = "$(wc -l <<<"$in_page")" ] || wrong 'not as many entries in the page as checks'
exit "$failed"
