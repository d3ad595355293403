#!/bin/bash
# A source is built again and some or all of its packages are what the repository has: those stay, to the byte.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

# The library with its data and manual. TAG MANUAL COMMENT
library() {
	local dir
	dir=$(spec_make library 1.0 <<SPEC
%global debug_package %{nil}
# $3
%description
A library.
%package data
Summary: Its data
BuildArch: noarch
%description data
Data.
%package manual
Summary: Its manual
BuildArch: noarch
Requires: library-data = %version-%release
%description manual
Manual.
%install
mkdir -p %buildroot%_datadir/library %buildroot%_docdir/library %buildroot%_bindir
echo 'int main(void) { return 0; }' > main.c
gcc -o %buildroot%_bindir/library main.c
echo data > %buildroot%_datadir/library/data
echo '$2' > %buildroot%_docdir/library/manual
%files
%_bindir/library
%files data
%_datadir/library
%files manual
%_docdir/library
SPEC
	)
	git_make joe library "$1" "$dir"
	rm -rf "$dir"
}

# name and SHA-256 of its packages, as readers see them
seen() {
	local latest=$FARM/repo/$REPO/x86_64/latest
	zcat "$latest/$(grep -o 'repodata/[0-9a-f]*-primary.xml.gz' "$latest/repodata/repomd.xml")" | tr -d '\n' | sed 's/<package /\n&/g' |
		sed -n 's/.*<name>\(library[^<]*\)<.*<checksum type="sha256"[^>]*>\([0-9a-f]*\)<.*/\1 \2/p' | sort
}
members() {
	sqlite3 "$FARM/farm.db" "SELECT p.name, m.sha256, m.since FROM member m JOIN package p USING (sha256)
		WHERE m.source = 'library' AND m.until IS NULL ORDER BY 1"
}
pool() { (cd "$FARM/repo/$REPO/pool" && find l -name 'library*' | sort); }
kept() { artel task show --json "$1" | jq -r '[.jobs[].files[] | select(.kept) | .file] | sort | join(" ")'; }
merged() { # TAG: prints the task's id
	local id
	id=$(build joe library "$1")
	wait_state 60 "$id" BUILT >&2 && artel-merger --once >&2 && printf '%s\n' "$id"
}

library 1 one 'the first'
id=$(merged 1)
is 'the first has nothing to keep' "$(kept "$id")" ''
is 'three packages' "$(seen | wc -l)" 3
was_seen=$(seen) was_members=$(members) was_pool=$(pool)

library 2 one 'another comment'
id=$(merged 2)
is 'it is merged' "$(task_state "$id")" DONE
like 'what was built is there already' "$(artel task show --events "$id")" 'build: OK \(3 of 3 packages as in the repository\)$'
is 'which are all' "$(kept "$id")" \
	'library-1.0-1.x86_64.rpm library-data-1.0-1.noarch.rpm library-manual-1.0-1.noarch.rpm'
is 'readers see the same files' "$(seen)" "$was_seen"
is 'which came when they came' "$(members)" "$was_members"
is 'and none beside them' "$(pool)" "$was_pool"
is 'the source is the new one' "$(sqlite3 "$FARM/farm.db" \
	"SELECT task FROM source_member WHERE source = 'library' AND until IS NULL")" "$id"

# The other file that was built is no artefact of anything, and goes in a day: until then it can be looked at.
newest=$(find "$FARM/repo/$REPO/pool" -name '*.rpm' -printf '%T@ %p\n' | sort -n | sed -n '$s/^[^ ]* //p')
mine=$(find "$FARM/artefact" -type f -newer "$newest" -print0 |
	xargs -0 file | sed -n 's/:.*RPM v3.*//p' | while read -r f; do
		[ "$(rpm -qp --nosignature --qf '%{NAME} %{SOURCERPM}' "$f" 2>/dev/null)" != 'library-data library-1.0-1.src.rpm' ] || printf '%s\n' "$f"
	done)
theirs=$FARM/repo/$REPO/pool/$(pool | grep library-data)
ok 'it was built' test -f "$mine"
diff=$(artel plumb rpm-diff "$theirs" "$mine") status=$?
is 'in other bytes and the same content' "$status $(head -n 1 <<<"$diff" | cut -f 1)" '3 same-content'
is 'of which nothing differs' "$(grep -c '^content' <<<"$diff")" 0

library 3 two 'another manual'
id=$(merged 3)
like 'one of them is new' "$(artel task show --events "$id")" 'build: OK \(2 of 3 packages as in the repository\)$'
is 'readers see two of the same' "$(comm -12 <(printf '%s\n' "$was_seen") <(seen) | cut -d ' ' -f 1 | tr '\n' ' ')" 'library library-data '
is 'and the new one' "$(seen | wc -l)" 3
is 'it came with this merge' "$(members | cut -d '|' -f 1,3 | tr '\n' ' ')" 'library|2 library-data|2 library-manual|4 '
manuals=("$FARM/repo/$REPO/pool/"l/*/library-manual-*)
diff=$(artel plumb rpm-diff "${manuals[@]}") status=$?
is 'in content' "$status $(head -n 1 <<<"$diff" | cut -f 1)" '4 other-content'
like 'by that file' "$diff" "^content	/usr/share/doc/library/manual digest	"
ok 'no file differs from itself' artel plumb rpm-diff "${manuals[0]}" "${manuals[0]}"
ok 'the state can be made again' artel repo replay "$REPO" 4

# What is kept is taken away by another task before it is merged.
del=$(build joe del library)
ok 'it is to be deleted' wait_state 60 "$del" BUILT
library 4 two 'yet another comment'
id=$(build joe library 4)
ok 'and built again' wait_state 60 "$id" BUILT
is 'as it is' "$(kept "$id" | wc -w)" 3
now_seen=$(seen)
ok 'both are merged' artel-merger --once
is 'the one' "$(task_state "$del")" DONE
is 'and the other' "$(task_state "$id")" DONE
is 'readers see what they saw' "$(seen)" "$now_seen"
while read -r _ sha; do
	file=$(find "$FARM/repo/$REPO/pool/l/${sha:0:8}" -name 'library*')
	is "the file of $sha is there" "$(sha256sum <"$file")" "$sha  -"
done <<<"$now_seen"
ok 'the states can be made again' artel repo replay "$REPO" 5
ok 'both of them' artel repo replay "$REPO" 6
scenario_end
