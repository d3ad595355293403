/*
 * The one vector: VEC(int) v = {0}; vec_push(&v, 3); v.p[0]; vec_fini(&v);
 * A zeroed one is empty. Elements are moved by realloc: keep indices, not pointers.
 */
#ifndef ARTEL_BASE_VEC_H
#define ARTEL_BASE_VEC_H

#include <stdlib.h>

#include "base/alloc.h"

#define VEC(T) struct { T *p; size_t n, cap; }

#define vec_reserve(v, want) do {					\
	if ((v)->cap < (want)) {					\
		size_t cap_ = (v)->cap ? (v)->cap * 2 : 8;		\
		(v)->cap = cap_ < (want) ? (want) : cap_;		\
		(v)->p = xrealloc((v)->p, (v)->cap * sizeof(*(v)->p));	\
	}								\
} while (0)

#define vec_push(v, x) do {						\
	vec_reserve(v, (v)->n + 1);					\
	(v)->p[(v)->n++] = (x);						\
} while (0)

#define vec_fini(v) do {						\
	free((v)->p);							\
	(v)->p = NULL;							\
	(v)->n = (v)->cap = 0;						\
} while (0)

#endif
