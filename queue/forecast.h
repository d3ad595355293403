/*
 * The queue run forward on a clock of its own: when each job will start and end if nothing else comes and each takes the
 * time that history expects. A job that runs longer than expected is taken to end after a quarter of its time so far.
 */
#ifndef ARTEL_QUEUE_FORECAST_H
#define ARTEL_QUEUE_FORECAST_H

#include <stdint.h>

#include "queue/queue.h"

struct forecast {
	const struct live *job;
	const struct host *host;
	size_t place;		/* how many jobs of the queue start before it; 0 for those that run already */
	int64_t start, end;	/* ms */
};

/*
 * Call fn for each job that runs or will, in order of start; its non-zero result ends it. Uses the queue up: only
 * queue_destroy() may follow. Jobs that can never start (no builder, held) are not told.
 */
int forecast_run(struct queue *q, int64_t now, int (*fn)(void *arg, const struct forecast *f), void *arg);

#endif
