/*
 * What holds of any mix of jobs: a farm on a simulated clock, with random numbers that are the same each time, asked
 * after each step.
 */
#include "queue/test-yard.h"

#include "base/vec.h"
#include "queue/forecast.h"

struct run {
	int64_t job, end;
};

/* A yard whose jobs end by themselves. */
struct sim {
	struct yard y;
	uint64_t seed;
	VEC(struct run) runs;
	int64_t used[16];			/* ms of slots, by the number in an owner's name: "o3"; of the first few */
	int64_t from;				/* since when it is counted */
};

static void
sim_fini(struct sim *s)
{
	yard_fini(&s->y);
	vec_fini(&s->runs);
}
AUTO_DEFINE_EMBEDDED(struct sim, sim_fini);

static struct sim
sim_make(uint64_t seed)
{
	return (struct sim){.y = yard_make(), .seed = seed * 0x9e3779b97f4a7c15u + 1};
}

/* 0 .. n - 1 */
static int64_t
dice(struct sim *s, int64_t n)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 7;
	s->seed ^= s->seed << 17;
	return (int64_t)((s->seed >> 11) % (uint64_t)n);
}

static struct live *
next_started(struct sim *s, int64_t length)
{
	struct live *l;
	struct host *h;

	if (!queue_next(s->y.q, s->y.now, &l, &h))
		return NULL;
	assert_int_equal(l->state, LIVE_QUEUED);
	assert_true(l->not_before <= s->y.now);
	assert_true(h->open && h->busy < h->slots);
	queue_start(s->y.q, l, h, s->y.now);
	vec_push(&s->runs, ((struct run){l->job, s->y.now + length}));
	return l;
}

static size_t
first_end(const struct sim *s)
{
	size_t first = 0;

	for (size_t i = 1; i < s->runs.n; i++)
		if (s->runs.p[i].end < s->runs.p[first].end)
			first = i;
	return first;
}

/* The next one ends; whose it was, by the number in its name. */
static int
one_ends(struct sim *s)
{
	size_t i = first_end(s);
	struct run r = s->runs.p[i];
	const struct live *l = queue_find(s->y.q, r.job);
	int owner = atoi(l->owner->name + 1);

	s->runs.p[i] = s->runs.p[--s->runs.n];
	s->y.now = r.end;
	if (r.end > s->from && owner < 16)
		s->used[owner] += r.end - (l->started > s->from ? l->started : s->from);
	done(&s->y, r.job);
	return owner;
}

struct payer {
	int weight;
	int64_t mean, expected;
};

static void
add_of(struct sim *s, int owner, const struct payer *p)
{
	char name[16];

	snprintf(name, sizeof(name), "o%d", owner);
	WANT(&s->y, .owner = name, .expected_ms = p->expected);
}

/* Owners who always have more to do than there are slots: shares of slot time are as their weights. */
static void
try_shares(uint64_t seed, int slots, int owners, bool equal_means, bool wrong)
{
	AUTO(sim_fini) struct sim s = sim_make(seed);
	struct payer p[16];
	int64_t all = 0, weights = 0;
	char name[16];

	s.from = INT64_MAX;
	host(&s.y, "a", "x86_64", "", (slots + 1) / 2, 0);
	host(&s.y, "b", "x86_64", "", slots / 2, 0);
	for (int o = 0; o < owners; o++) {
		p[o].weight = 1 + (int)dice(&s, 5);
		p[o].mean = MINUTE * (equal_means ? 5 : 1 + dice(&s, 20));
		p[o].expected = wrong ? p[o].mean * (1 + dice(&s, 16)) / 4 : p[o].mean;
		weights += p[o].weight;
		snprintf(name, sizeof(name), "o%d", o);
		queue_set_owner(s.y.q, queue_owner(s.y.q, name), p[o].weight, 0);
		for (int i = 0; i < slots * 2; i++)
			add_of(&s, o, &p[o]);
	}
	for (int n = 0; n < 30000; n++) {
		struct live *l;
		struct host *h;

		while (queue_next(s.y.q, s.y.now, &l, &h)) {
			int o = atoi(l->owner->name + 1);

			next_started(&s, p[o].mean / 10 + dice(&s, p[o].mean * 9 / 5));
			add_of(&s, o, &p[o]);
		}
		if (n == 10000)
			s.from = s.y.now;
		one_ends(&s);
	}
	for (int o = 0; o < owners; o++)
		all += s.used[o];
	for (int o = 0; o < owners; o++) {
		double share = (double)s.used[o] / (double)all, due = (double)p[o].weight / (double)weights;

		if (share < due * 0.95 || share > due * 1.05)
			fail_msg("seed %d, %d slots, owner %d of weight %d, mean %lld, expected %lld: share %.4f, due %.4f", (int)seed,
			    slots, o, p[o].weight, (long long)p[o].mean, (long long)p[o].expected, share, due);
	}
}

static void
test_shares(void **state)
{
	static const int slots[] = {2, 7, 64};

	for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
		for (uint64_t seed = 1; seed <= 4; seed++) {
			try_shares(seed, slots[i], 2 + (int)seed, true, false);
			try_shares(seed, slots[i], 2 + (int)seed, false, false);
			try_shares(seed, slots[i], 2 + (int)seed, false, true);
		}
}


/* One owner has 3000 jobs waiting, or several have: the first job of another gets the next slot. */
static void
try_newcomers(uint64_t seed, int slots, int floods, int newcomers)
{
	AUTO(sim_fini) struct sim s = sim_make(seed);
	struct payer flood = {.expected = 5 * MINUTE}, guest = {.expected = MINUTE};
	const struct live *l;

	host(&s.y, "a", "x86_64", "", slots, 0);
	for (int i = 0; i < 3000; i++)
		add_of(&s, i % floods, &flood);
	for (int i = 0; i < slots + 700; i++) {
		while (next_started(&s, MINUTE + dice(&s, 10 * MINUTE)))
			continue;
		one_ends(&s);
	}
	while (next_started(&s, MINUTE + dice(&s, 10 * MINUTE)))
		continue;
	for (int i = 0; i < newcomers; i++)
		add_of(&s, 100 + i, &guest);
	for (int i = 0; i < newcomers; i++) {
		assert_null(next_started(&s, MINUTE));
		one_ends(&s);
		l = next_started(&s, 30 * MINUTE);
		assert_int_equal(atoi(l->owner->name + 1), 100 + i);
	}
	one_ends(&s);
	l = next_started(&s, MINUTE);
	assert_true(atoi(l->owner->name + 1) < floods);
}

static void
test_newcomers(void **state)
{
	for (int slots = 1; slots <= 200; slots = slots * 3 / 2 + 1)
		for (int floods = 1; floods <= 3; floods += 2) {
			try_newcomers((uint64_t)slots, slots, floods, 1);
			try_newcomers((uint64_t)slots, slots, floods, 50);
		}
}

/* Whom a farm elsewhere has served much does not wait for ever where others are served little. */
static void
test_rich_elsewhere(void **state)
{
	AUTO(sim_fini) struct sim s = sim_make(1);
	int64_t started = 0, since;

	host(&s.y, "arm", "aarch64", "", 60, 0);
	host(&s.y, "intel", "x86_64", "", 2, 0);
	for (int i = 0; i < 4000; i++)
		WANT(&s.y, .owner = i % 2 ? "o0" : "o1", .arches = "aarch64");
	for (int i = 0; i < 4000; i++)
		WANT(&s.y, .owner = i % 2 ? "o2" : "o3");
	for (int i = 0; i < 2000; i++) {
		while (next_started(&s, MINUTE))
			continue;
		one_ends(&s);
	}
	WANT(&s.y, .owner = "o0");
	since = s.y.now;
	while (!started) {
		const struct live *l;

		while ((l = next_started(&s, MINUTE)))
			if (l->job == s.y.last)
				started = l->started;
		one_ends(&s);
	}
	/* The others have had AGING_MS each. */
	assert_true(started - since <= AGING_MS * 2);
}

/* Under a permanent load of higher classes a lower one gets its part, once it has waited, and no more. */
static void
test_aging(void **state)
{
	AUTO(sim_fini) struct sim s = sim_make(3);
	int64_t begin = s.y.now;
	int n[QUEUE_CLASSES] = {0}, after = 0;

	host(&s.y, "a", "x86_64", "", 4, 0);
	for (int i = 0; i < 4000; i++) {
		WANT(&s.y, .owner = "o1", .lower = -1);
		WANT(&s.y, .owner = "o2", .lower = 1);
	}
	while (after < 1000) {
		const struct live *l;

		while ((l = next_started(&s, MINUTE))) {
			if (s.y.now - begin < AGING_MS)
				assert_int_equal(l->class, QUEUE_URGENT);
			else
				after++, n[l->class]++;
		}
		one_ends(&s);
	}
	assert_in_range(n[QUEUE_BACKGROUND], 1000 / AGED_SHARE - 2, 1000 / AGED_SHARE + 2);

	/* Those of the middle come in: the part of each is its own. */
	for (int i = 0; i < 2000; i++)
		WANT(&s.y, .owner = "o3");
	memset(n, 0, sizeof(n));
	for (after = 0; after < 1000;) {
		const struct live *l;

		while ((l = next_started(&s, MINUTE)))
			after++, n[l->class]++;
		one_ends(&s);
	}
	assert_in_range(n[QUEUE_NORMAL], 60, 1000 / AGED_SHARE + 10);
	assert_in_range(n[QUEUE_BACKGROUND], 1000 / AGED_SHARE - 10, 1000 / AGED_SHARE + 10);
}

/*
 * Some always have all that the farm can do and more, of each class and for each builder. Jobs of others, one at a time,
 * start all the same: by their class in so many jobs' time.
 */
static void
try_starving(uint64_t seed)
{
	enum { LONGEST = 20 * MINUTE };
	static const char *const arches[] = {"x86_64", "aarch64", "x86_64 aarch64", ""};
	AUTO(sim_fini) struct sim s = sim_make(seed);
	int64_t probe = 0, since = 0, bound[QUEUE_CLASSES] = {2 * LONGEST, AGING_MS + 24 * LONGEST, AGING_MS + 24 * LONGEST};
	int probes = 0;

	host(&s.y, "a", "x86_64", "", 1 + (int)dice(&s, 4), 0);
	host(&s.y, "b", "aarch64", "", 1 + (int)dice(&s, 4), 0);
	for (int n = 0; n < 4000; n++) {
		const struct live *l;

		while (queue_count(s.y.q).queued < 200)
			WANT(&s.y, .owner = dice(&s, 2) ? "o1" : "o2", .arches = arches[dice(&s, 4)], .lower = (int)dice(&s, 3) - 1);
		if (!probe) {
			char name[16];

			snprintf(name, sizeof(name), "o%d", 10 + probes++);
			WANT(&s.y, .owner = name, .arches = arches[dice(&s, 4)], .lower = (int)dice(&s, 3) - 1);
			probe = s.y.last;
			since = s.y.now;
		}
		while ((l = next_started(&s, 1 + dice(&s, LONGEST)))) {
			if (l->job == probe && s.y.now - since > bound[l->class])
				fail_msg("seed %d: class %d waited for %lld ms", (int)seed, l->class, (long long)(s.y.now - since));
			if (l->job == probe)
				probe = 0;
		}
		if (probe)
			assert_true(s.y.now - since <= bound[QUEUE_BACKGROUND]);
		one_ends(&s);
	}
	assert_true(probes > 100);
}

static void
test_starving(void **state)
{
	for (uint64_t seed = 1; seed <= 8; seed++)
		try_starving(seed);
}

/* Small jobs that always wait do not keep away one that needs nearly all the memory of a builder, or all of it. */
static void
test_starving_big(void **state)
{
	enum { LONGEST = 20 * MINUTE };

	for (int64_t memory = 5; memory <= 40; memory += 35) {
		AUTO(sim_fini) struct sim s = sim_make((uint64_t)memory);
		int64_t big = 0, since = 0;
		int n = 0;

		host(&s.y, "a", "x86_64", "", 8, 7 * GIB);
		host(&s.y, "b", "x86_64", "", 4, 6 * GIB);
		WANT(&s.y, .owner = "o4", .arches = "ppc64le", .submitted = 1);
		while (n < 20) {
			const struct live *l;

			while (queue_count(s.y.q).queued < 30)
				WANT(&s.y, .owner = dice(&s, 2) ? "o1" : "o2", .memory = dice(&s, 2) * GIB + 1);
			if (!big) {
				big = WANT(&s.y, .owner = n % 2 ? "o3" : "o1", .memory = memory * GIB, .submitted = 1)->job;
				since = s.y.now;
			}
			while ((l = next_started(&s, 1 + dice(&s, LONGEST))))
				if (l->job == big) {
					big = 0;
					n++;
				}
			assert_true(!big || s.y.now - since <= AGING_MS + 3 * LONGEST);
			one_ends(&s);
		}
	}
}

/* Nor is it the other way round: where both always wait, both go on. */
static void
test_big_and_small(void **state)
{
	AUTO(sim_fini) struct sim s = sim_make(9);
	struct owner *big = queue_owner(s.y.q, "o1"), *small = queue_owner(s.y.q, "o2");

	host(&s.y, "a", "x86_64", "", 8, 16 * GIB);
	for (int n = 0; n < 3000; n++) {
		while (big->queued < 20)
			WANT(&s.y, .owner = "o1", .memory = 12 * GIB, .submitted = 1);
		while (small->queued < 20)
			WANT(&s.y, .owner = "o2", .memory = 2 * GIB, .submitted = 1);
		while (next_started(&s, 1 + dice(&s, 20 * MINUTE)))
			continue;
		one_ends(&s);
	}
	/* Of slots that is; the big have six times the memory. */
	assert_true(s.used[1] * 20 > s.used[2]);
	assert_true(s.used[2] > s.used[1]);
}

struct told {
	int64_t job, start, end;
	const char *host;
};

struct told_list {
	struct told *p;
	size_t n, cap;
};

static int
note(void *arg, const struct forecast *f)
{
	struct told_list *t = arg;

	vec_push(t, ((struct told){f->job->job, f->start, f->end, f->host->name}));
	return 0;
}

static void
fill(struct sim *s)
{
	host(&s->y, "a", "x86_64", "", 3, 0);
	host(&s->y, "b", "x86_64 aarch64", "", 2, 4 * GIB);
	for (int i = 0; i < 300; i++)
		WANT(&s->y, .owner = dice(s, 3) ? "o1" : "o2", .arches = dice(s, 2) ? "x86_64" : "aarch64",
		    .memory = dice(s, 3) * GIB, .expected_ms = 1 + dice(s, 9 * MINUTE), .lower = (int)dice(s, 3) - 1,
		    .not_before = dice(s, 4) ? 0 : s->y.now + dice(s, 60 * MINUTE));
}

/* A forecast is what happens, if all goes as expected. */
static void
test_forecast(void **state)
{
	AUTO(sim_fini) struct sim s = sim_make(5), same = sim_make(5);
	struct told_list told = {0};
	size_t n = 0;

	fill(&s);
	fill(&same);
	assert_int_equal(forecast_run(same.y.q, same.y.now, note, &told), 0);
	assert_int_equal(told.n, 300);
	while (n < told.n) {
		struct live *l;
		struct host *h;

		while (queue_next(s.y.q, s.y.now, &l, &h)) {
			queue_start(s.y.q, l, h, s.y.now);
			vec_push(&s.runs, ((struct run){l->job, s.y.now + l->expected_ms}));
			assert_int_equal(told.p[n].job, l->job);
			assert_int_equal(told.p[n].start, s.y.now);
			assert_int_equal(told.p[n].end, s.y.now + l->expected_ms);
			assert_string_equal(told.p[n++].host, h->name);
		}
		if (s.runs.n && s.runs.p[first_end(&s)].end <= queue_due(s.y.q)) {
			/* All that end at once do so before the next starts. */
			do
				one_ends(&s);
			while (s.runs.n && s.runs.p[first_end(&s)].end == s.y.now);
		} else {
			s.y.now = queue_due(s.y.q);
		}
	}
	vec_fini(&told);
}

static int
stop_at_third(void *arg, const struct forecast *f)
{
	return ++*(int *)arg == 3 ? 7 : 0;
}

/* What runs comes first, for as long as is left, or a quarter more than it took; what cannot start is not told. */
static void
test_forecast_running(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make(), z = yard_make();
	struct told_list told = {0};
	int n = 0;

	host(&y, "a", "x86_64", "", 2, 0);
	WANT(&y, .expected_ms = 10 * MINUTE);
	WANT(&y, .expected_ms = MINUTE);
	start(&y);
	start(&y);
	WANT(&y, .held = true);
	WANT(&y, .arches = "ppc64le");
	WANT(&y, .expected_ms = 3 * MINUTE);
	y.now += 4 * MINUTE;
	assert_int_equal(forecast_run(y.q, y.now, note, &told), 0);
	assert_int_equal(told.n, 3);
	assert_int_equal(told.p[0].job, 1);
	assert_int_equal(told.p[0].end, y.now + 6 * MINUTE);
	assert_int_equal(told.p[1].job, 2);
	assert_int_equal(told.p[1].end, y.now + MINUTE + 1);
	assert_int_equal(told.p[2].job, 5);
	assert_int_equal(told.p[2].start, y.now + MINUTE + 1);
	assert_int_equal(told.p[2].end, y.now + 4 * MINUTE + 1);
	vec_fini(&told);

	host(&z, "a", "x86_64", "", 2, 0);
	for (int i = 0; i < 9; i++)
		WANT(&z);
	assert_int_equal(forecast_run(z.q, z.now, stop_at_third, &n), 7);
	assert_int_equal(n, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_newcomers),
		cmocka_unit_test(test_rich_elsewhere),
		cmocka_unit_test(test_aging),
		cmocka_unit_test(test_starving),
		cmocka_unit_test(test_starving_big),
		cmocka_unit_test(test_big_and_small),
		cmocka_unit_test(test_forecast),
		cmocka_unit_test(test_forecast_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
