#!/bin/bash
# git and files over ssh: clone, fetch and push by a stock git, each in its own box; uploads; what is refused.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
# As ssh-git-user.sh has it, a farm without root.
if [ -n "${FARMER:-}" ]; then
	scenario_begin empty
	farm_make "$FARMER/base" 2>/dev/null
	user_make joe
	user_make ann
else
	scenario_begin farm
fi
# shellcheck disable=SC2119 # no more lines of configuration
ssh_start || exit 1
ssh_user joe
ssh_user ann
farm_start
cd "$FARM/work" || exit 1
packages=$FARM/people/joe/packages

# What a user's folder is made of, without times.
tree() { (cd "$FARM/people/joe" && find . -printf '%P %y %s\n' | sort); }
limit() { artel user quota joe "disk=$1"; }
# A repository to push from, with one commit.
work() { # NAME [BRANCH]
	git init -q -b "${2:-main}" "$1" && echo "$1" >"$1/file" && git -C "$1" add -A && git -C "$1" commit -q -m "$1"
}

# --- clone, push, fetch ------------------------------------------------------

fails 'a clone of nothing says what makes it' 128 'no git repository /people/joe/packages/tool.git; pushing to it makes one' \
	far_git joe clone -q farm:tool.git
fails 'and of nothing that is another'"'"'s' 128 'no git repository /people/joe/packages/tool.git$' \
	far_git ann clone -q farm:/people/joe/packages/tool.git
work tool trunk
ok 'the first push makes it' far_git joe -C tool push -q farm:tool.git trunk
is 'and no more than it' "$(find "$FARM/people" -path '*/packages/*' -prune -printf '%P\n')" joe/packages/tool.git
is 'bare, with no hooks' "$(find "$packages/tool.git" -maxdepth 1 -printf '%P\n' | sort | tr '\n' ' ')" ' HEAD config objects refs '
ok 'another user clones it' far_git ann clone -q farm:/people/joe/packages/tool.git seen
is 'with the branch that there is' "$(git -C seen branch --show-current)$(cat seen/file)" trunktool
like 'the journal has it' "$(artel --json events | tail -n 1)" \
	'"kind":"user".*"user":"joe","origin":"ssh 127.0.0.1 SHA256:.*"text":"pushed to /people/joe/packages/tool.git"'
echo more >tool/more
git -C tool add -A && git -C tool commit -q -m more
ok 'a further push, by the longest name' far_git joe -C tool push -q ssh://farm/people/joe/packages/tool.git trunk
ok 'a fetch, without .git' far_git ann -C seen fetch -q farm:/people/joe/packages/tool trunk
is 'brings it' "$(git -C seen rev-parse FETCH_HEAD)" "$(git -C tool rev-parse trunk)"
ok 'by a name in between' far_git joe ls-remote --exit-code farm:packages/tool.git trunk
events=$(artel events | wc -l)
ok 'a push of nothing new' far_git joe -C tool push -q farm:tool.git trunk
is 'is nothing new to the journal' "$(artel events | wc -l)" "$events"
like 'in version 2 of the protocol' "$(GIT_TRACE_PACKET=1 far_git joe ls-remote farm:tool.git 2>&1)" 'ls-remote< version 2'
ok 'a shallow clone' far_git ann clone -q --depth 1 farm:/people/joe/packages/tool.git shallow
is 'of one commit' "$(git -C shallow rev-list --count HEAD)" 1
ok 'that is deepened' far_git ann -C shallow fetch -q --unshallow
is 'has them all' "$(git -C shallow rev-list --count HEAD)" 2
FAR_OPTIONS=(-o ControlMaster=auto -o "ControlPath=$FARM/ssh/master" -o ControlPersist=60)
ok 'a connection that stays open' far joe help
for n in 1 2 3; do
	git -C tool tag "v$n"
	ok "carries push $n" env GIT_SSH_COMMAND="ssh -F $FARM/ssh/joe -o ControlPath=$FARM/ssh/master" git -C tool push -q farm:tool.git "v$n"
done
is 'as one connection' "$(far joe -O check 2>&1 | sed 's/ (.*//'; grep -c 'Accepted' "$FARM/ssh/log" | sed 's/.*//')" 'Master running'
far joe -O exit 2>/dev/null
FAR_OPTIONS=()
is 'the tags came' "$(git -C "$packages/tool.git" tag | tr '\n' ' ')" 'v1 v2 v3 '
ok 'the branch is deleted, and another one comes' far_git joe -C tool push -q farm:tool.git :trunk trunk:next
ok 'a clone' far_git ann clone -q farm:/people/joe/packages/tool.git again
is 'has that one' "$(git -C again branch --show-current)" next
ok 'a push that brings nothing' far_git joe -C tool push -q --mirror --dry-run farm:nothing.git
is 'leaves no repository' "$(ls -A "$packages")" tool.git

# --- what is not one's own ---------------------------------------------------

before=$(tree)
fails 'a push to another'"'"'s' 128 'tool.git: ann may push to /people/ann/packages/NAME.git only' \
	far_git ann -C tool push -q farm:/people/joe/packages/tool.git trunk:evil
fails 'or to a new one there' 128 'ann may push to /people/ann' far_git ann -C tool push -q farm:/people/joe/packages/new.git trunk
fails 'or to a record' 128 'joe may push to /people/joe' far_git joe -C tool push -q farm:/git/t/tool.git trunk
fails 'a path that leads out' 128 'not a name of a git repository|not NAME.git or' far_git joe ls-remote farm:/people/joe/packages/../../ann/packages/x.git
fails 'a path of the host' 128 'not NAME.git or /people' far_git joe ls-remote "farm:$packages/tool.git"
fails 'an option as a path' 2 'not a name of a git repository' far joe git-upload-pack "'--upload-pack=id'"
fails 'two paths' 2 'not the name of one git repository' far joe git-upload-pack "'tool.git' 'x'"
fails 'another program of git' 2 'clone, fetch and push here, nothing else' far joe git-upload-archive "'tool.git'"
fails 'a record of another letter' 128 'X is the first letter of NAME' far_git joe ls-remote farm:/git/x/tool.git
is 'and nothing has changed' "$(tree)" "$before"

# --- links, hooks, alternates ------------------------------------------------

git clone -q --bare tool secret.git 2>/dev/null
secret=$(cd secret.git && find . -type f -exec sha256sum {} + | sort)
ln -s "$FARM/work/secret.git" "$packages/link.git"
fails 'a link in place of a repository is not read' 128 'link.git: a link, or behind one; none is followed here' far_git joe ls-remote farm:link.git
fails 'nor written' 128 'a link, or behind one' far_git joe -C tool push -q farm:link.git trunk:new
rm "$packages/link.git"
mkdir "$FARM/work/away" && mv secret.git "$FARM/work/away" && mv "$FARM/people/ann/packages" "$FARM/work/packages-of-ann"
ln -s "$FARM/work/away" "$FARM/people/ann/packages"
fails 'nor is a link on the way' 128 'a link, or behind one' far_git joe ls-remote farm:/people/ann/packages/secret.git
fails 'to write through it' 128 'open /people/ann/packages: ' far_git ann -C tool push -q farm:secret.git trunk:new
rm "$FARM/people/ann/packages" && mv "$FARM/work/packages-of-ann" "$FARM/people/ann/packages"
mv "$FARM/work/away/secret.git" . && rmdir "$FARM/work/away"
mkdir -p "$packages/inner.git/refs" && cp secret.git/HEAD secret.git/config "$packages/inner.git" && ln -s "$FARM/work/secret.git/objects" "$packages/inner.git/objects"
fails 'a link inside of one' 128 'inner.git is not a bare git repository' far_git joe ls-remote farm:inner.git
rm -r "$packages/inner.git"
mkdir "$packages/pointer.git" && echo "gitdir: $FARM/work/secret.git" >"$packages/pointer.git/.git"
fails 'a file that points to another one' 128 'pointer.git is not a bare git repository' far_git joe ls-remote farm:pointer.git
rm -r "$packages/pointer.git"
git init -q --bare "$packages/borrows.git"
echo "$FARM/work/secret.git/objects" >"$packages/borrows.git/objects/info/alternates"
git -C tool rev-parse trunk >"$packages/borrows.git/refs/heads/main"
fails 'objects of elsewhere are not read' 128 'fatal|error' far_git joe clone -q farm:borrows.git borrowed
is 'and of all that nothing was written' "$(cd secret.git && find . -type f -exec sha256sum {} + | sort)" "$secret"
rm -r "$packages/borrows.git"

git init -q --bare "$packages/hooked.git"
for name in pre-receive update post-receive post-update reference-transaction; do
	printf '#!/bin/sh\ntouch %s/ran.%s\n' "$FARM" "$name" >"$packages/hooked.git/hooks/$name"
	chmod 755 "$packages/hooked.git/hooks/$name"
done
git -C "$packages/hooked.git" config core.hooksPath hooks
ok 'a push to a repository with hooks' far_git joe -C tool push -q farm:hooked.git trunk
is 'runs none of them' "$(find "$FARM" -maxdepth 1 -name 'ran.*')" ''
# The farm's own configuration of a repository may run something; that is how to look out of the box.
box=/people/joe/packages/hooked.git
mkdir -p "$packages/hooked.git/other/objects/pack"
cat >"$packages/hooked.git/look" <<LOOK
{
	ls -A /; ls -A /people /people/joe/packages /dev; cat "$FARM/farm.db" /etc/passwd
	echo x >/x; echo x >/usr/x; echo x >/people/x; : >/dev/tcp/127.0.0.1/$ssh_port
	env | grep -v ^GIT_ | sort
} >$box/looked 2>$box/refused
LOOK
echo "$box/other/objects" >"$packages/hooked.git/objects/info/alternates"
git -C "$packages/hooked.git" config core.alternateRefsCommand "bash $box/look #"
FAR_OPTIONS=(-o 'SetEnv=LD_PRELOAD=/x GIT_DIR=/y')
far_git joe -C tool push -q farm:hooked.git trunk:second
FAR_OPTIONS=()
is 'in the box there is one repository, and programs' "$(grep -v '^lib\|^bin$\|=' "$packages/hooked.git/looked" | grep . | tr '\n' ' ')" \
	'dev etc hooks people usr /dev: null urandom /people: joe /people/joe/packages: hooked.git '
is 'nothing else can be read or written' "$(sed -n 's/.*\(line [0-9]\|cat\): //p' "$packages/hooked.git/refused" | sort | tr '\n' ';')" \
	"/dev/tcp/127.0.0.1/$ssh_port: Connection refused;/etc/passwd: No such file or directory;/people/x: Read-only file system;$FARM/farm.db: No such file or directory;/usr/x: Read-only file system;/x: Read-only file system;"
is 'and of the environment there is this' "$(grep '=' "$packages/hooked.git/looked" | cut -d= -f1 | grep -v '^PWD$\|^OLDPWD$\|^SHLVL$\|^_$' | tr '\n' ' ')" 'HOME LC_ALL PATH '
rm -rf "$packages/hooked.git"

# --- what git lets nobody push -----------------------------------------------

author=$(printf 'tree %s\nauthor nobody\ncommitter nobody <> 1 +0000\n\nx\n' "$(git -C tool rev-parse 'trunk^{tree}')" |
	git -C tool hash-object -w -t commit --literally --stdin)
blob=$(git -C tool rev-parse trunk:file)
evil_tree() { # NAME MODE ID ; a commit of a tree with such an entry
	local tree
	tree=$({ printf '%s %s\0' "$2" "$1"; tr a-f A-F <<<"$3" | basenc --base16 -di; } | git -C tool hash-object -w -t tree --literally --stdin)
	git -C tool commit-tree -m "$1" "$tree"
}
ok 'a mode with a zero, as there are in old histories' far_git joe -C tool push -q farm:tool.git \
	"$(evil_tree folder 040000 "$(git -C tool rev-parse 'trunk^{tree}')"):refs/heads/old"
before=$(tree)
fails 'a commit without an author' 1 'missingEmail' far_git joe -C tool push farm:tool.git "$author:refs/heads/bad"
fails 'a tree with .git' 1 'hasDotgit' far_git joe -C tool push farm:tool.git "$(evil_tree .git 40000 "$(git -C tool rev-parse 'trunk^{tree}')"):refs/heads/bad"
fails 'a tree with ..' 1 'hasDotdot' far_git joe -C tool push farm:tool.git "$(evil_tree .. 100644 "$blob"):refs/heads/bad"
fails 'a path in a name' 1 'fullPathname' far_git joe -C tool push farm:tool.git "$(evil_tree ../../x 100644 "$blob"):refs/heads/bad"
is 'nothing of it is left' "$(tree)" "$before"
seq -f "create refs/many/%.0f $(git -C tool rev-parse trunk)" 20001 | git -C tool update-ref --stdin
fails 'more refs than a disk bears' 1 'more than 20000 refs in one push: push them in parts' far_git joe -C tool push farm:tool.git 'refs/many/*:refs/many/*'
is 'are not taken' "$(tree)" "$before"
seq -f "delete refs/many/%.0f" 20001 | git -C tool update-ref --stdin
deep=$(printf 'd/%.0s' {1..1800})
mapfile -t names < <(seq -f "trunk:refs/heads/%.0f/${deep}x" 60)
fails 'nor more folders for them' 1 'have more than 100000 parts: push fewer at once' far_git joe -C tool push farm:tool.git "${names[@]}"
is 'are made' "$(tree)" "$before"

# --- how much ----------------------------------------------------------------

head -c 3000000 /dev/urandom >tool/big
git -C tool add -A && git -C tool commit -q -m big
limit 2000000
fails 'more than the quota' 1 'pack exceeds maximum allowed size' far_git joe -C tool push farm:tool.git trunk
fails 'says what to do' 1 'are left of the disk that joe may have; .rm. makes room' far_git joe -C tool push farm:tool.git trunk
fails 'nor in a new one' 1 'pack exceeds maximum allowed size' far_git joe -C tool push farm:large.git trunk
is 'nothing of it is left' "$(tree)" "$before"
limit 20000
like 'joe looks at it' "$(far joe quota | grep disk)" "^disk	[1-9][0-9]{4,}	20000"
fails 'when nothing is left' 128 'the .* of disk that joe may have are taken: .ls. lists .* .rm. removes .* .quota. tells' far_git joe -C tool push farm:tool.git trunk:other
limit none
ok 'and without a limit it goes' far_git joe -C tool push -q farm:tool.git trunk
mkdir -p "$packages/tool.git/objects/tmp_objdir-incoming-x" "$packages/.left"
touch -d '3 hours ago' "$packages/tool.git/objects/tmp_objdir-incoming-x" "$packages/.left"
ok 'the next push' far_git joe -C tool push -q farm:tool.git trunk:other
is 'clears away what one left that was killed' "$(find "$packages" -name 'tmp_objdir*' -o -name .left)" ''

# --- uploads -----------------------------------------------------------------

lone=$(spec_make lone 1.0 <<'SPEC'
BuildArch: noarch
%description
Comes as a source RPM.
%install
mkdir -p %buildroot%_datadir/lone
%files
%_datadir/lone
SPEC
)
git_make ann lone 1.0-1 "$lone"
artel plumb srpm "$FARM/people/ann/packages/lone.git" 1.0-1 "$FARM/work" >/dev/null 2>&1
srpm='lone-1.0-1.src.rpm'
size=$(stat -c %s "$srpm")
fails 'a source RPM by a name that is none' 2 'not the name of a source RPM' far joe put ../evil.src.rpm <"$srpm"
fails 'or of a hidden file' 2 'not the name of a source RPM' far joe put .src.rpm <"$srpm"
fails 'garbage' 1 "$srpm: not a source RPM, or a broken one" far joe put "$srpm" </usr/bin/ssh
fails 'nothing' 1 "$srpm: not a source RPM" far joe put "$srpm" </dev/null
fails 'half of one' 1 "$srpm: not a source RPM" far joe put "$srpm" < <(head -c 200 "$srpm")
fails 'under the name of another' 1 "other-1.0-1.src.rpm: by what is in it, it is $srpm" far joe put other-1.0-1.src.rpm <"$srpm"
limit $(($(du -s --block-size=1 "$FARM/people/joe" | cut -f 1) + 10000))
fails 'one that is too long' 1 'longer than the .* of disk that are left: .ls. lists .* .rm. removes' far joe put "$srpm" </dev/zero
limit none
is 'leave nothing' "$(ls -A "$FARM/people/joe/srpms")" ''
fails 'what was not uploaded is not built' 1 "joe has uploaded no $srpm; .put $srpm. does" far joe build -b "$REPO" srpm "$srpm"
fails 'nor a file of the host' 2 'not the name of a source RPM' far joe build -b "$REPO" srpm "$FARM/work/$srpm"
# shellcheck disable=SC2094 # what is written is another file of that name
is 'an upload' "$(far joe put "$srpm" <"$srpm" 2>&1)" "put: $srpm, $size bytes"
# shellcheck disable=SC2094
is 'once more' "$(far joe put "$srpm" <"$srpm" 2>&1)" "put: $srpm, $size bytes"
ok 'it is what was sent' cmp "$srpm" "$FARM/people/joe/srpms/$srpm"
like 'the journal has it' "$(artel --json events | tail -n 1)" "\"user\":\"joe\".*\"text\":\"uploaded $srpm, $size bytes\""
like 'what joe has' "$(far joe ls | tr '\t\n' ' ;')" \
	"^git tool.git [0-9]+ 20[0-9-]{8} [0-9:]{8};srpm $srpm $size 20[0-9-]{8} [0-9:]{8};$"
is 'anybody may look' "$(far ann ls joe)" "$(far joe ls)"
fails 'at nobody'"'"'s' 1 'no user .*nobody' far ann ls nobody
disk() { far joe quota | awk -F '\t' '$1 == "disk" { print $2 }'; }
before=$(disk)
id=$(far joe build -b "$REPO" srpm "$srpm" 2>/dev/null)
ok 'the copy of a task counts too' [ "$(disk)" -gt "$before" ]
like 'it is built' "$(far joe task ls)" "#$id .* srpm=$srpm"
ok 'to the end' wait_state 120 "$id" BUILT

# --- rm ----------------------------------------------------------------------

gear=$(spec_make hello 1.0 <<'SPEC'
BuildArch: noarch
%description
A tiny package.
%install
mkdir -p %buildroot%_datadir/hello
%files
%_datadir/hello
SPEC
)
git init -q -b main hello && cp "$gear"/* hello && git -C hello add -A && git -C hello commit -q -m 'hello 1.0-1'
tag_signed joe hello 1.0-1
ok 'a package is pushed' far_git joe -C hello push -q farm:hello.git main 1.0-1
next=$(far joe build -b "$REPO" hello.git=1.0-1 2>/dev/null)
fails 'a repository that a task needs' 1 "hello.git: task #$next of joe needs it; .task abort $next. ends that" far joe rm "$srpm" hello.git
is 'stays, and what was named with it' "$(far joe ls | cut -f 2 | tr '\n' ' ')" "hello.git tool.git $srpm "
fails 'another'"'"'s is not removed' 1 'ann has no tool.git' far ann rm tool.git
fails 'nor anything else' 2 'not NAME.git or' far joe rm ../../farm.db
fails 'nor nothing' 2 'is missing' far joe rm
ok 'a source RPM that a task has taken' far joe rm "$srpm" tool.git
is 'and what else was named, are gone' "$(find "$FARM/people/joe" -mindepth 2 -maxdepth 2 -printf '%f\n')" hello.git
like 'the journal has it' "$(artel events | tail -n 6)" 'removed git repository tool.git'
ok 'the task goes on' wait_state 120 "$next" BUILT
merge_once
is 'both are published' "$(published 'hello|lone' | tr '\n' ' ')" 'hello-1.0-1 lone-1.0-1'
ok 'the repository may go then' far joe rm hello.git
ok 'its record is cloned by the name people know' far_git ann clone -q farm:/gears/h/hello.git record
is 'with what was merged' "$(git -C record rev-parse HEAD)" "$(git -C hello rev-parse main)"
is 'and as it is on disk' "$(far_git ann ls-remote farm:/git/h/hello.git | cut -f 2 | tr '\n' ' ')" "HEAD refs/heads/$REPO refs/tags/1.0-1 refs/tags/1.0-1^{} "
scenario_end
