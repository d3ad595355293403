/* The journal, told again from its first event: what became of each task, job and attempt. */
#ifndef ARTEL_TESTS_SOAK_PAST_H
#define ARTEL_TESTS_SOAK_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "schema/build.h"
#include "schema/builder.h"
#include "schema/setting.h"
#include "schema/task.h"
#include "tests/soak/wrong.h"

struct err;
struct store;

enum attempt_end { ATTEMPT_RUNS, ATTEMPT_DONE, ATTEMPT_FAILED, ATTEMPT_BACK /* to the queue */, ATTEMPT_CANCELLED };

struct past_attempt {
	int64_t job;
	int64_t began, ended;		/* events */
	uint32_t number;		/* from 1 */
	uint32_t before;		/* the job's attempt before it, its index + 1; 0: none */
	uint32_t builder;
	enum attempt_end how;
};

struct past_job {
	int64_t task;
	enum job_state state;
	uint32_t era;			/* the task's, when it was queued first */
	uint32_t last;			/* its last attempt, index + 1; 0: none */
	uint32_t next;			/* of those of its task that run; 0: none */
	bool known, done;
	bool counted;			/* among those of its class that run */
};

struct past_task {
	enum task_state state;
	bool known, gone, held;
	enum task_class class;
	uint32_t owner;
	uint32_t era;			/* counts its iterations */
	uint32_t running;		/* the first of its jobs that run; 0: none */
	int64_t wired;			/* the event from which on its dependencies were as they are; 0: it has none */
	int64_t begun;			/* the event of its last iteration */
};

struct past_owner {
	int64_t limit, running;
};

struct past_builder {
	enum builder_mode mode;
	bool online;
	int64_t slots, running;
};

struct past {
	struct store *s;
	struct wrongs *wrongs;
	struct { struct past_task *p; size_t n, cap; } tasks;	/* by number */
	struct { struct past_job *p; size_t n, cap; } jobs;	/* likewise */
	struct { struct past_attempt *p; size_t n, cap; } attempts;
	struct { struct past_owner *p; size_t n, cap; } owners;
	struct { struct past_builder *p; size_t n, cap; } builders;
	struct map owner_names, builder_names;
	int64_t limits[SETTINGS];
	int64_t class_running[3];
	int64_t events, moves, starts;	/* how many of each there were */
};

/* Read all of it; what breaks a rule goes to w. */
int past_read(struct past *p, struct store *s, struct wrongs *w, struct err *err);
void past_fini(struct past *p);
AUTO_DEFINE_EMBEDDED(struct past, past_fini);

/* NULL: the journal knows none of that number. Tasks that were removed are known. */
struct past_task *past_task(struct past *p, int64_t id);
struct past_job *past_job(struct past *p, int64_t id);
const struct past_attempt *past_attempt(struct past *p, int64_t job, uint32_t number);

#endif
