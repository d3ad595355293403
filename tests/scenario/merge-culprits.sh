#!/bin/bash
# Tasks of two people, each built and tested alone, of which some cannot go together: one cycle
# merges everything that can be, and says of every other one what it met.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

serial() { sqlite3 "$FARM/farm.db" "SELECT serial FROM repository"; }
deps() { artel task deps "$1" show | tr '\n' ' ' | sed 's/ $//'; }
built() { # WHAT TASK...
	local what=$1 bad=
	shift
	for t in "$@"; do wait_state 90 "$t" BUILT >>"$FARM/waited" || bad=yes; done
	if [ -z "$bad" ]; then pass "$what"; else fail "$what" "$(cat "$FARM/waited")"; fi
}
clashing() { # USER NAME CONTENT: a package with a file that another has, too
	local dir
	dir=$(spec_make "$2" 1.0 <<SPEC
BuildArch: noarch
%description
x
%install
mkdir -p %buildroot%_datadir/shared
echo $3 > %buildroot%_datadir/shared/clash
%files
%_datadir/shared/clash
SPEC
	)
	git_make "$1" "$2" 1.0-1 "$dir"
}

# What is there: a library to be deleted, three that move on, and who needs their versions of today.
tiny joe liba 1.0
tiny joe vlib 1.0
tiny joe pl 1.0
tiny joe zl 1.0
tiny joe zu 1.0 'Requires: zl = 1.0'
first=$(build joe liba 1.0-1 vlib 1.0-1 pl 1.0-1 zl 1.0-1 zu 1.0-1)
built 'the libraries are built' "$first"
ok 'and merged' artel-merger --once
# Tested before anything asks for the version that it takes away.
tiny joe pl 2.0
breaks=$(build joe pl 2.0-1)
tiny joe pu 1.0 'Requires: pl = 1.0'
user=$(build joe pu 1.0-1)
built 'an update, and a package that needs what it updates' "$breaks" "$user"
ok 'one cycle' artel-merger --once
is 'of the two the earlier is merged' "$(task_state "$breaks")" DONE
like 'the later is built again' "$(task_state "$user")" '^(AWAITING|BUILDING|FAILED)$'
ok 'on what is merged, where it fails' wait_state 60 "$user" FAILED
like 'in its own test' "$(task_reason "$user")" 'pu-1.0-1.noarch .*requires pl = 1.0, which nothing provides'
is 'it has noted with whom it could not be' "$(deps "$user")" "$breaks"

# Only the pair passes: the update was tested before what it breaks was merged, and the repair stands on it.
tiny joe qu 1.0 'Requires: vlib = 1.0'
tiny ann nothing 1.0
tiny joe vlib 2.0
pair_breaks=$(build joe vlib 2.0-1)
built 'an update that breaks nothing yet' "$pair_breaks"
sqlite3 "$FARM/farm.db" "UPDATE task SET state = 'NEW' WHERE id = $pair_breaks" # out of the way of the next merge
user=$(build joe qu 1.0-1)
built 'what it will break' "$user"
ok 'is merged' artel-merger --once
sqlite3 "$FARM/farm.db" "UPDATE task SET state = 'BUILT' WHERE id = $pair_breaks"
tiny joe qu 2.0 'Requires: vlib = 2.0'
pair_repairs=$(build joe --deps "$pair_breaks" qu 2.0-1)

# A task that breaks and repairs; one that deletes; one that needs what is deleted.
tiny joe zl 2.0
tiny joe zu 2.0 'Requires: zl = 2.0'
whole=$(build joe zl 2.0-1 zu 2.0-1)
deletes=$(build joe del liba)
tiny ann needer 1.0 'Requires: liba'
needs=$(build ann needer 1.0-1)
tiny ann oldzl 1.0 'Requires: zl < 2'
old=$(build ann oldzl 1.0-1)
clashing ann clash-a one
clashing joe clash-b two
clash_a=$(build ann clash-a 1.0-1)
clash_b=$(build joe clash-b 1.0-1)
innocent=$(build ann nothing 1.0-1)
# One source twice: a descendant, and two of which neither descends from the other.
tiny ann seq 1.0
tiny ann seq 2.0
seq_1=$(build ann seq 1.0-1)
seq_2=$(build ann seq 2.0-1)
tiny ann fork 1.0
git -C "$FARM/work/ann-fork" checkout -q --orphan other
sed -i 's/^Version:.*/Version: 1.1/' "$FARM/work/ann-fork/fork.spec"
git -C "$FARM/work/ann-fork" commit -qam other
tag_signed ann "$FARM/work/ann-fork" 1.1-1
git -C "$FARM/work/ann-fork" push -q "$FARM/people/ann/packages/fork.git" refs/tags/1.1-1
fork_1=$(build ann fork 1.0-1)
fork_2=$(build ann fork 1.1-1)
built 'each of them passes alone' "$pair_breaks" "$pair_repairs" "$whole" "$deletes" "$needs" "$old" "$clash_a" "$clash_b" \
	"$innocent" "$seq_1" "$seq_2" "$fork_1" "$fork_2"
farm_stop

before=$(serial)
ok 'one merge' artel-merger --once
is 'makes one state' "$(serial)" $((before + 1))
for t in pair_breaks pair_repairs whole deletes clash_a innocent seq_1 seq_2 fork_1; do
	is "$t is merged" "$(task_state "${!t}") $(task_reason "${!t}")" 'DONE '
done
for t in needs old clash_b; do
	is "$t is sent back" "$(task_state "${!t}")" AWAITING
done
like 'needs: who wants what, and who takes it' "$(task_reason "$needs")" \
	"needer-1.0-1.noarch \(task #$needs\) requires liba, which nothing provides; it was in liba-1.0-1.noarch, which task #$deletes takes away"
like 'old: the same of a version' "$(task_reason "$old")" \
	"oldzl-1.0-1.noarch \(task #$old\) requires zl < 2, which nothing provides; it was in zl-1.0-1.noarch, which task #$whole takes away"
like 'clash: which file, and whose' "$(task_reason "$clash_b")" \
	"clash-b-1.0-1.noarch \(task #$clash_b\) has another /usr/share/shared/clash than clash-a-1.0-1.noarch"
is 'needs will be built after' "$(deps "$needs")" "$deletes"
is 'old will be built after' "$(deps "$old")" "$whole"
is 'clash will be built after' "$(deps "$clash_b")" "$clash_a"
is 'fork: first come, first served' "$(task_state "$fork_2")" FAILED
like 'fork: git inheritance' "$(task_reason "$fork_2")" 'fork: tag 1.1-1 is not a descendant of'
is 'published' "$(published 'liba|vlib|pl|pu|qu|zl|zu|needer|oldzl|clash-.|nothing|seq|fork' | tr '\n' ' ' | sed 's/ $//')" \
	'clash-a-1.0-1 fork-1.0-1 nothing-1.0-1 pl-2.0-1 qu-2.0-1 seq-2.0-1 vlib-2.0-1 zl-2.0-1 zu-2.0-1'

# What dnf makes of it.
mkdir "$FARM/dnf"
dnf_here() {
	dnf -q -y --noplugins --setopt=gpgcheck=0 --forcearch=x86_64 --releasever=1 --installroot "$FARM/dnf" \
		--repofrompath="test,file://$FARM/repo/$REPO/x86_64/latest" --repo=test "$@"
}
is 'dnf: the update of seq' "$(dnf_here repoquery --qf '%{version}' seq 2>/dev/null)" 2.0
ok 'dnf: all of it can be installed' dnf_here install --downloadonly --destdir "$FARM/dnf" --setopt=install_weak_deps=0 \
	clash-a fork nothing pl qu seq vlib zl zu

# Those that were sent back are built on what is there now: they cannot pass, and each says why in its own test.
farm_start
for t in needs old clash_b; do
	ok "$t fails by itself now" wait_state 60 "${!t}" FAILED
done
like 'needs: by its test' "$(task_reason "$needs")" 'requires liba, which nothing provides'
before=$(serial)
ok 'nothing is left to merge' artel-merger --once
is 'and no serial is used' "$(serial)" "$before"
scenario_end
