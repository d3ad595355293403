/*
 * A farm replayed on a virtual clock: transactions of a trace arrive, their jobs go through the scheduler's own queue
 * (queue/queue.h) to builders of one slot each, and one of two ways of merging makes them DONE. One owner, one architecture.
 *
 * Of a task each package is built by a job of its own; when all are built, one job tests the task on the state of the
 * repository that is current when the test starts. A task goes back, to be built again, if
 *  - a package of it was merged by another task since it was started: git inheritance, first come, first served; its
 *    maintainer is taken to have merged that and tagged again at once. Not if its tags descend (replay_how.descend) and
 *    the other one was submitted before it;
 *  - its fault shows (struct replay_fault). What is built again knows of the other task.
 * Nothing else fails: the trace has only what was committed in the end.
 *
 * replay_run() itself ends with an error if a builder is given a second job, a job ends that is not running, a task is
 * merged twice or anything is left over in the end.
 */
#ifndef ARTEL_BENCH_REPLAY_H
#define ARTEL_BENCH_REPLAY_H

#include "bench/replay-trace.h"
#include "queue/queue.h"

struct replay;

struct replay_model {
	const char *name;
	/* After whatever happened at r->now: begin or end a merge. *due: when to be asked if nothing happens before, or INT64_MAX. */
	int (*step)(struct replay *r, int64_t *due, struct err *err);
};
extern const struct replay_model replay_serial, replay_mega;

enum replay_what { REPLAY_START, REPLAY_CUT, REPLAY_END, REPLAY_MERGED };

/* What happened, for whoever checks it. */
struct replay_event {
	enum replay_what what;
	int64_t now;
	size_t task;			/* of the trace */
	size_t builder;			/* of a job */
	bool test;			/* the job is one */
	int64_t state;			/* of the repository; MERGED: the new one */
};

/* Times are milliseconds. */
struct replay_how {
	const struct replay_model *model;
	size_t builders;
	double compress;		/* by how much faster transactions arrive; 0: all at once */
	uint64_t seed;
	int64_t build_median;
	double build_sigma;		/* of the logarithm */
	int64_t test, test_package;	/* a test, and for each package of the task */
	double faults;			/* share of tasks that have one */
	double descend;			/* share of tasks whose tags descend from those of all submitted before them */
	int64_t serial_merge;		/* Tm of one transaction */
	int64_t period;			/* mega: a merge begins at multiples of this, if the one before is over */
	int64_t mega_merge, mega_task, mega_attempt;	/* Tm: once, for each task, and each attempt after the first */
	void (*tell)(void *arg, const struct replay_event *e);	/* NULL, or called in order of time */
	void *arg;
};
/* All but the model, the builders and tell. */
extern const struct replay_how replay_usual;

/*
 * Two tasks of which each passes alone. It shows in a set that has both, and in a state with one of them under the other
 * one if that was started before.
 */
struct replay_fault {
	size_t a, b;
	bool named;			/* by the reports of what fails */
};

struct replay_sum {
	size_t tasks, state;		/* tasks merged; states made */
	size_t builds, rebuilds, tests, retests;	/* started; of them not the first of a package, of a task */
	size_t sent_back;		/* times that a task was */
	size_t merges, attempts;
	size_t most_tests;		/* of one task */
	double tasks_day;		/* until 95 % were merged */
	double days;			/* until all were */
	double wait_p50, wait_p95;	/* s, from submission to DONE */
	double busy;			/* share of the builders' time */
};

/* The same arguments give the same sum. */
int replay_run(const struct trace *trace, const struct replay_how *how, struct replay_sum *sum, struct err *err);

#endif
