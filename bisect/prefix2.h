/*
 * The strategy prefix2: of N items try the first N, N/2, N/4 ... 1 at once;
 * log2(N)+1 attempts, the largest that passes wins.
 */
#ifndef ARTEL_BISECT_PREFIX2_H
#define ARTEL_BISECT_PREFIX2_H

#include <stddef.h>

enum { PREFIX2_MAX = 65 };

/* Fill sizes, largest first; how many there are. n > 0. */
size_t prefix2_sizes(size_t n, size_t sizes[PREFIX2_MAX]);

#endif
