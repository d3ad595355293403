#!/bin/bash
# The link to a builder is cut in mid-upload and comes back: neither end is told, both notice, nothing is sent twice.
# Cut for longer than a lease, the job is another builder's; what the first one still has to say is not taken.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/remote.sh
. "$here/remote.sh"
scenario_begin farm
small=200000

# Two hosts and a cable, none of which touches this host's network.
here_ns=artel-here-$$ far_ns=artel-far-$$
net_clean() {
	farm_stop
	ip netns del "$here_ns" 2>/dev/null
	ip netns del "$far_ns" 2>/dev/null
	remote_clean
}
trap net_clean EXIT
net_make() {
	ip netns add "$here_ns" && ip netns add "$far_ns" &&
		ip link add here netns "$here_ns" type veth peer name far netns "$far_ns" &&
		ip -n "$here_ns" address add 192.0.2.1/24 dev here && ip -n "$far_ns" address add 192.0.2.2/24 dev far &&
		ip -n "$here_ns" link set here up && ip -n "$far_ns" link set far up
}
net_make || { echo 'Bail out! no network namespaces'; exit 1; }
cut="ip -n $here_ns link set here down" heal=(ip -n "$here_ns" link set here up)

remote_sshd 192.0.2.1 ip netns exec "$here_ns" || exit 1
remote_scheduler --stall 3 --lease 25
heavy pack 1.0
heavy pack 2.0
mkdir -p "$(line_of builder-1)"
break_at builder-1 up 3000000 "$cut"
remote_builder builder-1 "$ssh" ip netns exec "$far_ns"
id=$(build joe pack 1.0-1)
ok 'the link is cut in mid-upload' wait_for 150 broken builder-1
lines=$(connections builder-1)
ok 'the farm gives the transfer up, and keeps what came' wait_for 150 at_rest "$FARM"
had=$(part_bytes "$FARM")
noticed() { grep -q 'connection to the scheduler lost: it is silent' "$FARM/builder-1.log"; }
ok 'the builder notices that the farm is silent' wait_for 150 noticed
ok 'and tries again and again' wait_for 150 grep -q 'No route to host\|timed out\|unreachable' "$FARM/builder-1.log"
"${heal[@]}"
ok 'it is built' wait_state 150 "$id" BUILT
is 'by the same attempt' "$(attempt_of "$id")" 1
size=$(rpm_size "$id") sent=$(passed builder-1 up "$lines")
ok "the farm had a part ($had of $size bytes)" [ "$had" -gt 1000000 ]
ok "and was sent the rest ($sent bytes)" [ "$sent" -lt "$((size - had + small))" ]
is 'nothing is left of the part' "$(parts "$FARM")" 0
scenario_end
