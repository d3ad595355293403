#!/bin/bash
# A repository of two architectures, with a builder for each: what is built where, what is
# left out, what must be the same on both.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
GROUP=debug
scenario_begin empty
if ! base=$(base_make '' 2>/dev/null) || ! base32=$(base_make i686 2>/dev/null); then
	echo 'Bail out! no base repository'
	exit 1
fi
farm_make "$base" --arch i686 --import "i686=$base32" 2>/dev/null || { echo 'Bail out! no farm'; exit 1; }
user_make joe
BUILDER_ARCH=([builder-1]=x86_64 [builder-2]=i686)

# What a farm of two architectures is made of is said clearly.
fails 'a folder of no architecture' 2 'of which architecture.*ARCH=DIR' artel repo create x --arch a --arch b --import "$base"
fails 'one architecture twice' 2 'i686 is given twice' artel repo create x --arch i686 --arch i686
fails 'two folders for one' 2 'twice for b' artel repo create x --arch a --arch b --import b=/tmp --import b=/srv
is 'nothing came of them' "$(artel repo ls | awk 'NR > 1 { print $1, $3, $4 }')" "$REPO i686 x86_64"

package() { # NAME FILES...: a gear repository of a spec on stdin and these files
	local name=$1 dir
	shift
	dir=$(spec_make "$name" 1.0)
	[ "$#" = 0 ] || cp "$@" "$dir/"
	git_make joe "$name" 1.0-1 "$dir"
	rm -rf "$dir"
}

# Of C, with debuginfo, and with the macros that specs are full of.
cat >"$FARM/dual.c" <<'C'
#include <stdio.h>
int main(void) { printf("%d bits\n", (int)sizeof(void *) * 8); return 0; }
C
cat >"$FARM/wide.inc" <<'INC'
%global words 64
INC
cat >"$FARM/narrow.inc" <<'INC'
%global words 32
INC
package dual "$FARM/dual.c" "$FARM/wide.inc" "$FARM/narrow.inc" <<'SPEC'
%define program dual
%global tools debugedit
%global with() BuildRequires: %{1}
%global _debugsource_packages 1
%with %{tools}
%{expand:%with elfutils}
Source0: dual.c
Source1: wide.inc
Source2: narrow.inc
%ifarch x86_64
%include %{SOURCE1}
BuildRequires: bash
%else
%include %{SOURCE2}
BuildRequires: pkg-config
%endif
%debug_package
%description
Says how wide a pointer is.
%prep
%setup -q -c -T -n %{name}-%{version}
cp %SOURCE0 .
%build
gcc %optflags -g -o %program %program.c
test "$(./%program)" = '%{words} bits'
%install
mkdir -p %buildroot%_bindir %buildroot%_libdir/%name
cp %program %buildroot%_bindir
uname -m > %buildroot%_libdir/%name/machine
%ifarch i686
pkg-config --version > %buildroot%_libdir/%name/needs
%endif
%files
%_bindir/%program
%_libdir/%name
SPEC
package only64 <<'SPEC'
ExclusiveArch: x86_64
%description
x
%install
mkdir -p %buildroot%_libdir/only64
%files
%_libdir/only64
SPEC
package not32 <<'SPEC'
ExcludeArch: i686 s390x
BuildArch: noarch
%description
x
%install
mkdir -p %buildroot%_datadir/not32
%files
%_datadir/not32
SPEC
package foreign <<'SPEC'
ExclusiveArch: aarch64 riscv64
%description
x
%files
SPEC
package same <<'SPEC'
ExclusiveArch: x86_64 i686 noarch
BuildArch: noarch
%description
x
%install
mkdir -p %buildroot%_datadir/same
echo everywhere > %buildroot%_datadir/same/text
%files
%_datadir/same
SPEC
package differs <<'SPEC'
%description
x
%package data
Summary: x
BuildArch: noarch
%description data
x
%install
mkdir -p %buildroot%_datadir/differs
uname -m > %buildroot%_datadir/differs/machine
%files
%files data
%_datadir/differs
SPEC
package needs <<'SPEC'
%ifarch x86_64
BuildRequires: pkg-config
%else
BuildRequires: elfutils
%endif
%description
x
%build
%ifarch x86_64
pkg-config --version
! eu-strip --version
%else
eu-strip --version
! pkg-config --version
%endif
%files
SPEC
package breaks32 "$FARM/dual.c" <<'SPEC'
Source0: dual.c
%description
x
%build
%ifarch i686
echo 'int f(void) { return nothing; }' > wrong.c
gcc -c wrong.c
%endif
%files
SPEC
odd=$(spec_make odd 1.0 <<<'%description
x
%files')
sed -i 's/^Name: odd/Name: %(echo odd)/' "$odd/odd.spec"
git_make joe odd 1.0-1 "$odd"

jobs() { # TASK JQ: of the jobs of a task, each once
	artel task show --json "$1" | jq -r "[.jobs[] | $2] | unique | join(\" \")"
}
files() { # TASK SUBTASK: its binaries
	artel task show --json "$1" | jq -r ".jobs[] | select(.kind == \"build\" and .subtask == \"$2\") | .files[].file" | sort | tr '\n' ' '
}

farm_start
fails 'a Name that is computed' 2 'odd.spec: name: %\( cannot be told without running' artel -u joe build -b "$REPO" odd 1.0-1
good=$(build joe dual 1.0-1 only64 1.0-1 not32 1.0-1 same 1.0-1)
foreign=$(build joe foreign 1.0-1)
differs=$(build joe differs 1.0-1)
breaks=$(build joe breaks32 1.0-1)
needs=$(build joe needs 1.0-1)

ok 'a task of four kinds is built' wait_state 60 "$good" BUILT
is 'each on its architectures' "$(jobs "$good" 'select(.kind == "build") | .subtask + "/" + .arch')" \
	'100/i686 100/x86_64 200/x86_64 300/x86_64 400/i686 400/x86_64'
is 'and each where its builder is' "$(jobs "$good" 'select(.kind != "srpm") | .arch + "@" + .builder')" \
	'i686@builder-2 x86_64@builder-1'
like 'ExclusiveArch is told' "$(artel task show --events "$good")" '\[i686\] #[0-9]+\.200 only64: left out: ExclusiveArch: x86_64'
like 'and ExcludeArch' "$(artel task show --events "$good")" '\[i686\] #[0-9]+\.300 not32: left out: ExcludeArch: i686 s390x'
is 'C gives debuginfo' "$(files "$good" 100)" "$(for a in i686 x86_64; do
	for p in '' -debuginfo -debugsource; do echo "dual$p-1.0-1.$a.rpm"; done; done | sort | tr '\n' ' ')"

ok 'a task for none of them fails' wait_state 60 "$foreign" FAILED
is 'and says why' "$(task_reason "$foreign")" \
	"100 foreign: ExclusiveArch: aarch64 riscv64 leaves none of the architectures of $REPO (i686 x86_64)"
ok 'noarch that differs fails' wait_state 60 "$differs" FAILED
like 'and says in what' "$(task_reason "$differs")" \
	'^test on x86_64: .*noarch package differs-data differs between architectures in the content of /usr/share/differs/machine \(i686, x86_64\)$'
ok 'what fails on one architecture fails' wait_state 60 "$breaks" FAILED
like 'and is told by its name' "$(task_reason "$breaks")" "^100 breaks32 i686: build: .*'nothing' undeclared"
ok 'BuildRequires of one architecture' wait_state 60 "$needs" BUILT
is 'which was asked where the SRPM was not made' "$(artel log "$needs" 2>/dev/null | grep '^artel: the build requires' | wc -l)" 1

ok 'merged' artel-merger --once
is 'both have what is theirs' "$(artel repo packages "$REPO" | grep -E '^(dual|only64|not32|same|needs)' | cut -f 1,3 | tr '\t\n' '. ')" \
	'dual.i686 dual-debuginfo.i686 dual-debugsource.i686 needs.i686 same.noarch dual.x86_64 dual-debuginfo.x86_64 dual-debugsource.x86_64 needs.x86_64 not32.noarch only64.x86_64 same.noarch '

# What is not built for an architecture any more leaves it.
again() { # NAME VERSION, the spec on stdin: once more
	local dir
	dir=$(spec_make "$1" "$2")
	git_make joe "$1" "$2-1" "$dir"
	rm -rf "$dir"
}
again needs 1.1 <<'SPEC'
ExclusiveArch: x86_64 %{no_such_macro}
%description
x
%files
SPEC
needs=$(build joe needs 1.1-1)
ok 'a package that gives up an architecture' wait_state 60 "$needs" BUILT
ok 'is merged' artel-merger --once
is 'and is gone from there' "$(artel repo packages "$REPO" | grep -E '^needs' | cut -f 1-3 | tr '\t' ' ')" 'needs 1.1-1 x86_64'

# What is published: dnf takes each for what it is, installs it, and the program runs.
dnf_of() { # ARCH COMMAND...
	local arch=$1
	shift
	dnf -q -y --noplugins --setopt=gpgcheck=0 --setopt=reposdir=/nonexistent --setopt=install_weak_deps=0 --releasever=1 \
		--setopt=cachedir="$FARM/dnf-cache-$arch" --installroot "$FARM/dnf-$arch" --forcearch="$arch" \
		--repofrompath="farm,$FARM/repo/$REPO/$arch/latest" --repo farm "$@" 2>&1
}
for arch in x86_64 i686; do
	mkdir "$FARM/dnf-$arch"
	ok "dnf installs for $arch" dnf_of "$arch" install dual same
	like 'and the program runs' "$(chroot "$FARM/dnf-$arch" /usr/bin/dual)" "$([ "$arch" = i686 ] && echo 32 || echo 64) bits"
done
is 'builds of 32 bits saw such a machine' "$(cat "$FARM"/dnf-i686/usr/lib/i386-linux-gnu/dual/machine)" i686
is 'and the others did not' "$(cat "$FARM"/dnf-x86_64/usr/lib/x86_64-linux-gnu/dual/machine)" x86_64
fails 'what is left out is not there' 1 '' dnf_of i686 install only64

# A job that is bound to no architecture needs a root of one that its repository has.
farm_stop
ok 'a repository of one architecture' artel repo create sole --import "$base" --base-group build-base
tiny joe small 1.0
BUILDER_ARCH=([builder-1]=i686 [builder-2]=i686)
farm_start
sole=$(REPO=sole build joe same 1.0-1)
small=$(build joe small 1.0-1)
built_there() { [ "$(jobs "$small" 'select(.kind == "build" and .state == "done") | .arch')" = i686 ]; }
for _ in $(seq 300); do built_there && break; sleep 0.1; done
ok 'builders of i686 make what they can' built_there
is 'and do not touch what they cannot' "$(jobs "$sole" '.kind + " " + .state + .builder')" 'srpm queued'
farm_stop
BUILDER_ARCH=([builder-1]='x86_64 i686' [builder-2]=x86_64)
farm_start
ok 'a builder of both helps one' wait_state 60 "$sole" BUILT
ok 'and the other' wait_state 60 "$small" BUILT
scenario_end
