# shellcheck shell=bash
# A real sshd in front of a farm; sourced after scenario.sh.
#
#   ssh_start [OPTION...]       sshd on a port of its own, asking artel-shell for each key; options: lines of sshd_config
#   ssh_user NAME               let a user of user_make() in by their key; what a client needs is in $FARM/ssh/NAME
#   far NAME WORD...            the command over ssh as that user; FAR_OPTIONS: more options of ssh
#   far_git NAME WORD...        git as that user; repositories are farm:PATH
#   ssh_stop                    also done at the end of the scenario

: "${here:?scenario.sh comes first}"
SSH_ADDRESS=${SSH_ADDRESS:-127.0.0.1}

# sshd wants programs that nobody but root could have put there: not those in a folder below /tmp.
ssh_programs() {
	if [ -z "${SSH_PROGRAMS:-}" ]; then
		SSH_PROGRAMS=$(mktemp -d /run/artel-XXXXXX) || return 1
		chmod 755 "$SSH_PROGRAMS"
		cp "$BUILD/artel-shell" "$BUILD/artel-merger" "$SSH_PROGRAMS"
		ssh_made=$SSH_PROGRAMS
	fi
}

# The account's shell may be one that reads a file in its home when sshd runs it: not here.
ssh_start() { # [LINE of sshd_config...]
	local dir=$FARM/ssh line
	ssh_programs || return 1
	mkdir -p "$dir"
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
	ssh_port=${ssh_port:-$((20000 + $$ % 20000))}
	[ -e "$dir/host" ] || ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
	printf '[%s]:%s %s\n' "$SSH_ADDRESS" "$ssh_port" "$(cat "$dir/host.pub")" >"$dir/known_hosts"
	{
		for line in "$@"; do printf '%s\n' "$line"; done
		cat <<CONFIG
Port $ssh_port
ListenAddress $SSH_ADDRESS
HostKey $dir/host
PidFile $dir/pid
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin forced-commands-only
AuthorizedKeysFile none
AuthorizedKeysCommand $SSH_PROGRAMS/artel-shell --root $FARM --keys %f
AuthorizedKeysCommandUser $(id -un)
DisableForwarding yes
PermitTTY no
AcceptEnv GIT_PROTOCOL
SetEnv HOME=$dir
ClientAliveInterval 5
ClientAliveCountMax 3
UnusedConnectionTimeout 60
LoginGraceTime 20
MaxStartups 100:30:200
PerSourceMaxStartups 20
MaxSessions 16
CONFIG
	} >"$dir/sshd_config"
	: >"$dir/log"
	/usr/sbin/sshd -D -e -f "$dir/sshd_config" >>"$dir/log" 2>&1 </dev/null &
	sshd_pid=$!
	until grep -q listening "$dir/log"; do
		kill -0 "$sshd_pid" 2>/dev/null || { cat "$dir/log"; return 1; }
		sleep 0.05
	done
}

ssh_stop() {
	[ -z "${sshd_pid:-}" ] || { kill "$sshd_pid" && wait "$sshd_pid"; } 2>/dev/null
	sshd_pid=
}

ssh_config() { # NAME KEY
	cat >"$FARM/ssh/$1" <<CONFIG
Host farm
	HostName $SSH_ADDRESS
	Port $ssh_port
	User $(id -un)
	IdentityFile $2
	IdentitiesOnly yes
	BatchMode yes
	ConnectTimeout 10
	UserKnownHostsFile $FARM/ssh/known_hosts
	GlobalKnownHostsFile none
	LogLevel ERROR
CONFIG
}

ssh_user() { # NAME
	artel user key "$1" --login "$FARM/keys/$1.pub" && ssh_config "$1" "$FARM/keys/$1"
}

FAR_OPTIONS=()
far() { # NAME WORD...
	local name=$1
	shift
	ssh -F "$FARM/ssh/$name" ${FAR_OPTIONS[@]+"${FAR_OPTIONS[@]}"} farm "$@"
}
far_git() { # NAME WORD...
	local name=$1
	shift
	GIT_SSH_COMMAND="ssh -F $FARM/ssh/$name" git "$@"
}

ssh_clean() {
	ssh_stop
	[ -z "${ssh_made:-}" ] || rm -rf -- "$ssh_made"
	scenario_clean
}
trap ssh_clean EXIT
