/*
 * A task's way through its jobs, in the database only. Each function is one
 * transaction, so that a SIGKILL leaves a task between stages, never inside one;
 * stage_step() on any BUILDING task goes on from wherever it is.
 *
 *   AWAITING --stage_start--> SRPM jobs --> build jobs, ordered --> test job --> BUILT
 *                                           of each architecture, whatever others are at
 */
#ifndef ARTEL_SCHEDULER_STAGE_H
#define ARTEL_SCHEDULER_STAGE_H

#include <stdint.h>

#include "schema/build.h"
#include "schema/task.h"

struct err;
struct store;

/*
 * AWAITING or POSTPONED: start it if what it depends on is there, else POSTPONED (or FAILED,
 * for a cycle) with the reason. Sets what it is built on.
 */
int stage_start(struct store *s, struct task *t, struct err *err);

/* The same; a task whose start fails for a reason of its own is FAILED with it. */
int stage_begin(struct store *s, struct task *t, struct err *err);
/* Begin the tasks that waited for this one. */
int stage_wake(struct store *s, int64_t task, struct err *err);
/* BUILDING: make the jobs of the next stage when the last is complete, or end the task. */
int stage_step(struct store *s, struct task *t, struct err *err);
/* The same after one of its jobs ended well, which as a rule frees some others and no more. */
int stage_after(struct store *s, struct task *t, int64_t job, struct err *err);

#endif
