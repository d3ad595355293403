/*
 * A guess at which open items must be left out, as a sample of answers that agree
 * with every trial: each set that failed holds one that is left out.
 *
 * Prior: how many there are is not known (a Beta-binomial of mean 2; where
 * reports name any, of mean 1 beside them); an item that reports name is one with odds
 * 9:1; one that passed in another set is hardly one.
 * The same knowledge always gives the same sample.
 */
#ifndef ARTEL_BISECT_GUESS_H
#define ARTEL_BISECT_GUESS_H

#include "bisect/knowledge.h"

enum { GUESS_WORDS = 4, GUESS_SAMPLES = GUESS_WORDS * 64 };

/* In which of the answers something is so. */
struct mask {
	uint64_t w[GUESS_WORDS];
};

struct guess {
	struct mask *out;		/* of each item: the answers in which it is left out */
	struct set suspects;		/* open items that reports name and that never passed */
	struct set cleared;		/* open items that passed in some set */
};
void guess_fini(struct guess *g);
AUTO_DEFINE_EMBEDDED(struct guess, guess_fini);

/* `assumed` (NULL: nothing): open items of which the answers have to leave out at least one. */
void guess_make(struct guess *g, const struct knowledge *k, const struct set *assumed);

/* The answers in which a set fails: the union of its items' masks. */
struct mask guess_failing(const struct guess *g, const struct set *s);

static inline void
mask_join(struct mask *a, const struct mask *b)
{
	for (int i = 0; i < GUESS_WORDS; i++)
		a->w[i] |= b->w[i];
}

static inline unsigned
mask_count(const struct mask *m)
{
	unsigned n = 0;

	for (int i = 0; i < GUESS_WORDS; i++)
		n += (unsigned)__builtin_popcountll(m->w[i]);
	return n;
}

static inline bool
mask_has(const struct mask *m, unsigned answer)
{
	return m->w[answer / 64] >> answer % 64 & 1;
}

/* Numbers that look random: the next of a sequence that the seed determines. */
uint64_t guess_random(uint64_t *seed);
/* 0 <= x < n. */
size_t guess_below(uint64_t *seed, size_t n);

#endif
