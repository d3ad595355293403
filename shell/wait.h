/*
 * What a task waits for: each of its jobs, what keeps that from starting and what is wrong with each builder, when it is
 * likely to start and end; the tasks that it depends on; its place among those to be merged. Read as of one moment.
 */
#ifndef ARTEL_SHELL_WAIT_H
#define ARTEL_SHELL_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"
#include "queue/why.h"
#include "schema/build.h"
#include "schema/task.h"

struct err;
struct store;

/* Builders that do not take a job for the same reason. */
struct wait_group {
	enum exclude exclude;
	char *what;			/* "aarch64", "kvm"; of closed ones "offline", "draining: new disk"; "" */
	struct strs builders;
};

struct wait_job {
	struct job job;
	/* Of one that is waiting: the jobs that it needs and that are not done, by number. */
	int64_t *needs;
	size_t n_needs;
	/* Of one that is queued or running, and known to the queue. */
	bool known;
	enum why why;
	size_t place;			/* in the queue, from 1; 0: it cannot be told */
	int64_t start, end;		/* ms; 0: it cannot be told */
	int64_t expected_ms;
	struct {
		struct wait_group *p;
		size_t n, cap;
	} groups;			/* of one that is queued: those builders that do not take it */
};

/* A task that this one depends on. */
struct wait_dep {
	int64_t id;
	bool absent;
	struct task task;		/* unless absent */
};

struct waits {
	int64_t at;			/* ms: when it was read */
	bool scheduler;			/* one runs */
	struct task task;
	char *held_by;			/* who held it; "" */
	int64_t held_at;
	struct {
		struct wait_job *p;
		size_t n, cap;
	} jobs;				/* of its current iteration */
	struct {
		struct wait_dep *p;
		size_t n, cap;
	} deps;				/* those that are not DONE */
	size_t queued;			/* jobs in the whole queue */
	int owner_limit, class_limit;	/* jobs at once; 0: any number */
	int64_t batch, batch_place;	/* BUILT tasks of the repository, and which of them in the merger's order it is */
	int64_t merged;			/* ms: the end of the last merge of the repository; 0: there was none */
	int64_t serial;			/* the state that it made */
	int64_t merging;		/* ms: when the one began that goes on; 0: none does */
	int64_t merging_serial;		/* the state that it makes */
	char *denied;			/* EPERM: who could approve what; NULL: it is permitted now */
};

void waits_fini(struct waits *w);
AUTO_DEFINE_EMBEDDED(struct waits, waits_fini);

/* Into an empty one, about this task, which is taken over. */
int waits_read(struct store *s, struct task *t, struct waits *out, struct err *err);

#endif
