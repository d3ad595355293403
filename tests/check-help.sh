#!/bin/bash
# check-help.sh PROGRAM MAN-PAGE: what a program says of its options, against its man page.
set -uo pipefail

program=$1 page=$2
name=${program##*/}
failed=0
wrong() {
	printf '%s: %s\n' "$name" "$*" >&2
	failed=1
}
export ARTEL_ROOT=/nonexistent

# A text on stdout, alone, with status 0, at most 80 columns wide and without blanks at line ends.
page_of() { # WORD
	local errors text
	errors=$("$program" "$1" 2>&1 >/dev/null) || wrong "$1: exit status $?"
	[ -z "$errors" ] || wrong "$1: says on stderr: $errors"
	text=$("$program" "$1" 2>/dev/null)
	[ -n "$text" ] || wrong "$1: says nothing on stdout"
	while IFS= read -r line; do
		[ "${#line}" -le 80 ] || wrong "$1: wider than 80 columns: $line"
		[ "$line" = "${line%[[:blank:]]}" ] || wrong "$1: a blank at the end: $line"
	done <<<"$text"
	printf '%s\n' "$text"
	return "$failed"
}

help=$(page_of --help) || failed=1
options=$(sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\2/p' <<<"$help")
[ -n "$options" ] || wrong "--help: lists no options"
for option in $options; do
	grep -qF -- "*$option*" "$page" || wrong "$option is not in ${page##*/}"
done

# And the other way round: an option that the page describes is one that the program has.
while IFS= read -r option; do
	grep -qx -- "$option" <<<"$options" || wrong "${page##*/} has $option, which the program has not"
done < <(sed -n '/^# OPTIONS/,/^# /s/^\*\(-[^ ]*, \*\)\{0,1\}\(--[a-z-]*\)\*.*/\2/p' "$page")

# Commands, where there are some.
if [ "$name" = artel ]; then
	commands=$(page_of help | sed -n 's/^  \([a-z][a-z-]*\( [a-z][a-z-]*\)*\).*/\1/p') || failed=1
	[ -n "$commands" ] || wrong "help: lists no commands"
	while IFS= read -r command; do
		grep -q "^\*$command\*" "$page" || wrong "command $command is not in ${page##*/}"
	done <<<"$commands"
fi

# An unknown option: status 2, one line that names it, and where to look; nothing on stdout.
for option in --no-such-option -Z; do
	text=$("$program" "$option" 2>/dev/null)
	status=$?
	[ "$status" = 2 ] || wrong "$option: exit status $status, not 2"
	[ -z "$text" ] || wrong "$option: says on stdout: $text"
	text=$("$program" "$option" 2>&1)
	expected="$name: $option: unknown option
Try \`$name --help\`."
	[ "$text" = "$expected" ] || wrong "$option: says: $text"
done

version=$("$program" --version) || wrong "--version: exit status $?"
[[ $version =~ ^"$name "[0-9]+\.[0-9]+\.[0-9]+$ ]] || wrong "--version: says: $version"
exit "$failed"
