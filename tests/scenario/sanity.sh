#!/bin/bash
# Packages with something wrong about them: found where they are built or installed, judged by the repository's levels
# and its allow-list.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin farm

# One builder: what it has tested is known to it alone.
keep scheduler artel-scheduler & printf '%s\n' "$!" >>"$FARM/pids"
keep builder-1 artel-builder --name builder-1 --slots 1 --jobs 2 ${UID_BASE:+--uid-base=$UID_BASE} & printf '%s\n' "$!" >>"$FARM/pids"

events() { artel task show --events "$1"; }
log() { artel log "$@" 2>/dev/null; }
id=

# A program of mode 4755 and a file that all may write.
dir=$(spec_make loose 1.0 'A summary that ends in a dot.' <<'SPEC'
BuildArch: noarch
%description
x
%install
mkdir -p %buildroot%_bindir %buildroot%_datadir
echo '#!/bin/sh' > %buildroot%_bindir/loose
echo > %buildroot%_datadir/loose
%files
%attr(4755,root,root) %_bindir/loose
%attr(0666,root,root) %_datadir/loose
SPEC
)
git_make joe loose 1.0-1 "$dir"
id=$(build joe loose 1.0-1)
ok 'two findings are fatal' wait_state 60 "$id" FAILED
like 'the first is the reason' "$(task_reason "$id")" \
	'world-writable: loose: /usr/share/loose \(mode 0666\): .* \(and 1 more\)$'
log=$(log "$id.100.x86_64")
like 'the log has the one' "$log" '^error: world-writable: loose: /usr/share/loose \(mode 0666\): '
like 'the other' "$log" '^error: setuid: loose: /usr/bin/loose \(mode 4755, owner root\): '
like 'and a warning' "$log" '^warning: summary-style: loose: Summary \(ends in a dot\): '
like 'which is in the journal' "$(events "$id")" ' build: warning: summary-style: loose: '

printf 'setuid loose /usr/bin/*\nworld-writable lo* *\n' >"$FARM/allow"
ok 'both are allowed' artel repo set "$REPO" allow "$FARM/allow"
id=$(build joe loose 1.0-1)
ok 'then it passes' wait_state 60 "$id" BUILT
like 'and it is told' "$(log "$id.100.x86_64")" '^allowed: setuid: loose: /usr/bin/loose'
ok 'nothing is allowed' artel repo set "$REPO" allow none
ok 'other levels' artel repo set "$REPO" sanity 'setuid=warning world-writable=off summary-style=off'
id=$(build joe loose 1.0-1)
ok 'then it passes too' wait_state 60 "$id" BUILT
like 'with a warning' "$(events "$id")" ' build: warning: setuid: loose: /usr/bin/loose'
ok 'and no other' test "$(events "$id" | grep -c warning:)" = 1
# shellcheck disable=SC2016 # what it says has these signs
fails 'no such check' 2 'no check `suid`' artel repo set "$REPO" sanity suid=off
fails 'no such level' 2 'not CHECK=LEVEL' artel repo set "$REPO" sanity setuid=maybe
# shellcheck disable=SC2016 # likewise
fails 'nor in the allow-list' 2 'line 1: not `KIND PACKAGE WHAT`' artel repo set "$REPO" allow - <<<'suid a b'
ok 'levels as they were' artel repo set "$REPO" sanity none

# Scriptlets: TAG EXIT-STATUS-OF-POST EXIT-STATUS-OF-PREUN
scripts() {
	local dir
	dir=$(spec_make scripts 1.0 <<SPEC
# $1
BuildArch: noarch
%description
x
%install
mkdir -p %buildroot/var/lib/scripts %buildroot%_datadir/scripts
ln -s nothing %buildroot%_datadir/scripts/link
%post
echo first line
echo 'the post of it' >&2
touch /var/lib/scripts/database
exit $2
%preun
echo the preun of it
exit $3
%files
/var/lib/scripts
%_datadir/scripts
SPEC
	)
	git_make joe scripts "$1" "$dir"
}
scripts post 3 0
id=$(build joe scripts post)
ok 'a scriptlet fails' wait_state 60 "$id" FAILED
like 'which one, how, and what it wrote' "$(task_reason "$id")" \
	'^(.*: )?scriptlet: scripts: %post \(exit status 3: first line; the post of it\): '
like 'it is in the log as it ran' "$(log "$id")" '^the post of it$'
scripts preun 0 1
id=$(build joe scripts preun)
ok 'so does one at the removal' wait_state 60 "$id" FAILED
like 'that one' "$(task_reason "$id")" 'scriptlet: scripts: %preun \(exit status 1: the preun of it\)'
ok 'it may' artel repo set "$REPO" sanity 'scriptlet=warning'
id=$(build joe scripts preun)
ok 'then it passes' wait_state 60 "$id" BUILT
like 'with a warning' "$(events "$id")" ' test: warning: scriptlet: scripts: %preun'
ok 'levels as they were' artel repo set "$REPO" sanity none
scripts good 0 0
id=$(build joe scripts good)
ok 'none fails' wait_state 60 "$id" BUILT
like 'something stays behind' "$(events "$id")" ' test: warning: left-behind: scripts: /var/lib/scripts \(holds database\): '
like 'a link leads nowhere' "$(events "$id")" ' test: warning: dangling-link: scripts: /usr/share/scripts/link \(-> nothing\): '
is 'nothing else' "$(events "$id" | grep -c ' test: warning: ')" 2

# The same once more is as it was.
ok 'merged' artel-merger --once
scripts again 0 0
id=$(build joe scripts again)
ok 'built again' wait_state 60 "$id" BUILT
like 'it is not installed again' "$(log "$id")" 'install check of scripts-1.0-1.noarch.rpm: cached$'
is 'but judged' "$(events "$id" | grep -c ' test: warning: ')" 2
ok 'by other levels' artel repo set "$REPO" sanity 'left-behind=fatal'
scripts more 0 0
id=$(build joe scripts more)
ok 'then it fails' wait_state 60 "$id" FAILED
like 'for that' "$(task_reason "$id")" 'left-behind: scripts: /var/lib/scripts '
like 'still not installed again' "$(log "$id")" ': cached$'
scenario_end
