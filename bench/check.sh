#!/bin/bash
# check.sh: the whole check by bench-check, and beside it libsolv's, and with DNF=1 dnf repoclosure's with a
# cold cache; then how often ours goes into theirs. $BUILD is the build folder. Lines `name value unit`.
set -euo pipefail

bench=$(cd -- "$(dirname -- "$0")" && pwd)
build=${BUILD:-$bench/../build}
dir=$("$bench/prepare" debian)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$build/bench/bench_check" "$dir" | tee "$work/lines"
for _ in 1 2 3; do
	"$build/bench/peer-solv" "$dir/debian" | tee -a "$work/lines"
done
if [ "${DNF:-}" ]; then
	id=bench-$$-${EPOCHREALTIME/./}
	start=$EPOCHREALTIME
	dnf --setopt=cachedir="$work/dnf" --setopt=reposdir=/dev/null --releasever=1 --repofrompath="$id,$dir/debian" \
		--repo="$id" repoclosure >"$work/out" 2>"$work/err" </dev/null ||
		grep -q 'unresolved dependencies' "$work/err" || { cat "$work/err" >&2; exit 1; }
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "dnf-repoclosure %.0f ms\n", (b - a) * 1e3 }' | tee -a "$work/lines"
fi
# Ours: the median. A peer's: the best of its runs.
awk '
	function ratio(name, theirs, ours) {
		if (theirs && ours)
			printf "%s %.1f times\n", name, theirs / ours
	}
	!($1 in value) || $2 < value[$1] { value[$1] = $2 }
	END {
		ratio("check-saved-to-libsolv", value["peer-solv-cached"], value["check-saved-median"])
		ratio("check-xml-to-libsolv", value["peer-solv-xml"], value["check-xml-median"])
		ratio("check-xml-to-dnf", value["dnf-repoclosure"], value["check-xml-median"])
		if (value["peer-solv-xml-unmets"] != value["check-unmets"]) {
			print "check.sh: libsolv finds another number of unmets" >"/dev/stderr"
			exit 1
		}
	}' "$work/lines"
