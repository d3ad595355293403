/*
 * A task's way through its jobs, in the database only. Each function is one
 * transaction, so that a SIGKILL leaves a task between stages, never inside one;
 * stage_step() on any BUILDING task goes on from wherever it is.
 *
 *   AWAITING --stage_start--> SRPM jobs --> build jobs, ordered --> test jobs --> BUILT
 */
#ifndef ARTEL_SCHEDULER_STAGE_H
#define ARTEL_SCHEDULER_STAGE_H

#include <stdint.h>

#include "schema/build.h"
#include "schema/task.h"
#include "wire/job.h"

struct err;
struct store;

/*
 * AWAITING or POSTPONED: start it if what it depends on is there, else POSTPONED (or FAILED,
 * for a cycle) with the reason. Sets what it is built on.
 */
int stage_start(struct store *s, struct task *t, struct err *err);

/* BUILDING: make the jobs of the next stage when the last is complete, or end the task. */
int stage_step(struct store *s, struct task *t, struct err *err);

/*
 * Store a result, in the same transaction as stage_step(). Infrastructure failures requeue the job,
 * up to `tries` of them. STAGE_STALE: the attempt is not the job's current one; nothing changed.
 */
enum { STAGE_STALE = 1 };
int stage_result(struct store *s, const struct wire_result *r, int tries, struct err *err);

/* A running job whose builder is gone: back to the queue, or failed after `tries`. */
int stage_lost(struct store *s, int64_t job, uint32_t attempt, const char *why, int tries, struct err *err);

#endif
