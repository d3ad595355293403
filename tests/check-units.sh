#!/bin/bash
# check-units.sh FOLDER PROGRAMS: what systemd says of the units in FOLDER, and the programs, which are in the folder
# PROGRAMS, of the command lines in them.
set -uo pipefail

folder=$1 programs=$2
failed=0
wrong() {
	printf '%s\n' "$*" >&2
	failed=1
}
command -v systemd-analyze >/dev/null || { echo 'no systemd-analyze: tests/install-needed test' >&2; exit 1; }
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

# As installed, but for where the programs are. A template is looked at as an instance.
for unit in "$folder"/artel*; do
	name=${unit##*/}
	sed "s|^\(Exec[A-Za-z]*=\)[^ ]*/\(artel-[a-z]*\)|\1$programs/\2|" "$unit" >"$copy/$name"
done
set -- "$copy"/artel*
[ "$#" -ge 9 ] || wrong "only $# units in $folder"
verify() { # FILE
	local name=${1/@./@one.}
	SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=one "$name" 2>&1
}
for unit; do
	said=$(verify "$unit") || wrong "${unit##*/}: exit status $?"
	[ -z "$said" ] || wrong "${unit##*/}: $said"
done

# The programs take the options that they are given: --version comes after all of them were read.
n=0
while IFS= read -r line; do
	words=()
	eval "words=($line)"
	"${words[@]//%i/one}" --version >/dev/null || wrong "not taken: $line"
	n=$((n + 1))
done < <(sed -n 's/^ExecStart=//p' "$copy"/*.service)
[ "$n" = "$(find "$copy" -name '*.service' | wc -l)" ] || wrong "$n command lines"

# What is started by others is there.
while IFS= read -r name; do
	[ -e "$copy/$name" ] || wrong "no $name"
done < <(sed -n 's/^\(PartOf\|WantedBy\|After\)=\(artel.*\)/\2/p' "$copy"/*)
for timer in "$copy"/*.timer; do
	[ -e "${timer%.timer}.service" ] || wrong "$timer has no service"
done

# Would it be seen?
for bad in 'NoNewPrivilege=yes' 'Restart=sometimes' 'ExecStart=/no/such/program'; do
	sed "s|^Type=.*|&\n$bad|" "$copy/artel-scheduler.service" >"$copy/artel-bad.service"
	[ -n "$(verify "$copy/artel-bad.service")" ] || wrong "$bad is not seen"
done
exit "$failed"
