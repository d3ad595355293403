/*
 * The queue as the database has it: builders, owners and limits, every job that is queued or running with what history
 * expects of it. The scheduler starts with it; a reader asks it why and when.
 */
#ifndef ARTEL_QUEUE_LOAD_H
#define ARTEL_QUEUE_LOAD_H

#include <stdint.h>

#include "queue/queue.h"

struct err;
struct store;

/*
 * Everything, into an empty queue, in a handful of statements. Builders are open as the database says they are
 * online and enabled. lease: of each running job.
 */
int load_queue(struct store *s, struct queue *q, int64_t now, int64_t lease, struct err *err);

/*
 * One job again as it is now: added, requeued, held, dropped. A job that has ended or is of a task that is not BUILDING is
 * dropped. One that runs in the queue and in the database is left alone; one that runs only there is started, with the
 * lease 0. Pointers to it do not last.
 */
int load_job(struct store *s, struct queue *q, int64_t job, int64_t now, struct err *err);
/* All open jobs of one task, and out with those of it that are not open any more. */
int load_task(struct store *s, struct queue *q, int64_t task, int64_t now, struct err *err);
/* Settings, weights and limits of owners, what builders offer: of those that are not in the database any more, nothing. */
int load_limits(struct store *s, struct queue *q, struct err *err);
int load_owners(struct store *s, struct queue *q, struct err *err);
int load_hosts(struct store *s, struct queue *q, struct err *err);
/* Builders that are not in the database any more offer nothing; the others stay as they are. */
int load_forget_hosts(struct store *s, struct queue *q, struct err *err);

#endif
