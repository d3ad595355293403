/*
 * Attempts in parallel: each in a forked child over the parent's memory, which it
 * may change as it likes. Attempts are in order of preference; once one passes,
 * those behind it cannot matter any more and are killed.
 */
#ifndef ARTEL_BISECT_RUNNER_H
#define ARTEL_BISECT_RUNNER_H

#include <stddef.h>

#include "base/str.h"

struct err;

/* In the child: 0 passed, 1 failed, -1 could not be tried; report goes to the parent. It must not touch databases. */
typedef int runner_fn(void *arg, size_t attempt, struct str *report);

enum runner_outcome { RUNNER_PASSED, RUNNER_FAILED, RUNNER_KILLED };

struct runner_result {
	enum runner_outcome how;
	struct str report;
};
void runner_results_fini(struct runner_result *r, size_t n);

/*
 * Run n attempts, at most `testers` at a time, in order. *best is the first that passed, or n.
 * -1 if an attempt died or could not be tried: nothing may be concluded then.
 */
int runner_run(size_t n, size_t testers, runner_fn *fn, void *arg, struct runner_result *results, size_t *best,
	struct err *err);

#endif
