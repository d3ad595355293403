#!/bin/bash
# PACKAGES (100) programs of one C file, each a task of its own, on 2 slots of one builder whose base root is
# made; beside the same built by plain rpmbuild, 2 at a time, in a ready root by bubblewrap.
#
# The share outside rpmbuild is 1 - (time in rpmbuild and rpmspec, bubblewrap's start with them, of all jobs) /
# (2 slots * time from the first job's start to the last one's end): fetching, solving, roots, facts, sending, tests
# of what was built, and slots that wait for the scheduler are outside. cpu-outside is the CPU time of all processes
# of the builder but those that bubblewrap runs; where others use the machine it says more than times by the clock.
# shellcheck source=bench/builder.sh
. "$(dirname "$0")/builder.sh"
n=${PACKAGES:-100} slots=2

base=$(base_make '' 2>/dev/null)
farm_make "$base" 2>/dev/null
user_make joe
c_package warm
names=()
for i in $(seq "$n"); do
	names+=("prog$i")
	c_package "prog$i"
done
bench_start artel-scheduler
sleep 0.5
builder_start one "$slots"
submit demo warm >/dev/null
wait_built

# Of its record, before anything else uses the machine.
begin=$(seconds)
submit demo prog1 >/dev/null
until [ "$(query "SELECT state FROM task ORDER BY id DESC LIMIT 1")" = BUILT ]; do sleep 0.005; done
say_number one-task "$(since "$begin")" s
builder_stop
last=$(query 'SELECT max(id) FROM job')
for name in "${names[@]}"; do submit demo "$name" >/dev/null; done
cpu_look
cpu_before=$cpu
builder_start one "$slots"
wait_built
builder_stop
cpu_look
cpu_builder=$(awk -v a="$cpu_before" -v b="$cpu" 'BEGIN { print b - a }')
read -r wall jobs < <(query "SELECT (max(finished) - min(started)) / 1000.0, count(*) FROM job WHERE id > $last" | tr '|' ' ')
inside=$(spent "id > $last" rpmbuild | awk '{ s += $1 } END { print s }')
say_number packages "$n" ''
say_number jobs "$jobs" ''
say_number wall "$wall" s
say_number a-minute "$(awk -v n="$n" -v w="$wall" 'BEGIN { printf "%.0f", 60 * n / w }')" packages
say_number in-rpmbuild "$inside" s
say_number outside-rpmbuild "$(awk -v i="$inside" -v w="$wall" -v s="$slots" 'BEGIN { printf "%.1f", 100 * (1 - i / (s * w)) }')" %
for phase in start fetch solve base_root root rpmbuild facts check install send; do
	say_number "phase-$phase" "$(spent "id > $last" "$phase" | awk '{ s += $1 } END { printf "%.2f", s }')" s
done

# The peer: spec and source laid out before, the base root of the builder, the same options.
root=$(find "$FARM/builder/one/roots" -mindepth 1 -maxdepth 1 -type d)
plain() { # NAME
	local home=$FARM/plain/$1
	bwrap --ro-bind "$root" / --bind "$home" /home/builder --proc /proc --dev /dev --tmpfs /tmp --tmpfs /var/tmp --unshare-all \
		--die-with-parent --new-session --clearenv --setenv PATH /usr/bin:/usr/sbin --setenv HOME /home/builder \
		--setenv LC_ALL C --chdir /home/builder rpmbuild -ba --define '_topdir /home/builder/rpmbuild' \
		"/home/builder/rpmbuild/SOURCES/$1.spec" >"$home/log" 2>&1
}
export -f plain
export root FARM
for name in "${names[@]}"; do
	mkdir -p "$FARM/plain/$name/rpmbuild/SOURCES"
	cp "$FARM/work/joe-$name/$name".* "$FARM/plain/$name/rpmbuild/SOURCES/"
done
begin=$(seconds)
printf '%s\n' "${names[@]}" | xargs -P "$slots" -I NAME bash -c 'plain NAME'
took=$(since "$begin")
built=$(find "$FARM/plain" -path '*/RPMS/*' -name '*.rpm' | wc -l)
[ "$built" -ge "$n" ] || { tail -n 3 "$FARM/plain/prog1/log" >&2; exit 1; }
say_number plain-rpmbuild "$took" s
say_number cpu-outside "$(awk -v a="$cpu_builder" -v n="$n" 'BEGIN { printf "%.3f", a / n }')" 's a package'
say_number ratio "$(awk -v a="$wall" -v b="$took" 'BEGIN { printf "%.2f", a / b }')" 'times plain rpmbuild'
