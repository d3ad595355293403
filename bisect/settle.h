/*
 * Settling: which of N items, in order, may go together. No knowledge of
 * packages: whether a set passes is asked of a callback, in forked children.
 *
 * The whole is tried first. If it fails, prefixes (prefix2) of what is left are
 * tried on top of what is accepted, until every item is accepted or set aside;
 * what was set aside is tried again whenever more was accepted since, because an
 * item may repair what another breaks.
 */
#ifndef ARTEL_BISECT_SETTLE_H
#define ARTEL_BISECT_SETTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

/* Like runner_fn, for a set of items given by their indices in order. */
typedef int settle_fn(void *arg, const size_t *items, size_t n, struct str *report);

struct settle {
	size_t n;			/* items */
	size_t testers;			/* attempts at once, at least 1 */
	settle_fn *fn;
	/* Whether item `a` needs item `b` to be accepted before it; NULL: never. */
	bool (*needs)(void *arg, size_t a, size_t b);
	void *arg;
};

enum settled_state { SETTLED_LEFT, SETTLED_ACCEPTED, SETTLED_ASIDE, SETTLED_NEEDS_ASIDE };

struct settled {
	enum settled_state *state;	/* of each item */
	struct str *report;		/* of each item set aside: what failed with it */
	size_t *order;			/* accepted items in the order to apply them */
	size_t n_accepted;
	size_t n;
	size_t rounds, attempts;
};
void settled_fini(struct settled *s);
AUTO_DEFINE_EMBEDDED(struct settled, settled_fini);

int settle(const struct settle *s, struct settled *out, struct err *err);

#endif
