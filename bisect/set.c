#include <string.h>

#include "base/alloc.h"
#include "bisect/set.h"

struct set
set_new(size_t limit)
{
	size_t words = limit / 64 + 1;

	return (struct set){.w = xcalloc(words, sizeof(uint64_t)), .words = words};
}

struct set
set_copy(const struct set *s)
{
	struct set c = {.w = xcalloc(s->words, sizeof(uint64_t)), .words = s->words};

	memcpy(c.w, s->w, s->words * sizeof(uint64_t));
	return c;
}

void
set_fini(struct set *s)
{
	free(s->w);
	*s = (struct set){0};
}

size_t
set_count(const struct set *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->words; i++)
		n += (size_t)__builtin_popcountll(s->w[i]);
	return n;
}

bool
set_empty(const struct set *s)
{
	for (size_t i = 0; i < s->words; i++)
		if (s->w[i])
			return false;
	return true;
}

bool
set_equal(const struct set *a, const struct set *b)
{
	return memcmp(a->w, b->w, a->words * sizeof(uint64_t)) == 0;
}

bool
set_within(const struct set *a, const struct set *b)
{
	for (size_t i = 0; i < a->words; i++)
		if (a->w[i] & ~b->w[i])
			return false;
	return true;
}

bool
set_meets(const struct set *a, const struct set *b)
{
	for (size_t i = 0; i < a->words; i++)
		if (a->w[i] & b->w[i])
			return true;
	return false;
}

void
set_join(struct set *a, const struct set *b)
{
	for (size_t i = 0; i < a->words; i++)
		a->w[i] |= b->w[i];
}

void
set_meet(struct set *a, const struct set *b)
{
	for (size_t i = 0; i < a->words; i++)
		a->w[i] &= b->w[i];
}

void
set_less(struct set *a, const struct set *b)
{
	for (size_t i = 0; i < a->words; i++)
		a->w[i] &= ~b->w[i];
}

size_t
set_next(const struct set *s, size_t from)
{
	size_t i = from / 64;
	uint64_t left;

	if (i >= s->words)
		return SIZE_MAX;
	left = s->w[i] & (~UINT64_C(0) << from % 64);
	while (!left && ++i < s->words)
		left = s->w[i];
	return left ? i * 64 + (size_t)__builtin_ctzll(left) : SIZE_MAX;
}

bool
set_before(const struct set *a, const struct set *b)
{
	for (size_t i = 0; i < a->words; i++) {
		uint64_t differ = a->w[i] ^ b->w[i];

		if (differ)
			return a->w[i] & (differ & -differ);
	}
	return false;
}
