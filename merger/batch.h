/*
 * The batch: every BUILT task of a repository that may be merged now, in order,
 * with what it changes on each architecture read from its stored facts. Tasks
 * that cannot be in the next state whatever the checks say are settled here:
 * permission (EPERM), git inheritance (FAILED), built on what has changed since
 * (AWAITING), in a circle of dependencies (FAILED).
 *
 * Of two tasks with one source the later may join if its commit descends from the
 * earlier one's; it is then merged after it or not at all. Otherwise it waits for
 * what becomes of the earlier: first come, first served.
 */
#ifndef ARTEL_MERGER_BATCH_H
#define ARTEL_MERGER_BATCH_H

#include "repo/plan.h"
#include "schema/build.h"
#include "schema/repository.h"
#include "schema/task.h"

struct err;
struct store;

struct candidate {
	struct task task;
	struct subtask_list subs;
	struct output_list outputs;
	int64_t *deps;			/* tasks that must be merged before this one: its dependencies, */
	size_t n_deps;			/* and those of the batch that one of its sources follows */
	char **evr;			/* of each subtask's source RPM; NULL: not built here */
	struct change *changes;		/* one an architecture */
	size_t n_changes;
};

struct batch {
	struct repository *repository;	/* borrowed */
	struct {
		struct candidate *p;
		size_t n, cap;
	} items;
	size_t deferred;		/* wait for another round: same source as an earlier one, or an unmerged dependency */
	int64_t event;			/* the newest when the first was looked at */
	bool dry;			/* say what would become of tasks, and move none */
	struct {
		struct batch_verdict {
			int64_t task;
			enum task_state to;	/* BUILT: it waits */
			char *reason;
		} *p;
		size_t n, cap;
	} verdicts;			/* of a dry run */
};
void batch_fini(struct batch *b);
AUTO_DEFINE_EMBEDDED(struct batch, batch_fini);

void candidate_fini(struct candidate *c);
AUTO_DEFINE_EMBEDDED(struct candidate, candidate_fini);
/* A task as it was or would be merged; t is taken over. */
int candidate_load(struct store *s, const struct repository *repository, struct task *t, struct candidate *c, struct err *err);

/* Collect into an empty batch (only dry may be set); tasks that are refused outright have been moved when it returns. */
int batch_collect(struct store *s, struct repository *repository, struct batch *out, struct err *err);

/* Move a task out of BUILT; that it has moved meanwhile (aborted) is fine. In a dry run: note it. */
int batch_send(struct store *s, struct batch *b, struct candidate *c, enum task_state to, const char *reason, struct err *err);

/* How often a task is sent back in one try; the next time it is FAILED, for a person to look at. */
enum { BATCH_MAX_ITER = 5 };

#endif
