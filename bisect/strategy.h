/*
 * Strategies: given what is known, which sets to try next, all at once. Pure
 * functions; what comes of the sets is fed back as knowledge.
 *
 * auto      what reports and all trials so far make likely; see adaptive.h
 * prefix2   the first N, N/2, N/4 ... 1: log2(N)+1 sets, whatever the testers
 * prefix    as many evenly spaced prefixes as there are testers, of the shortest prefix known to fail
 * blocks    disjoint blocks, one a tester; then the union of those that passed, beside the parts of those that failed
 * serial    halves, one set at a time, for comparison
 *
 * A set that a strategy yields is of open items and is meant on top of what is
 * accepted. Order is preference: where two passing sets are as large, the earlier
 * in the batch's order wins.
 */
#ifndef ARTEL_BISECT_STRATEGY_H
#define ARTEL_BISECT_STRATEGY_H

#include "bisect/knowledge.h"

struct plan {
	struct set *p;
	size_t n, cap;
};
void plan_fini(struct plan *p);
AUTO_DEFINE_EMBEDDED(struct plan, plan_fini);
/* Append a copy, unless it is empty or there already. */
void plan_add(struct plan *p, const struct set *s);

struct strategy {
	const char *name;
	void (*plan)(const struct knowledge *k, struct plan *out);
};
extern const struct strategy strategies[];
extern const size_t n_strategies;

/* NULL: there is none of that name. */
const struct strategy *strategy_find(const char *name);
/* "auto, prefix2, ...", malloc'ed. The first is the default. */
char *strategy_names(void);

#endif
