/* One soak: a farm, the dice, and how much of everything was done. */
#ifndef ARTEL_TESTS_SOAK_SOAK_H
#define ARTEL_TESTS_SOAK_SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/sample.h"
#include "schema/store.h"
#include "schema/task.h"

struct soak {
	struct store *s;
	const char *root;	/* of the farm */
	unsigned seed;		/* of all that is drawn */
	int64_t newest;		/* task */
	int64_t open;		/* tasks that are AWAITING or BUILDING, when they were counted last */
	bool calm;		/* nothing new is begun, and what is built gets merged */
	struct { int64_t *p; size_t n, cap; } held;	/* tasks */
	size_t submits, reruns, requeues, aborts, holds, merges, changes;
};

/* A farm with two repositories and some owners. */
void soak_make(struct soak *k);
void soak_fini(struct soak *k);
AUTO_DEFINE_EMBEDDED(struct soak, soak_fini);

static inline unsigned
dice(struct soak *k, unsigned n)
{
	return sample_dice(&k->seed, n);
}

static inline bool
chance(struct soak *k, unsigned percent)
{
	return dice(k, 100) < percent;
}

/* A task as it is now, false if there is none. */
bool soak_task(struct soak *k, int64_t id, struct task *out);
/* To this state; false if it has moved meanwhile. */
bool soak_move(struct soak *k, struct task *t, enum task_state to, const char *reason);
/* Numbers out of the database, at most n of them; how many. */
size_t soak_ask(struct soak *k, const char *sql, int64_t *out, size_t n);
int64_t soak_count(struct soak *k, const char *sql);

#endif
