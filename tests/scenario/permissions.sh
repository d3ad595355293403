#!/bin/bash
# EPERM keeps the tested result: after approval nothing is built again. Inheritance: first come, first served. Lists of
# who may change a package: who gets one, who changes it, and that it counts at the test, at a run and at the merge.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
scenario_begin start

acl() { artel acl "$REPO" "$@"; }
told() { artel events --since 0 | grep -c "$1"; }

tiny joe one 1.0
id=$(build joe one 1.0-1)
ok "joe's package is built" wait_state 60 "$id" BUILT
ok 'merged' artel-merger --once
is 'and is joe'"'"'s from now on' "$(acl one show)" $'one\tjoe'
is 'the journal says since when' "$(told "acl $REPO one: - -> joe: it came with task #$id")" 1
is 'no imported package has a list' "$(artel acl "$REPO" export)" 'one joe'
fails 'ann may not' 1 'access to one DENIED for ann: the user is not on the list' acl one check ann
fails 'joe may' 0 'access to one ALLOWED for joe: the user leads the list' acl one check joe

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
like 'which says who could approve' "$(task_reason "$id")" 'ann may not change one in demo; joe must approve'
fails 'running it again does not help' 1 'must approve' artel -u ann task run "$id"
jobs=$(sqlite3 "$FARM/farm.db" "SELECT max(id) FROM job")
echo 'mine is fine' | artel -u ann task approve "$id" 100
fails 'one'"'"'s own approval does not help' 1 'must approve' artel -u ann task run "$id"
fails 'an approval says something' 2 'say why' artel -u joe task approve "$id" 100 <<<'+1 !'
fails 'in words only' 2 'printable' artel -u joe task approve "$id" 100 <<<$'fine \e[31m'
fails 'and few' 1 'more than 4096 bytes' artel -u joe task approve "$id" 100 < <(printf '%05000d' 7)
fails 'a stranger has no say' 1 'no user eve' artel -u eve task approve "$id" 100 <<<'fine'
printf 'fine\n\twith  me\n' | artel -u joe task approve "$id" 100
is 'what was said is in the journal' "$(artel task show --events "$id" | grep -c 'subtask 100 (.* 1.1-1 [0-9a-f]*): approved by joe: fine with me$')" 1
like 'show names the approver' "$(artel task show "$id")" '^ 100:approved_by=ann,joe$'
ok 'now it runs' artel -u ann task run "$id"
is 'straight to BUILT' "$(task_state "$id")" BUILT
is 'without a new job' "$(sqlite3 "$FARM/farm.db" "SELECT max(id) FROM job")" "$jobs"
echo 'no, wait' | artel -u joe task disapprove "$id" all
is 'the later verdict takes the place of the earlier' "$(artel task show --json "$id" | jq -c '.subtasks["100"] | [.approved_by, .disapproved_by]')" '[["ann"],["joe"]]'
ok 'permission is checked again at the merge' artel-merger --once
is 'a disapproval holds it back' "$(task_state "$id")" EPERM
artel -u joe task disapprove --revoke "$id" all
fails 'without it the approval is missing again' 1 'joe must approve' artel -u ann task run "$id"
echo 'yes, do' | artel -u joe task approve "$id" all
artel -u ann task run "$id" 2>/dev/null
artel-merger --once 2>/dev/null
is 'merged in the end' "$(published one)" one-1.1-1

# Two tasks with the same source in one merge: the second is no descendant of the first.
change joe 1.2
fails 'a tag that does not descend from what is published is refused at once' 2 'git inheritance.*is not a descendant' artel -u joe build one 1.2-1
git -C "$FARM/work/joe-one" fetch -q "$FARM/people/ann/packages/one.git" main && git -C "$FARM/work/joe-one" reset -q --hard FETCH_HEAD
change joe 1.3
change ann 1.4
acl one add ann
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

is 'both are theirs' "$(acl soname show)" $'soname\tjoe'
# Two deletions of one source: the second has nothing to delete.
first=$(build joe del soname)
second=$(build joe del soname)
ok 'both pass alone' wait_state 60 "$first" BUILT
ok 'both' wait_state 60 "$second" BUILT
artel-merger --once 2>/dev/null
is 'the first deletes it' "$(task_state "$first")" DONE
is 'the second fails' "$(task_state "$second")" FAILED
like 'and says why' "$(task_reason "$second")" 'has no source package soname any more'

is 'what has left has no list' "$(acl soname show)$(told "acl $REPO soname: joe -> -: it left with state")" 1

# An approval ends with what it approved.
id=$(artel -u ann task new "$REPO" 2>/dev/null)
artel -u ann task add "$id" repo one 1.4-1 2>/dev/null
echo yes | artel -u joe task approve "$id" 100
artel -u ann task delsub "$id" 100
artel -u ann task add "$id" repo one 1.4-1 2>/dev/null
is 'a subtask of the same number is not approved' "$(artel task show "$id" | grep -c approved_by)" 0

# Between the test and the merge: a member goes, a user is disabled, the leader goes.
change ann 2.0
id=$(build ann one 2.0-1)
ok 'built' wait_state 60 "$id" BUILT
acl one del ann
tiny joe two 1.0
two=$(build joe two 1.0-1)
ok 'built' wait_state 60 "$two" BUILT
sqlite3 "$FARM/farm.db" "UPDATE user SET disabled = 1 WHERE name = 'joe'"
artel-merger --once 2>/dev/null
is 'one who was taken off the list needs approval at the merge' "$(task_state "$id")" EPERM
like 'of those who are left, none here' "$(task_reason "$id")" 'ann may not change one in demo; an administrator must approve it'
is 'and so does one who was disabled' "$(task_state "$two")" EPERM
like 'of anybody, as it is nobody'"'"'s' "$(task_reason "$two")" 'joe may not change two in demo; any other user must approve it'
echo 'it is good' | artel -u ann task approve "$two" all
sqlite3 "$FARM/farm.db" "UPDATE user SET disabled = 0 WHERE name = 'joe'"
acl one leader @nobody
jobs=$(sqlite3 "$FARM/farm.db" "SELECT max(id) FROM job")
ok 'an orphan is for all' artel -u ann task run "$id"
ok 'approved' artel -u joe task run "$two"
artel-merger --once 2>/dev/null
is 'both are merged, without a new job' "$(task_state "$id") $(task_state "$two") $(sqlite3 "$FARM/farm.db" "SELECT max(id) FROM job")" "DONE DONE $jobs"
is 'who built the orphan leads it' "$(acl one show)" $'one\tann joe'
is 'as the journal says' "$(told "acl $REPO one: @nobody joe -> ann joe: nobody led it, and task #$id built it")" 1

# A package of another source takes that source away: its people are asked.
artel repo set "$REPO" new-owner no
dir=$(spec_make thief 9 <<'SPEC'
BuildArch: noarch
%description
x
%package -n two
Summary: x
%description -n two
x
%files -n two
SPEC
)
git_make ann thief 9-1 "$dir"
id=$(build ann thief 9-1)
ok 'a source is taken away' wait_state 60 "$id" EPERM
like 'its leader is asked' "$(task_reason "$id")" 'ann may not change two in demo, which it takes away; joe must approve it'
echo 'take it' | artel -u joe task approve "$id" 100
artel -u ann task run "$id" 2>/dev/null
artel-merger --once 2>/dev/null
is 'with permission it is' "$(published 'two|thief')" two-9-1
is 'its list is gone, and as the repository has it there is no new one' "$(acl export)" 'one ann joe'

# Lists over ssh: who may change them.
artel user add boss --admin
ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/boss"
# shellcheck disable=SC2119 # no more lines of configuration
ssh_start || exit 1
for name in joe ann boss; do ssh_user "$name"; done
far_acl() { local name=$1; shift; far "$name" acl "$REPO" "$@"; }
fails 'a member does not change the list' 1 'joe may not use .add. on the list of one in demo: the user does not lead the list' far_acl joe one add boss
fails 'nor makes one' 1 'lists are made, deleted and imported by administrators' far_acl joe new create joe
fails 'nor imports any' 1 'only an administrator may import lists' far_acl joe import -
ok 'an administrator makes a group' far_acl boss @c create joe
ok 'the leader adds' far_acl ann one add @everybody @c
is 'in order' "$(far_acl joe one show)" $'one\tann joe @c @everybody'
fails 'what changes nothing says so' 0 'one: nothing changes' far_acl ann one add joe
is 'and only that is not in the journal' "$(told "acl $REPO one: ann joe @c @everybody ->")" 0
ok 'the leader of a group that leads, leads' far_acl ann one leader @c
ok 'so joe may' far_acl joe one replace ann boss
ok 'everyone may go' far_acl boss one del boss
is 'that is left' "$(far_acl ann one show)" $'one\t@c joe @everybody'
fails 'a group that is named stays' 1 '@c is on the lists of one' far_acl boss @c delete
fails 'unknown users are refused' 1 'no user eve' far_acl joe one add eve
fails 'and unknown groups' 1 'no group @d in demo' far_acl joe one add @d
fails 'and names that are none' 2 'cannot be the name of a group' far_acl boss @C create joe
fails 'and actions' 2 'steal.: not show, check' far_acl joe one steal ann
before=$(far_acl ann export)
fails 'of many commands all are done or none' 1 'line 4: no user eve' far_acl joe <<'LINES'
# two of these are good
one leader joe

one add eve
one del @c
LINES
is 'none' "$(far_acl ann export)" "$before"
fails 'a check among them is the exit status' 1 'access to one DENIED for ann' far_acl joe <<'LINES'
one leader joe
one del @everybody
one check ann
one show
LINES
is 'all' "$(far_acl ann export)" '@c joe
one joe @c'
ok 'an orphan' far_acl boss orphan create @nobody
fails 'nobody is not who could' 1 'the user does not lead the list; ask an administrator' far_acl ann orphan leader ann
ok 'goes' far_acl boss orphan delete
fails 'an import names the line' 1 'line 2: three: no user eve' far_acl boss import - <<<$'two joe\nthree eve'
far_acl boss import - 2>"$FARM/said" <<<$'two @d @c\n@d ann joe\none joe @c'
is 'an import counts' "$(cat "$FARM/said")" '3 lists imported, 2 of them changed'
before=$(acl export)
far_acl boss import - 2>"$FARM/said" <<<"$before"
is 'what is exported is what is imported' "$(acl export; cat "$FARM/said")" "$before
4 lists imported, 0 of them changed"
artel repo set "$REPO" unlisted deny
fails 'a package without a list is for administrators, if the repository says so' 1 'not listed, and the repository denies such' far_acl joe three check
ok 'for those' far_acl boss three check
fails 'a setting has its values' 2 'unlisted is allow or deny' artel repo set "$REPO" unlisted no
fails 'both' 2 'new-owner is yes or no' artel repo set "$REPO" new-owner maybe
# Between the choice of what is merged and the merge somebody objects.
artel repo set "$REPO" unlisted allow
user_make kate && user_make kim
tiny kate late 1.0
id=$(build kate late 1.0-1)
ok 'built' wait_state 60 "$id" BUILT && artel-merger --once 2>/dev/null
change_late() { # VERSION
	sed -i "s/^Version:.*/Version: $1/" "$FARM/work/kate-late/late.spec"
	git -C "$FARM/work/kate-late" commit -qam "$1" && tag_signed kate "$FARM/work/kate-late" "$1-1"
	git -C "$FARM/work/kate-late" push -q "$FARM/people/kate/packages/late.git" HEAD:main "$1-1"
}
change_late 1.1
id=$(build kate late 1.1-1)
ok 'its next version is built' wait_state 60 "$id" BUILT
artel acl "$REPO" late add kim 2>/dev/null
ARTEL_FAULT=merge-settled:1:stop artel-merger --once 2>/dev/null &
merger=$!
until [ "$(ps -o state= -p "$merger")" = T ] || ! kill -0 "$merger"; do sleep 0.02; done
ok 'she objects when the merger has chosen' bash -c "echo 'not yet' | artel -u kim task disapprove $id all"
kill -CONT "$merger"
wait "$merger"
is 'the merge goes on' "$?" 0
is 'without it' "$(task_state "$id")" EPERM
is 'what was published stays' "$(published late)" late-1.0-1
scenario_end
