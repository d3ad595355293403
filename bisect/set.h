/* A set of numbers below a limit, as bits. All sets that meet in one call have the same limit. */
#ifndef ARTEL_BISECT_SET_H
#define ARTEL_BISECT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct set {
	uint64_t *w;		/* 64 numbers a word; nothing above the limit is set */
	size_t words;
};

struct set set_new(size_t limit);
struct set set_copy(const struct set *s);
void set_fini(struct set *s);
AUTO_DEFINE_EMBEDDED(struct set, set_fini);

static inline bool
set_has(const struct set *s, size_t i)
{
	return s->w[i / 64] >> i % 64 & 1;
}

static inline void
set_add(struct set *s, size_t i)
{
	s->w[i / 64] |= UINT64_C(1) << i % 64;
}

static inline void
set_drop(struct set *s, size_t i)
{
	s->w[i / 64] &= ~(UINT64_C(1) << i % 64);
}

size_t set_count(const struct set *s);
bool set_empty(const struct set *s);
bool set_equal(const struct set *a, const struct set *b);
/* Whether all of a is in b. */
bool set_within(const struct set *a, const struct set *b);
bool set_meets(const struct set *a, const struct set *b);
/* a becomes a or b, a and b, a without b. */
void set_join(struct set *a, const struct set *b);
void set_meet(struct set *a, const struct set *b);
void set_less(struct set *a, const struct set *b);
/* The first number from `from` on; SIZE_MAX if there is none. for (i = set_next(s, 0); i != SIZE_MAX; i = set_next(s, i + 1)) */
size_t set_next(const struct set *s, size_t from);
/* Whether a comes before b: the smallest number that is in one only is in a. */
bool set_before(const struct set *a, const struct set *b);

#define set_each(i, s) for (size_t i = set_next(s, 0); i != SIZE_MAX; i = set_next(s, i + 1))

#endif
