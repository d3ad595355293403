#!/bin/bash
# The history of a repository: told, replayed to the byte, gone back to, swept; signed, and tolerant where it is told to be.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

merged() { # NAME VERSION
	tiny joe "$1" "$2"
	id=$(build joe "$1" "$2-1")
	wait_state 60 "$id" BUILT && artel-merger --once 2>/dev/null && [ "$(task_state "$id")" = DONE ]
}
names() { published "$1"; }

ok 'one 1.0 merged' merged one 1.0
ok 'two 1.0 merged' merged two 1.0
ok 'one 2.0 merged' merged one 2.0
artel repo history "$REPO" >"$FARM/history"
is 'serials' "$(cut -f 1 "$FARM/history" | tr '\n' ' ')" '2 3 4 '
is 'each from the one before' "$(cut -f 3,4,5 "$FARM/history" | tr '\t\n' '  ')" 'merge 1 1 merge 2 2 merge 3 3 '
for n in 2 3 4; do
	like "state $n replayed" "$(artel repo replay "$REPO" $n)" "state $n is its predecessor and 1 tasks, to the byte"
done
fails 'the imported one' 1 'imported, or never was' artel repo replay "$REPO" 1
ok 'nothing is left of it' test ! -e "$FARM/repo/.replay-$REPO"

# A package that is not what was merged is found.
facts=$(sqlite3 "$FARM/farm.db" "SELECT facts FROM output WHERE task = 2 AND kind = 'rpm'")
other=$(sqlite3 "$FARM/farm.db" "SELECT facts FROM output WHERE task = 3 AND kind = 'rpm'")
sqlite3 "$FARM/farm.db" "UPDATE output SET facts = '$other' WHERE facts = '$facts'"
fails 'another package is noticed' 1 'published was' artel repo replay "$REPO" 3
sqlite3 "$FARM/farm.db" "UPDATE output SET facts = '$facts' WHERE task = 2 AND kind = 'rpm'"

is 'now' "$(names 'one|two')" 'one-2.0-1 two-1.0-1'
like 'back to 2' "$(artel repo rollback "$REPO" 2)" 'state 5 is current: it is state 2 again'
is 'then' "$(names 'one|two')" 'one-1.0-1'
is 'sources too' "$(sqlite3 "$FARM/farm.db" "SELECT group_concat(source || evr) FROM source_member WHERE until IS NULL AND source IN ('one', 'two')")" one1.0-1
is 'readers too' "$(readlink "$FARM/repo/$REPO/x86_64/latest")" state/5
ok 'dnf sees it' dnf -q --installroot "$FARM/none" --setopt=reposdir=/nonexistent --setopt=cachedir="$FARM/dnf" \
	--repofrompath "r,file://$FARM/repo/$REPO/x86_64/latest" --releasever 1 repoquery --latest-limit 1 one-1.0
like 'the journal says so' "$(artel repo history "$REPO" | tail -n 1 | cut -f 1,3,4)" $'^5\trollback\t2$'
like 'and it can be made again' "$(artel repo replay "$REPO" 5)" 'to the byte'
fails 'not forward' 1 'an earlier one only' artel repo rollback "$REPO" 5
fails 'not to nowhere' 1 'an earlier one only' artel repo rollback "$REPO" 99
fails 'a number' 2 'no state.s number' artel repo rollback "$REPO" x
ok 'on we go' merged three 1.0
is 'on top of it' "$(names 'one|two|three')" 'one-1.0-1 three-1.0-1'

# Killed at each step of going back: before it is current nothing happened, afterwards it is finished.
for point in write:1 fsync:1 fsync:4 fsync:7 merge-switched:1; do
	before=$(sqlite3 "$FARM/farm.db" "SELECT serial FROM repository")
	status=0
	ARTEL_FAULT=$point:kill artel-merger --repository "$REPO" --rollback 3 >/dev/null 2>&1 || status=$?
	is "$point: killed" "$status" 137
	artel-merger --once 2>/dev/null
	now=$(sqlite3 "$FARM/farm.db" "SELECT serial FROM repository")
	ok "$point: whole" test "$now" = "$before" -o "$now" = $((before + 1))
	is "$point: readers" "$(readlink "$FARM/repo/$REPO/x86_64/latest")" "state/$now"
done

# Sweeping.
serial=$(sqlite3 "$FARM/farm.db" "SELECT serial FROM repository")
artel repo gc "$REPO" --keep 2 --dry-run >"$FARM/dry"
ok 'a dry run removes nothing' test -e "$FARM/repo/$REPO/x86_64/state/1"
mkdir -p "$FARM/artefact/ab"
old=$FARM/artefact/ab/$(printf '%062d' 1) young=$FARM/artefact/ab/$(printf '%062d' 2)
echo old >"$old" && touch -d '3 days ago' "$old"
echo young >"$young"
artel repo gc "$REPO" --keep 2 >"$FARM/swept"
is 'once more, all repositories, quietly: nothing to say' "$(artel-merger --sweep --keep 2 --quiet 2>&1; echo $?)" 0
is 'what it said it would' "$(head -n 2 "$FARM/swept")" "$(head -n 2 "$FARM/dry")"
ok 'an artefact that nothing names is gone' test ! -e "$old"
ok 'a young one may be wanted yet' test -e "$young"
ok 'the oldest is gone' test ! -e "$FARM/repo/$REPO/x86_64/state/1"
ok 'the newest is there' test -e "$FARM/repo/$REPO/x86_64/state/$serial/repodata/repomd.xml"
ok 'every package of it' bash -c "artel repo packages '$REPO' | while IFS=\$'\t' read -r _ _ _ _ sha; do
	test -e '$FARM/artefact/'\${sha:0:2}/\${sha:2} || exit 1; done"
is 'a package of no state is gone' "$(find "$FARM/repo/$REPO/pool" -name 'one-2.0-1*' | wc -l)" 0
fails 'its replay says why' 1 '.' artel repo replay "$REPO" 4
ok 'the next merge works' merged four 1.0

# An index that cannot be read, of an older version or damaged, is made anew.
index=$(sqlite3 "$FARM/farm.db" "SELECT sha256 FROM state_file WHERE kind = 'index' ORDER BY serial DESC LIMIT 1")
chmod u+w "$FARM/artefact/${index:0:2}/${index:2}"
printf '\1\0\0\0\0\0\0\0' | dd of="$FARM/artefact/${index:0:2}/${index:2}" conv=notrunc status=none
artel-merger --once 2>"$FARM/renewed"
like 'the merger says so' "$(cat "$FARM/renewed")" 'was made anew'
ok 'and merges on' merged nine 1.0

# Signed metadata, and a setting at a time.
mkdir -m 700 "$FARM/gnupg"
gpg --homedir "$FARM/gnupg" --batch --quiet --passphrase '' --quick-generate-key 'farm <farm@example.org>' ed25519 sign never 2>/dev/null
ok 'a key' artel repo set "$REPO" sign-key farm@example.org
ok 'merged signed' merged five 1.0
latest=$FARM/repo/$REPO/x86_64/latest/repodata
gpg --homedir "$FARM/gnupg" --batch --armor --export >"$FARM/farm.asc"
try_dnf() {
	rm -rf "$FARM/dnf"
	dnf -q -y --installroot "$FARM/none" --setopt=reposdir=/nonexistent --setopt=cachedir="$FARM/dnf" --releasever 1 \
		--repofrompath "r,file://$FARM/repo/$REPO/x86_64/latest" --setopt=r.repo_gpgcheck=1 --setopt=r.gpgkey="file://$FARM/farm.asc" \
		repoquery five | grep -q five
}
ok 'dnf accepts the signature' try_dnf
cp -L "$latest/repomd.xml" "$FARM/saved"
sed 's/<revision>1/<revision>2/' "$FARM/saved" >"$latest/repomd.xml"
if try_dnf 2>/dev/null; then fail 'a byte changed: refused'; else pass 'a byte changed: refused'; fi
cat "$FARM/saved" >"$latest/repomd.xml"
ok 'zstd' artel repo set "$REPO" compression zstd
ok 'merged' merged six 1.0
is 'as zstd' "$(cd "$FARM/repo/$REPO/x86_64/latest/repodata" && find . -name '*primary.xml.zst' | wc -l)" 1
fails 'no such setting' 2 'no setting' artel repo set "$REPO" colour blue
fails 'no such compression' 2 'gz or zstd' artel repo set "$REPO" compression lzma
printf 'unmet one\n' >"$FARM/allow"
fails 'an allow-list with a mistake' 2 'line 1' artel repo set "$REPO" allow "$FARM/allow"
cap='libseven.so.1()(64bit)'
tiny joe seven 1.0 "Provides: $cap"
id=$(build joe seven 1.0-1)
ok 'the first with a soname' wait_state 60 "$id" BUILT
artel-merger --once 2>/dev/null
tiny joe eight 1.0 "Provides: $cap"
id=$(build joe eight 1.0-1)
ok 'the second fails' wait_state 60 "$id" FAILED
like 'by name' "$(task_reason "$id")" "eight-1.0-1.noarch .*provides libseven.so.*, and so does seven-1.0-1.noarch"
printf '# known\nduplicate eight libseven.so.*\n' >"$FARM/allow"
ok 'an allow-list' artel repo set "$REPO" allow "$FARM/allow"
artel --user joe task run "$id" >/dev/null
ok 'tolerated' wait_state 60 "$id" BUILT
artel-merger --once 2>/dev/null
is 'and merged' "$(task_state "$id")" DONE
scenario_end
