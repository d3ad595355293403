/* Jobs by a number: open addressing, with removal. */
#ifndef ARTEL_QUEUE_ROLL_H
#define ARTEL_QUEUE_ROLL_H

#include <stddef.h>
#include <stdint.h>

struct live;

struct roll {
	size_t offset;		/* of the number, an int64_t, in struct live */
	struct live **slot;	/* NULL: free; a power of two of them, at most two thirds taken */
	size_t n_slots, n;
};

void roll_fini(struct roll *r);
/* NULL: none. */
struct live *roll_find(const struct roll *r, int64_t number);
/* There is none of its number. */
void roll_add(struct roll *r, struct live *l);
void roll_remove(struct roll *r, const struct live *l);

#endif
