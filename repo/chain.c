/* Heads in an open-addressing table, cells in a vector: cutting restores each head in turn, and frees what is left empty. */
#include <string.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "repo/chain.h"

void
chain_fini(struct chain *c)
{
	vec_fini(c);
	free(c->slot);
	c->slot = NULL;
	c->n_slots = c->n_used = 0;
}

static struct chain_head *
probe(const struct chain *c, uint32_t key)
{
	size_t i = (key * 0x9e3779b1u) & (c->n_slots - 1);

	while (c->slot[i].used && c->slot[i].key != key)
		i = (i + 1) & (c->n_slots - 1);
	return &c->slot[i];
}

/* Heads go into the new table in the order in which their keys came, so that the newest can be taken out again. */
static void
grow(struct chain *c)
{
	struct chain bigger = {.n_slots = c->n_slots ? c->n_slots * 2 : 64};

	bigger.slot = xcalloc(bigger.n_slots, sizeof(*bigger.slot));
	for (size_t i = 0; i < c->n; i++)
		if (c->p[i].next == CHAIN_END)
			*probe(&bigger, c->p[i].key) = *probe(c, c->p[i].key);
	free(c->slot);
	c->slot = bigger.slot;
	c->n_slots = bigger.n_slots;
}

void
chain_push(struct chain *c, uint32_t key, uint32_t value)
{
	struct chain_head *h;

	if (c->n_used * 2 >= c->n_slots)
		grow(c);
	h = probe(c, key);
	if (!h->used) {
		*h = (struct chain_head){key, CHAIN_END, 1};
		c->n_used++;
	}
	vec_push(c, ((struct chain_cell){key, value, h->cell}));
	h->cell = (uint32_t)c->n - 1;
}

uint32_t
chain_first(const struct chain *c, uint32_t key)
{
	const struct chain_head *h;

	if (!c->n)
		return CHAIN_END;
	h = probe(c, key);
	return h->used ? h->cell : CHAIN_END;
}

void
chain_cut(struct chain *c, size_t n)
{
	while (c->n > n) {
		struct chain_head *h = probe(c, c->p[--c->n].key);

		/* Whatever was put behind this head, in search of a free slot, is gone already. */
		h->cell = c->p[c->n].next;
		h->used = h->cell != CHAIN_END;
		c->n_used -= !h->used;
	}
}
