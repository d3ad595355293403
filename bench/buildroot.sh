#!/bin/bash
# The root of a job, out of what its log says: cold (the base root made of RPMs), warm (solved, the base root
# mounted), and with a difference of n packages to install. Beside it rpm --root with the same RPMs, and tar with the
# finished tree, which is what a farm does that keeps roots as archives. ROUNDS (5); cold ones are 3.
# shellcheck source=bench/builder.sh
. "$(dirname "$0")/builder.sh"
rounds=${ROUNDS:-5}
small='bash dash coreutils diffutils findutils sed grep gzip tar cpio rpm-build mawk file xz-utils bzip2 patch'

base=$(base_make '' 2>/dev/null)
farm_make "$base" 2>/dev/null
artel repo create small --arch x86_64 --import "$base" --base-group "$small" 2>/dev/null
user_make joe
for i in 1 2 3; do file_package "cold$i"; done
for i in $(seq "$rounds"); do
	file_package "warm$i"
	file_package "few$i" 'BuildRequires: make'
	file_package "some$i" 'BuildRequires: binutils, make'
	file_package "many$i" 'BuildRequires: gcc, libc6-dev, make'
done
file_package none
bench_start artel-scheduler
sleep 0.5

for i in 1 2 3; do
	builder_start "cold$i" 1
	submit demo "cold$i" >/dev/null
	wait_built
	builder_stop
done
say_number cold-root "$(spent "kind = 'srpm'" base_root | middle)" s

builder_start one 1
submit demo cold1 >/dev/null
submit small none >/dev/null
wait_built
last=$(query 'SELECT max(id) FROM job')
for i in $(seq "$rounds"); do
	submit demo "warm$i" >/dev/null
	wait_built
done
say_number warm-root-srpm "$(spent "id > $last AND kind = 'srpm'" solve root | middle)" s
say_number warm-root-build "$(spent "id > $last AND kind = 'build'" solve root | middle)" s

beyond() { artel task root "$1.100.x86_64" | awk -F '\t' '$3 == "build" { n++ } END { print n + 0 }'; } # TASK
for kind in few some many; do
	last=$(query 'SELECT max(id) FROM job')
	for i in $(seq "$rounds"); do
		id=$(submit small "$kind$i")
		wait_built
	done
	n=$(beyond "$id")
	# The first has to fetch them, and takes two sandboxes for it.
	say_number "difference-$n" "$(spent "id > $last AND kind = 'build'" fetch solve root | tail -n +2 | middle)" s
done

# Peers.
owner=$FARM/builder/one/roots
large=$(find "$owner" -mindepth 1 -maxdepth 1 -type d -exec du -s {} + | sort -n | tail -n 1 | cut -f 2)
mapfile -t rpms < <(find "$base" -name '*.rpm' -not -name '*.src.rpm' | sort)
for i in 1 2 3; do
	mkdir "$FARM/rpm$i"
	begin=$(seconds)
	rpm --root "$FARM/rpm$i" --define '_dbpath /var/lib/rpm' --nosignature --nodigest --noplugins -i "${rpms[@]}" >/dev/null 2>&1
	since "$begin"
	echo
done | middle | { read -r s; say_number rpm-root "$s" s; }
tar -C "$large" -cf "$FARM/root.tar" .
for i in 1 2 3; do
	mkdir "$FARM/tar$i"
	begin=$(seconds)
	tar -C "$FARM/tar$i" -xf "$FARM/root.tar"
	since "$begin"
	echo
done | middle | { read -r s; say_number tar-root "$s" s; }
say_number root-packages "${#rpms[@]}" ''
