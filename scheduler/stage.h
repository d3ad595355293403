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

struct err;
struct store;
struct strs;

/*
 * AWAITING or POSTPONED: start it if what it depends on is there, else POSTPONED (or FAILED,
 * for a cycle) with the reason. Sets what it is built on.
 */
int stage_start(struct store *s, struct task *t, struct err *err);

/* The same; a task whose start fails for a reason of its own is FAILED with it. */
int stage_begin(struct store *s, struct task *t, struct err *err);
/* Begin the tasks that waited for this one. */
int stage_wake(struct store *s, int64_t task, struct err *err);
/* Where a job may run: one that is bound to no architecture in the base root of any that the repository has. */
int stage_arches(struct store *s, const struct task *t, const struct job *j, struct strs *out, struct err *err);
/* The jobs of a task that is not being built any more (aborted) end. */
int stage_close(struct store *s, struct job_list *jobs, struct err *err);

/* BUILDING: make the jobs of the next stage when the last is complete, or end the task. */
int stage_step(struct store *s, struct task *t, struct err *err);

#endif
