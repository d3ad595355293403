#!/bin/bash
# What an operator does to a farm at work: hold and release, drain, disable, enable and forget builders, put jobs back by
# hand, change classes, say what packages need. Builds wait for a file, so that each step happens in the middle of one.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
BUILDER_FEATURES[builder-2]='kvm fast'
scenario_begin start
artel user add boss --admin

# A build that goes on when the file `go` is in its home, and fails if `bad` is in that: NAME [LINES of the spec's head]
gate() {
	local dir
	dir=$(spec_make "$1" 1 <<SPEC
BuildArch: noarch
${2:-}
%description
x
%build
echo waits-for-go
until [ -e ~/go ]; do sleep 0.1; done
! grep -q bad ~/go
%install
mkdir -p %buildroot%_datadir/$1
%files
%_datadir/$1
SPEC
	)
	git_make joe "$1" 1-1 "$dir"
}
db() { sqlite3 "$FARM/farm.db" "$1"; }
# COLUMN of the build job of a source: TASK PACKAGE COLUMN
build_of() { db "SELECT j.$3 FROM job j JOIN subtask s ON s.task = j.task AND s.id = j.subtask WHERE j.task = $1 AND s.package = '$2' AND j.kind = 'build'"; }
is_build() { [ "$(build_of "$1" "$2" "$3")" = "$4" ]; }
# Until a command succeeds, or for a minute.
soon() {
	local until=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}
home_of() { echo "$FARM/builder/$(build_of "$1" "$2" builder)/job/$(build_of "$1" "$2" id).$(build_of "$1" "$2" attempt)/home"; }
# The log that streams is where the attempt tells that it is there.
waits() { [ "$(build_of "$1" "$2" state)" = running ] && grep -q waits-for-go "$FARM/run/log/$(build_of "$1" "$2" id).$(build_of "$1" "$2" attempt)"; }
go() { echo "${3:-good}" >"$FARM/go" && mv "$FARM/go" "$(home_of "$1" "$2")/go"; }
runs() { db "SELECT count(*) FROM job WHERE task = $1 AND attempt > 0"; }
builders_of() { db "SELECT DISTINCT builder FROM job WHERE task = $1 AND builder <> ''"; }
other() { [ "$1" = builder-1 ] && echo builder-2 || echo builder-1; }
builder() { artel builder ls --json | jq -r ".[] | select(.name == \"$1\") | $2"; }
is_builder() { [ "$(builder "$1" "$2")" = "$3" ]; }
both_online() { is_builder builder-1 .online true && is_builder builder-2 .online true; }
waits_at() { is_build "$1" "$2" "$3" "$4" && waits "$1" "$2"; }
without_jobs() { [ -z "$(ls "$FARM/builder/$1/job")" ]; }
# A task of one tiny package goes all its way, and with it went every chance of others to be started: NAME
passes() {
	local id
	tiny joe "$1" 1 && id=$(build joe "$1" 1-1) && wait_state 60 "$id" BUILT && echo "$id"
}

# Two builders, as they say of themselves.
ok 'both builders are there' soon both_online
is 'they offer slots and memory' "$(artel builder ls --json | jq -c '.[] | [.name, .mode, .slots, .memory > 0, .features, .why]')" \
	'["builder-1","enabled",1,true,[],""]
["builder-2","enabled",1,true,["kvm","fast"],""]'

# Mistakes change nothing.
none=$(artel -u joe task new "$REPO" 2>/dev/null)
before=$(artel events | wc -l)
fails 'a builder that is not there' 1 'no builder builder-9' artel builder drain builder-9
fails 'no builder' 2 'a builder is missing' artel builder disable
fails 'an option for a reason' 2 'no option .--now' artel builder drain builder-1 --now
for bad in $'a\nb' $'a\x7f' $'a\xff' $'a\xc2\x9b' $'\xe2\x80\xaeb'; do
	fails 'a reason that cannot be shown' 2 'one line' artel builder drain builder-1 "$bad"
done
fails 'an empty reason' 2 'reason is empty' artel builder drain builder-1 ''
fails 'forgetting one that works' 1 'builder-1 is connected; stop it, or .builder disable builder-1' artel builder rm builder-1
fails "holding someone else's task" 1 'belongs to joe' artel -u ann task hold "$none"
fails 'urgent, by a maintainer' 1 'only an administrator' artel -u joe task class "$none" urgent
fails 'a run that is urgent' 1 'only an administrator' artel -u joe task run --urgent "$none"
fails 'an unknown class' 2 'not urgent, normal or background' artel -u joe task class "$none" slow
fails 'requeueing what never ran' 1 'is NEW' artel -u joe task requeue "$none"
fails 'a feature that is none' 2 'feature .KVM' artel repo needs "$REPO" x --features KVM
fails 'a limit that is none' 2 'limit .space=1' artel repo needs "$REPO" x --limits space=1
fails 'a repository that is not there' 1 'no repository nosuch' artel repo needs nosuch x --features kvm
fails 'a share of nothing' 2 '1 to 1000' artel user share joe --weight 0
fails 'a setting twice' 2 'owner-limit is set twice' artel farm set owner-limit=3 owner-limit=4
fails 'no number' 2 '--since wants a number' artel events --since
fails 'no user' 2 '--owner wants a user' artel status --owner=
fails 'an option of why' 2 'no option .--bogus' artel task why --bogus
fails 'a long name' 2 'at most 128' artel user add "$(printf '%0200d' 0)"
fails 'too much memory' 2 'too big' artel repo needs "$REPO" zlib --limits=memory=999999999T
fails 'a full disk' 1 'write: ' bash -c 'artel help >/dev/full'
fails 'one good setting and one bad' 2 'limit.urgent' artel farm set owner-limit=3 limit.urgent=many
is 'nothing was changed' "$(artel events | wc -l) $(artel farm show | grep -c 'owner-limit *0 ')" "$before 1"
ok 'releasing what is not held' artel -u joe task release "$none"
ok 'enabling what is enabled' artel builder enable builder-1
is 'says nothing' "$(artel events | wc -l)" "$before"

# Hold: nothing of it is begun while others come and go.
tiny joe held 1
id=$(artel -u joe task new "$REPO" 2>/dev/null)
artel -u joe task add "$id" repo held 1-1 2>/dev/null
ok 'hold a new task' artel -u joe task hold "$id" until the freeze is over
like 'a run says that it is held' "$(artel -u joe task run "$id" 2>&1)" "task #$id is held: .task release $id"
ok 'another task passes' passes first
is 'the held one has not begun' "$(runs "$id")" 0
like 'and is shown as held' "$(artel -u joe task ls --state=ALL)" "^#$id [A-Z]+ #1 \[held\] demo held.git=1-1$"
is 'by whom, and why' "$(artel task show --json "$id" | jq -r .hold)" 'by joe: until the freeze is over'
ok 'abort' artel -u joe task abort "$id"
ok 'run' artel -u joe task run "$id"
ok 'another task passes again' passes second
is 'a hold outlasts abort and run' "$(runs "$id")" 0
ok 'release' artel -u joe task release "$id"
ok 'it goes' wait_state 60 "$id" BUILT
fails 'what is built cannot be held' 1 'is BUILT: only' artel -u joe task hold "$id"

# Held in the middle: the job that runs ends, the next one does not begin.
gate middle
id=$(build joe middle 1-1)
ok 'a build runs' soon waits "$id" middle
ok 'hold' artel -u joe task hold "$id"
go "$id" middle
ok 'the build ends well' soon is_build "$id" middle state 'done'
ok 'another task passes meanwhile' passes third
is 'its test has not begun' "$(db "SELECT count(*) FROM job WHERE task = $id AND kind = 'test' AND attempt > 0")" 0
artel -u joe task release "$id"
ok 'released it is tested' wait_state 60 "$id" BUILT

# Drain: what runs there ends there, the rest is built elsewhere.
gate drained
id=$(build joe drained 1-1)
ok 'a build runs' soon waits "$id" drained
at=$(build_of "$id" drained builder)
ok 'drain its builder' artel -u boss builder drain "$at" a new disk
ok 'drain it again' artel builder drain "$at"
is 'who drains it, and why' "$(builder "$at" '.mode + " " + .why')" 'draining by boss: a new disk'
more=$(passes fourth)
is 'others are built on the other one' "$(builders_of "$more")" "$(other "$at")"
go "$id" drained
ok 'the running task ends well' wait_state 60 "$id" BUILT
is 'its build where it was, at the first try' "$(build_of "$id" drained builder) $(build_of "$id" drained attempt)" "$at 1"
is 'its test elsewhere' "$(db "SELECT builder FROM job WHERE task = $id AND kind = 'test'")" "$(other "$at")"
ok 'enable' artel builder enable "$at"
ok 'drain the other one' artel builder drain "$(other "$at")"
more=$(passes fifth)
is 'enabled it builds again' "$(builders_of "$more")" "$at"
artel builder enable "$(other "$at")"

# Disable: what runs there goes to the other one at once.
gate moved
id=$(build joe moved 1-1)
ok 'a build runs' soon waits "$id" moved
at=$(build_of "$id" moved builder)
ok 'disable its builder' artel builder disable "$at" smoke
ok 'the job moves' soon waits_at "$id" moved builder "$(other "$at")"
go "$id" moved
ok 'it is built' wait_state 60 "$id" BUILT
is 'on the other one' "$(build_of "$id" moved builder)" "$(other "$at")"
ok 'nothing is left of it on the first' soon without_jobs "$at"
ok 'forget it' artel builder rm "$at"
is 'it is gone' "$(builder "$at" .name)" ''
pid=$(process_pid "$at")
is_ours "$pid" && kill "$pid"
ok 'started again it is there again' soon is_builder "$at" '.mode + (.online | tostring)' enabledtrue

# By hand: of three subtasks one fails by what its host had, one is done, one waits for the first.
gate flaky
tiny joe steady 1
tiny joe upon 1 'BuildRequires: flaky'
id=$(build joe flaky 1-1 steady 1-1 upon 1-1)
soon waits "$id" flaky
soon is_build "$id" steady state 'done'
go "$id" flaky bad
ok 'a job fails' wait_state 60 "$id" FAILED
is 'and what needs it is cancelled' "$(build_of "$id" flaky state) $(build_of "$id" steady state) $(build_of "$id" upon state)" 'failed done cancelled'
old=$(artel task show --json "$id" | jq -c '[.jobs[] | select(.subtask == "200") | .files[].sha256]')
fails 'a job that did not fail' 1 'no such job of it failed' artel -u joe task requeue "$id.200"
fails "someone else's" 1 'belongs to joe' artel -u ann task requeue "$id"
is 'put back' "$(artel -u joe task requeue "$id.100.x86_64" 2>&1)" "task #$id: 2 jobs put back"
is 'it is the same try' "$(artel task show --json "$id" | jq -c '[.state, .try, .iter, .reason]')" '["BUILDING",1,1,"put back by joe"]'
ok 'it is built again' soon waits_at "$id" flaky attempt 2
go "$id" flaky
ok 'and the task passes' wait_state 60 "$id" BUILT
is 'what was done is not done again' "$(build_of "$id" steady attempt) $(artel task show --json "$id" | jq -c '[.jobs[] | select(.subtask == "200") | .files[].sha256]')" "1 $old"
is 'what waited for it was built' "$(build_of "$id" upon state)" 'done'
fails 'nothing to put back' 1 'is BUILT' artel -u joe task requeue "$id"

# Class: of three that wait for the only slot the urgent one comes first, the background one last.
artel builder drain builder-2
gate before
id=$(build joe before 1-1)
ok 'the slot is taken' soon waits "$id" before
tiny joe slow 1; tiny joe usual 1; tiny joe soonest 1
slow=$(build joe --background slow 1-1)
usual=$(build joe usual 1-1)
soonest=$(build joe soonest 1-1)
ok 'made urgent while it waits' artel -u boss task class "$soonest" urgent
go "$id" before
for t in "$slow" "$usual" "$soonest"; do ok "task #$t passes" wait_state 90 "$t" BUILT; done
is 'urgent, normal, background' "$(db "SELECT task FROM job WHERE task IN ($slow, $usual, $soonest) GROUP BY task ORDER BY min(started)" | tr '\n' ' ')" "$soonest $usual $slow "
is 'the class is shown' "$(artel -u joe task ls --state=BUILT | cut -d ' ' -f 1,4 | grep '\[')" "#$soonest [urgent]
#$slow [background]"
artel builder enable builder-2

# Needs: features that no builder has, and that one has; limits of one package.
ok 'a package needs what nobody has' artel repo needs "$REPO" special --features 'gpu kvm' --limits 'time=1h'
tiny joe special 1
id=$(build joe special 1-1)
ok 'another task passes' passes sixth
is 'it waits' "$(task_state "$id") $(runs "$id")" 'BUILDING 0'
ok 'one builder is enough' artel repo needs "$REPO" special --features kvm
ok 'it goes' wait_state 60 "$id" BUILT
is 'there' "$(db "SELECT DISTINCT builder FROM job WHERE task = $id AND subtask <> 0")" builder-2
ok 'without the need' artel repo needs "$REPO" special --features none
is 'its limits stay' "$(artel repo needs "$REPO" special | tail -n 1)" 'special  -         time=1h'
artel repo needs "$REPO" forever --limits 'time=10s'
gate forever
id=$(build joe forever 1-1)
ok 'a package has limits of its own' wait_state 90 "$id" FAILED
like 'which end it' "$(task_reason "$id")" 'took longer than allowed \(10 ?s\)'
ok 'clear' artel repo needs "$REPO" forever --clear
is 'only the other is left' "$(artel repo needs "$REPO" | tail -n +2 | cut -d ' ' -f 1)" special

# Shares and limits, as they are stored; what follows from them is the scheduler's to show.
ok 'a share' artel user share ann --weight 3 --limit 40
like 'is listed' "$(artel user ls)" '^ann  *no  *no  *1  *3  *40  *0  *-$'
ok 'settings' artel farm set owner-limit=20 limit.background=2
ok 'the same again' artel farm set limit.background=2 owner-limit=20
ok 'the same share' artel user share ann --weight=3 --limit=40
is 'is no event' "$(artel events | grep -cE 'owner-limit is|limit.background is|user ann: weight')" 3
is 'are listed' "$(artel farm show | awk 'NR > 1 { print $2 }' | tr '\n' ' ')" '20 0 0 2 '
scenario_end
