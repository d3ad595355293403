/* A farm while it is replayed: what replay.c and the two ways of merging share. */
#ifndef ARTEL_BENCH_REPLAY_FARM_H
#define ARTEL_BENCH_REPLAY_FARM_H

#include "bench/replay.h"

enum replay_state { REPLAY_COMING, REPLAY_BUILDING, REPLAY_TESTING, REPLAY_BUILT, REPLAY_MERGING, REPLAY_DONE };

struct replay_task {
	const struct trace_task *what;
	int64_t submitted, done;	/* ms */
	int64_t base;			/* state of the repository when its builds were started */
	int64_t tested;			/* and when its test was */
	int64_t merged;			/* DONE: the first state that has it */
	size_t left;			/* builds that have not ended */
	uint32_t rounds;		/* of jobs so far: a build of all it has, or a test */
	uint32_t starts, tests;		/* times that it was started; tests that were */
	uint8_t state;
	bool descends;
	size_t first_need, n_needs;	/* mega: of replay.needs */
	struct {
		size_t *p, n, cap;
	} faults;			/* of replay.faults */
};

/* Ends of jobs to come: a heap. Those that were cut stay in it, and find no job then. */
struct replay_end {
	int64_t at, job;
};

struct replay {
	const struct trace *trace;
	const struct replay_how *how;
	struct queue *queue;
	struct strs arches;
	int64_t now;			/* ms */
	int64_t state;			/* of the repository: how many merges there were */
	struct replay_task *tasks;
	size_t n, arrived, done;
	int64_t *package_ms;		/* of each name: how long it builds */
	int64_t *package_state;		/* the last state that changed it, */
	size_t *package_task;		/* and the task */
	struct {
		struct replay_fault *p;
		size_t n, cap;
	} faults;
	struct {
		struct replay_end *p;
		size_t n, cap;
	} ends;
	int64_t *on;			/* of each builder: its job; 0: none */
	struct {
		size_t *p, n, cap;
	} built, merging, back;		/* tasks: tested; being merged; that go back when that is over */
	bool busy;			/* a merge is under way */
	int64_t merge_end;
	int64_t work;			/* ms of jobs that ran */
	uint32_t *batch_of;		/* mega, of each name: the last batch that has it, */
	size_t *batch_task;		/* and the last task in it that does */
	struct {
		size_t *p, n, cap;
	} needs;			/* mega, of the batch: tasks that have to be merged before another one */
	bool *in;			/* mega, of each task: it is in the set that is looked at */
	struct replay_sum *sum;
};

/* Its jobs from the start. */
void replay_build(struct replay *r, size_t task);
void replay_test(struct replay *r, size_t task);
/* End what the builder does and do it again, later. */
void replay_cut(struct replay *r, size_t builder);
/* Whether a job is a test, and of which task. */
bool replay_is_test(int64_t job);
size_t replay_task_of(int64_t job);
/* r->merging is in the repository, as one new state. */
int replay_commit(struct replay *r, struct err *err);
/* Whether up to this state another task has changed one of its packages since it was started. */
bool replay_stale(const struct replay *r, const struct replay_task *t, int64_t state);
/* Whether a fault of it shows up to this state. */
bool replay_broken(const struct replay *r, size_t task, int64_t state);

#endif
