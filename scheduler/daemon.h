/* The scheduler's loop. One process, one duty: hand out jobs, take results. */
#ifndef ARTEL_SCHEDULER_DAEMON_H
#define ARTEL_SCHEDULER_DAEMON_H

#include "wire/limits.h"

struct err;
struct store;

struct scheduler_conf {
	int tries;			/* of a job that fails by infrastructure */
	int64_t lease_ms;
	int64_t stall_ms;		/* how long a transfer may stand still */
	struct limits limits;
};

enum { SCHEDULER_BUSY = 1 };
/* Run until SIGTERM or SIGINT. SCHEDULER_BUSY: another one runs on this farm. */
int scheduler_run(struct store *s, const struct scheduler_conf *conf, struct err *err);

#endif
