# shellcheck shell=bash disable=SC2154,SC2034
# Hostile packages in a real farm: sourced by tests/scenario/hostile-*.sh.
#
#   hostile_run FOLDER
#
# builds each spec of the folder with small limits. Its first line says how that ends: `# ends: STATE REASON`, the
# reason an extended regular expression; a second one, `# limits: ...`, has what is allowed besides $LIMITS. A line ESCAPED in a log is an attempt that succeeded, see probe.c. What lies
# outside must be as it was, nothing of any job may be left, and the farm must go on working.

hostile=$here/hostile
LIMITS='output=1M memory=256M processes=200 disk=96M files=20k'
# Of this run alone, as others may run beside it.
UID_BASE=$((1000000000 + $$ % 500 * 2000000))
SLOTS=3

# A TCP port and an abstract socket of the host, and a line in $FARM/heard for whoever reaches them. Sets $port.
listen() {
	python3 - "$FARM" <<'PY' &
import os, select, socket, sys
farm = sys.argv[1]
tcp = socket.create_server(("127.0.0.1", 0))
unix = socket.socket(socket.AF_UNIX)
unix.bind("\0" + os.path.basename(farm))
unix.listen()
with open(farm + "/port.new", "w") as f:
    f.write(str(tcp.getsockname()[1]))
os.rename(farm + "/port.new", farm + "/port")
parent = os.getppid()
while os.getppid() == parent:
    for s in select.select([tcp, unix], [], [], 1)[0]:
        s.accept()
        open(farm + "/heard", "a").write("somebody\n")
PY
	listener=$!
	until [ -e "$FARM/port" ]; do sleep 0.05; done
	port=$(cat "$FARM/port")
}

# What must not change: files that all may write, files of the farm and of the host, and base roots.
outside() {
	local f
	for f in "$FARM/open/canary" "$FARM/keys/open" "$FARM/farm.canary" /etc/passwd /etc/shadow /etc/group /etc/ld.so.cache; do
		printf '%s %s %s\n' "$f" "$(sha256sum <"$f")" "$(stat -c '%Y %a %u' "$f")"
	done
	ls -A "$FARM/open"
	ls -d /tmp/artel-evil /etc/evil /evil 2>/dev/null
	while read -r f; do
		(cd "$f" && find . -printf '%p %m %U %s %T@\n' | sort)
	done <"$FARM/roots"
}

# Processes of the ids of jobs; mounts, control groups and folders of jobs.
left_over() {
	local farm_id
	grep -s '^Uid:' /proc/[0-9]*/status | awk -v low="$UID_BASE" '$2 >= low && $2 < low + 16 * 65536'
	grep -F "$FARM" /proc/mounts
	for farm_id in "$FARM"/builder/*; do
		find /sys/fs/cgroup -maxdepth 6 -type d -name "artel.*$(stat -c '%i' "$farm_id").*" ! -name '*.builder' 2>/dev/null
		ls -A "$farm_id/job"
	done
}

good() { # VERSION...; what is not built is said
	local v id
	local -a tasks
	for v in "$@"; do
		tiny joe "good$v" 1 >/dev/null
		tasks+=("$(build joe "good$v" 1-1)")
	done
	for id in "${tasks[@]}"; do wait_state 60 "$id" BUILT; done
}

# A gear repository for a spec, with the sources of all, and with where the farm is.
commit() { # SPEC NAME
	local dir
	dir=$(mktemp -d "$FARM/work/spec.XXXXXX")
	sed "s#@FARM@#$FARM#g; s#@PORT@#$port#g; s#@NAME@#$(basename "$FARM")#g" "$1" >"$dir/$2.spec"
	cp "$hostile"/{probe.c,edit-rpm} "$dir/"
	git_make joe "$2" 1-1 "$dir" >/dev/null
}

hostile_run() { # FOLDER
	local spec name id state ends reason limits before
	local -A ids

	chmod 755 "$FARM"
	mkdir -m 1777 "$FARM/open"
	echo sings >"$FARM/open/canary"
	echo sings >"$FARM/farm.canary"
	chmod 666 "$FARM/open/canary"
	install -m 644 "$FARM/keys/joe" "$FARM/keys/open"
	listen
	is 'a good package is built' "$(good 1 2 3)" ''
	ls -d "$FARM"/builder/*/roots/*[0-9a-f] >"$FARM/roots"
	before=$(outside)
	pids=$(cat "$FARM"/{scheduler,builder-1,builder-2}.pid)

	for spec in "$hostile/$1"/${ONLY:-*}.spec; do commit "$spec" "$(basename "$spec" .spec)"; done
	# Nothing but the sandbox shall stop those whose attack is what is in a package.
	artel repo set "$REPO" sanity 'link-temporary=off device=off'
	# Whoever is stopped by the clock comes last, so that it stops nobody else.
	for limits in '' 'time=30s silence=8s'; do
		artel repo set "$REPO" limits "$LIMITS $limits"
		for spec in "$hostile/$1"/${ONLY:-*}.spec; do
			[ "$(sed -n '2s/^# limits: //p' "$spec")" = "$limits" ] || continue
			name=$(basename "$spec" .spec)
			ids[$name]=$(build joe "$name" 1-1)
		done
		wait_idle "${SECONDS_MAX:-150}"
	done
	for spec in "$hostile/$1"/${ONLY:-*}.spec; do
		name=$(basename "$spec" .spec) id=${ids[$name]}
		ends=$(sed -n '1s/^# ends: //p' "$spec")
		state=$(task_state "$id")
		reason=${ends#"${ends%% *}"}
		like "$name" "$state $(task_reason "$id")" "^${ends%% *} .*(${reason# })"
		is "$name stayed where it was" "$(artel log "$id" 2>/dev/null | grep ESCAPED)" ''
		! grep -q '^Source: probe.c' "$spec" ||
			like "$name tried" "$(artel log "$id" 2>/dev/null | grep '^probes: ')" '^probes: [0-9]{2,} refused'
	done
	rm -f "$FARM/port"
	is 'nobody reached the host by a socket' "$(cat "$FARM/heard" 2>/dev/null)" ''
	is 'nothing outside has changed' "$(outside)" "$before"
	is 'no process, mount, control group or folder is left' "$(left_over)" ''
	is 'nothing was started again' "$(cat "$FARM"/{scheduler,builder-1,builder-2}.pid)" "$pids"
	is 'good packages are built' "$(good 4 5 6 7 8 9)" ''
	kill "$listener"
	farm_stop
	is 'and nothing is left in the end' "$(left_over | grep -v '^[0-9]*\.[0-9]*$')" ''
}
