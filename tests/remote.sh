# shellcheck shell=bash
# What scenarios of remote builders share; sourced after scenario.sh. A builder reaches the farm over a line that
# counts and breaks, see tests/line.
#
#   remote_scheduler OPTION...     the scheduler, as in farm_start
#   remote_builder NAME COMMAND    a builder with a folder and a line of its own, $FARM/line/NAME, over that command
#   remote_sshd ADDRESS [RUN...]   an sshd, its key for this user's forced command: `artel join builder-1`; sets $ssh
#   break_at NAME WAY BYTES WHAT   when its exchange has passed on so many bytes: run this
#   heavy NAME VERSION             a package of 6 MB that cannot be compressed and comes out the same each time

: "${here:?scenario.sh comes first}"

line_of() { printf '%s\n' "$FARM/line/$1"; }

remote_scheduler() {
	rm -f "$FARM/stop"
	keep scheduler artel-scheduler "$@" &
	printf '%s\n' "$!" >>"$FARM/pids"
}

remote_builder() { # NAME COMMAND [BEFORE...]
	local name=$1 command=$2
	shift 2
	mkdir -p "$(line_of "$name")"
	# No ARTEL_ROOT of this farm below: what is not said over the line is not known. is_ours() wants the name all the same.
	keep "$name" "$@" artel-builder --name "$name" --root /nonexistent --state "$FARM/far/$name" --jobs 2 --stall 3 -v \
		${UID_BASE:+--uid-base=$UID_BASE} --connect "$here/line $(line_of "$name") $command" &
	printf '%s\n' "$!" >>"$FARM/pids"
}

remote_sshd() { # ADDRESS [RUN...]
	local dir=$FARM/sshd address=$1 port=$((20000 + $$ % 20000))
	shift
	mkdir -p "$dir" /run/sshd
	: >"$dir/log"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
	printf 'command="%s --root %s join builder-1",restrict %s\n' "$BUILD/artel" "$FARM" "$(cat "$dir/key.pub")" >"$dir/authorized_keys"
	printf '[%s]:%s %s\n' "$address" "$port" "$(cat "$dir/host.pub")" >"$dir/known_hosts"
	cat >"$dir/config" <<CONFIG
Port $port
ListenAddress $address
HostKey $dir/host
AuthorizedKeysFile $dir/authorized_keys
PidFile $dir/pid
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin forced-commands-only
CONFIG
	"$@" /usr/sbin/sshd -D -e -f "$dir/config" >"$dir/log" 2>&1 </dev/null &
	sshd_pid=$!
	ssh="ssh -T -F none -p $port -i $dir/key -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=3"
	ssh+=" -o UserKnownHostsFile=$dir/known_hosts -o GlobalKnownHostsFile=none $address"
	until grep -q listening "$dir/log"; do
		kill -0 "$sshd_pid" 2>/dev/null || { cat "$dir/log"; return 1; }
		sleep 0.1
	done
}

# The scenario's own processes beyond those of the farm.
remote_clean() {
	farm_stop
	[ -z "${sshd_pid:-}" ] || kill "$sshd_pid" 2>/dev/null
	scenario_clean
}
trap remote_clean EXIT

break_at() { # NAME up|down BYTES WHAT
	printf '%s %s\n' "$3" "$4" >"$(line_of "$1")/.new"
	mv "$(line_of "$1")/.new" "$(line_of "$1")/limit-exchange-$2"
}
broken() { ! compgen -G "$(line_of "$1")/limit-*" >/dev/null; }

# Bytes that connections of a kind have passed on, from number N+1 on: NAME WAY [N]
passed() {
	local file n sum=0
	for file in "$(line_of "$1")"/exchange.*."$2"; do
		n=${file%."$2"}
		[ "${n##*.}" -gt "${3:-0}" ] || continue
		read -r n <"$file" && sum=$((sum + n))
	done
	printf '%s\n' "$sum"
}
connections() { stat -c %s "$(line_of "$1")/count"; }

# What is kept of artefacts on their way, in a store: the names, and the bytes when nobody writes any more.
parts() { find "$1/artefact" -maxdepth 1 -type f -name 'part.*' | wc -l; }
at_rest() { [ -z "$(find "$1/artefact" -maxdepth 1 -name 'tmp.*')" ]; }
part_bytes() { find "$1/artefact" -maxdepth 1 -name 'part.*' -printf '%s\n'; }

heavy() { # NAME VERSION
	local dir
	dir=$(spec_make "$1" "$2" <<SPEC
BuildArch: noarch
%description
A heavy package.
%install
mkdir -p %buildroot%_datadir/$1
LC_ALL=C awk 'BEGIN { srand(${2%%.*}); for (i = 0; i < 6000000; i++) printf "%c", int(rand() * 256) }' >%buildroot%_datadir/$1/noise
%files
%_datadir/$1
SPEC
	)
	git_make joe "$1" "$2-1" "$dir"
	rm -rf "$dir"
}

attempt_of() { sqlite3 "$FARM/farm.db" "SELECT attempt FROM job WHERE task = $1 AND kind = 'build'"; }
rpm_size() { # TASK
	stat -c %s "$FARM/artefact/$(sqlite3 "$FARM/farm.db" "SELECT substr(sha256, 1, 2) || '/' || substr(sha256, 3) FROM output WHERE task = $1 AND kind = 'rpm'")"
}
