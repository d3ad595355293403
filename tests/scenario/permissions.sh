#!/bin/bash
# EPERM keeps the tested result: after approval nothing is built again. Inheritance: first come, first served.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

tiny joe one 1.0
id=$(build joe one 1.0-1)
ok "joe's package is built" wait_state 60 "$id" BUILT
ok 'merged' artel-merger --once
ok 'and is joe'"'"'s from now on' artel acl "$REPO" one add joe
is 'as the list says' "$(artel acl "$REPO" one show)" joe
fails 'ann may not' 1 '' artel acl "$REPO" one check ann

mkdir -p "$FARM/people/ann/packages"
git clone -q "$FARM/people/joe/packages/one.git" "$FARM/work/ann-one"
git init -q --bare -b main "$FARM/people/ann/packages/one.git"
change() { # USER VERSION
	sed -i "s/^Version:.*/Version: $2/" "$FARM/work/$1-one/one.spec"
	git -C "$FARM/work/$1-one" commit -qam "$2" && tag_signed "$1" "$FARM/work/$1-one" "$2-1"
	git -C "$FARM/work/$1-one" push -q -f "$FARM/people/$1/packages/one.git" HEAD:main "$2-1"
}
change ann 1.1
id=$(build ann one 1.1-1)
ok 'her build ends in EPERM' wait_state 60 "$id" EPERM
like 'which says who could approve' "$(task_reason "$id")" 'ann may not change one in demo; one of joe must approve'
fails 'running it again does not help' 1 'must approve' artel -u ann task run "$id"
jobs=$(sqlite3 "$FARM/farm.db" "SELECT max(id) FROM job")
echo 'fine with me' | artel -u joe task approve "$id" 100
like 'show names the approver' "$(artel task show "$id")" '^ 100:approved_by=joe$'
ok 'now it runs' artel -u ann task run "$id"
is 'straight to BUILT' "$(task_state "$id")" BUILT
is 'without a new job' "$(sqlite3 "$FARM/farm.db" "SELECT max(id) FROM job")" "$jobs"
echo 'no, wait' | artel -u joe task disapprove "$id" all
ok 'permission is checked again at the merge' artel-merger --once
is 'a disapproval holds it back' "$(task_state "$id")" EPERM
artel -u joe task disapprove --revoke "$id" all
artel -u ann task run "$id" 2>/dev/null
artel-merger --once 2>/dev/null
is 'merged in the end' "$(published one)" one-1.1-1

# Two tasks with the same source in one merge: the second is no descendant of the first.
change joe 1.2
fails 'a tag that does not descend from what is published is refused at once' 2 'git inheritance.*is not a descendant' artel -u joe build one 1.2-1
git -C "$FARM/work/joe-one" fetch -q "$FARM/people/ann/packages/one.git" main && git -C "$FARM/work/joe-one" reset -q --hard FETCH_HEAD
change joe 1.3
change ann 1.4
artel acl "$REPO" one add ann
first=$(build joe one 1.3-1)
second=$(build ann one 1.4-1)
ok 'both are built' wait_state 60 "$first" BUILT
ok 'both' wait_state 60 "$second" BUILT
artel-merger --once 2>/dev/null
is 'the first wins' "$(task_state "$first")" DONE
is 'the second fails' "$(task_state "$second")" FAILED
like 'and is told what to do' "$(task_reason "$second")" 'not a descendant of .*merge that commit and tag again'
head=$(git -C "$FARM/git/o/one.git" rev-parse "refs/heads/$REPO")
artel -u ann task check-git-inheritance "$second" 100 disable "$head"
ok 'unless it is overridden for that one commit' artel -u ann task run "$second"
ok 'built' wait_state 60 "$second" BUILT
artel-merger --once 2>/dev/null
is 'merged' "$(published one)" one-1.4-1
change joe 1.1.9
git -C "$FARM/work/joe-one" fetch -q "$FARM/people/ann/packages/one.git" main && git -C "$FARM/work/joe-one" reset -q --hard FETCH_HEAD
change joe 1.1.8
id=$(build joe one 1.1.8-1)
ok 'an older version fails its test' wait_state 60 "$id" FAILED
like 'by name' "$(task_reason "$id")" 'one-1.1.8-1.noarch .*is older than one-1.4-1'

# A source that gets older although none of its packages does: they have other names now.
renamed() { # VERSION PACKAGE
	dir=$(spec_make soname "$1" <<SPEC
BuildArch: noarch
%description
x
%package -n $2
Summary: x
%description -n $2
x
%install
mkdir -p %buildroot%_datadir/$2
%files -n $2
%_datadir/$2
SPEC
	)
	git_make joe soname "$1-1" "$dir"
}
renamed 2 libsoname2
id=$(build joe soname 2-1)
wait_state 60 "$id" BUILT && artel-merger --once 2>/dev/null
renamed 1 libsoname1
id=$(build joe soname 1-1)
ok 'built' wait_state 60 "$id" BUILT
artel-merger --once 2>/dev/null
is 'an older source fails at the merge' "$(task_state "$id")" FAILED
like 'by name' "$(task_reason "$id")" 'source soname-1-1 is older than 2-1'

# Two deletions of one source: the second has nothing to delete.
first=$(build joe del soname)
second=$(build joe del soname)
ok 'both pass alone' wait_state 60 "$first" BUILT
ok 'both' wait_state 60 "$second" BUILT
artel-merger --once 2>/dev/null
is 'the first deletes it' "$(task_state "$first")" DONE
is 'the second fails' "$(task_state "$second")" FAILED
like 'and says why' "$(task_reason "$second")" 'has no source package soname any more'

# An approval ends with what it approved.
id=$(artel -u ann task new "$REPO" 2>/dev/null)
artel -u ann task add "$id" repo one 1.4-1 2>/dev/null
echo yes | artel -u joe task approve "$id" 100
artel -u ann task delsub "$id" 100
artel -u ann task add "$id" repo one 1.4-1 2>/dev/null
is 'a subtask of the same number is not approved' "$(artel task show "$id" | grep -c approved_by)" 0
scenario_end
