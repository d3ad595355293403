#!/bin/bash
# A build is looked at: its log while it runs, why it failed, its root afterwards.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
scenario_begin start

# A package whose sections are on stdin: NAME VERSION
package() {
	local dir
	dir=$(spec_make "$1" "$2")
	git_make joe "$1" "$2-1" "$dir"
	rm -rf "$dir"
}
until_true() { # SECONDS COMMAND...
	local until=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}
with_terminal() { # COMMAND: on a terminal of 31 lines and 97 columns, keys on stdin, what it shows on stdout
	python3 "$here/terminal.py" "$@"
}

package slow 1 <<'SPEC'
%description
Waits to be told.
%build
printf 'first line\n'
printf '\033[31mred\033[0m 10%%%%\r20%%%%\r\n'
until [ -e ~/go ]; do sleep 0.1; done
echo last line
%install
%files
SPEC
package broken 1 <<'SPEC'
%description
Does not compile.
%prep
mkdir -p %name-%version
%setup -T -D
printf 'int main(void) { return x; }\n' > a.c
%build
make a.o
%install
%files
SPEC
package extra 1 <<'SPEC'
%description
Installs more than it says.
%install
mkdir -p %buildroot/usr/share/extra
touch %buildroot/usr/share/extra/one %buildroot/usr/share/extra/two
%files
SPEC
package quiet 1 <<'SPEC'
%description
Fails without a word.
%check
test one = two
%install
%files
SPEC
package later 1 <<'SPEC'
Lisence: MIT
%description
No such tag.
%files
SPEC

package post 1 <<'SPEC'
%description
Cannot be installed.
%post
exit 1
%files
SPEC

slow=$(build joe slow 1-1)
failing() { build joe --keep-root "$1" 1-1; }
broken=$(failing broken) extra=$(failing extra) quiet=$(build joe quiet 1-1) later=$(failing later) post=$(failing post)

# --- the log ---
artel log "$slow" --follow >"$FARM/follow" 2>"$FARM/follow.err" &
follow=$!
artel log "$slow.100.x86_64" --follow --raw >"$FARM/follow-one" 2>/dev/null &
follow_one=$!
ok 'followed: lines come while it builds' until_true 30 grep -q '^100.x86_64| first line' "$FARM/follow"
ok 'and alone' until_true 10 grep -q '^first line' "$FARM/follow-one"
is 'it is not over' "$(grep -c 'last line' "$FARM/follow-one") $(task_state "$slow")" '0 BUILDING'
ok 'SIGINT ends it' python3 -c "
import signal, subprocess, sys
p = subprocess.Popen(['artel', 'log', '--follow', '$slow'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
p.stdout.readline()
p.send_signal(signal.SIGINT)
sys.exit(p.wait() != -signal.SIGINT)"
job=$(sqlite3 "$FARM/farm.db" "SELECT id FROM job WHERE task = $slow AND kind = 'build'")
ok 'told to go on' touch "$(echo "$FARM"/builder/*/job/"$job".1/home)/go"
status=0; wait "$follow_one" || status=$?
is 'one job: ends with it' "$status $(grep -c '^last line' "$FARM/follow-one")" '0 1'
status=0; wait "$follow" || status=$?
is 'all jobs: ends with the task' "$status $(task_state "$slow")" '0 BUILT'
like 'those that started later too' "$(cat "$FARM/follow.err")" '#[0-9]*\.0\.x86_64 test: done'
is 'what was followed is the log' "$(cat "$FARM/follow-one")" "$(artel log --raw "$slow.100.x86_64" 2>/dev/null)"
is 'the last lines' "$(artel log --tail 2 "$slow.100.x86_64" 2>/dev/null)" "$(artel log "$slow.100.x86_64" 2>/dev/null | tail -n 2)"
is 'raw where no one looks' "$(artel log "$slow.100.x86_64" 2>/dev/null | grep -c $'\033')" 1
shown=$(with_terminal artel log "$slow.100.x86_64" </dev/null)
is 'on a terminal as it would be left' "$(tr -d '\r' <<<"$shown" | grep -x '20%')" '20%'
is 'nothing else of it' "$(grep -c $'\033' <<<"$shown")" 0
fails 'an attempt that never was' 1 'it had 1 attempt$' artel log --attempt 2 "$slow.100.x86_64"
fails 'no such job' 1 'no job has run' artel log "$slow.200"
fails 'no such subtask' 2 'no subtask' artel log "$slow.9"
log=$(sqlite3 "$FARM/farm.db" "SELECT log FROM job WHERE task = $slow AND kind = 'build'")
mv "$FARM/artefact/${log:0:2}/${log:2}" "$FARM/log"
ok 'the stored one is gone: the live one' bash -c "artel log $slow.100.x86_64 2>/dev/null | grep -q '^last line'"
rm -f "$FARM"/run/log/*
fails 'both are' 1 'its log is gone' artel log "$slow.100.x86_64"

# --- why ---
for id in "$broken" "$extra" "$quiet" "$later" "$post"; do
	wait_state 30 "$id" FAILED
done
like 'a compiler error' "$(task_reason "$broken")" "%build: a.c:1:25: error: .x. undeclared"
is 'and what it led to' "$(artel log --reason "$broken" 2>/dev/null | tail -n 1)" 'make: *** [<builtin>: a.o] Error 1'
status=0; artel log --follow "$broken.100.x86_64" >/dev/null 2>&1 || status=$?
is 'following one that failed says so' "$status" 1
like 'unpackaged files' "$(task_reason "$extra")" '%files: Installed \(but unpackaged\) file\(s\) found: /usr/share/extra/one /usr/share/extra/two'
like 'a command without a word' "$(task_reason "$quiet")" '%check: \+ test one = two'
like 'a spec that cannot be parsed' "$(task_reason "$later")" 'error: line [0-9]*: Unknown tag: Lisence'

# --- the root ---
enter() { artel shell "$broken.100.x86_64" "$@"; }
job=$(sqlite3 "$FARM/farm.db" "SELECT id FROM job WHERE task = $broken AND kind = 'build'")
folder=$(echo "$FARM"/builder/*/kept/"$job".1/home)
is 'those roots are kept that should be' "$(echo "$FARM"/builder/*/kept/*.how | wc -w)" 4
is 'where the build was' "$(enter sh -c 'pwd; ls; id -u')" '/home/builder/rpmbuild/BUILD/broken-1
a.c
1000'
is 'a status' "$(enter sh -c 'exit 7' 2>/dev/null; echo $?)" 7
is 'a signal' "$(enter sh -c 'kill -9 $$' 2>/dev/null; echo $?)" 137
is 'the error again' "$(enter make a.o 2>&1 | grep -c "a.c:1:25: error")" 1
is 'stdin and stdout, apart from stderr' "$(echo in | enter sh -c 'cat; echo out >&2' 2>/dev/null)" in
enter rpm -qa --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' 2>/dev/null | LC_ALL=C sort >"$FARM/inside"
cut -f 2 "$FARM"/builder/*/kept/"$job".1/full.set | sed 's/-[0-9]*:/-/' | LC_ALL=C sort >"$FARM/wanted"
is 'the same packages' "$(cat "$FARM/inside")" "$(cat "$FARM/wanted")"
is 'the environment of a build' "$(enter env | grep -cE '^(SOURCE_DATE_EPOCH=[0-9]+|HOME=/home/builder|LC_ALL=C|RPM_BUILD_NCPUS=2|TZ=UTC)$')" 5
fails 'the root is read-only' 1 'Read-only file system' enter touch /usr/x
is 'no network' "$(enter cat /proc/net/dev | grep -c :)" 1
is 'the home is not' "$(enter touch note && enter ls)" 'a.c
note'
is 'a terminal: job control, size, keys' "$(printf '%s\n' 'stty size; tty -s && echo is-a-tty' 'set -o | grep monitor' 'sleep 100' '^C' 'echo status $?' 'exit 9' |
	with_terminal artel shell "$broken.100.x86_64" | tr -d '\r' | grep -oE '^(31 97|is-a-tty|monitor +	on|status 130|exited 9)$' | tr -s '\t ' ' ' | tr '\n' ';')" \
	'31 97;is-a-tty;monitor on;status 130;exited 9;'
like 'no typing into it from inside' "$(enter sh -c 'gcc -x c -o ~/type - && ~/type 2>&1' <<C
#include <stdio.h>
#include <sys/ioctl.h>
int main(void) { ioctl(0, TIOCSTI, "x"); perror("type"); }
C
)" 'Operation not permitted'
is 'the root of a source RPM that failed' "$(artel shell "$later" ls ../SOURCES)" 'later.spec'
is 'the root of a test that failed' "$(artel shell "$post.0" sh -c 'cd /; pwd; id -u')" '/
1000'
fails 'a job that did not ask for it' 1 'run the task with --keep-root' artel shell "$quiet.100.x86_64"
fails 'a job that did not fail' 1 'no job of it has failed' artel shell "$slow"
fails 'a builder elsewhere' 1 'builder-[12], which has no folder .*--enter' artel shell --state "$FARM/nowhere" "$broken"
chmod 755 "$FARM"
fails 'another user' 1 'only root or that user' setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/artel-builder" --state "${folder%/kept/*}" --enter "$job.1"

# --- the end of it ---
ok 'run again without it' artel -u joe task run "$broken"
wait_state 30 "$broken" FAILED
is 'on the same builder it is gone, on another not yet' "$(sqlite3 "$FARM/farm.db" "SELECT builder FROM job WHERE task = $broken AND kind IN ('srpm', 'build')" | grep -cxF "$(basename "${folder%/kept/*}")" | sed 's/[12]/gone/')" \
	"$([ -e "$folder" ] && echo 0 || echo gone)"
farm_stop
like 'live logs stay' "$(ls "$FARM/run/log")" '.'
artel repo gc "$REPO" >/dev/null 2>&1
like 'while they are new' "$(ls "$FARM/run/log")" '.'
touch -d '2 days ago' "$FARM"/run/log/*
artel repo gc "$REPO" >/dev/null 2>&1
is 'and go when they are old' "$(ls "$FARM/run/log")" ''
for builder in builder-1 builder-2; do
	artel-builder --name "$builder" --keep-max 0 2>>"$FARM/$builder.log" &
	pid=$!
	until_true 10 test -z "$(ls "$FARM/builder/$builder/kept")"
	ok "$builder: none is kept when it starts with a bound of none" until_true 10 test -z "$(ls "$FARM/builder/$builder/kept")"
	kill "$pid"; wait "$pid"
done
scenario_end
