#!/bin/bash
# A corrupt RPM in an import: named, and no repository comes of it.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin empty

base=$(base_make '' 2>/dev/null)
copy=$FARM/copy
cp -a "$base" "$copy"
artel init
rpm=$(find "$copy" -name 'pkgconf-bin-*.rpm')
printf 'x' | dd of="$rpm" bs=1 seek=3000 conv=notrunc 2>/dev/null
fails 'changed bytes' 1 "pkgconf-bin.*SHA-256.*corrupt" artel repo create demo --import "$copy"
truncate -s 200 "$rpm"
fails 'a short file' 1 "pkgconf-bin.*(not an RPM|SHA-256)" artel repo create demo --import "$copy"
rm "$rpm"
fails 'a missing file' 1 "pkgconf-bin.*No such file" artel repo create demo --import "$copy"
fails 'no repository at all' 1 'not an rpm-md repository' artel repo create demo --import /tmp
printf 'no xml' >"$copy/repodata/repomd.xml"
fails 'broken metadata' 1 'repomd.xml' artel repo create demo --import "$copy"
is 'no repository is left' "$(artel repo ls | wc -l)" 1
ok 'a good import works after all that' artel repo create demo --import "$base"
is 'and has its packages' "$(artel repo packages demo | wc -l)" "$(find "$base" -name '*.rpm' | wc -l)"
fails 'a second one of that name' 1 'already' artel repo create demo --import "$base"
scenario_end
