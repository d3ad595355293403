#!/bin/bash
# A subtask needs what another one's packages provide without its spec saying so: it is
# built after it all the same; and alone it fails.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

tiny joe user 1.0 'BuildRequires: /usr/share/given/version'
giver=$(spec_make given 1.0 <<'SPEC'
BuildArch: noarch
%description
x
%build
sleep 2
%install
mkdir -p %buildroot%_datadir/given
echo 1 > %buildroot%_datadir/given/version
%files
%_datadir/given
SPEC
)
git_make joe given 1.0-1 "$giver"
id=$(build joe user 1.0-1)
ok 'alone it fails' wait_state 60 "$id" FAILED
like 'for want of it' "$(task_reason "$id")" 'BuildRequires: .*/usr/share/given/version'
id=$(build joe user 1.0-1 given 1.0-1)
ok 'together they are built' wait_state 60 "$id" BUILT
like 'one after the other' "$(artel task show --events "$id")" 'waits for the other builds of the task'
ok 'and merged' artel-merger --once
is 'both' "$(published 'user|given')" 'given-1.0-1 user-1.0-1'
scenario_end
