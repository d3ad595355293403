#!/bin/bash
# What specs do, in one farm: several subpackages, none, macros, requirements that only a
# build can tell, and code that runs as soon as a spec is read.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

# A gear repository of a spec without its head on stdin, and of these files: NAME VERSION FILES...
package() {
	local name=$1 version=$2 dir
	shift 2
	dir=$(spec_make "$name" "$version")
	[ "$#" = 0 ] || cp "$@" "$dir/"
	git_make joe "$name" 1 "$dir"
	rm -rf "$dir"
}

package meta 1.0 <<'SPEC'
BuildArch: noarch
Requires: many many-tools
%description
Needs others and has no files.
%files
SPEC

package many 1.0 <<'SPEC'
Provides: plenty = 3
%description
Three packages out of one, and one that is for every architecture.
%package -n many-tools
Summary: x
Requires: many = %version-%release
%description -n many-tools
x
%package data
Summary: x
BuildArch: noarch
%description data
x
%package empty
Summary: x
%description empty
Not made: it has no files.
%install
mkdir -p %buildroot%_bindir %buildroot%_datadir/many %buildroot%_libdir/many
printf '#!/bin/sh\necho many\n' > %buildroot%_bindir/many
chmod 755 %buildroot%_bindir/many
echo data > %buildroot%_datadir/many/data
%files
%dir %_libdir/many
%files -n many-tools
%_bindir/many
%files data
%_datadir/many
SPEC

# pkg-config is required by what the spec says while it is built only; findutils by its head. Twice: what the first
# round asked for gives the second its answer.
package asks 1.0 <<'SPEC'
BuildRequires: findutils
%description
x
%generate_buildrequires
echo 'pkgconf-bin >= 1'
if pkgconf --version >/dev/null 2>&1; then echo pkg-config; fi
%build
pkg-config --version
find --version
%files
SPEC

cat >"$FARM/0001-first.patch" <<'PATCH'
--- a/text
+++ b/text
@@ -1 +1 @@
-as it was
+as it is
PATCH
cat >"$FARM/0002-second.patch" <<'PATCH'
--- a/text
+++ b/text
@@ -1 +1,2 @@
 as it is
+and more
PATCH
mkdir "$FARM/patched-1.0" && echo 'as it was' >"$FARM/patched-1.0/text"
tar -C "$FARM" -czf "$FARM/patched-1.0.tar.gz" patched-1.0
package patched 1.0 "$FARM"/patched-1.0.tar.gz "$FARM"/000*.patch <<'SPEC'
BuildArch: noarch
Source0: %name-%version.tar.gz
Patch1: 0001-first.patch
Patch2: 0002-second.patch
%description
x
%prep
%autosetup -p1
%install
install -D -m 644 text %buildroot%_datadir/patched
%check
test "$(tail -n 1 %buildroot%_datadir/patched)" = 'and more'
%files
%_datadir/patched
SPEC

package lua 1.0 <<'SPEC'
BuildArch: noarch
%{lua:
for _, name in ipairs({"one", "two"}) do
	print("%package " .. name .. "\nSummary: x\n%description " .. name .. "\nx\n%files " .. name .. "\n")
end}
%description
x
SPEC

package versions '2.0~rc1^git7' <<'SPEC'
Epoch: 3
BuildArch: noarch
Requires: versions-more = %{epoch}:%{version}-%{release}
%description
x
%package more
Summary: x
%description more
x
%files
%files more
SPEC

cat >"$FARM/needs.c" <<'C'
#include <libpkgconf/libpkgconf.h>
int main(void) { return 0; }
C
package undeclared 1.0 "$FARM/needs.c" <<'SPEC'
Source0: needs.c
%description
x
%build
gcc -c %SOURCE0
%files
SPEC
package untold 1.0 <<'SPEC'
%description
x
%build
pkg-config --modversion zlib
%files
SPEC

# Whatever a spec does while it is read: what its eyes see is in the log.
echo 'only the host has this' >"$FARM/secret"
chmod 644 "$FARM/secret"
chmod 755 "$FARM"
mkdir -m 1777 "$FARM/open"
coproc LISTEN { exec python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
print("from", s.accept()[0].recv(100).decode().strip(), flush=True)'; }
read -r port <&"${LISTEN[0]}"
cat >"$FARM/eyes.sh" <<SH
say() { echo "saw \$*" >&2; }
say user "\$(id -u):\$(id -g)"
say capabilities "\$(grep CapEff /proc/self/status | cut -f 2)"
say environment "\$(env | cut -d = -f 1 | grep -Ev '^(_|HOME|LC_ALL|PATH|PWD|SHLVL|TZ|USER|RPM_BUILD_NCPUS|SOURCE_DATE_EPOCH)$')."
say interfaces \$(cut -s -d : -f 1 /proc/net/dev)
say network "\$( (exec 3<>/dev/tcp/127.0.0.1/$port && echo build >&3 && echo reached) 2>&1 | tail -n 1)"
say secret "\$(cat $FARM/secret 2>&1)"
say owned "\$(touch /owned 2>&1)"
say open "\$(touch $FARM/open/shell 2>&1)"
say others "\$(ls -d /mnt/* /home/*/* /proc/[0-9]* 2>/dev/null | grep -Ev '^(/home/builder/(rpmbuild|names|eyes-.*)|/proc/.{1,2})$')."
SH
package eyes 1.0 "$FARM/eyes.sh" <<SPEC
Source0: eyes.sh
BuildArch: noarch
%global looked %(bash %{_sourcedir}/eyes.sh || :)
%{lua: local f = io.open("$FARM/open/lua", "w") if f then f:close() end}
%description
x
%files
SPEC

eyes=$(build joe --test-only eyes 1)
kinds=$(build joe meta 1 many 1 patched 1 lua 1 versions 1)
asks=$(build joe asks 1)
undeclared=$(build joe undeclared 1)
untold=$(build joe untold 1)

ok 'specs of many kinds are built' wait_state 60 "$kinds" BUILT
ok 'requirements of which only the build tells' wait_state 60 "$asks" BUILT
log=$(artel log "$asks" 2>/dev/null)
is 'it took two more rounds' "$(grep '^artel: the build requires' <<<"$log")" \
	'artel: the build requires findutils, pkgconf-bin >= 1; once more
artel: the build requires findutils, pkg-config, pkgconf-bin >= 1; once more'
is 'and what they gave is recorded' "$(artel task show --json "$asks" |
	jq '[.jobs[] | select(.kind == "build") | .buildroot[] | select(.nevra | startswith("pkgconf-1"))] | length')" 1
ok 'a header that is not declared' wait_state 60 "$undeclared" FAILED
like "fails with the compiler's line" "$(task_reason "$undeclared")" \
	'^100 undeclared x86_64: build: .*needs.c:1:10: fatal error: libpkgconf/libpkgconf.h: No such file or directory'
ok 'a program that is not declared' wait_state 60 "$untold" FAILED
like "fails with the shell's" "$(task_reason "$untold")" '^100 untold x86_64: build: .*pkg-config: command not found'

ok 'merged' artel-merger --once
is 'with all their packages' "$(artel repo packages "$REPO" | grep -E '^(meta|many|patched|lua|versions|asks)' | cut -f 1-3 | tr '\t' ' ')" \
	'asks 1.0-1 x86_64
lua-one 1.0-1 noarch
lua-two 1.0-1 noarch
many 1.0-1 x86_64
many-data 1.0-1 noarch
many-tools 1.0-1 x86_64
meta 1.0-1 noarch
patched 1.0-1 noarch
versions 3:2.0~rc1^git7-1 noarch
versions-more 3:2.0~rc1^git7-1 noarch'
work=$FARM/work/joe-versions
sed -i 's/~rc1^git7/~rc1/' "$work/versions.spec"
git -C "$work" commit -q -a -m older
tag_signed joe "$work" 2
git -C "$work" push -q "$FARM/people/joe/packages/versions.git" HEAD:main 2
older=$(build joe versions 2)
ok '~rc1 is older than ~rc1^git7' wait_state 60 "$older" FAILED
like 'and that is said' "$(task_reason "$older")" '3:2.0~rc1-1.*3:2.0~rc1\^git7-1'

ok 'a spec that runs code when it is read' wait_state 60 "$eyes" TESTED
log=$(artel log "$eyes" 2>/dev/null)
is 'sees nothing of the host, whenever it is read' "$(grep '^saw' <<<"$log" | sed 's/^saw network .*: /saw network /' | sort -u)" \
	"saw capabilities 0000000000000000
saw environment .
saw interfaces lo
saw network Connection refused
saw open touch: cannot touch '$FARM/open/shell': No such file or directory
saw others .
saw owned touch: cannot touch '/owned': Read-only file system
saw secret cat: $FARM/secret: No such file or directory
saw user 1000:1000"
is 'it was read more than once' "$(grep -c '^saw user' <<<"$log" | awk '{ print ($1 > 2) }')" 1
is 'and left nothing there' "$(ls "$FARM/open"; ls -d /owned 2>/dev/null)" ''
echo host >"/dev/tcp/127.0.0.1/$port"
read -r from <&"${LISTEN[0]}"
is 'the port was there, and nobody else came' "$from" 'from host'
scenario_end
