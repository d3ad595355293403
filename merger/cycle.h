/*
 * One merge cycle: fold all BUILT tasks of a repository, evaluate, settle, commit,
 * and repeat until nothing more settles.
 */
#ifndef ARTEL_MERGER_CYCLE_H
#define ARTEL_MERGER_CYCLE_H

#include <stdbool.h>
#include <stddef.h>

#include "merger/batch.h"

struct err;
struct store;
struct strategy;

struct cycle_options {
	size_t testers;			/* attempts at once */
	const struct strategy *strategy;	/* NULL: auto */
	bool dry;			/* say what would become of the tasks of the next fold, and change nothing */
};

struct cycle_sum {
	size_t merged, sent_back, failed, deferred;
	size_t rounds, attempts;
	long long serial;
	/* Called for each task in a dry run; may be NULL. TASK_DONE: it would be merged. */
	void (*tell)(void *arg, int64_t task, enum task_state to, const char *reason);
	void *arg;
};

enum { CYCLE_BUSY = 1 };

/* CYCLE_BUSY if another merger works on this repository. */
int cycle_run(struct store *s, const char *repository, const struct cycle_options *how, struct cycle_sum *sum, struct err *err);

#endif
