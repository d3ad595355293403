#!/bin/bash
# Coming from elsewhere: packages, source RPMs and git histories of another farm, its people and lists; and the page that tells how.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin empty

base=$(base_make '' 2>/dev/null) || { echo 'Bail out! no base repository'; exit 1; }
old=$FARM/old
mkdir -p "$old"/{rpm,srpm/deep,gears/a,gears/b,gears/z,keys,spec} "$FARM/keys" "$FARM/work"
export ARTEL_ROOT=$FARM/first
artel init
count() { awk -F '\t' -v "what=$1" '$1 == what { print $2 }' "$FARM/counts"; }
import() { artel repo import "$@" >"$FARM/counts"; }
rpms() { find "$1" -name '*.rpm' | wc -l; }

# --- another farm: what it has in its repository, built by rpmbuild alone -----------------------------------------

old_package() { # NAME EPOCH VERSION [LINE of a subpackage's head...]
	local spec=$old/spec/$1.spec name=$1 epoch=$2 version=$3
	shift 3
	{
		printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: From elsewhere\nLicense: MIT\nBuildArch: noarch\n' "$name" "$version"
		[ "$epoch" = 0 ] || printf 'Epoch: %s\n' "$epoch"
		printf '%%description\nA package of another farm.\n'
		[ $# = 0 ] || { printf '%%package extra\nSummary: More\n'; printf '%s\n' "$@"; printf '%%description extra\nMore.\n'; }
		printf '%%install\nmkdir -p %%buildroot/usr/share/%s\necho %s > %%buildroot/usr/share/%s/version\n' "$name" "$version" "$name"
		printf '%%files\n/usr/share/%s\n' "$name"
		[ $# = 0 ] || printf '%%files extra\n'
	} >"$spec"
	rpmbuild -ba --quiet --target noarch -D "_topdir $FARM/work/rpmbuild" -D "_rpmdir $old/rpm" -D "_srcrpmdir $old/srpm" "$spec" \
		>"$FARM/rpmbuild.log" 2>&1 || { cat "$FARM/rpmbuild.log"; exit 1; }
}
old_package apple 0 2.0
old_package banana 3 1.0 'Version: 7.0'
old_package cherry 0 1.0
mv "$old"/srpm/banana-*.src.rpm "$old/srpm/deep"
mkdir "$FARM/aside"
mv "$old"/srpm/cherry-*.src.rpm "$FARM/aside"
# One of a package that is not there, and an older one of a package that is.
old_package zebra 0 1.0
old_package apple 0 1.0
rm "$old"/rpm/noarch/{zebra-1.0,apple-1.0}-*.rpm
cp "$base"/repodata/../*/*.rpm "$old/rpm" 2>/dev/null || find "$base" -name '*.rpm' -exec cp -t "$old/rpm" {} +
createrepo_c -q "$old/rpm"

ssh-keygen -q -t ed25519 -N '' -f "$FARM/keys/old"
old_git() { # LETTER NAME VERSION... ; a signed tag, and what a farm adds to it, for each
	local work=$FARM/work/$2 bare=$old/gears/$1/$2.git name=$2 version
	shift 2
	git init -q -b main "$work" && git init -q --bare "$bare"
	for version; do
		printf '%s\n' "$version" >"$work/version"
		cp "$old/spec/$name.spec" "$work"
		git -C "$work" add -A
		git -C "$work" commit -q -m "$version"
		tag_signed old "$work" "$version-1"
		git -C "$work" tag "gb-task-$version" "$version-1"
	done
	git -C "$work" push -q "$bare" HEAD:sisyphus 'refs/tags/*:refs/tags/*'
	git -C "$bare" symbolic-ref HEAD refs/heads/sisyphus
	printf '#!/bin/sh\ntouch %s/hooked\n' "$FARM" | tee "$bare/hooks/post-update" "$bare/hooks/reference-transaction" >"$bare/hooks/pre-receive"
	chmod 755 "$bare"/hooks/{post-update,reference-transaction,pre-receive}
	printf '[core]\n\tfsmonitor = touch %s/hooked\n\tsshCommand = touch %s/hooked\n\talternateRefsCommand = touch %s/hooked\n[pack]\n\tpackSizeLimit = 1\n' \
		"$FARM" "$FARM" "$FARM" >>"$bare/config"
}
old_git a apple 1.0 2.0
old_git b banana 1.0
old_git z zebra 1.0

# --- killed in the middle -----------------------------------------------------------------------------------------

artel repo create sisyphus --base-group build-base
killed() { # POINT ; what becomes of an import that is killed there
	local status=0
	(ARTEL_FAULT=$1:kill exec artel repo import "${2:-sisyphus}" "$old/rpm" --srpms "$old/srpm" --git "$old/gears") >/dev/null 2>&1 || status=$?
	printf '%s\n' "$status"
}
# While packages are copied, between and in the git programs, before the tags, in the database.
for point in fsync:3 fsync:100 fork:1 fork:2 fork:3 fork:5 fork:6 sql:300; do
	rm -rf "$ARTEL_ROOT/git"
	is "an import is killed at $point" "$(killed "$point") $(artel repo ls | grep -c '^sisyphus *1 ')" '137 1'
done

# --- what cannot be imported --------------------------------------------------------------------------------------

artel repo create other --arch x86_64 --arch i686
artel repo create alien --arch aarch64
before=$(artel events | wc -l)
fails 'nothing to import' 2 'import what' artel repo import sisyphus
fails 'no repository of this name' 1 'no repository' artel repo import none "$old/rpm"
fails 'a folder that is none' 1 'not an rpm-md repository' artel repo import sisyphus "$old/spec"
fails 'an architecture has to be said' 2 'of which architecture' artel repo import other "$old/rpm"
fails 'one of them twice' 2 'given twice for i686' artel repo import other "i686=$old/rpm" "i686=$old/rpm"
fails 'packages of another architecture' 1 'is for x86_64, not for aarch64' artel repo import alien "$old/rpm"
fails 'no source RPM there' 1 'there is no source RPM in it' artel repo import sisyphus "$old/rpm" --srpms "$old/spec"
fails 'no git repository there' 1 'there is no NAME.git in it' artel repo import sisyphus "$old/rpm" --git "$old/spec"
fails 'an unknown option' 2 'no option .--branches' artel repo import sisyphus --branches x
cp -r "$old/srpm" "$FARM/broken"
truncate -s 300 "$FARM"/broken/deep/banana-*.src.rpm
fails 'a source RPM cut short' 1 'banana.*not an RPM' artel repo import sisyphus "$old/rpm" --srpms "$FARM/broken"
rm -rf "$ARTEL_ROOT/git"
cp -r "$old/gears" "$FARM/broken-gears"
find "$FARM/broken-gears/b" -path '*objects/??/*' -type f -exec truncate -s 5 {} +
fails 'a git repository with damaged objects' 1 'b/banana.git' artel repo import sisyphus "$old/rpm" --git "$FARM/broken-gears"
is 'nothing has changed after all that' "$(artel repo packages sisyphus; artel repo ls | grep -c '^sisyphus *1 ')" 1
is 'nor in the journal' "$(artel events | wc -l)" "$before"

# --- and then ---------------------------------------------------------------------------------------------------

whole() { artel repo import sisyphus "$old/rpm" --srpms "$old/srpm" --git "$old/gears" >"$FARM/counts" 2>"$FARM/said"; }
ok 'after all that it can be imported' whole
is 'all packages came' "$(artel repo packages sisyphus | wc -l) $(count packages)" "$(rpms "$old/rpm") $(rpms "$old/rpm")"
is 'with two source RPMs' "$(count srpms)" 2
is 'not the older one, nor the one of no package' "$(count srpms-others)" 2
is 'the others are counted' "$(count sources-without-srpm)" $(($(count sources) - 2))
is 'and two histories' "$(count git) $(count git-others)" '2 1'
like 'what is no package is named' "$(cat "$FARM/said")" 'sisyphus has no source of this name: .*/z/zebra.git'
like 'the journal has it' "$(artel events | tail -n 1)" 'repository sisyphus: state 2, .* without an SRPM; 2 git records with [0-9]+ tags'
is 'it is the current state' "$(readlink "$ARTEL_ROOT/repo/sisyphus/x86_64/latest")" state/2
is 'a source has the version of its own' \
	"$(sqlite3 "$ARTEL_ROOT/farm.db" "SELECT source, evr FROM source_member WHERE source IN ('apple', 'banana', 'cherry') ORDER BY source" | paste -sd' ')" \
	'apple|2.0-1 banana|3:1.0-1 cherry|1.0-1'
is 'the branch is theirs' "$(git --git-dir="$ARTEL_ROOT/git/a/apple.git" rev-parse sisyphus)" "$(git --git-dir="$old/gears/a/apple.git" rev-parse sisyphus)"
is 'with the signed tags, not those of its farm' "$(git --git-dir="$ARTEL_ROOT/git/a/apple.git" tag | paste -sd' ')" '1.0-1 2.0-1'
ok 'the record is sound' git --git-dir="$ARTEL_ROOT/git/a/apple.git" fsck --strict
fails 'nothing of theirs was run' 2 'No such file' ls "$FARM/hooked"
is 'one of no package has no record' "$(ls "$ARTEL_ROOT/git")" "$(printf 'a\nb')"

# --- again --------------------------------------------------------------------------------------------------------

fails 'a second import of packages' 1 'is at state 2: packages are imported only into' artel repo import sisyphus "$old/rpm"
mv "$FARM"/aside/*.src.rpm "$old/srpm"
ok 'a source RPM that turns up later' import sisyphus --srpms "$old/srpm"
is 'is taken, and the others stay' "$(count srpms) $(count packages)" '1 0'
ok 'again, nothing changes' import sisyphus --srpms "$old/srpm"
is 'nothing was taken' "$(count srpms)" 0
git -C "$FARM/work/apple" commit -q --allow-empty -m 3.0
git -C "$FARM/work/apple" push -q "$old/gears/a/apple.git" HEAD:sisyphus HEAD:p10
head=$(git --git-dir="$ARTEL_ROOT/git/a/apple.git" rev-parse sisyphus)
ok 'their branch has moved' import sisyphus --git "$old/gears"
is 'ours stays where it is' "$(count git-kept) $(git --git-dir="$ARTEL_ROOT/git/a/apple.git" rev-parse sisyphus)" "1 $head"
artel repo create p10 --base-group build-base
ok 'another repository from a branch of another name' import p10 "$old/rpm" --srpms "$old/srpm" --git "$old/gears" --branch p10
is 'those without the branch are counted' "$(count git) $(count git-without-branch)" '1 1'
is 'both branches are in one record' "$(git --git-dir="$ARTEL_ROOT/git/a/apple.git" branch --format='%(refname:short)' | paste -sd' ')" 'p10 sisyphus'
createrepo_c -q "$old/srpm"
artel repo create rawhide
ok 'source RPMs as rpm-md' import rawhide "$old/rpm" --srpms "$old/srpm"
is 'the same of them are taken' "$(count srpms)" 3
artel repo create late
is 'one that is killed when the database has it' "$(killed committed:1 late) $(readlink "$ARTEL_ROOT/repo/late/x86_64/latest")" '137 state/1'
fails 'has happened' 1 'late is at state 2' artel repo import late "$old/rpm"
is 'and readers see it then' "$(readlink "$ARTEL_ROOT/repo/late/x86_64/latest")" state/2
printf x >>"$old"/srpm/cherry-1.0-1.src.rpm
artel repo create again
fails 'one that is not what the metadata say' 1 'cherry.*SHA-256 is .*, the repository says' artel repo import again "$old/rpm" --srpms "$old/srpm"
# A damaged one was needed; for the page it is whole again.
rm -rf "$old/srpm/repodata"
truncate -s -1 "$old"/srpm/cherry-1.0-1.src.rpm

# --- the page -----------------------------------------------------------------------------------------------------

page=$here/../docs/migrating.md
export ARTEL_ROOT=$FARM WORK=$FARM/migration OLD_REPO=$old GEARS=$old/gears PEOPLE=$old/people ACL=$old/acl KEYS=$old/authorized_keys
export PASSWD=$old/passwd ALIASES=$old/aliases SIGNING=$old/signing PREFIX=git_ PATHS=$old/koji-paths OWNERS=$old/koji-owners META=$old/meta
export BACK=$old/gears
mkdir -p "$WORK" "$PEOPLE/joe/packages" "$ACL" "$KEYS" "$SIGNING" "$META"
artel init
recipes=()
recipe() { # NAME ; a block of the page, as it stands
	recipes+=("$1")
	awk -v "want=<!-- run: $1 -->" '$0 == want { on = 1 } on && /^```$/ { exit } on == 2 { print } on && /^```sh$/ { on = 2 }' "$page" >"$WORK/$1.sh"
	[ -s "$WORK/$1.sh" ] || { fail "$1 stands in the page"; return; }
	ok "$1, as the page has it" bash -euo pipefail "$WORK/$1.sh"
}

printf '%s\n' 'root:x:0:0:root:/root:/bin/bash' 'git_joe:x:500:500:Joe Hacker:/var/empty:/usr/libexec/girar/girar-sh' \
	'git_ann:x:501:500:Ann:/var/empty:/usr/libexec/girar/girar-sh' >"$PASSWD"
ssh-keygen -q -t ed25519 -N '' -C 'joe at home' -f "$FARM/keys/joe"
ssh-keygen -q -t ed25519 -N '' -C 'joe at work' -f "$FARM/keys/joe-2"
sed 's/^/restrict /' "$FARM"/keys/joe.pub "$FARM"/keys/joe-2.pub >"$KEYS/git_joe"
printf 'postmaster:\troot\ngit_joe:\tjoe@example.org\n' >"$ALIASES"
printf 'apple\tjoe @gang *\nbanana @nobody\ncherry gone joe\n' >"$ACL/list.packages.sisyphus"
printf '@gang\tann joe\n' >"$ACL/list.groups.sisyphus"
cp -r "$old/gears/a/apple.git" "$PEOPLE/joe/packages"
export GNUPGHOME=$FARM/gpg
mkdir -m 700 "$GNUPGHOME"
gpg -q --batch --passphrase '' --quick-gen-key joe@example.org ed25519 sign
gpg -q --armor --export joe@example.org >"$SIGNING/joe.asc"

recipe split
recipe broken
recipe girar-repository
is 'packages, sources and histories are here' "$(awk -F '\t' '/^(srpms|git|sources-without-srpm)\t/ { print $2 }' "$WORK/imported" | paste -sd' ')" \
	"3 $(awk -F '\t' '/^sources\t/ { print $2 - 3 }' "$WORK/imported") 2"
recipe girar-people
is 'people' "$(artel user ls --json | jq -r '.[] | "\(.name):\(.logins)"' | sort | paste -sd' ')" 'ann:0 gone:0 joe:2'
is 'and where they are told' "$(artel user mail joe)" joe@example.org
recipe girar-signing
is 'what they sign with' "$(artel user ls --json | jq -r '.[] | select(.name == "joe").keys')" 1
recipe girar-lists
is 'who may change what' "$(artel acl sisyphus export | tr -s ' ' | paste -sd,)" \
	'@gang ann joe,apple joe @gang @everybody,banana @nobody,cherry gone joe'
recipe girar-packages
is "people's repositories" "$(git --git-dir="$FARM/people/joe/packages/apple.git" tag --list '?.0-1' | paste -sd' ')" '1.0-1 2.0-1'
is 'without their hooks' "$(find "$FARM/people" -path '*/hooks/*' | wc -l)" 0

farm_start
id=$(artel --user joe build -b sisyphus rebuild apple 2>"$FARM/submit.log")
ok 'an imported source is built again' wait_state 150 "$id" BUILT
ok 'and merged' merge_once
is 'into the next state' "$(readlink "$FARM/repo/sisyphus/x86_64/latest")" state/3
farm_stop

recipe mock
find "$old" -name '*.rpm' | sort -u >"$PATHS"
recipe koji
is 'the packages of a tag' "$(artel repo packages rawhide | wc -l)" "$(artel repo packages layer | wc -l)"
printf '%-20s %-10s %-15s %s\n' apple TAG '' joe cherry TAG '' kim >"$OWNERS"
recipe koji-owners
is 'and their owners' "$(artel acl rawhide export | tr -s ' ' | paste -sd,)" 'apple joe,cherry kim'
printf '<package name="apple">\n  <person userid="joe" role="maintainer"/>\n  <person userid="lee" role="maintainer"/>\n%s\n</package>\n' \
	'  <person userid="max" role="bugowner"/>' >"$META/apple"
printf '<package name="banana"/>\n' >"$META/banana"
recipe obs-maintainers
is 'maintainers of a project' "$(artel acl layer export | tr -s ' ' | paste -sd,)" 'apple joe lee'
recipe compare
is 'what differs is what was built here' "$(grep -c '^[<>]' "$WORK/differs")" 0
for git in "$old"/gears/?/*.git; do ln -s "$git" "$BACK/${git##*/}"; done
recipe back
is 'and back: all packages' "$(rpms "$WORK/back") $(find -L "$WORK/back" -name 'apple-*.rpm' -exec rpm -qp --nosignature {} + | paste -sd' ')" \
	"$(artel repo packages sisyphus | wc -l) apple-2.0-1.noarch"
is 'every block of the page was run' "$(sed -n 's/^<!-- run: \(.*\) -->$/\1/p' "$page" | sort | paste -sd' ')" \
	"$(printf '%s\n' "${recipes[@]}" | sort | paste -sd' ')"
is 'and there are no others' "$(grep -c '^```sh$' "$page")" "${#recipes[@]}"
scenario_end
