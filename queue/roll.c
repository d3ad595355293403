#include <stdlib.h>

#include "base/alloc.h"
#include "queue/roll.h"

static int64_t
number_of(const struct roll *r, const struct live *l)
{
	return *(const int64_t *)(const void *)((const char *)l + r->offset);
}

static size_t
home(const struct roll *r, int64_t number)
{
	return (size_t)(((uint64_t)number * 0x9e3779b97f4a7c15u) >> 32) & (r->n_slots - 1);
}

/* Where it is, or would be. */
static size_t
probe(const struct roll *r, int64_t number)
{
	size_t i = home(r, number);

	while (r->slot[i] && number_of(r, r->slot[i]) != number)
		i = (i + 1) & (r->n_slots - 1);
	return i;
}

void
roll_fini(struct roll *r)
{
	free(r->slot);
	*r = (struct roll){.offset = r->offset};
}

struct live *
roll_find(const struct roll *r, int64_t number)
{
	return r->n ? r->slot[probe(r, number)] : NULL;
}

static void
grow(struct roll *r)
{
	struct roll bigger = {.offset = r->offset, .n_slots = r->n_slots ? r->n_slots * 2 : 64, .n = r->n};

	bigger.slot = xcalloc(bigger.n_slots, sizeof(struct live *));
	for (size_t i = 0; i < r->n_slots; i++)
		if (r->slot[i])
			bigger.slot[probe(&bigger, number_of(r, r->slot[i]))] = r->slot[i];
	free(r->slot);
	*r = bigger;
}

void
roll_add(struct roll *r, struct live *l)
{
	if ((r->n + 1) * 3 > r->n_slots * 2)
		grow(r);
	r->slot[probe(r, number_of(r, l))] = l;
	r->n++;
}

/* What stands behind it and was pushed on by it moves up, so that no search ends too early. */
void
roll_remove(struct roll *r, const struct live *l)
{
	size_t mask = r->n_slots - 1, hole = probe(r, number_of(r, l));

	for (size_t i = (hole + 1) & mask; r->slot[i]; i = (i + 1) & mask)
		if (((i - home(r, number_of(r, r->slot[i]))) & mask) >= ((i - hole) & mask)) {
			r->slot[hole] = r->slot[i];
			hole = i;
		}
	r->slot[hole] = NULL;
	r->n--;
}
