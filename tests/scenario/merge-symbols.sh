#!/bin/bash
# ELF symbols, sonames and files of real libraries and programs: what the test on the builder says when a
# library keeps its soname and drops a symbol, and what the merge says of two tasks that pass alone.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

library() { # USER NAME VERSION C [SONAME [HEAD]]
	local dir so=${5:-lib$2.so.1}
	dir=$(spec_make "$2" "$3" <<SPEC
${6:-}
%description
A library.
%global debug_package %%nil
%build
echo '$4' > lib.c
gcc -shared -fPIC -Wl,-soname,$so -o $so lib.c
%install
install -D -m 755 $so %buildroot%_libdir/$2/$so
mkdir -p %buildroot%_datadir/$2
echo $3 > %buildroot%_datadir/$2/version
%files
%_libdir/$2
%_datadir/$2
SPEC
	)
	git_make "$1" "$2" "$3-1" "$dir"
}
program() { # USER NAME VERSION C LIBRARY
	local dir
	dir=$(spec_make "$2" "$3" <<SPEC
BuildRequires: $5
%description
A program.
%global debug_package %%nil
%build
echo '$4' > main.c
gcc -o $2 main.c %_libdir/$5/lib$5.so.1
%install
install -D -m 755 $2 %buildroot%_bindir/$2
%files
%_bindir/$2
SPEC
	)
	git_make "$1" "$2" "$3-1" "$dir"
}
fails_with() { # WHAT TASK PATTERN
	ok "$1: fails" wait_state 60 "$2" FAILED
	like "$1: says so" "$(task_reason "$2")" "$3"
}

library joe sym 1.0 'int keep(void) { return 1; } int drop(void) { return 2; } int extra(void) { return 3; }'
library joe two 1.0 'int two(void) { return 2; }'
program ann user 1.0 'int keep(void); int drop(void); int main(void) { return keep() + drop(); }' sym
program ann weak 1.0 'int keep(void); __attribute__((weak)) int extra(void); int main(void) { return keep() + (extra ? extra() : 0); }' sym
libs=$(build joe sym 1.0-1 two 1.0-1)
ok 'the libraries' wait_state 60 "$libs" BUILT
ok 'merged' artel-merger --once
users=$(build ann user 1.0-1 weak 1.0-1)
ok 'who uses them' wait_state 60 "$users" BUILT
ok 'merged too' artel-merger --once
like 'rpm finds the soname' "$(find -L "$FARM/repo/$REPO/x86_64/latest/Packages/" -name "sym-1.0-1*.rpm" -exec rpm -qp --dbpath "$FARM/none" --provides {} +)" '^libsym.so.1\(\)\(64bit\)$'

# The soname stays, one symbol goes.
library joe sym 2.0 'int keep(void) { return 1; } int extra(void) { return 3; }'
id=$(build joe sym 2.0-1)
fails_with 'a dropped symbol' "$id" \
	"user-1.0-1.x86_64 uses the symbol drop, which nothing defines; it was in sym-1.0-1.x86_64, which task #$id takes away"
is 'in one sentence: the weak reference and the rest are fine' "$(task_reason "$id" | grep -c 'more)')" 0
allow() { sqlite3 "$FARM/farm.db" "UPDATE repository SET allow = '$1'"; }
allow 'symbol user drip'
artel -u joe task run "$id" 2>/dev/null
fails_with 'an allow-list that names another symbol' "$id" 'the symbol drop'
allow 'symbol us* drop'
artel -u joe task run "$id" 2>/dev/null
ok 'an allow-list that names it' wait_state 60 "$id" BUILT
# The merge of what the list allowed when it was tested, with a list that does not any more.
allow ''
farm_stop
ok 'the merge asks again' artel-merger --once
is 'the list of now holds' "$(task_state "$id")" FAILED
like 'which says so' "$(task_reason "$id")" "^merge: user-1.0-1.x86_64 uses the symbol drop"
farm_start
library joe sym 2.1 'int keep(void) { return 1; } int drop(void) { return 2; }'
id=$(build joe sym 2.1-1)
ok 'the symbol is back; another goes that is used only weakly' wait_state 60 "$id" BUILT
ok 'which can be merged' artel-merger --once
is 'it is there' "$(published sym)" sym-2.1-1

# Each passes alone: a new program uses what the new library drops.
library joe two 2.0 'int three(void) { return 3; }'
program ann late 1.0 'int two(void); int main(void) { return two(); }' two
drops=$(build joe two 2.0-1)
late=$(build ann late 1.0-1)
ok 'nobody uses it yet' wait_state 60 "$drops" BUILT
ok 'somebody will' wait_state 60 "$late" BUILT
farm_stop
ok 'the merge' artel-merger --once
is 'takes the first' "$(task_state "$drops")" DONE
is 'and sends back the second' "$(task_state "$late")" AWAITING
like 'with the symbol, both packages and both tasks' "$(task_reason "$late")" \
	"late-1.0-1.x86_64 \(task #$late\) uses the symbol two, which nothing defines; it was in two-1.0-1.x86_64, which task #$drops takes away"
artel -u ann task abort "$late" 2>/dev/null
farm_start

# A soname in another source, and a file.
library ann other 1.0 'int keep(void) { return 1; }' libsym.so.1
id=$(build ann other 1.0-1)
fails_with 'a second libsym.so.1' "$id" "other-1.0-1.x86_64 .*provides libsym.so.1\(\)\(64bit\), and so does sym-2.1-1.x86_64.*: one of them should conflict with the other"
library ann other 1.1 'int keep(void) { return 1; }' libsym.so.1 'Conflicts: sym'
id=$(build ann other 1.1-1)
ok 'with Conflicts it passes' wait_state 60 "$id" BUILT
thief() { # VERSION [HEAD]
	local dir
	dir=$(spec_make thief "$1" <<SPEC
BuildArch: noarch
${2:-}
%description
x
%install
mkdir -p %buildroot%_datadir/sym
echo mine > %buildroot%_datadir/sym/version
%files
%_datadir/sym
SPEC
	)
	git_make ann thief "$1-1" "$dir"
}
thief 1.0
file=$(build ann thief 1.0-1)
fails_with "another package's file" "$file" "thief-1.0-1.noarch .*has another /usr/share/sym/version than sym-2.1-1.x86_64.*: rpm would refuse to install both"
thief 1.1 'Conflicts: sym'
file=$(build ann thief 1.1-1)
ok 'with Conflicts it passes, too' wait_state 60 "$file" BUILT
ok 'both can be merged' artel-merger --once
is 'done' "$(task_state "$id") $(task_state "$file")" 'DONE DONE'
scenario_end
