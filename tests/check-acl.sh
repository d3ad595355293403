#!/bin/bash
# check-acl.sh ARTEL MAN-PAGE: the rules of who may do what, their order and verdicts, against the tables of the page.
set -uo pipefail

program=$1 page=$2
export ARTEL_ROOT=/nonexistent

rules=$("$program" acl --rules) || { printf 'acl --rules: exit status %s\n' "$?" >&2; exit 1; }
[ "$(wc -l <<<"$rules")" -ge 20 ] || { printf 'acl --rules: too few rules\n' >&2; exit 1; }
# Rows of the page are `|  QUESTION: NAME`, `:  VERDICT`, `:  WHEN`.
in_page=$(sed -n '/^|  \([a-z]*\): \([a-z-]*\)$/{
	N
	N
	s/^|  \([a-z]*\): \([a-z-]*\)\n:  \([a-z]*\)\n:  \(.*\)$/\1\t\2\t\3\t\4/
	p
}' "$page")
diff <(printf '%s\n' "$rules") <(printf '%s\n' "$in_page") >&2 || { printf '%s has other rules than the program\n' "${page##*/}" >&2; exit 1; }
