/*
 * Lists of numbers by number, in which the newest comes first and only the
 * newest can be taken away: what a change adds to an index, undone by cutting
 * back to a length.
 */
#ifndef ARTEL_REPO_CHAIN_H
#define ARTEL_REPO_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

#define CHAIN_END UINT32_MAX

struct chain_cell {
	uint32_t key, value;
	uint32_t next;		/* older cell of the same key, or CHAIN_END */
};

struct chain {
	struct chain_cell *p;	/* in order of arrival */
	size_t n, cap;
	struct chain_head {
		uint32_t key;
		uint32_t cell;	/* newest, or CHAIN_END; slots in use have used set */
		uint32_t used;
	} *slot;		/* open addressing; a power of two of them */
	size_t n_slots, n_used;
};

void chain_fini(struct chain *c);
AUTO_DEFINE_EMBEDDED(struct chain, chain_fini);

void chain_push(struct chain *c, uint32_t key, uint32_t value);
/* The newest cell of a key, or CHAIN_END; go on with c->p[cell].next. */
uint32_t chain_first(const struct chain *c, uint32_t key);
/* Take away all but the oldest n cells. */
void chain_cut(struct chain *c, size_t n);

#endif
