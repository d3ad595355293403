#!/bin/bash
# A farm that is run by cron alone, by the very lines of artel-cron(5), in the crontab of its account: the daemons,
# merge cycles, hooks, backup, sweeping. Maintainers push and submit meanwhile over ssh; one cycle is held while others
# come, one is killed half way, one fails. cron is the real one, of which every two seconds are a minute.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
# shellcheck source=tests/farmer.sh
. "$here/farmer.sh"

# As root, in a mount namespace: what crontabs, /srv/farm, /usr/local/bin and sendmail are there. cron waits for $FARMER/go.
farmer_prepare() {
	set -e
	ip link set lo up
	mount --bind "$SSH_PROGRAMS" /mnt
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p "$SSH_PROGRAMS"
	mount --move /mnt "$SSH_PROGRAMS"
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm # faketime names things there by its pid
	mount -t tmpfs tmpfs /var/spool/cron
	install -d -m 1730 -g crontab /var/spool/cron/crontabs
	mount -t tmpfs tmpfs /etc/cron.d
	cp /etc/shadow "$FARMER/shadow"
	printf 'farmer:*:19000:0:99999:7:::\n' >>"$FARMER/shadow"
	mount --bind "$FARMER/shadow" /etc/shadow
	mount --bind /dev/null /etc/crontab
	mount -t tmpfs tmpfs /srv
	mkdir "$FARMER/farm" "$FARMER/mail" "$FARMER/bin" "$FARMER/sbin" /srv/farm
	ln -s "$FARMER"/programs/artel* "$FARMER/bin"
	ln -sf "$FARMER/merger" "$FARMER/bin/artel-merger"
	cat >"$FARMER/merger" <<-MERGER
		#!/bin/sh
		# Notes how each merger ends, and gives them the fault that the file names, while it is there.
		fault=\$(cat $FARMER/fault 2>/dev/null) && export ARTEL_FAULT="\$fault"
		$FARMER/programs/artel-merger "\$@" &
		{ wait \$!; } 2>/dev/null # the shell would say that it was killed
		status=\$?
		echo "\$status \$*" >>$FARMER/mergers
		exit \$status
	MERGER
	# shellcheck disable=SC2016 # expanded by that script
	printf '#!/bin/sh\nfile=$(mktemp %s/mail/new.XXXXXX) && cat >$file && mv $file %s/mail/$$-${file##*.}.mail\n' "$FARMER" "$FARMER" >"$FARMER/sbin/sendmail"
	chmod 755 "$FARMER/merger" "$FARMER/sbin/sendmail"
	chown 45678:45678 "$FARMER/farm" "$FARMER/mail"
	mount --bind "$FARMER/farm" /srv/farm
	mount --bind "$FARMER/bin" /usr/local/bin
	mount -t overlay overlay -o "lowerdir=$FARMER/sbin:/usr/sbin" /usr/sbin
	mkfifo -m 666 "$FARMER/go"
	{ read -r _ <"$FARMER/go" && exec faketime -f '@2026-11-22 03:36:50 x30' /usr/sbin/cron -f; } &
	set +e
}
for program in cron faketime logrotate; do
	PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || { echo "Bail out! no $program: tests/install-needed test"; exit 1; }
done
# shellcheck disable=SC2034 # for farmer_become: all that cron starts ends with this
FARMER_UNSHARE=(--pid --fork --kill-child --mount-proc --net)
farmer_become "$0"

scenario_begin empty
scratch=$FARM FARM=/srv/farm
export ARTEL_ROOT=$FARM
cron_clean() {
	[ "$tap_bad" = 0 ] || tail -n 5 "$FARM"/log/builder "$FARM"/log/scheduler "$FARMER"/mail/* "$FARMER"/mergers | sed 's/^/# /'
	FARM=$scratch
	ssh_clean
}
trap cron_clean EXIT
farm_make "$FARMER/base" 2>/dev/null || { echo 'Bail out! no farm'; exit 1; }
mkdir "$FARM/log" "$FARM/backup"
cp "$here/data/logrotate" "$FARM/logrotate.conf"
# shellcheck disable=SC2119 # no more lines of configuration
ssh_start || exit 1
for user in joe ann; do
	user_make "$user"
	ssh_user "$user"
	artel user mail "$user" "$user@example.org"
done

mergers="$FARMER/mergers"
: >"$mergers"
# How many cycles have ended so, of those that cron started.
cycles() { grep -c "^$1 --once" "$mergers"; } # STATUS
# Nothing of what follows makes sense if it does not come.
until_true() { # WHAT COMMAND...
	local what=$1 until=$((SECONDS + 60))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] || { fail "$what" "not within a minute: $*"; exit 1; }
		sleep 0.2
	done
	pass "$what"
}
more_cycles() { [ "$(cycles "$1")" -ge "$2" ]; } # STATUS NUMBER
fault() { echo "$1" >"$FARMER/fault.new" && mv "$FARMER/fault.new" "$FARMER/fault"; } # POINT:1[:stop]
# The merger that met the fault and stands still there.
held() {
	local pid
	for pid in $(pidof artel-merger); do
		! grep -q '^State:	T' "/proc/$pid/status" || echo "$pid"
	done 2>/dev/null
}
is_held() { [ -n "$(held)" ] && rm "$FARMER/fault"; }
cron_mail() { grep -l '^Subject: Cron ' "$FARMER"/mail/*.mail 2>/dev/null; }
scheduler() { pgrep -o -x artel-scheduler; } # its child ends with it

# A package of a maintainer, with a signed tag.
push() { GIT_FARM=farm: GIT_SSH_COMMAND="ssh -F $FARM/ssh/$1" tiny "$1" "$2" 1.0 "${3:-}"; } # USER NAME [LINES of the spec's head]
submit() { far "$1" build -b "$REPO" "${@:2}" 2>>"$FARM/submit.log"; } # USER INSTRUCTION...
last() { sqlite3 "$FARM/farm.db" 'SELECT serial FROM repository'; }

ok 'crontab takes the lines of the page' crontab "$here/data/crontab"
echo >"$FARMER/go"
online() { [ "$(artel --json status | jq .summary.online)" = 1 ]; }
until_true 'cron starts the scheduler and a builder' online
until_true 'quiet minutes pass' more_cycles 0 2
is 'of which cron mails nothing' "$(cron_mail)" ''

# Two tasks are merged by a cycle that is held in the middle; others come and go.
fault merge-prepared:1:stop
push joe one
push ann two
one=$(submit joe one 1.0-1)
two=$(submit ann two 1.0-1)
until_true 'a cycle stands in the middle of a merge' is_held
busy=$(cycles 75)
until_true 'two more come meanwhile and go' more_cycles 75 $((busy + 2))
is 'nothing is published' "$(last)" 1
is 'and cron mails nothing of them' "$(cron_mail)" ''
push joe three
three=$(submit joe three 1.0-1)
ok 'builds go on' wait_state 60 "$three" BUILT
kill -CONT "$(held)"
for id in "$one" "$two" "$three"; do
	ok "task #$id is merged" wait_state 60 "$id" DONE
done

# A cycle that is killed when the database has switched, and readers have not.
fault merge-current:1:stop
push ann four
four=$(submit ann four 1.0-1)
until_true 'a cycle stands between the database and its readers' is_held
kill -KILL "$(held)"
serial=$(last)
until_true 'it is killed' more_cycles 137 1
until_true 'the next one takes the readers along' bash -c "[ \"\$(readlink '$FARM/repo/$REPO/x86_64/latest')\" = 'state/$serial' ]"
ok 'and the task is done' wait_state 60 "$four" DONE
is 'still no mail' "$(cron_mail)" ''

# Cycles that fail are mailed, with the reason.
fault merge-prepared:1
push joe five
push joe broken 'Requires: nothing-has-this'
five=$(submit joe five 1.0-1)
broken=$(submit joe broken 1.0-1)
until_true 'a cycle fails' more_cycles 1 1
rm "$FARMER/fault"
ok 'a later one merges what it left' wait_state 60 "$five" DONE
ok 'what cannot be merged is not' wait_state 60 "$broken" FAILED
failures=$(cycles 1)
until_true 'cron mails of each failure' bash -c "[ \"\$(grep -l '^Subject: Cron ' '$FARMER'/mail/*.mail | wc -l)\" = $failures ]"
said=$(cron_mail | head -n 1)
like 'to MAILTO' "$(cat "$said")" '^To: farm@example.org'
like 'what the merger said' "$(sed '1,/^$/d' "$said")" "^artel-merger: merge $REPO: .*merge-prepared"

# A scheduler that is gone is there again a minute later.
was=$(scheduler)
kill -KILL "$was"
until_true 'cron starts another scheduler' bash -c "pid=\$(pgrep -o -x artel-scheduler) && [ \"\$pid\" != '$was' ]"
push ann six
six=$(submit ann six 1.0-1)
ok 'which goes on' wait_state 60 "$six" DONE

# What is done at night.
until_true 'the database is copied' test -e "$FARM/backup/farm-$(date +%u).db"
copy=$(sqlite3 "$FARM/backup/farm-$(date +%u).db" 'PRAGMA integrity_check; SELECT name FROM user ORDER BY name; SELECT name FROM repository')
is 'whole, and with all that was in it' "$copy" "$(printf 'ok\nann\njoe\n%s' "$REPO")"
until_true 'logs are looked at' test -e "$FARM/log/.rotated"
until_true 'what nothing needs is swept' grep -q '^0 --sweep' "$mergers"
ok 'a log that is due is turned' /usr/sbin/logrotate --force --state "$FARM/log/.rotated" "$FARM/logrotate.conf"
ok 'and is there' zgrep -q artel-builder "$FARM/log/builder.1.gz"
until_true 'owners have mail of each task that ended' bash -c "[ \"\$(cat '$FARMER'/mail/*.mail | grep -c '^Subject: .artel. task')\" = 7 ]"

done_once() { sqlite3 "$FARM/farm.db" "SELECT count(*), count(DISTINCT t.task) FROM merge_task t JOIN merge m ON m.id = t.merge WHERE m.state = 'DONE'"; }
is 'each task was merged once' "$(done_once)" '6|6'
is 'the journal says so of each' "$(artel --json events | jq -r 'select(.kind == "task" and .state == "DONE") | .task' | sort -n | tr '\n' ' ')" \
	"$(printf '%s\n' "$one" "$two" "$three" "$four" "$five" "$six" | sort -n | tr '\n' ' ')"
is 'nothing is half done' "$(sqlite3 "$FARM/farm.db" "SELECT count(*) FROM merge WHERE state NOT IN ('DONE', 'ABANDONED')")" 0
is 'all packages are published' "$(published 'one|two|three|four|five|six|broken' | tr ' ' '\n' | sort | tr '\n' ' ')" \
	'five-1.0-1 four-1.0-1 one-1.0-1 six-1.0-1 three-1.0-1 two-1.0-1 '
ok 'the repository is whole' artel plumb repo-check "$FARM/repo/$REPO/x86_64/latest/"
is 'dnf reads it' "$(dnf -q --noplugins --setopt=gpgcheck=0 --setopt=reposdir=/nonexistent --setopt=cachedir="$FARM/dnf" --releasever=1 \
	--repofrompath="$REPO,$FARM/repo/$REPO/x86_64/latest" --repo="$REPO" repoquery --qf '%{name}' one two three four five six 2>&1 | sort | tr '\n' ' ')" \
	'five four one six three two '
is 'every other cycle ended well' "$(grep -cEv '^(0|75|1) ' "$mergers")" 1
is 'and of no other is there mail' "$(cron_mail | wc -l)" "$failures"
scenario_end
