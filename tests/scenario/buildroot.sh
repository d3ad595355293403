#!/bin/bash
# A root has what libsolv found and nothing else: what a task replaces is there anew, what it deletes is not, also where
# that comes from a task that it is built on.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
TRIES=1 scenario_begin start

# A library of a header, and an extra package: NAME VERSION [EXTRA-PACKAGE]
library() {
	local dir
	dir=$(spec_make "$1" "$2" <<SPEC
BuildArch: noarch
%description
x
%package -n ${3:-$1-extra}
Summary: Extra
%description -n ${3:-$1-extra}
x
%install
mkdir -p %buildroot%_includedir %buildroot%_datadir/$1
echo '#define VERSION "$2"' > %buildroot%_includedir/$1.h
echo extra > %buildroot%_datadir/$1/extra
%files
%_includedir/$1.h
%files -n ${3:-$1-extra}
%_datadir/$1
SPEC
	)
	git_make joe "$1" "$2-1" "$dir"
}
# A package that is built only if a command of its %build succeeds: NAME COMMAND [BUILDREQUIRES...]
needing() {
	local dir name=$1 command=$2
	shift 2
	dir=$(spec_make "$name" 1.0 <<SPEC
BuildArch: noarch
${*:+BuildRequires: $*}
%description
x
%build
$command
%files
SPEC
	)
	git_make joe "$name" 1.0-1 "$dir"
}
root_of() { artel task root "$1.$2.x86_64" | cut -f 1; }

library lib 1.0
tiny joe other 1.0 'Provides: either'
tiny joe user 1.0 'Requires: either'
needing either 'test -e /usr/share/other/version && test ! -e /usr/include/lib.h' user
needing new 'grep -q 2.0 /usr/include/lib.h' lib
needing old 'test -e /usr/include/lib.h' lib
needing undeclared 'test -e /usr/include/lib.h'
needing extra true lib-extra
needing both true lib-extra lib

id=$(build joe lib 1.0-1 other 1.0-1 user 1.0-1)
ok 'published' wait_state 60 "$id" BUILT
artel-merger --once 2>>"$FARM/merger.log"

id=$(build joe undeclared 1.0-1)
ok 'what no BuildRequires names is not there' wait_state 60 "$id" FAILED

library lib 2.0
id=$(build joe new 1.0-1 lib 2.0-1)
ok 'a header that the task replaces is the new one' wait_state 60 "$id" BUILT
like 'and in the set' "$(root_of "$id" 100 | tr '\n' ' ')" ' lib-2\.0-1\.noarch '
is 'alone' "$(root_of "$id" 100 | grep -c '^lib-')" 1

dels=$(build joe --test-only del lib old 1.0-1)
tests=$(build joe --test-only del lib either 1.0-1)
on=$(build joe --deps "$id" del lib extra 1.0-1)
library other-lib 1.0 lib-extra
ok 'what the task deletes cannot be had' wait_state 60 "$dels" FAILED
like 'and is named' "$(task_reason "$dels")" 'BuildRequires: .*lib'
ok 'what has no need of it is built' wait_state 60 "$tests" TESTED
is 'without it' "$(root_of "$tests" 200 | grep -c '^lib-')" 0
ok 'what a task deletes of one that it is built on cannot be had either' wait_state 60 "$on" FAILED
like 'and is named, too' "$(task_reason "$on")" 'BuildRequires: .*lib-extra'

id=$(build joe --test-only other-lib 1.0-1 both 1.0-1)
ok 'a package that comes from another source takes away all of the old one' wait_state 60 "$id" FAILED
like 'so that cannot be had' "$(task_reason "$id")" 'BuildRequires: .*nothing provides.* lib'

# Its scriptlet makes the root another one than rpm was asked for.
liar=$(spec_make liar 1.0 <<'SPEC'
BuildArch: noarch
Requires(posttrans): coreutils
%description
x
%posttrans
rm -f /var/lib/rpm/rpmdb.sqlite*
%files
SPEC
)
git_make joe liar 1.0-1 "$liar"
needing victim true liar
id=$(build joe --test-only liar 1.0-1 victim 1.0-1)
ok 'nothing is built in a root that is not what it should be' wait_state 60 "$id" FAILED
like 'which is said' "$(task_reason "$id")" '200 victim .*gave up after 1 tries: the root is not what was asked for: '
scenario_end
