/* A batch being settled: what settle.c and closing.c share. Items are numbered in the order in which they are applied. */
#ifndef ARTEL_BISECT_SETTLING_H
#define ARTEL_BISECT_SETTLING_H

#include "bisect/knowledge.h"
#include "bisect/settle.h"
#include "bisect/strategy.h"

/* A set that was tried: none is tried twice. */
struct verdict {
	struct set whole;
	bool passed;
	struct str report;
};

struct settling {
	const struct settle *s;
	struct settled *out;
	struct knowledge k;
	size_t n;			/* items that can be applied: those in no circle */
	size_t *item;			/* the caller's index of each */
	struct set *with;		/* of each: itself, all that it needs, what those need ... */
	struct {
		struct verdict *p;
		size_t n, cap;
	} verdicts;
	bool closing;
	size_t exchanges;
};

/*
 * Try whole sets at once; which[i] is the verdict on sets->p[i], or SIZE_MAX for one that does not matter as a larger one
 * before it passed (not if `all`). It counts as a round.
 */
int settling_try(struct settling *st, const struct plan *wholes, bool all, size_t *which, struct err *err);
/* Whether an item can be on top of a set, with what it needs. */
bool settling_fits(const struct settling *st, size_t i, const struct set *whole);
/* Accept exactly this set; what was set aside stays so, what leaves is aside. */
void settling_accept(struct settling *st, const struct set *whole);
/* Set aside with the report of a verdict. */
void settling_aside(struct settling *st, size_t i, size_t verdict);

/* What the accepted set leaves out, against that set. 1: items were opened again; 0: all holds. */
int closing_check(struct settling *st, struct err *err);

#endif
