#!/bin/bash
# A whole farm of an ordinary user with subordinate ids: builds, tests and merges without root.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"

# shellcheck source=tests/farmer.sh
. "$here/farmer.sh"
farmer_become "$0"
scenario_begin empty
farm_make "$FARMER/base" 2>/dev/null
user_make joe
is 'nobody in particular' "$(id -u)" 45678
farm_start
program=$(spec_make hello 1.0 <<'SPEC'
%description
A program.
%build
echo 'int main(void) { return 0; }' >hello.c
gcc -o hello hello.c
%install
install -D hello %buildroot%_bindir/hello
%post
id -u > /var/lib/hello-was-here
%files
%_bindir/hello
SPEC
)
git_make joe hello 1.0-1 "$program"
id=$(build joe hello 1.0-1)
ok 'built and tested' wait_state 120 "$id" BUILT
ok 'merged' merge_once
is 'published' "$(published hello)" 'hello-1.0-1'
like 'the builder says that jobs share a range' "$(cat "$FARM"/builder-?.log)" 'share one range of ids'
peek=$(spec_make peek 1.0 <<SPEC
BuildArch: noarch
%description
Looks at what is not its own.
%build
! cat '$FARM/farm.db' '$FARM/keys/joe' >/dev/null
! ls '$FARM' '$FARMER'
! touch '$FARM/farm.db'
%install
mkdir -p %buildroot%_datadir/peek
%post
! ls '$FARM' '$FARMER' /mnt/job
%files
%_datadir/peek
SPEC
)
git_make joe peek 1.0-1 "$peek"
id=$(build joe peek 1.0-1)
ok 'a build sees nothing of the farm' wait_state 120 "$id" BUILT
broken=$(spec_make broken 1.0 <<'SPEC'
%description
Does not build.
%build
echo left >left
exit 3
%files
SPEC
)
git_make joe broken 1.0-1 "$broken"
id=$(build joe --keep-root broken 1.0-1)
wait_state 120 "$id" FAILED
is 'the root of one that failed can be entered' "$(artel shell "$id" sh -c 'cat left; id -u; touch /x 2>&1')" 'left
1000
touch: cannot touch '"'/x'"': Read-only file system'
for builder in "$FARM"/builder/*; do
	artel plumb inside "$builder" rm -rf /mnt/kept
done
farm_stop
is 'no job is left' "$(ls -A "$FARM"/builder/*/job)" "$FARM/builder/builder-1/job:

$FARM/builder/builder-2/job:"
scenario_end
