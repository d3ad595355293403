/* Results of jobs, as builders send them. */
#ifndef ARTEL_SCHEDULER_RESULT_H
#define ARTEL_SCHEDULER_RESULT_H

#include <stdint.h>

#include "wire/job.h"

struct err;
struct store;

/*
 * Store a result and take the task's next step (stage_step()). Infrastructure failures requeue the
 * job, up to `tries` of them; a result that cannot be right fails it. RESULT_STALE: the attempt is not the
 * job's current one; nothing changed.
 */
enum { RESULT_STALE = 1 };
int result_take(struct store *s, const struct wire_result *r, int tries, struct err *err);

/* A running job whose builder is gone: back to the queue, or failed after `tries`. */
int result_lost(struct store *s, int64_t job, uint32_t attempt, const char *why, int tries, struct err *err);
/* One that its builder may not go on with: back to the queue, and nobody's failure. */
int result_taken_back(struct store *s, int64_t job, uint32_t attempt, const char *why, struct err *err);

#endif
