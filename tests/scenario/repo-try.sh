#!/bin/bash
# plumb repo-try: what real RPMs would do to an rpm-md folder and to a farm's repository.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin farm

cd "$FARM" || exit 1
rpm_make() { # NAME VERSION [LINES of the head [CONTENT]]; a noarch RPM in rpms/, with a file /usr/share/NAME, or shared
	local dir
	dir=$(spec_make "$1" "$2" <<SPEC
BuildArch: noarch
${3:-}
%description
x
%install
mkdir -p %buildroot/usr/share
echo $2 > %buildroot/usr/share/$1
${4:+echo $4 > %buildroot/usr/share/shared}
%files
/usr/share/$1
${4:+/usr/share/shared}
SPEC
	)
	rpmbuild -bb --quiet --dbpath "$FARM/none" --define "_topdir $dir" --define "_rpmdir $FARM/${OUT:-rpms}" --define '_build_name_fmt %%{NAME}-%%{VERSION}.rpm' \
		"$dir/$1.spec" >"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
}
try() { artel plumb repo-try "$@"; }

mkdir -p base rpms
OUT=base
ok 'a library' rpm_make lib 1.0 '' one
ok 'its user' rpm_make user 1.0 'Requires: lib = 1.0'
ok 'one with a hole' rpm_make hole 1.0 'Requires: filler'
createrepo_c -q --general-compress-type=gz base 2>/dev/null || fail 'createrepo_c'
OUT=rpms
rpm_make lib 2.0 '' one
rpm_make user 2.0 'Requires: lib = 2.0'
rpm_make lib 0.5
rpm_make filler 1.0
rpm_make clash 1.0 '' two
rpm_make thief 1.0 'Provides: lib = 3'

is 'nothing happens' "$(try base --add rpms/filler-1.0.rpm; echo "status $?")" "repaired	unmet	hole-1.0-1.noarch	filler	
status 0"
is 'a break, its status' "$(try base --add rpms/lib-2.0.rpm; echo "status $?")" "broken	unmet	user-1.0-1.noarch	lib = 1.0	lib-1.0-1.noarch
status 1"
is 'both' "$(try base --add rpms/lib-2.0.rpm rpms/user-2.0.rpm; echo "status $?")" 'status 0'
is 'a deletion' "$(try base --del lib; echo "status $?")" "broken	unmet	user-1.0-1.noarch	lib = 1.0	lib-1.0-1.noarch
status 1"
is 'two of them' "$(try base --del lib user; echo "status $?")" 'status 0'
is 'delete and add' "$(try base --del user --add rpms/lib-2.0.rpm; echo "status $?")" 'status 0'
like 'older' "$(try base --add rpms/lib-0.5.rpm)" '^broken	evr	lib-0.5-1.noarch	0.5-1	lib-1.0-1.noarch$'
like 'a duplicate' "$(try base --add rpms/thief-1.0.rpm)" '^broken	duplicate	thief-1.0-1.noarch	lib	lib-1.0-1.noarch$'
is 'metadata knows no contents: no conflict' "$(try base --add rpms/clash-1.0.rpm; echo "status $?")" 'status 0'
is 'two that come' "$(try base --add rpms/clash-1.0.rpm rpms/lib-2.0.rpm rpms/user-2.0.rpm | cut -f 1,2,4)" 'broken	file	/usr/share/shared'
is 'json' "$(try base --json --add rpms/lib-2.0.rpm | jq -c '[.broken[0].kind, .broken[0].package, .broken[0].what, .broken[0].other, (.repaired | length), (.notes | length)]')" \
	'["unmet","user-1.0-1.noarch","lib = 1.0","lib-1.0-1.noarch",0,0]'
is 'json of nothing' "$(try base --json --add rpms/lib-2.0.rpm rpms/user-2.0.rpm | jq -c .)" '{"broken":[],"repaired":[],"allowed":[],"notes":[]}'

# A farm's repository: the same packages, with what was read out of them.
artel repo create try --arch x86_64 --import base >/dev/null 2>&1
before=$(sqlite3 farm.db .dump | sha256sum)
is 'a farm: break' "$(try try --add rpms/lib-2.0.rpm; echo "status $?")" "broken	unmet	user-1.0-1.noarch	lib = 1.0	lib-1.0-1.noarch
status 1"
is 'a farm: contents are known' "$(try try --add rpms/clash-1.0.rpm; echo "status $?")" "broken	file	clash-1.0-1.noarch	/usr/share/shared	lib-1.0-1.noarch
status 1"
sqlite3 farm.db "UPDATE repository SET allow = 'file clash /usr/share/*' WHERE name = 'try'"
is 'a farm: unless it is allowed' "$(try try --arch x86_64 --add rpms/clash-1.0.rpm; echo "status $?")" "allowed	file	clash-1.0-1.noarch	/usr/share/shared	lib-1.0-1.noarch
status 0"
sqlite3 farm.db "UPDATE repository SET allow = '' WHERE name = 'try'"
is 'nothing has changed' "$(sqlite3 farm.db .dump | sha256sum)" "$before"
like 'the base of builds' "$(try "$REPO" --del glibc bash 2>&1 | head -n 1; try "$REPO" --del bash)" '^broken	unmet	'

# What is no change.
fails 'nothing to do' 2 'repo-try: the plan is empty' try base
fails 'no repository' 2 'a repository or an rpm-md folder' try
fails 'no such repository' 1 'nowhere' try nowhere --del lib
fails 'no such architecture' 2 'has no architecture i586' try try --arch i586 --del lib
fails 'an RPM without --add' 2 'RPMs follow --add' try base rpms/lib-2.0.rpm
fails 'no such RPM' 1 'rpms/none.rpm' try base --add rpms/none.rpm
fails 'a folder for an RPM' 1 'Is a directory' try base --add rpms
head -c 3000 rpms/lib-2.0.rpm >short.rpm
fails 'half an RPM' 1 'short.rpm' try base --add short.rpm
head -c 100000 /dev/urandom >noise.rpm
fails 'noise' 1 'noise.rpm' try base --add noise.rpm
fails 'the same twice' 2 'two subtasks give the package lib' try base --add rpms/lib-2.0.rpm rpms/lib-2.0.rpm
fails 'built and deleted' 2 'lib is both built and deleted' try base --del lib --add rpms/lib-2.0.rpm
is 'what is not there may go' "$(try base --del nothing; echo "status $?")" 'status 0'
cp -a base broken && head -c 60 "$(echo base/repodata/*filelists.xml*)" >"$(echo broken/repodata/*filelists.xml*)"
fails 'metadata that is damaged' 1 'broken' try broken --del lib
scenario_end
