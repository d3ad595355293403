#!/bin/bash
# unmets.sh: compare-unmets over the large repository and over the awkward one.
set -uo pipefail

bench=$(cd -- "$(dirname -- "$0")" && pwd)
dir=$("$bench/prepare" debian) || exit 1
status=0
"$bench/compare-unmets" "$dir/debian" || status=1
"$bench/awkward" "$dir/awkward" && "$bench/compare-unmets" "$dir/awkward" || status=1
exit $status
