/* A queue with a clock that only the tests move, builders and jobs in a few words. */
#ifndef ARTEL_QUEUE_TEST_YARD_H
#define ARTEL_QUEUE_TEST_YARD_H

#include "tests/unit.h"

#include "queue/queue.h"

enum { MINUTE = 60000 };
static const int64_t GIB __attribute__((unused)) = (int64_t)1 << 30;

/* A queue with a clock. Words are blank-separated. */
struct yard {
	struct queue *q;
	int64_t now, last;
};

static inline struct yard
yard_make(void)
{
	return (struct yard){.q = queue_new(), .now = 1000 * MINUTE};
}

static inline void
yard_fini(struct yard *y)
{
	queue_destroy(y->q);
}
AUTO_DEFINE_EMBEDDED(struct yard, yard_fini);

static inline struct host *
host(struct yard *y, const char *name, const char *arches, const char *features, int slots, int64_t memory)
{
	AUTO(strs_fini) struct strs a = {0}, f = {0};
	struct host *h = queue_host(y->q, name);

	strs_split(&a, arches, " ");
	strs_split(&f, features, " ");
	queue_set_host(y->q, h, &a, &f, slots, memory);
	queue_set_open(y->q, h, true);
	return h;
}

/* What differs from a normal job of a minute, for x86_64. */
struct want {
	const char *owner, *repository, *failed_on, *arches, *features;
	int lower;			/* class: 1 background, -1 urgent */
	int64_t memory, submitted, expected_ms, not_before;
	bool held;
};

static inline struct live *
want(struct yard *y, const struct want *w)
{
	AUTO(strs_fini) struct strs a = {0}, f = {0};
	struct ask ask = {.job = ++y->last, .task = 1, .owner = w->owner ? w->owner : "joe",
	    .repository = w->repository ? w->repository : "sisyphus", .arches = &a, .features = &f, .memory = w->memory,
	    .expected_ms = w->expected_ms ? w->expected_ms : MINUTE, .submitted = w->submitted ? w->submitted : y->now,
	    .queued = y->now, .not_before = w->not_before, .class = QUEUE_NORMAL + w->lower, .held = w->held, .failed_on = w->failed_on};

	strs_split(&a, w->arches ? w->arches : "x86_64", " ");
	strs_split(&f, w->features ? w->features : "", " ");
	return queue_add(y->q, &ask, y->now);
}
#define WANT(y, ...) want(y, &(struct want){__VA_ARGS__})

/* Start the next job; its number, 0: none. */
static inline int64_t
start(struct yard *y)
{
	struct live *l;
	struct host *h;

	if (!queue_next(y->q, y->now, &l, &h))
		return 0;
	assert_int_equal(l->state, LIVE_QUEUED);
	queue_start(y->q, l, h, y->now);
	return l->job;
}

/* Start one and tell where; "": none. */
static inline const char *
where(struct yard *y)
{
	int64_t job = start(y);

	return job ? queue_find(y->q, job)->host->name : "";
}

static inline const char *
whose(struct yard *y)
{
	int64_t job = start(y);

	return job ? queue_find(y->q, job)->owner->name : "";
}

/* It ends. */
static inline void
done(struct yard *y, int64_t job)
{
	struct live *l = queue_find(y->q, job);

	assert_non_null(l);
	queue_drop(y->q, l, y->now);
}

#endif
