/*
 * Settling made-up batches, to compare strategies: culprits fail whatever set they
 * are in, the two of a pair fail in sets that have both. Culprits and pairs are drawn
 * at random, all different items as far as there are enough. The report of a failure
 * names those of its culprits (and both of its pairs) that reports name at all, which
 * is drawn once for each. In this process, without forks; the same seed gives the
 * same result.
 */
#ifndef ARTEL_BISECT_SIMULATE_H
#define ARTEL_BISECT_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct strategy;

enum { SIMULATE_ROUNDS = 3 };

struct simulation {
	size_t n;			/* items of a batch */
	size_t culprits, pairs;
	size_t testers;			/* attempts at once */
	size_t max_rounds;		/* 0: until settled */
	double named;			/* share of culprits and pairs that reports name */
	size_t trials;			/* batches */
	uint64_t seed;
	const struct strategy *strategy;	/* NULL: auto */
};

/* Means over the batches. */
struct simulated {
	double rounds, attempts;	/* until every item is accepted or set aside by a set that failed */
	double merged[SIMULATE_ROUNDS];	/* share of all items accepted after 1, 2, 3 rounds */
	double closing;			/* attempts of the checks after that */
	double accepted;		/* share of all items accepted in the end */
};

int simulate(const struct simulation *sim, struct simulated *out, struct err *err);

#endif
