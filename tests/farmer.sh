# shellcheck shell=bash
# A scenario of an ordinary user with subordinate ids, who exists only in a mount namespace of this test and sees the
# programs and the base repository there; sourced after scenario.sh (and ssh.sh, if sshd is wanted).
#
#   farmer_become SCRIPT    go on as that user, in SCRIPT from its beginning; then $FARMER is the folder of what is seen
#   farmer_prepare          if there is such a function it is run by root before that, in the mount namespace
#   FARMER_UNSHARE          more options of unshare

: "${here:?scenario.sh comes first}"

farmer_become() { # SCRIPT
	local base f
	[ -z "${FARMER:-}" ] || return 0
	scenario_begin empty
	base=$(base_make '' 2>/dev/null) || { echo 'Bail out! no base repository'; exit 1; }
	! declare -F ssh_programs >/dev/null || ssh_programs || exit 1
	for f in passwd group subuid subgid; do
		[ ! -e "/etc/$f" ] || cp "/etc/$f" "$FARM/$f"
		[ -e "/etc/$f" ] || : >"/etc/$f"
	done
	printf 'farmer:x:45678:45678::%s/home:/bin/sh\n' "$FARM" >>"$FARM/passwd"
	printf 'farmer:x:45678:\n' >>"$FARM/group"
	printf 'farmer:3000000:65536\n' | tee -a "$FARM/subuid" >>"$FARM/subgid"
	mkdir "$FARM/home" "$FARM/programs" "$FARM/base" "$FARM/tests"
	chown -R 45678:45678 "$FARM"
	! declare -F farmer_prepare >/dev/null || export -f farmer_prepare
	# shellcheck disable=SC2016 # expanded by that shell
	FARMER=$FARM SSH_PROGRAMS=${SSH_PROGRAMS:-} base=$base unshare -m --propagation private ${FARMER_UNSHARE[@]+"${FARMER_UNSHARE[@]}"} bash -c '
		mount --bind "$BUILD" "$FARMER/programs" && mount --bind "$base" "$FARMER/base" && mount --bind "$0" "$FARMER/tests" || exit 1
		for f in passwd group subuid subgid; do mount --bind "$FARMER/$f" "/etc/$f" || exit 1; done
		! declare -F farmer_prepare >/dev/null || farmer_prepare || exit 1
		export HOME=$FARMER/home BUILD=$FARMER/programs
		exec setpriv --reuid 45678 --regid 45678 --clear-groups --inh-caps=-all bash "$FARMER/tests/scenario/$1"' "$here" "$(basename "$1")"
	exit
}
