#include <stdlib.h>

#include "base/alloc.h"
#include "queue/roll.h"
#include "queue/queue.h"

static size_t
home(const struct roll *x, int64_t job)
{
	return (size_t)(((uint64_t)job * 0x9e3779b97f4a7c15u) >> 32) & (x->n_slots - 1);
}

/* Where it is, or would be. */
static size_t
probe(const struct roll *x, int64_t job)
{
	size_t i = home(x, job);

	while (x->slot[i] && x->slot[i]->job != job)
		i = (i + 1) & (x->n_slots - 1);
	return i;
}

void
roll_fini(struct roll *x)
{
	free(x->slot);
	*x = (struct roll){0};
}

struct live *
roll_find(const struct roll *x, int64_t job)
{
	return x->n ? x->slot[probe(x, job)] : NULL;
}

static void
grow(struct roll *x)
{
	struct roll bigger = {.n_slots = x->n_slots ? x->n_slots * 2 : 64, .n = x->n};

	bigger.slot = xcalloc(bigger.n_slots, sizeof(struct live *));
	for (size_t i = 0; i < x->n_slots; i++)
		if (x->slot[i])
			bigger.slot[probe(&bigger, x->slot[i]->job)] = x->slot[i];
	free(x->slot);
	*x = bigger;
}

void
roll_add(struct roll *x, struct live *l)
{
	if ((x->n + 1) * 3 > x->n_slots * 2)
		grow(x);
	x->slot[probe(x, l->job)] = l;
	x->n++;
}

/* What stands behind it and was pushed on by it moves up, so that no search ends too early. */
void
roll_remove(struct roll *x, const struct live *l)
{
	size_t mask = x->n_slots - 1, hole = probe(x, l->job);

	for (size_t i = (hole + 1) & mask; x->slot[i]; i = (i + 1) & mask)
		if (((i - home(x, x->slot[i]->job)) & mask) >= ((i - hole) & mask)) {
			x->slot[hole] = x->slot[i];
			hole = i;
		}
	x->slot[hole] = NULL;
	x->n--;
}
