/* A binary heap of pointers whose elements know where they are, so that any of them can be moved or taken out. */
#ifndef ARTEL_QUEUE_HEAP_H
#define ARTEL_QUEUE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct heap {
	void **p;
	size_t n, cap;
};

/* What a heap is ordered by, and where its elements keep their index. */
struct heap_order {
	bool (*before)(const void *a, const void *b);
	size_t offset;		/* of a size_t in each element */
};

void heap_fini(struct heap *h);
void heap_push(struct heap *h, const struct heap_order *o, void *x);
void heap_remove(struct heap *h, const struct heap_order *o, void *x);
/* x goes before others now that it did not, or after. */
void heap_fix(struct heap *h, const struct heap_order *o, void *x);
/* The first; NULL if it is empty. */
void *heap_top(const struct heap *h);

#endif
