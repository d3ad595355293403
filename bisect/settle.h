/*
 * Settling: which of N items, in order, may go together. No knowledge of packages:
 * whether a set passes is asked of a callback, in forked children.
 *
 * A strategy says which sets to try, round after round, on top of what is accepted;
 * of those that pass the largest is accepted, of equally large ones that with the
 * earliest items. An item is set aside once a set failed in which all else is
 * accepted. A strategy that gets nowhere is relieved by prefix2 for a round, so
 * every verdict whatsoever comes to an end.
 *
 * Then, because verdicts are not monotone (one may repair what another breaks), all
 * is checked against the set that was accepted (closing.c). What holds in the end,
 * whatever the verdicts are:
 *  - the accepted set was itself tried, in its order, and passed;
 *  - no item that was set aside passes on top of it, nor do all of them together;
 *  - if at most SETTLE_CLOSE_MAX items were set aside: no two of them do, either, and
 *    no accepted item (with what needs it) can be exchanged for a larger number of
 *    items that fail because of nothing but it: two of them, or all of them - if their
 *    reports name it alone, or no part of the accepted set fails by itself;
 *  - if an item conflicts with one other only, the earlier of the two is accepted,
 *    unless that costs another item.
 * Items that need one that was set aside are not looked at again here.
 * So, if nothing needs another, verdicts are of single culprits and of at most three conflicting pairs, and at
 * most SETTLE_CLOSE_MAX items are set aside, no other set that passes is larger (tried
 * against every subset of up to ten items). More pairs can need several items exchanged
 * for several at once, or more than the 32 exchanges that are made: not tried. Nor are
 * three or more items that pass only together, unless they are all that is left out.
 *
 * The same verdicts, strategy and number of testers give the same result: which attempt
 * was faster does not matter. Attempts are bounded: a round settles an item at the latest
 * after 2 log2(N) + 10 rounds, and each check that finds something makes the set larger.
 */
#ifndef ARTEL_BISECT_SETTLE_H
#define ARTEL_BISECT_SETTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "bisect/runner.h"

struct err;
struct strategy;

enum { SETTLE_CLOSE_MAX = 16 };

/* Like runner_fn, for a set of items given by their indices in the order to apply them. */
typedef int settle_fn(void *arg, const size_t *items, size_t n, struct str *report);

struct settle {
	size_t n;			/* items */
	size_t testers;			/* attempts at once, at least 1 */
	size_t max_rounds;		/* stop then, with items left; 0: go on until all is settled */
	const struct strategy *strategy;	/* NULL: auto */
	runner *run;			/* NULL: runner_run */
	settle_fn *fn;
	/* NULL or: item `a` may only be in a set with item `b`, and after it. Those in a circle are never tried. */
	bool (*needs)(void *arg, size_t a, size_t b);
	/* NULL or: which of the items of a failed set its report names; suspect[i] (false before) is of items[i]. */
	void (*suspects)(void *arg, const size_t *items, size_t n, const struct str *report, bool *suspect);
	/* NULL or: 1 if this very set is known to fail from before, with the report of then. */
	int (*known)(void *arg, const size_t *items, size_t n, struct str *report);
	/* NULL or: this set was tried and failed. */
	void (*learn)(void *arg, const size_t *items, size_t n, const struct str *report);
	void *arg;
};

enum settled_state { SETTLED_LEFT, SETTLED_ACCEPTED, SETTLED_ASIDE, SETTLED_NEEDS_ASIDE };

struct settled {
	enum settled_state *state;	/* of each item */
	struct str *report;		/* of each item set aside: what failed with it */
	size_t *order;			/* accepted items in the order to apply them: as given, but after what they need */
	size_t n_accepted;
	size_t n;
	size_t rounds;			/* until every item was accepted or set aside */
	size_t attempts;		/* in them; those that were killed count */
	size_t closing_rounds;		/* of the checks against the accepted set */
	size_t closing_attempts;
	struct {
		size_t *p, n, cap;
	} merged;			/* how many were accepted after each round, closing rounds too */
};
void settled_fini(struct settled *s);
AUTO_DEFINE_EMBEDDED(struct settled, settled_fini);

int settle(const struct settle *s, struct settled *out, struct err *err);

#endif
