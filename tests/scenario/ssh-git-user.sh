#!/bin/bash
# git and files over ssh in a farm of an ordinary user: ssh-git.sh without root.
# shellcheck source=tests/scenario.sh
. "$(dirname "$0")/../scenario.sh"
# shellcheck source=tests/ssh.sh
. "$here/ssh.sh"
# shellcheck source=tests/farmer.sh
. "$here/farmer.sh"
farmer_become ssh-git.sh
