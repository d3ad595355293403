#!/bin/bash
# Builders whose clocks are hours off, and a tag from the future: leases and limits do not care, and what is built is
# the same.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/remote.sh
. "$here/remote.sh"
scenario_begin farm
lib=$BUILD/tests/libclock-off.so
[ -e "$lib" ] || { echo "Bail out! no $lib"; exit 1; }
join="$BUILD/artel --root $FARM join"
begin=$(date +%s)
remote_scheduler --stall 3 --lease 5

# A build longer than the lease; its file is of the time of the build.
pack=$(spec_make pack 1.0 <<'SPEC'
BuildArch: noarch
%description
x
%build
for i in $(seq 1 7); do echo "line $i"; sleep 1; done
%install
mkdir -p %buildroot%_datadir/pack
echo pack > %buildroot%_datadir/pack/file
%files
%_datadir/pack
SPEC
)
git_make joe pack 1.0-1 "$pack"
query() { # TASK FORMAT
	rpm -qp --qf "$2" "$FARM/artefact/$(sqlite3 "$FARM/farm.db" "SELECT substr(sha256, 1, 2) || '/' || substr(sha256, 3) FROM output WHERE task = $1 AND kind = 'rpm'")"
}
# By one builder alone. NAME OFFSET
build_at() {
	remote_builder "$1" "$join" env LD_PRELOAD="$lib" CLOCK_OFF="$2"
	id=$(build joe --test-only pack 1.0-1)
	ok "$2: it is built" wait_state 150 "$id" TESTED
	is "$2: by one attempt at each job" "$(sqlite3 "$FARM/farm.db" "SELECT max(attempt) FROM job WHERE task = $id")" 1
	ok "$2: the farm notices" grep -q "builder $1: its clock is off by ${2%?}[0-9] s" "$FARM/scheduler.log"
	is "$2: BUILDTIME is the tag's" "$(query "$id" '%{BUILDTIME}')" "$(git -C "$FARM/work/joe-pack" tag -l --format='%(taggerdate:unix)' 1.0-1)"
}
build_at builder-1 -18005
ok 'the log says that times will be wrong' grep -q "this host's clock is behind" <(artel log "$id.100.x86_64")
first=$(query "$id" '%{SHA256HEADER}')
touch "$(line_of builder-1)/hold"
kill "$(process_pid builder-1)"
build_at builder-2 18005
is 'the package is the same' "$(query "$id" '%{SHA256HEADER}')" "$first"

# Silence is measured by the builder, whose clock does not matter either.
artel repo set "$REPO" limits silence=8s
sed -i 's/^Version: 1.0/Version: 2.0/; s/^for .*/sleep 30/' "$FARM/work/joe-pack/pack.spec"
GIT_COMMITTER_DATE='2035-01-01T00:00:00Z' GIT_AUTHOR_DATE='2035-01-01T00:00:00Z' git -C "$FARM/work/joe-pack" commit -qam 2
tag_signed joe "$FARM/work/joe-pack" 2.0-1
git -C "$FARM/work/joe-pack" push -q "$FARM/people/joe/packages/pack.git" HEAD:main 2.0-1
id=$(build joe pack 2.0-1)
ok 'a silent build ends' wait_state 150 "$id" FAILED
like 'by its limit' "$(task_reason "$id")" 'was silent for longer than allowed'

# A tag from the future.
artel repo set "$REPO" limits silence=1h
sed -i 's/^Version: 2.0/Version: 3.0/; s/^sleep 30/true/' "$FARM/work/joe-pack/pack.spec"
export GIT_COMMITTER_DATE='2035-01-01T00:00:00Z'
git -C "$FARM/work/joe-pack" commit -qam 3 && tag_signed joe "$FARM/work/joe-pack" 3.0-1
unset GIT_COMMITTER_DATE
git -C "$FARM/work/joe-pack" push -q "$FARM/people/joe/packages/pack.git" HEAD:main 3.0-1
id=$(build joe pack 3.0-1)
ok 'a tag of 2035 is built' wait_state 150 "$id" BUILT
when=$(query "$id" '%{BUILDTIME}')
ok "and is of now ($when)" [ "$when" -ge "$begin" ]
ok 'not of then' [ "$when" -le "$(date +%s)" ]
scenario_end
