/*
 * Attempts in parallel: each in a forked child over the parent's memory, which it
 * may change as it likes. Attempts are in order of preference; once one passes,
 * those behind it that cannot matter any more are killed. Which attempts count does
 * not depend on which was faster.
 */
#ifndef ARTEL_BISECT_RUNNER_H
#define ARTEL_BISECT_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

/* In the child: 0 passed, 1 failed, -1 could not be tried; report goes to the parent. It must not touch databases. */
typedef int runner_fn(void *arg, size_t attempt, struct str *report);

enum runner_outcome { RUNNER_PASSED, RUNNER_FAILED, RUNNER_KILLED };

struct runner_result {
	enum runner_outcome how;	/* KILLED also if it ended before it was found not to matter */
	bool started;
	struct str report;
};
void runner_results_fini(struct runner_result *r, size_t n);

/* Whether an attempt does not matter once an earlier one has passed. */
typedef bool runner_moot(void *arg, size_t passed, size_t other);

/*
 * Run n attempts, at most `testers` at a time, in order. moot may be NULL: then whatever is behind one that
 * passed. -1 if an attempt died or could not be tried: nothing may be concluded then.
 */
typedef int runner(size_t n, size_t testers, runner_fn *fn, runner_moot *moot, void *arg, struct runner_result *results,
	struct err *err);

runner runner_run;
/* The same in this process, as if all attempts took as long: for simulations. */
runner runner_inline;

#endif
