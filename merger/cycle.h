/*
 * One merge cycle: fold all BUILT tasks of a repository, evaluate, settle, commit,
 * and repeat until nothing more settles.
 */
#ifndef ARTEL_MERGER_CYCLE_H
#define ARTEL_MERGER_CYCLE_H

#include <stddef.h>

struct err;
struct store;

struct cycle_sum {
	size_t merged, sent_back, failed, deferred;
	size_t rounds, attempts;
	long long serial;
};

enum { CYCLE_BUSY = 1 };

/* CYCLE_BUSY if another merger works on this repository. */
int cycle_run(struct store *s, const char *repository, size_t testers, struct cycle_sum *sum, struct err *err);

#endif
