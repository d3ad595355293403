#!/bin/bash
# peers.sh [DIR]: other programs' times at what artel does too, as lines `name value unit`.
#
# DIR has been made by prepare; without it prepare is asked. $BUILD is the build folder.
# dnf repoclosure is given a new cache each time, as it would otherwise answer from it.
# createrepo_c --update runs over 20 000 small RPMs of which 128 are replaced, by a sorted
# list of packages (walking a folder it is slower) and without the SQLite files.
set -euo pipefail

bench=$(cd -- "$(dirname -- "$0")" && pwd)
build=${BUILD:-$bench/../build}
dir=${1:-}
[ -n "$dir" ] || dir=$("$bench/prepare" debian small-rpms)
dir=$(cd -- "$dir" && pwd)
work=$(mktemp -d "$dir/peers.XXXXXX") # on the same file system: RPMs are linked
trap 'rm -rf "$work"' EXIT

timed() { # NAME COMMAND...: its output goes to $work/out
	local name=$1 start=$EPOCHREALTIME status=0
	shift
	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	awk -v name="$name" -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%s %.0f ms\n", name, (b - a) * 1e3 }'
	return $status
}
stop() {
	echo "peers: $1" >&2
	tail -n 5 "$work/err" >&2
	exit 1
}

"$build/bench/peer-solv" --cache "$work/solv" "$dir/debian"

# Status 1 is the answer "there are some", and also that of a failure.
id=bench-$$-${EPOCHREALTIME/./}
timed dnf-repoclosure "$bench/dnf-repoclosure" --setopt=cachedir="$work/dnf" --setopt=reposdir=/dev/null --releasever=1 \
	--repofrompath="$id,$dir/debian" --repo="$id" || grep -q 'unresolved dependencies' "$work/err" ||
	stop "dnf repoclosure failed"
unmets=$(awk '/^    /{ n++ } END { print n + 0 }' "$work/out")
echo "dnf-repoclosure-unmets $unmets unmets"

small=$dir/small-rpms
cp -al "$small/packages" "$work/packages"
timed createrepo-first createrepo_c --no-database --pkglist "$small/list" "$work/packages" || stop "createrepo_c failed"
(cd "$work/packages" && xargs rm <"$small/old" && cd "$small/changed" && xargs ln -t "$work/packages" <"$small/new")
cp -a "$work/packages/repodata" "$work/repodata"
timed createrepo-update createrepo_c --no-database --update --pkglist "$small/list-changed" "$work/packages" ||
	stop "createrepo_c --update failed"
rm -rf "$work/packages/repodata"
mv "$work/repodata" "$work/packages/repodata"
timed createrepo-update-skip-stat createrepo_c --no-database --update --skip-stat --pkglist "$small/list-changed" \
	"$work/packages" || stop "createrepo_c --update failed"
packages=$(zcat "$work/packages/repodata/"*-primary.xml.gz | awk '/<package type/{ n++ } END { print n + 0 }')
[ "$packages" = "$(wc -l <"$small/list-changed")" ] || stop "createrepo_c lists $packages packages"
