/* The jobs of the queue by their numbers: open addressing, with removal. */
#ifndef ARTEL_QUEUE_ROLL_H
#define ARTEL_QUEUE_ROLL_H

#include <stddef.h>
#include <stdint.h>

struct live;

struct roll {
	struct live **slot;	/* NULL: free; a power of two of them, at most two thirds taken */
	size_t n_slots, n;
};

void roll_fini(struct roll *x);
/* NULL: none. */
struct live *roll_find(const struct roll *x, int64_t job);
/* There is none of its number. */
void roll_add(struct roll *x, struct live *l);
void roll_remove(struct roll *x, const struct live *l);

#endif
