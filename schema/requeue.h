/*
 * Jobs put back into the queue by hand: what their task has built already stays.
 *
 * Of a FAILED task, whose last iteration goes on then (FAILED -> BUILDING, same try and iter): the jobs that failed,
 * and with them all that were cancelled because of it. Of one that is BUILDING: those that failed, and the pause of
 * those that wait after a failure of the farm's own. Either way a job's failures so far do not count any more.
 */
#ifndef ARTEL_SCHEMA_REQUEUE_H
#define ARTEL_SCHEMA_REQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct job;
struct store;

/* Whether a job is one of those that are meant; fn NULL: every job is. */
struct job_choice {
	bool (*fn)(const void *arg, const struct job *j);
	const void *arg;
};

/*
 * One transaction; *n is how many jobs were put back. -1 with nothing changed if there is none among those that are
 * meant, or they could not lead anywhere: another job failed too, or what they were built on is gone or has changed.
 */
int task_requeue(struct store *s, int64_t task, const struct job_choice *choice, size_t *n, struct err *err);

#endif
