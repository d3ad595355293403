# shellcheck shell=bash
# A farm to test with: sourced by the demo and by the scenarios. Everything of it
# lies in one folder, $FARM; its programs come from $BUILD.
#
#   farm_make            a new farm with the repository $REPO, imported from a base
#   farm_start           scheduler, two builders, each started again when it ends
#   farm_stop            stop them all
#   farm_kill_loop SEED  kill one of them now and then
#   user_make NAME       a user with an SSH signing key
#   git_make ...         a gear repository of a user, see below

: "${BUILD:?the folder with the programs}" "${FARM:?the folder of the farm}"
REPO=${REPO:-demo}
GROUP=${GROUP:-artel}
BASE_GROUP=${BASE_GROUP:-build-base}
here=${here:-$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)}

export PATH=$BUILD:$PATH ARTEL_ROOT=$FARM
unset ARTEL_USER

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Git and signing must not depend on whoever runs this.
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=maintainer GIT_AUTHOR_EMAIL=maintainer@example.org
export GIT_COMMITTER_NAME=maintainer GIT_COMMITTER_EMAIL=maintainer@example.org

# A base repository to build in, cached between runs; prints its path. [ARCH]
base_make() { # ARCH (of this machine: "")
	local arch=$1 cache=${ARTEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/artel/debs}

	mkdir -p "$cache"
	"$here/base-repository/make" "$cache/repository-$GROUP${arch:+-$arch}" --group "$GROUP" ${arch:+--arch "$arch"}
}

farm_make() { # BASE [OPTION of repo create...]
	local base=$1
	shift
	artel init
	artel repo create "$REPO" --arch x86_64 --import "x86_64=$base" --base-group "$BASE_GROUP" "$@"
	mkdir -p "$FARM/keys" "$FARM/work"
	: >"$FARM/pids"
}

# --- processes ---------------------------------------------------------------

# Run a command, and again whenever it ends, until $FARM/stop appears.
keep() { # NAME COMMAND...
	local name=$1 pid
	shift
	while [ ! -e "$FARM/stop" ]; do
		"$@" </dev/null >>"$FARM/$name.log" 2>&1 &
		pid=$!
		printf '%s\n' "$pid" >"$FARM/$name.pid"
		wait "$pid" 2>/dev/null || printf 'ended with status %s\n' "$?" >>"$FARM/$name.log"
		[ -e "$FARM/stop" ] || sleep 0.2
	done
}

# What a builder's --arch is, by its name; its machine's by default.
declare -A BUILDER_ARCH=()
# And its --features, if any.
declare -A BUILDER_FEATURES=()

farm_start() {
	rm -f "$FARM/stop"
	keep scheduler artel-scheduler ${TRIES:+--tries=$TRIES} &
	printf '%s\n' "$!" >>"$FARM/pids"
	for name in builder-1 builder-2; do
		keep "$name" artel-builder --name "$name" --slots "${SLOTS:-1}" --jobs 2 ${UID_BASE:+--uid-base=$UID_BASE} \
			${BUILDER_ARCH[$name]:+--arch="${BUILDER_ARCH[$name]}"} \
			${BUILDER_FEATURES[$name]:+--features="${BUILDER_FEATURES[$name]}"} &
		printf '%s\n' "$!" >>"$FARM/pids"
	done
}

process_pid() { cat "$FARM/$1.pid" 2>/dev/null; }

# Numbers of processes are used again: only one that works for this farm may be killed.
is_ours() { { tr '\0' '\n' <"/proc/$1/environ"; } 2>/dev/null | grep -qxF "ARTEL_ROOT=$FARM"; }
is_child() { [ "$(awk '{ print $4 }' "/proc/$1/stat" 2>/dev/null)" = "$$" ]; }

farm_stop() {
	local pid n name
	[ -e "$FARM/pids" ] || return 0
	touch "$FARM/stop"
	for name in killer scheduler builder-1 builder-2; do
		pid=$(process_pid "$name") || continue
		! is_ours "$pid" || kill "$pid" 2>/dev/null || :
	done
	while read -r pid; do
		is_child "$pid" || continue
		for n in $(seq 50); do
			kill -0 "$pid" 2>/dev/null || break
			[ "$n" -lt 50 ] || kill -9 "$pid" 2>/dev/null || :
			sleep 0.1
		done
	done <"$FARM/pids"
	: >"$FARM/pids"
	rm -f "$FARM"/*.pid
	return 0
}

# SIGKILL one process now and then, at random points; at most $KILLS of them, so that work gets done in the end.
farm_kill_loop() { # SEED
	local names=(scheduler builder-1 builder-2 merger) name pid kills=0
	RANDOM=$1
	while [ ! -e "$FARM/stop" ] && [ ! -e "$FARM/stop-killing" ] && [ "$kills" -lt "${KILLS:-40}" ]; do
		sleep "$((RANDOM % ${KILL_PAUSE:-3})).$((RANDOM % 9))"
		name=${names[RANDOM % ${#names[@]}]}
		pid=$(process_pid "$name") || continue
		is_ours "$pid" || continue
		kill -9 "$pid" 2>/dev/null || continue
		printf '%s\n' "$name" >>"$FARM/killed"
		kills=$((kills + 1))
	done
}

# One merge cycle; a merger that is killed is started again.
merge_once() {
	local status
	while :; do
		artel-merger --once </dev/null >>"$FARM/merger.log" 2>&1 &
		printf '%s\n' "$!" >"$FARM/merger.pid"
		status=0
		wait "$!" 2>/dev/null || status=$?
		[ "$status" = 137 ] || break
	done
	return "$status"
}

# Wait for a command to succeed: SECONDS COMMAND...
wait_for() {
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}

# --- people and their packages -----------------------------------------------

user_make() { # NAME
	artel user add "$1"
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$FARM/keys/$1"
	artel user key "$1" "$FARM/keys/$1.pub"
}

# git's options to sign a tag as a user.
tag_signed() { # USER GITDIR TAG [REVISION]
	git -C "$2" -c gpg.format=ssh -c user.signingkey="$FARM/keys/$1" tag -s -m "$3" "$3" ${4:+"$4"}
}

# The folder as a commit of a gear repository of the user, with a signed tag. Further
# calls add commits. USER NAME TAG FOLDER. $GIT_FARM: what stands before /people to push to, such as `farm:` over ssh.
git_make() {
	local work=$FARM/work/$1-$2 to=${GIT_FARM:-$FARM}/people/$1/packages/$2.git
	[ -d "${4:?a folder}" ] || die "git_make $2: no folder"
	if [ ! -d "$work" ]; then
		git init -q -b main "$work"
		[ -n "${GIT_FARM:-}" ] || git init -q --bare -b main "$to"
	fi
	cp -a "$4/." "$work/"
	git -C "$work" add -A
	git -C "$work" commit -q -m "$2 $3"
	tag_signed "$1" "$work" "$3"
	git -C "$work" push -q "$to" HEAD:main "refs/tags/$3"
}

# A package made on the spot: a spec in a folder of its own; prints the folder. The rest of the spec is on stdin.
spec_make() { # NAME VERSION [SUMMARY]
	local dir
	dir=$(mktemp -d "$FARM/work/spec.XXXXXX") || die "spec_make $1: no folder"
	{
		printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: %s\nLicense: MIT\n' "$1" "$2" "${3:-A test package}"
		cat
	} >"$dir/$1.spec"
	printf '%s\n' "$dir"
}

# --- tasks -------------------------------------------------------------------

task_state() { artel task show --json "$1" | jq -r .state; }
task_reason() { artel task show --json "$1" | jq -r .reason; }

# Tasks that are under way.
tasks_open() { artel task ls --user=ALL --state=AWAITING,BUILDING,MERGING | wc -l; }

# Wait until none is for a few looks (a postponed one may be woken), or give up. SECONDS [COMMAND to run meanwhile]
wait_idle() {
	local until=$((SECONDS + $1)) quiet=0
	shift
	while [ "$quiet" -lt 3 ]; do
		quiet=$((quiet + 1))
		[ "$(tasks_open)" = 0 ] || quiet=0
		[ "$SECONDS" -lt "$until" ] || return 1
		"${@:-true}"
		sleep 0.7
	done
}

wait_state() { # SECONDS TASK STATE
	local until=$((SECONDS + $1)) state
	[ -n "$2" ] || { say "there is no such task: $(tail -n 1 "$FARM/submit.log")"; return 1; }
	while state=$(task_state "$2") && [ "$state" != "$3" ]; do
		[ "$SECONDS" -lt "$until" ] || { say "task #$2 is $state, not $3: $(task_reason "$2")"; return 1; }
		sleep 0.2
	done
}
