#include "base/vec.h"
#include "queue/heap.h"

static size_t *
index_of(const struct heap_order *o, void *x)
{
	return (size_t *)(void *)((char *)x + o->offset);
}

static void
put(struct heap *h, const struct heap_order *o, size_t i, void *x)
{
	h->p[i] = x;
	*index_of(o, x) = i;
}

static void
rise(struct heap *h, const struct heap_order *o, size_t i, void *x)
{
	for (; i > 0 && o->before(x, h->p[(i - 1) / 2]); i = (i - 1) / 2)
		put(h, o, i, h->p[(i - 1) / 2]);
	put(h, o, i, x);
}

static void
sink(struct heap *h, const struct heap_order *o, size_t i, void *x)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->n && o->before(h->p[child + 1], h->p[child]))
			child++;
		if (child >= h->n || !o->before(h->p[child], x))
			break;
		put(h, o, i, h->p[child]);
		i = child;
	}
	put(h, o, i, x);
}

static void
settle(struct heap *h, const struct heap_order *o, size_t i, void *x)
{
	if (i > 0 && o->before(x, h->p[(i - 1) / 2]))
		rise(h, o, i, x);
	else
		sink(h, o, i, x);
}

void
heap_fini(struct heap *h)
{
	vec_fini(h);
}

void
heap_push(struct heap *h, const struct heap_order *o, void *x)
{
	vec_push(h, x);
	rise(h, o, h->n - 1, x);
}

void
heap_remove(struct heap *h, const struct heap_order *o, void *x)
{
	size_t i = *index_of(o, x);
	void *last = h->p[--h->n];

	if (last != x)
		settle(h, o, i, last);
}

void
heap_fix(struct heap *h, const struct heap_order *o, void *x)
{
	settle(h, o, *index_of(o, x), x);
}

void *
heap_top(const struct heap *h)
{
	return h->n ? h->p[0] : NULL;
}
