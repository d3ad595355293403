#!/bin/bash
# Memory of the scheduler (VmRSS) with an empty queue and with QUEUED (100000) jobs in it.
# shellcheck source=bench/scheduler.sh
. "$(dirname "$0")/scheduler.sh"
queued=${QUEUED:-100000}

memory() { # TASKS
	farm_new --tasks "$1" --owners 100
	scheduler_start
	scheduler_memory
	scheduler_end TERM
}
empty=$(memory 0)
full=$(memory "$queued")
row "# memory"
row queued bytes
row 0 "$empty"
row "$queued" "$full"
row a-job "$(((full - empty) / queued))"
