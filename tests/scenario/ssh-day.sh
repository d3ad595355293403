#!/bin/bash
# A day of a farm over ssh: several people with keys of their own, a real sshd, git, dnf. Everything that they do comes
# over ssh; the farm is an ordinary user's. What is refused says why, and what to do.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
# shellcheck source=tests/farmer.sh
. "$here/farmer.sh"
farmer_become "$0"

scenario_begin empty
farm_make "$FARMER/base" 2>/dev/null
# shellcheck disable=SC2119 # no more lines of configuration
ssh_start || exit 1

# Three people. Joe signs with the key that he comes in by; ann signs with GPG; bob has a key for each.
artel user add root-of-farm --admin
user_make joe && ssh_user joe
artel user add ann
ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/ann"
ssh_user ann
export GNUPGHOME=$FARM/gpg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'ann <ann@example.org>' ed25519 sign never 2>/dev/null
gpg --armor --export ann@example.org | artel user key ann -
user_make bob && ssh_user bob
ssh-keygen -q -t ecdsa -N '' -f "$FARM/keys/stranger"
farm_start

# What somebody has on their own machine: USER NAME VERSION [LINES of the spec]; the rest of the spec is on stdin.
home() { printf '%s\n' "$FARM/work/$1/$2"; }
write_spec() {
	local dir
	dir=$(home "$1" "$2")
	[ -d "$dir" ] || git init -q -b master "$dir"
	{ printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: A test\nLicense: MIT\nBuildArch: noarch\n%s\n' "$2" "$3" "${4:-}"; cat; } >"$dir/$2.spec"
	git -C "$dir" add -A && git -C "$dir" commit -q -m "$2 $3"
}
files_of() { # NAME
	cat <<SPEC
%description
A test package.
%install
mkdir -p %buildroot%_datadir/$1
echo %version > %buildroot%_datadir/$1/version
%files
%_datadir/$1
SPEC
}
sign() { # USER NAME TAG
	if [ "$1" = ann ]; then
		git -C "$(home "$1" "$2")" -c user.signingkey=ann@example.org tag -f -s -m "$3" "$3" >/dev/null
	else
		git -C "$(home "$1" "$2")" -c gpg.format=ssh -c user.signingkey="$FARM/keys/$1" tag -f -s -m "$3" "$3" >/dev/null
	fi
}
push() { far_git "$1" -C "$(home "$1" "$2")" push -q -f "farm:/people/$1/packages/$2.git" HEAD:master "$3" 2>&1; } # USER NAME TAG
release() { files_of "$2" | write_spec "$1" "$2" "$3" "${4:-}" && sign "$1" "$2" "$3-1" && push "$1" "$2" "$3-1"; } # USER NAME VERSION [LINES]
go() { far "$@" 2>>"$FARM/submit.log"; } # USER build ...: the id
approve() { echo "$4" | far "$1" task approve "$2" "$3"; } # USER TASK SUBTASK TEXT
approve_and_run() { approve "$1" "$2" all "$3" && far "$1" task run "$2"; } # USER TASK TEXT
override_and_run() { far "$1" task check-git-inheritance "$2" 100 disable "$3" && far "$1" task run "$2"; } # USER TASK COMMIT
logins() { grep -c 'Accepted publickey' "$FARM/ssh/log"; }
merge() { artel-merger --once 2>>"$FARM/merger.log"; }

# --- a first package

ok 'joe pushes a package that the farm has not seen' release joe one 1.0
id=$(go joe build -b "$REPO" one.git=1.0-1)
is 'one line makes a task of it' "$id" 1
like 'that is listed' "$(far joe task ls)" "^#1 [A-Z]+ #1 $REPO one\.git=1\.0-1$"
like 'with its owner where there may be several' "$(far bob task ls --user=ALL)" "^#1 [A-Z]+ #1 $REPO/joe one\.git=1\.0-1$"
ok 'it is built' wait_state 120 1 BUILT
tag=$(git -C "$(home joe one)" rev-parse 1.0-1)
far joe task show 1 >"$FARM/shown"
like 'it is shown: the task' "$(head -n 1 "$FARM/shown")" \
	"^id=1 locked=no shared=no fail_early=yes test_only=no repo=$REPO owner=joe state=BUILT try=1 iter=1 age=0w "
is 'and its subtask' "$(grep -E '^ 100:(dir|tag_name|tag_id|userid|pkgname)=' "$FARM/shown")" " 100:dir=/people/joe/packages/one.git
 100:tag_name=1.0-1
 100:tag_id=$tag
 100:userid=joe
 100:pkgname=one"
is 'and as JSON' "$(far joe task show --json 1 | jq -r '[.taskid, .owner, .state, .subtasks["100"].type, .subtasks["100"].tag_id] | map(tostring) | join(" ")')" "1 joe BUILT repo $tag"
merge
is 'it is published' "$(published one)" one-1.0-1
is 'and joe'"'"'s' "$(far bob acl "$REPO" one show)" "one	joe"

# --- somebody else's package

ok 'ann clones it' far_git ann clone -q farm:/people/joe/packages/one.git "$(home ann one)"
ok 'changes it, signs with GPG, pushes to her own place' release ann one 1.1
fails 'not to his' 128 'joe' far_git ann -C "$(home ann one)" push -q farm:/people/joe/packages/one.git HEAD:master
id=$(go ann build -b "$REPO" one.git=1.1-1)
ok 'her build ends in EPERM' wait_state 120 "$id" EPERM
like 'the reason says who could approve' "$(far ann task show --json "$id" | jq -r .reason)" 'ann may not change one in .*joe'
fails 'to run it again does not help' 1 'joe' far ann task run "$id"
fails 'to approve it oneself neither' 1 'joe' approve_and_run ann "$id" 'it is mine'
fails 'nor to put oneself on the list' 1 'ann may not use .add. on the list of one.*ask joe' far ann acl "$REPO" one add ann
jobs=$(sqlite3 "$FARM/farm.db" 'SELECT max(id) FROM job')
ok 'joe approves, with a word' approve joe "$id" 100 'a good change'
ok 'now it runs' far ann task run "$id"
is 'straight to BUILT' "$(task_state "$id")" BUILT
is 'without a new job' "$(sqlite3 "$FARM/farm.db" 'SELECT max(id) FROM job')" "$jobs"
merge
is 'and is published' "$(published one)" one-1.1-1
like 'the journal says what he said' "$(far bob events --task "$id")" 'a good change'
ok 'he lets her in for good' far joe acl "$REPO" one add ann
is 'in order' "$(far ann acl "$REPO" one show)" "one	joe ann"
ok 'she may' far ann acl "$REPO" one check
fails 'bob may not' 1 'DENIED for bob' far bob acl "$REPO" one check

# --- tags that are not taken

files_of two | write_spec bob two 1.0
git -C "$(home bob two)" tag -m 1.0-1 1.0-1
push bob two 1.0-1
fails 'an unsigned tag is refused' 1 'tag 1.0-1: the tag is not signed; make it with git tag -s' far bob build -b "$REPO" two.git=1.0-1
git -C "$(home bob two)" -c gpg.format=ssh -c user.signingkey="$FARM/keys/stranger" tag -f -s -m 1.0-1 1.0-1 >/dev/null
push bob two 1.0-1
fails 'a foreign key is refused' 1 'tag 1.0-1: signed by none of the known SSH keys.*sign with the key you gave' far bob build -b "$REPO" two.git=1.0-1
fails 'a tag that is not there is refused' 1 'tag 9.9-1: there is none; was it pushed' far bob build -b "$REPO" two.git=9.9-1
fails 'a repository that is not there is refused' 1 '^artel: /people/bob/packages/four.git: there is no git repository; was it pushed' far bob build -b "$REPO" four.git=1.0-1
is 'nothing is left of these' "$(far bob task ls | wc -l)" 0
sign bob two 1.0-1 && push bob two 1.0-1
id=$(far bob task new "$REPO" 2>"$FARM/said")
is 'a task step by step' "$(cat "$FARM/said")" "new task #$id: owner=bob repo=$REPO"
ok 'its tag' far bob task add "$id" repo two 1.0-1
echo '# changed' >>"$(home bob two)/two.spec"
git -C "$(home bob two)" commit -qam changed && sign bob two 1.0-1 && push bob two 1.0-1
fails 'a tag that moved since is refused' 2 'has moved since it was added.*remove the subtask and add it again' far bob task run "$id"
ok 'removed' far bob task delsub "$id" 100
ok 'and added again' far bob task add "$id" two.git=1.0-1
ok 'it runs, the newest being meant' far bob task run
ok 'and is built' wait_state 120 "$id" BUILT
merge
is 'published' "$(published two)" two-1.0-1

# --- abort

sleeper=$(cat <<'SPEC'
%description
Takes its time.
%build
echo it-sleeps
sleep 300
%files
SPEC
)
write_spec bob sleeper 1.0 <<<"$sleeper" && sign bob sleeper 1.0-1 && push bob sleeper 1.0-1
id=$(go bob build -b "$REPO" sleeper.git=1.0-1)
until far bob log "$id" 2>/dev/null | grep -q '^it-sleeps' || [ "$SECONDS" -gt 200 ]; do sleep 0.3; done
fails 'what is not one'"'"'s own is not aborted' 1 'belongs to bob, not to joe; its owner can .task share' far joe task abort "$id"
ok 'a build is aborted' far bob task abort "$id"
is 'at once' "$(task_state "$id")" CANCELLED
like 'and says by whom' "$(far joe task why "$id")" 'aborted by bob'

# --- one package, two people, one merge

for user in joe ann; do
	far_git "$user" -C "$(home "$user" one)" fetch -q farm:/git/o/one.git "$REPO"
	git -C "$(home "$user" one)" reset -q --hard FETCH_HEAD
done
release joe one 1.2
release ann one 1.3
first=$(go joe build -b "$REPO" one.git=1.2-1)
second=$(go ann build -b "$REPO" one.git=1.3-1)
ok 'both are built' wait_state 120 "$first" BUILT
ok 'both' wait_state 120 "$second" BUILT
merge
is 'first come' "$(task_state "$first")" DONE
is 'first served' "$(task_state "$second")" FAILED
like 'the other is told what to do' "$(far ann task why "$second")" 'not a descendant of [0-9a-f]{40}.*merge that commit and tag again'
head=$(far_git ann ls-remote -q farm:/git/o/one.git "refs/heads/$REPO" | cut -f 1)
fails 'another commit does not override it' 1 'is published in demo, not 0123.*only that' override_and_run ann "$second" 0123456789012345678901234567890123456789
ok 'the one commit does' far ann task check-git-inheritance "$second" 100 disable "$head"
ok 'then it runs' far ann task run "$second"
ok 'is built' wait_state 120 "$second" BUILT
merge
is 'and published' "$(published one)" one-1.3-1

# --- what others need

release joe lib 1.0 'Provides: abi = 1.0'
# shellcheck disable=SC2016 # for rpm
release bob app 1.0 'BuildRequires: lib
Requires: abi = %(cat /usr/share/lib/version 2>/dev/null || echo 0)'
id=$(go joe build -b "$REPO" lib.git=1.0-1) && wait_state 120 "$id" BUILT && merge
id=$(go bob build -b "$REPO" app.git=1.0-1) && wait_state 120 "$id" BUILT && merge
is 'a program and its library' "$(published 'app|lib')" 'app-1.0-1 lib-1.0-1'
id=$(go joe build -b "$REPO" -m gone del lib)
ok 'the library cannot go' wait_state 120 "$id" FAILED
like 'since it is needed' "$(far joe task why "$id")" 'app-1.0-1.noarch requires abi = 1.0, which nothing provides; it was in lib-1.0-1.noarch'
files_of lib | write_spec joe lib 2.0 'Provides: abi = 2.0' && sign joe lib 2.0-1 && push joe lib 2.0-1
id=$(go joe build -b "$REPO" lib.git=2.0-1)
ok 'nor become another' wait_state 120 "$id" FAILED
ok 'with what it breaks' far joe task add "$id" rebuild-unmets
like 'that is added by name' "$(far joe task ls)" "^#$id NEW #1 $REPO lib\.git=2\.0-1 rebuild=app$"
ok 'again' far joe task run -m both "$id"
ok 'app is not his' wait_state 120 "$id" EPERM
ok 'its owner agrees' approve bob "$id" 200 'go ahead'
ok 'and it goes' far joe task run "$id"
merge
is 'both are published' "$(published 'app|lib')" 'app-1.0-1 lib-2.0-1'
like 'app with what it needs now' "$(rpm -qpR "$FARM/repo/$REPO/x86_64/latest/Packages"/a/*/app-1.0-1.noarch.rpm 2>/dev/null)" '^abi = 2.0$'
id=$(go joe build -b "$REPO" del one)
wait_state 120 "$id" BUILT && merge
is 'what nobody needs is deleted' "$(published one)" ''
is 'and its list with it' "$(far ann acl "$REPO" one show)" ''

# --- one connection for many commands

FAR_OPTIONS=(-o ControlMaster=auto -o "ControlPath=$FARM/ssh/%C" -o ControlPersist=30)
before=$(logins)
for n in 1 2 3 4; do far joe task ls >"$FARM/listed.$n" || break; done
is 'one login is enough for many commands' "$(($(logins) - before))" 1
is 'and each is answered' "$(cmp "$FARM/listed.1" "$FARM/listed.4" && wc -l <"$FARM/listed.4")" "$(artel task ls --user=joe | wc -l)"
ok 'git takes it too' env GIT_SSH_COMMAND="ssh -F $FARM/ssh/joe ${FAR_OPTIONS[*]}" git ls-remote -q farm:/people/ann/packages/one.git
is 'by the same login' "$(($(logins) - before))" 1
ok 'and ends' ssh -F "$FARM/ssh/joe" "${FAR_OPTIONS[@]}" -O exit farm
FAR_OPTIONS=()

# --- who leaves

artel user disable bob 'left the project'
fails 'whoever is disabled does not come in' 255 'Permission denied' far bob help
like 'the journal tells the day of one user' "$(far ann events --user bob | cut -f 5 | sort -u)" '^bob$'
dnf -q -y --installroot="$FARM/root" --disableplugin='*' --repofrompath="farm,file://$FARM/repo/$REPO/x86_64/latest" --repo=farm --nogpgcheck \
	--releasever=1 --forcearch=x86_64 --setopt=install_weak_deps=0 repoquery --requires app >"$FARM/dnf" 2>&1
like 'dnf reads what came of it' "$(cat "$FARM/dnf")" '^abi = 2.0$'
scenario_end
