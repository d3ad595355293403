#!/bin/bash
# merge.sh: bench-merge over the batches. $BUILD is the build folder.
set -euo pipefail

bench=$(cd -- "$(dirname -- "$0")" && pwd)
build=$(cd -- "${BUILD:-$bench/../build}" && pwd)
dir=$("$bench/prepare" debian batch-128 batch-128-culprits batch-1000)
exec "$build/bench/bench_merge" "$dir" "$build/artel-merger" batch-128=128 batch-128-culprits=124 batch-1000=1000
