/*
 * Decisions alone: which job goes to which builder next, without database and wire.
 *
 *   bench-queue [SLOTS [QUEUED...]]
 *
 * For each length of the queue (1 000, 10 000, 100 000 and 1 000 000): so many jobs of 1 000 owners, of three classes, two
 * architectures, two repositories and some sizes of memory, stand before builders of 10 slots each, all busy (10 000
 * slots). 200 000 times a job ends at random, another is submitted, and what goes next is asked until nothing
 * goes: a decision is one answer together with the job's start. The times are in microseconds.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "bench/sample.h"
#include "queue/queue.h"

enum { SLOTS_EACH = 10, OWNERS = 1000, ROUNDS = 200000 };

struct yard {
	struct queue *q;
	struct strs arches[3];			/* x86_64, i586, both */
	VEC(struct live *) running;
	int64_t now, next;
	unsigned seed;
};

static unsigned
dice(struct yard *y, unsigned n)
{
	return sample_dice(&y->seed, n);
}

static void
submit(struct yard *y)
{
	char owner[32];
	const int64_t now = y->now;

	snprintf(owner, sizeof(owner), "owner%u", dice(y, OWNERS));
	queue_add(y->q, &(struct ask){.job = y->next, .task = y->next, .owner = owner, .repository = dice(y, 4) ? "sisyphus" : "p10",
	    .arches = &y->arches[dice(y, 3)], .memory = (int64_t)(1 + dice(y, 4)) << 30, .expected_ms = 1000 * (1 + dice(y, 600)),
	    .submitted = now, .queued = now, .class = dice(y, 10) ? QUEUE_NORMAL : dice(y, 10) ? QUEUE_BACKGROUND : QUEUE_URGENT}, now);
	y->next++;
}

static void
hosts(struct yard *y, size_t slots)
{
	static const struct strs none;

	for (size_t i = 0; i < slots / SLOTS_EACH; i++) {
		AUTO(free) char *name = xasprintf("builder%zu", i);
		struct host *h = queue_host(y->q, name);

		queue_set_host(y->q, h, &y->arches[i % 3], &none, SLOTS_EACH, i % 2 ? 64ll << 30 : 0);
		queue_set_open(y->q, h, true);
	}
}

/* Hand out what goes; with samples, each decision is timed. */
static void
decide(struct yard *y, struct samples *times)
{
	for (;;) {
		double begin = times ? sample_now_ms() : 0;
		struct live *l;
		struct host *h;

		if (!queue_next(y->q, y->now, &l, &h))
			return;
		queue_start(y->q, l, h, y->now);
		if (times)
			samples_add(times, (sample_now_ms() - begin) * 1000);
		vec_push(&y->running, l);
	}
}

static void
measure(size_t slots, size_t queued)
{
	AUTO(samples_fini) struct samples times = {0};
	struct yard y = {.q = queue_new(), .now = 1, .next = 1, .seed = 7};
	double begin = sample_now_ms();
	size_t bytes;

	strs_split(&y.arches[0], "x86_64", " ");
	strs_split(&y.arches[1], "i586", " ");
	strs_split(&y.arches[2], "x86_64 i586", " ");
	hosts(&y, slots);
	for (size_t i = 0; i < queued + slots; i++)
		submit(&y);
	printf("%zu\t%zu\tadd\t%.3f\n", queued, slots, (sample_now_ms() - begin) * 1000 / (double)(queued + slots));
	bytes = queue_bytes(y.q);
	decide(&y, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		size_t k = dice(&y, (unsigned)y.running.n);

		y.now += 1 + dice(&y, 5);
		queue_drop(y.q, y.running.p[k], y.now);
		y.running.p[k] = y.running.p[--y.running.n];
		submit(&y);
		decide(&y, &times);
	}
	printf("%zu\t%zu\tdecision p50\t%.3f\n%zu\t%zu\tdecision p99\t%.3f\n%zu\t%zu\tdecision max\t%.3f\n", queued, slots,
	    samples_at(&times, 0.5), queued, slots, samples_at(&times, 0.99), queued, slots, samples_at(&times, 1));
	printf("%zu\t%zu\tbytes a job\t%zu\n", queued, slots, bytes / (queued + slots));
	vec_fini(&y.running);
	for (int i = 0; i < 3; i++)
		strs_fini(&y.arches[i]);
	queue_destroy(y.q);
}

int
main(int argc, char **argv)
{
	static const size_t lengths[] = {1000, 10000, 100000, 1000000};
	size_t slots = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;

	printf("queued\tslots\twhat\tmicroseconds, or bytes\n");
	for (int i = 2; i < argc; i++)
		measure(slots, strtoul(argv[i], NULL, 10));
	for (size_t i = 0; i < ARRAY_SIZE(lengths) && argc <= 2; i++)
		measure(slots, lengths[i]);
	return 0;
}
