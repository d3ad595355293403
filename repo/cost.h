/* What a publish cost: counted by its threads, for benchmarks and tests. */
#ifndef ARTEL_REPO_COST_H
#define ARTEL_REPO_COST_H

#include <stdint.h>
#include <time.h>

struct publish_cost {
	int64_t copied, made;		/* runs */
	int64_t made_bytes;		/* text that was compressed */
	int64_t facts;			/* records read from facts */
	int64_t linked;			/* packages that were new to the pool */
	/* Microseconds, of all threads together. */
	int64_t verify_us, compress_us, write_us, hash_us, sync_us;
};

static inline int64_t
cost_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static inline void
cost_add(int64_t *to, int64_t n)
{
	__atomic_fetch_add(to, n, __ATOMIC_RELAXED);
}

#endif
