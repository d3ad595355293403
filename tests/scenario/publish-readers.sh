#!/bin/bash
# Readers while states are published one after another: each sees one state, whole.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin empty

latest=$FARM/repo/test/x86_64/latest
read_once() { # what a dnf without a cache sees of the packages that change with each state
	local cache reader
	cache=$(mktemp -d "$FARM/cache.XXXXXX")
	reader=(dnf -q --noplugins --forcearch=x86_64 --installroot "$cache" --repofrompath="test,file://$latest" --repo=test
		--setopt=cachedir="$cache/c" --setopt=persistdir="$cache/p" --setopt=logdir="$cache")
	if ! "${reader[@]}" makecache >"$cache/log" 2>&1 ||
		! "${reader[@]}" -C repoquery --qf '%{name} %{version}' >"$cache/list" 2>>"$cache/log"; then
		cat "$cache/log"
		return 1
	fi
	[ "$(wc -l <"$cache/list")" = 310 ] || { cat "$cache/log" "$cache/list"; return 1; }
	[ "$(grep '^m' "$cache/list" | cut -d ' ' -f 2 | sort -u | wc -l)" = 1 ] || { cat "$cache/list"; return 1; }
	grep -m 1 '^m' "$cache/list" | cut -d ' ' -f 2
	rm -rf "$cache"
}

mkdir -p "$FARM"
"$BUILD/tests/publish-states" "$FARM" 200 gz "$FARM/enough" >"$FARM/published" 2>"$FARM/publisher.log" &
publisher=$!
while [ ! -e "$latest" ] && kill -0 "$publisher" 2>/dev/null; do sleep 0.1; done
bad='' seen=''
for _ in $(seq 12); do
	if one=$(read_once); then seen+="$one "; else bad+="$one"$'\n'; fi
done
touch "$FARM/enough"
wait "$publisher"
is 'the publisher ends well' "$? $(cat "$FARM/publisher.log")" '0 '
is 'no reader saw a broken repository' "$bad" ''
is 'all of them read' "$(wc -w <<<"$seen")" 12
like 'there were 200 states or more' "$(cat "$FARM/published")" '^([2-9][0-9][0-9]|[0-9]{4,})$'
printf '# states seen: %s of %s\n' "$seen" "$(cat "$FARM/published")"

# What reads zstd: dnf and zypper do, createrepo_c of Debian 12 does not.
mkdir "$FARM/zstd"
ok 'a state in zstd' "$BUILD/tests/publish-states" "$FARM/zstd" 2 zstd
latest=$FARM/zstd/repo/test/x86_64/latest
is 'dnf reads it' "$(read_once)" 2
root=$FARM/zypper
mkdir -p "$root"
zypper_in() { zypper --non-interactive --no-gpg-checks --root "$root" --reposd-dir "$root/repos" --cache-dir "$root/cache" "$@"; }
for kind in zstd gz; do
	[ "$kind" = zstd ] || latest=$FARM/repo/test/x86_64/latest
	ok "zypper takes $kind" zypper_in addrepo --no-gpgcheck "file://$(readlink -f "$latest")" "$kind"
	ok "zypper reads $kind" zypper_in refresh "$kind"
	is "and finds all packages" "$(zypper_in --no-refresh search --type package --repo "$kind" | grep -Ec '^ *\| [ms][0-9]')" 310
done
scenario_end
