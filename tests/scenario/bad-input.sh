#!/bin/bash
# What people get wrong: each gives one clear error and changes nothing.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

tiny joe one 1.0
work=$FARM/work/joe-one
bare=$FARM/people/joe/packages/one.git
git -C "$work" tag light
git -C "$work" tag -a -m unsigned unsigned
git -C "$work" push -q "$bare" light unsigned
ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/stranger"
tag_signed stranger "$work" foreign
git -C "$work" push -q "$bare" foreign
before=$(artel events | wc -l)

fails 'an unknown tag' 1 'nosuch' artel -u joe build one nosuch
fails 'a lightweight tag' 2 'light.*annotated' artel -u joe build one light
fails 'an unsigned tag' 1 'unsigned.*not signed' artel -u joe build one unsigned
fails "a stranger's key" 1 'foreign' artel -u joe build one foreign
fails 'an unknown git repository' 1 'two' artel -u joe build two 1.0-1
fails 'a path that leads out' 2 'not a name' artel -u joe build /people/../packages/one.git 1.0-1
fails 'an unknown repository' 1 'no repository nosuch; there is demo' artel -u joe build -b nosuch one 1.0-1
fails 'an unknown command' 2 'no command' artel -u joe taks
fails 'an unknown state' 2 'no state' artel -u joe task ls --state=ODD
fails 'deleting what is not there' 1 'no source package nosuch' artel -u joe build del nosuch
fails 'rebuilding what came without source' 1 'without its source' artel -u joe build rebuild pkgconf
is 'nothing is left of them' "$(artel task ls --user=ALL)" ''

id=$(artel -u joe task new "$REPO" 2>/dev/null)
fails 'an empty task' 2 'is empty' artel -u joe task run "$id"
fails "someone else's task" 1 'belongs to joe' artel -u ann task run "$id"
fails 'a task that depends on itself' 2 'itself' artel -u joe task deps "$id" add "$id"
fails 'a dependency that is not there' 1 'no such task' artel -u joe task deps "$id" add 999
ok 'add' artel -u joe task add "$id" repo one 1.0-1
ok 'dry run' artel -u joe task run --dry-run "$id"
is 'a dry run runs nothing' "$(task_state "$id")" NEW
echo moved >"$work/moved"
git -C "$work" add -A && git -C "$work" commit -q -m moved
git -C "$work" tag -d 1.0-1 >/dev/null && tag_signed joe "$work" 1.0-1
git -C "$work" push -q -f "$bare" 1.0-1 HEAD:main
fails 'a tag that moved after it was added' 2 'has moved' artel -u joe task run "$id"
artel -u joe task delsub "$id" 100 && artel -u joe task add "$id" repo one 1.0-1 2>/dev/null && artel -u joe task add "$id" repo one 1.0-1 2>/dev/null
fails 'one source in two subtasks' 2 'both about the source one' artel -u joe task run "$id"

broken=$(spec_make broken 1.0 </dev/null)
printf '%%description\n%%if 1\nno end\n' >>"$broken/broken.spec"
git_make joe broken 1.0-1 "$broken"
id=$(build joe broken 1.0-1)
ok 'a broken spec fails' wait_state 60 "$id" FAILED
like 'and says where' "$(task_reason "$id")" '100 broken.*srpm'

tiny joe needy 1.0 'BuildRequires: no-such-package >= 7'
id=$(build joe needy 1.0-1)
ok 'a missing BuildRequires fails' wait_state 60 "$id" FAILED
like 'and is named' "$(task_reason "$id")" 'no-such-package >= 7'

a=$(artel -u joe task new "$REPO" 2>/dev/null)
b=$(artel -u joe task new "$REPO" 2>/dev/null)
tiny joe left 1.0
tiny joe right 1.0
artel -u joe task add "$a" repo left 1.0-1 2>/dev/null
artel -u joe task add "$b" repo right 1.0-1 2>/dev/null
artel -u joe task deps "$a" add "$b" && artel -u joe task deps "$b" add "$a"
artel -u joe task run "$a" 2>/dev/null
ok 'a cycle of dependencies fails' wait_state 20 "$a" FAILED
like 'and is named' "$(task_reason "$a")" "cycle: #$a -> #$b -> #$a"
ok 'the other one waits' artel -u joe task run "$b"
ok 'and fails too' wait_state 20 "$b" FAILED

chick=$(spec_make chick 1.0 <<'SPEC'
BuildRequires: egg
%description
x
%files
SPEC
)
egg=$(spec_make egg 1.0 <<'SPEC'
BuildRequires: chick
%description
x
%files
SPEC
)
git_make joe chick 1.0-1 "$chick"
git_make joe egg 1.0-1 "$egg"
id=$(build joe chick 1.0-1 egg 1.0-1)
ok 'subtasks that need each other fail' wait_state 60 "$id" FAILED
like 'and the cycle is named' "$(task_reason "$id")" '(100 chick -> 200 egg -> 100 chick|200 egg -> 100 chick -> 200 egg)'
ok 'something was recorded meanwhile' test "$(artel events | wc -l)" -gt "$before"
scenario_end
