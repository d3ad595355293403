/*
 * The farm at a glance: everything that `status` shows, read as of one moment and then held, so that nothing is open in
 * the database while it is rendered and printed. Read by indexes: tasks that are DONE cost nothing, however many.
 */
#ifndef ARTEL_SHELL_GLANCE_H
#define ARTEL_SHELL_GLANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "schema/build.h"
#include "schema/builder.h"
#include "schema/merge.h"
#include "schema/task.h"

struct err;
struct store;

enum {
	GLANCE_MERGES = 3,
	/* States: under way; over, and somebody has to do something. Bits 1 << state. */
	GLANCE_OPEN = 1 << TASK_AWAITING | 1 << TASK_POSTPONED | 1 << TASK_BUILDING | 1 << TASK_BUILT | 1 << TASK_MERGING,
	GLANCE_ENDED = 1 << TASK_FAILED | 1 << TASK_EPERM | 1 << TASK_TESTED,
};

/* What is asked for; NULL: all. Builders are everybody's. */
struct glance_filter {
	const char *repository, *owner;
	int64_t tasks;			/* of each state at most so many */
	int64_t merges;
	bool every;			/* tasks of every state, the oldest ones */
};

/* The open jobs of one class for one architecture. */
struct glance_queue {
	enum task_class class;
	char *arch;			/* "" any */
	int64_t queued, held, waiting, running;
	int64_t oldest;			/* ms: since when the first of `queued` is; 0: none */
};

/* A job that runs. */
struct glance_job {
	int64_t id, task;
	int subtask, attempt;
	char *arch;
	enum job_kind kind;
	char *builder, *owner, *repository;
	char *package;			/* "" unknown */
	enum task_class class;
	int64_t started;		/* ms */
	int64_t expected_ms;		/* by history; 0: it has none */
};

struct glance_members {
	int64_t *p;
	size_t n;
};

struct glance {
	int64_t at;			/* ms: when it was read */
	bool scheduler;			/* one runs */
	bool every;			/* as asked for: all tasks are in `tasks` */
	int64_t states[TASK_STATES];	/* tasks; DONE is not counted */
	int64_t done_day, done_hour;	/* tasks merged in the last 24 hours, in the last one */
	struct {
		struct glance_queue *p;
		size_t n, cap;
	} queues;			/* by class, architecture */
	struct {
		struct glance_job *p;
		size_t n, cap;
	} running;			/* the most overdue first */
	struct builder_list builders;	/* offline, disabled, draining, then the others; by name */
	struct task_list tasks;		/* under way, newest first */
	struct strs progress;		/* of each of these that is BUILDING: "srpm 1/1, build 0/2"; else "" */
	struct task_list ended;		/* FAILED, EPERM, TESTED: newest first */
	struct merge_list merges;	/* newest first */
	struct glance_members *members;	/* tasks of each merge, in order */
};

void glance_fini(struct glance *g);
AUTO_DEFINE_EMBEDDED(struct glance, glance_fini);

/* Into an empty one. No transaction is open afterwards. */
int glance_read(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err);

/* Sums over g->queues. */
struct glance_sum {
	int64_t queued, held, waiting, running;
	int slots, busy;		/* of builders that are online and enabled */
	int online, offline, closed;	/* builders; closed: online, but draining or disabled */
};
struct glance_sum glance_sum(const struct glance *g);
/* How long it runs beyond what is expected; <= 0: it is in time, or nothing is expected. */
int64_t glance_late(const struct glance_job *j, int64_t now);
/* Sort g->running anew. */
void glance_sort(struct glance *g, int64_t now);

#endif
