# shellcheck shell=bash
# What every scenario starts with: a farm of its own below /tmp, and TAP on stdout.
#
#   . scenario.sh; scenario_begin [farm|start]
#   ok 'what' command...          passes when the command succeeds
#   fails 'what' STATUS PATTERN command...   when it exits so and says so in one line on stderr
#   is 'what' GOT WANTED
#   scenario_end

set -uo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
FARM=$(mktemp -d /tmp/artel-XXXXXX)
GROUP=c
BUILD=${BUILD:?the folder with the programs}
# shellcheck source=tests/farm.sh
. "$here/farm.sh"

tap_n=0 tap_bad=0
pass() { tap_n=$((tap_n + 1)); printf 'ok %d - %s\n' "$tap_n" "$1"; }
fail() { tap_n=$((tap_n + 1)); tap_bad=$((tap_bad + 1)); printf 'not ok %d - %s\n' "$tap_n" "$1"; local why=${2:-}; printf '# %s\n' "${why//$'\n'/$'\n# '}"; }

ok() { # WHAT COMMAND...
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then pass "$what"; else fail "$what" "$* gave status $?: $out"; fi
}
fails() { # WHAT STATUS PATTERN COMMAND...
	local what=$1 status=$2 pattern=$3 got=0 said
	shift 3
	said=$("$@" 2>&1 >/dev/null) || got=$?
	if [ "$got" = "$status" ] && grep -Eq -- "$pattern" <<<"$said"; then pass "$what"; else fail "$what" "$* gave status $got: $said"; fi
}
is() { # WHAT GOT WANTED
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:    $2
wanted: $3"; fi
}
like() { # WHAT GOT PATTERN
	if grep -Eq -- "$3" <<<"$2"; then pass "$1"; else fail "$1" "got:    $2
wanted: $3"; fi
}

scenario_clean() {
	farm_stop
	for name in killer scheduler builder-1 builder-2 merger; do
		pid=$(process_pid "$name") && is_ours "$pid" && kill -9 "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	if [ "$tap_bad" != 0 ] && [ -n "${KEEP:-}" ]; then
		printf '# kept: %s\n' "$FARM"
	else
		umount "$FARM/small" 2>/dev/null
		rm -rf -- "$FARM"
	fi
}
trap scenario_clean EXIT

scenario_begin() { # [farm|start]
	[ "$(id -u)" = 0 ] || [ -n "${FARMER:-}" ] || { echo 'Bail out! scenarios run as root: builds get user ids of their own'; exit 1; }
	[ -x "$BUILD/artel" ] || { echo "Bail out! no programs in $BUILD"; exit 1; }
	[ "${1:-farm}" = empty ] && return
	base=$(base_make '' 2>/dev/null) || { echo 'Bail out! no base repository'; exit 1; }
	farm_make "$base" 2>/dev/null || { echo 'Bail out! no farm'; exit 1; }
	user_make joe
	user_make ann
	[ "${1:-farm}" != start ] || farm_start
}

scenario_end() {
	printf '1..%d\n' "$tap_n"
	[ "$tap_bad" = 0 ]
}

# A noarch package of one file: USER NAME VERSION [LINES of the spec's head]
tiny() {
	local dir
	dir=$(spec_make "$2" "$3" <<SPEC
BuildArch: noarch
${4:-}
%description
A tiny package.
%install
mkdir -p %buildroot%_datadir/$2
echo $3 > %buildroot%_datadir/$2/version
%files
%_datadir/$2
SPEC
	)
	git_make "$1" "$2" "$3-1" "$dir"
	rm -rf "$dir"
}

build() { # USER ARGUMENTS... ; prints the id
	local user=$1
	shift
	artel --user "$user" build -b "$REPO" "$@" 2>>"$FARM/submit.log"
}

published() { artel repo packages "$REPO" | cut -f 1,2 | grep -E "^($1)	" | tr '\t\n' '- ' | sed 's/ $//'; }
