/*
 * What is known of a batch while it is settled: what is accepted, what is open,
 * every set that was tried and how it ended, whom reports named.
 *
 * Conclusions are drawn as if verdicts were monotone (what fails, fails also
 * with more in it). That is not always so; settle() tries what it concludes from
 * the conclusions before it is done.
 */
#ifndef ARTEL_BISECT_KNOWLEDGE_H
#define ARTEL_BISECT_KNOWLEDGE_H

#include "bisect/set.h"

struct trial {
	struct set whole;		/* what was tried: what was accepted then, and what was added */
	struct set added;
	struct set named;		/* whom the report of a failure names */
	bool passed;
};

struct knowledge {
	size_t n;			/* items, numbered in the order in which they are applied */
	size_t testers;
	struct set accepted, open;	/* neither: set aside */
	struct {
		struct trial *p;
		size_t n, cap;
	} trials;
	size_t since;			/* trials before this one allow no conclusions any more */
};

/* Everything is open. */
void knowledge_init(struct knowledge *k, size_t n, size_t testers);
void knowledge_fini(struct knowledge *k);
AUTO_DEFINE_EMBEDDED(struct knowledge, knowledge_fini);

/* A set on top of what is accepted was tried. named may be NULL. */
void knowledge_learn(struct knowledge *k, const struct set *added, bool passed, const struct set *named);
/* Whether these on top of what is accepted must fail, because all of a set that failed is in it. */
bool knowledge_fails(const struct knowledge *k, const struct set *added);
/*
 * Of each open item the trial that shows that it cannot go on top of what is accepted, because all else in
 * it is; SIZE_MAX where there is none. The newest is taken: it is most like what is accepted now.
 */
void knowledge_proofs(const struct knowledge *k, size_t *proof);

#endif
