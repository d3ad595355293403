#!/bin/bash
# Packages that attack the farm while they are built: tests/hostile/build.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/hostile/run.sh
. "$here/hostile/run.sh"
scenario_begin start
hostile_run build
scenario_end
