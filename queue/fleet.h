/*
 * The builders, grouped in kinds: those that offer the same, so that what a job may run on is worked out once a kind.
 * Those of a kind that are open and have a free slot stand in a treap, the emptiest first; each knows the most free
 * memory below it, so that the emptiest with so much memory is found in O(log hosts).
 */
#ifndef ARTEL_QUEUE_FLEET_H
#define ARTEL_QUEUE_FLEET_H

#include "base/map.h"
#include "base/vec.h"
#include "queue/queue.h"

struct kind {
	struct strs arches, features;	/* sorted */
	int64_t memory;			/* bytes: each has at least so much, and less than the next step; 0: unknown */
	size_t known;			/* hosts */
	size_t open;			/* of them */
	struct host *tree;		/* open, with a free slot */
};

struct fleet {
	struct map names;
	VEC(struct host *) hosts;	/* as names has them */
	struct map offers;
	VEC(struct kind *) kinds;	/* as offers has them */
	unsigned generation;		/* goes up when some kind gets its first host or loses its last */
	uint32_t seed;
};

void fleet_fini(struct fleet *f);
struct host *fleet_host(struct fleet *f, const char *name);

/* Around every change of busy, taken, open, and what it offers. */
void fleet_out(struct host *h);
void fleet_in(struct host *h);
/* While it is out. */
void fleet_open(struct host *h, bool open);
void fleet_offer(struct fleet *f, struct host *h, const struct strs *arches, const struct strs *features, int slots,
	int64_t memory);

/* Whether a goes before b: the emptier by share of slots, then the one that came first. */
bool fleet_before(const struct host *a, const struct host *b);
/* Each of a kind that has a free slot and so many bytes, the emptiest first, until fn gives false. */
bool fleet_walk(struct host *tree, int64_t need, bool (*fn)(void *arg, struct host *h), void *arg);

/* What a job that asks for so much counts with there. */
int64_t fleet_counts(const struct host *h, int64_t memory);

#endif
