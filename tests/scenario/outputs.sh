#!/bin/bash
# The two outputs that scripts parse, to the letter; and subtask numbers.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin farm

for p in foo bar; do tiny joe "$p" 1.0; done
out=$(artel -u joe task new "$REPO" 2>"$FARM/err")
is 'task new: the id on stdout' "$out" 1
is 'task new: the story on stderr' "$(cat "$FARM/err")" 'new task #1: owner=joe repo=demo'
artel -u joe task add repo foo 1.0-1 2>/dev/null
artel -u joe task add del pkgconf 2>/dev/null
artel -u joe task add 1 200 bar.git=1.0-1 2>/dev/null
is 'task ls' "$(artel -u joe task ls)" '#1 NEW #0 demo foo.git=1.0-1 bar.git=1.0-1 del=pkgconf'
is 'task ls of several users names the owner' "$(artel -u ann task ls --user=ALL)" '#1 NEW #0 demo/joe foo.git=1.0-1 bar.git=1.0-1 del=pkgconf'
is 'task ls of nobody' "$(artel -u ann task ls)" ''
artel -u joe task share enable
ok 'run' artel -u joe task run --test-only -m two_words 1
is 'flags' "$(artel -u joe task ls)" '#1 AWAITING #1 [shared] [test-only] demo foo.git=1.0-1 bar.git=1.0-1 del=pkgconf'
like 'the first line of show' "$(artel task show 1 | head -n 1)" \
	'^id=1 locked=no shared=yes fail_early=yes test_only=yes repo=demo owner=joe state=AWAITING try=1 iter=1 age=0w build_time=20[0-9][0-9]-[A-Z][a-z][a-z]-[0-9][0-9]/[0-9:]{8} message=two_words$'
tag=$(git -C "$FARM/people/joe/packages/foo.git" rev-parse 1.0-1)
is 'its subtask lines' "$(artel task show 1 | sed -n '2,7p')" " 100:dir=/people/joe/packages/foo.git
 100:tag_name=1.0-1
 100:tag_id=$tag
 100:tag_author=maintainer <maintainer@example.org>
 100:userid=joe
 100:pkgname=foo"
is 'a deletion' "$(artel task show 1 | tail -n 2)" ' 200:delete
 200:package=pkgconf'
is 'an inserted subtask takes the midpoint, in octal' "$(artel task show 1 | grep bar.git)" ' 140:dir=/people/joe/packages/bar.git'
is 'json: keys of a task' "$(artel task show --json 1 | jq -c '[.taskid,.shared,.fail_early,.test_only,.repo,.state,.try,.iter,.depends,.age,.message,.owner]')" \
	'[1,true,true,true,"demo","AWAITING",1,1,[],0,"two_words","joe"]'
is 'json: a subtask' "$(artel task show --json 1 | jq -c '.subtasks["100"]|[.dir,.tag_name,.type,.pkgname,.userid,.approved_by,.disapproved_by]')" \
	'["/people/joe/packages/foo.git","1.0-1","repo","foo","joe",[],[]]'
is 'json: a deletion' "$(artel task show --json 1 | jq -c '.subtasks["200"]|[.type,.package]')" '["delete","pkgconf"]'
second=$(artel -u joe task new "$REPO" 2>/dev/null)
artel -u joe task deps "$second" add 1
like 'depends' "$(artel task show "$second")" ' depends=1($| )'
is 'deps show' "$(artel -u joe task deps "$second" show)" 1
is 'newest first' "$(artel -u joe task ls | cut -d ' ' -f 1 | tr '\n' ' ')" '#2 #1 '
ok 'rm' artel -u joe task rm "$second"
like 'journal lines' "$(artel task show --events 1 | tail -n 1)" '^20[0-9]{2}-[A-Z][a-z]{2}-[0-9]{2} [0-9:]{8} :: task #1 for demo AWAITING$'
is 'nothing raw reaches a terminal' "$(artel -u joe task run -m $'a\033[31mb' 1 2>&1 | grep -c $'\033')" 0
is 'evr-cmp' "$(artel plumb evr-cmp 1:1-1 2-1) $(artel plumb evr-cmp 1.0~rc1 1.0) $(artel plumb evr-cmp 1.0 1.0)" '1 -1 0'
ok 'dep-match' artel plumb dep-match 'foo = 1.2-3' 'foo >= 1.2'
fails 'dep-match: none' 1 '' artel plumb dep-match 'foo = 1.2-3' 'foo > 1.2-3'
ok 'dep-match: rich' artel plumb dep-match 'foo = 1.2-3' '(bar or foo)'
git=$FARM/people/joe/packages/foo.git
ok 'inherits' artel plumb inherits "$git" main main
echo x >"$FARM/work/joe-foo/x" && git -C "$FARM/work/joe-foo" add x && git -C "$FARM/work/joe-foo" commit -qm x && git -C "$FARM/work/joe-foo" push -q "$git" HEAD:new
ok 'inherits: a descendant' artel plumb inherits "$git" main new
fails 'inherits: not' 1 '' artel plumb inherits "$git" new main
git -C "$git" commit-graph write --reachable --no-progress
ok 'inherits: by the graph' artel plumb inherits --trust-graph "$git" main new
fails 'inherits: not by the graph' 1 '' artel plumb inherits --trust-graph "$git" new main
mkdir "$FARM/out"
is 'srpm' "$(artel plumb srpm "$git" 1.0-1 "$FARM/out" 2>/dev/null)" "$FARM/out/foo-1.0-1.src.rpm"
is 'srpm: is one' "$(rpm -qp --dbpath "$FARM/none" --qf '%{NAME} %{SOURCEPACKAGE}' "$FARM/out/foo-1.0-1.src.rpm")" 'foo 1'
base=$(base_make '' 2>/dev/null)
is 'repo-check: a base without unmets' "$(artel plumb repo-check "$base"; echo $?)" 0
cp -a "$base" "$FARM/holed" && rm "$FARM"/holed/libc6_*.rpm "$FARM"/holed/libc6-2*.rpm 2>/dev/null
find "$FARM/holed" -name 'libc6-2*.rpm' -delete
createrepo_c -q --general-compress-type=gz "$FARM/holed" 2>/dev/null
like 'repo-check: names each hole' "$(artel plumb repo-check "$FARM/holed")" '^bash-[^	]*	libc.so.6'
scenario_end
