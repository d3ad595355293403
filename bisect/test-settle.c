/*
 * Settling by every strategy, against an oracle that looks at every subset of a few
 * items: random worlds of culprits, pairs that conflict, items that break what others
 * repair, pairs that only pass together, and items that need others.
 */
#include "tests/unit.h"

#include "bisect/settle.h"
#include "bisect/strategy.h"

enum { ITEMS = 10, MANY = 1000 };

enum { CONFLICTS = 1, REPAIRS = 2, NEEDS = 4, ANYTHING = 8 };

struct world {
	size_t n;
	unsigned bad;			/* never pass */
	unsigned clash[ITEMS];		/* not together with these */
	unsigned repaired_by[ITEMS];	/* passes only with one of these; 0: needs none */
	unsigned needs[ITEMS];
	uint64_t noise;			/* not 0: the verdict on a set is a coin tossed with it */
	uint64_t seed;
	bool names;			/* reports name culprits and both of a conflicting pair */
	unsigned passed[1 << 12];	/* sets that were asked about and passed */
	size_t n_passed, asked;
};

static uint64_t
number(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static bool
passes(const struct world *w, unsigned set)
{
	uint64_t coin = w->noise ^ set * UINT64_C(0x9e3779b97f4a7c15);

	if (w->noise && set)
		return number(&coin) % 3 == 0;
	if (set & w->bad)
		return false;
	for (size_t i = 0; i < w->n; i++)
		if (set >> i & 1 && (set & w->clash[i] || (w->repaired_by[i] && !(set & w->repaired_by[i]))))
			return false;
	return true;
}

/* Whether a set can be put in an order in which each comes after what it needs. */
static bool
closed(const struct world *w, unsigned set)
{
	unsigned placed = 0;

	for (size_t round = 0; round < w->n; round++)
		for (size_t i = 0; i < w->n; i++)
			if (set >> i & 1 && !(w->needs[i] & ~placed))
				placed |= 1u << i;
	return placed == set;
}

/* A set asked for with one item twice, or without what it needs before it, is a bug: an error, not a verdict. */
static int
judge(void *arg, const size_t *items, size_t n, struct str *report)
{
	struct world *w = arg;
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		if (items[i] >= w->n || set >> items[i] & 1 || w->needs[items[i]] & ~set)
			return -1;
		set |= 1u << items[i];
	}
	w->asked++;
	str_add(report, "set %x", set);
	if (passes(w, set) && w->n_passed < sizeof(w->passed) / sizeof(*w->passed))
		w->passed[w->n_passed++] = set;
	return !passes(w, set);
}

static bool
needs(void *arg, size_t a, size_t b)
{
	return ((const struct world *)arg)->needs[a] >> b & 1;
}

static void
suspects(void *arg, const size_t *items, size_t n, const struct str *report, bool *suspect)
{
	const struct world *w = arg;
	unsigned set = (unsigned)strtoul(str_c(report) + 4, NULL, 16);

	unit_has(str_c(report), "set ");
	for (size_t i = 0; i < n && w->names; i++)
		suspect[i] = w->bad >> items[i] & 1 || set & w->clash[items[i]];
}

static void
invent(struct world *w, size_t n, int kinds, uint64_t seed)
{
	uint64_t s = seed * 77;

	*w = (struct world){.n = n, .seed = seed};
	number(&s);
	for (size_t i = 0; i < n; i++) {
		w->bad |= (unsigned)(number(&s) % 5 == 0) << i;
		if (kinds & NEEDS && number(&s) % 4 == 0)
			w->needs[i] |= 1u << number(&s) % n & ~(1u << i);
		if (kinds & REPAIRS && number(&s) % 6 == 0)
			w->repaired_by[i] = 1u << number(&s) % n & ~(1u << i);
	}
	for (size_t p = number(&s) % 4; kinds & CONFLICTS && p; p--) {
		size_t a = number(&s) % n, b = number(&s) % n;

		if (a != b) {
			w->clash[a] |= 1u << b;
			w->clash[b] |= 1u << a;
		}
	}
	w->noise = kinds & ANYTHING ? s | 1 : 0;
	w->names = number(&s) % 2;
}

static unsigned
accepted(const struct settled *s)
{
	unsigned set = 0;

	for (size_t i = 0; i < s->n_accepted; i++) {
		assert_false(set >> s->order[i] & 1);
		assert_int_equal(s->state[s->order[i]], SETTLED_ACCEPTED);
		set |= 1u << s->order[i];
	}
	return set;
}

/* What settle.h says of the result, whatever the verdicts. */
static void
check(const struct world *w, const struct settled *s, const char *strategy)
{
	unsigned set = accepted(s), all = (1u << w->n) - 1;
	bool tried = set == 0;

	for (size_t i = 0; i < w->n_passed; i++)
		tried |= w->passed[i] == set;
	if (!tried)
		fail_msg("%s, seed %llu: %x was accepted and not tried", strategy, (unsigned long long)w->seed, set);
	if (closed(w, all) && passes(w, all) && set != all)
		fail_msg("%s, seed %llu: only %x of a whole that passes", strategy, (unsigned long long)w->seed, set);
	for (size_t i = 0; i < w->n; i++) {
		unsigned one = 1u << i;

		assert_int_not_equal(s->state[i], SETTLED_LEFT);
		if (set & one)
			continue;
		if (s->state[i] == SETTLED_ASIDE)
			unit_has(str_c(&s->report[i]), "set ");
		assert_int_equal(s->state[i], closed(w, set | one) ? SETTLED_ASIDE : SETTLED_NEEDS_ASIDE);
		for (size_t j = i; j < w->n; j++) {
			unsigned with = set | one | 1u << j;

			if (!(set >> j & 1) && closed(w, with) && passes(w, with))
				fail_msg("%s, seed %llu: %x passes, %x was accepted", strategy, (unsigned long long)w->seed, with, set);
		}
	}
}

static size_t
largest(const struct world *w)
{
	size_t best = 0;

	for (unsigned set = 0; set < 1u << w->n; set++) {
		size_t n = (size_t)__builtin_popcount(set);

		if (n > best && closed(w, set) && passes(w, set))
			best = n;
	}
	return best;
}

static void
settle_world(struct world *w, const struct strategy *strategy, size_t testers, bool forks, struct settled *out)
{
	const struct settle s = {.n = w->n, .testers = testers, .strategy = strategy, .run = forks ? NULL : runner_inline,
	    .fn = judge, .needs = needs, .suspects = suspects, .arg = w};
	struct err err = {0};

	OK(settle(&s, out, &err));
	if (!forks)
		check(w, out, strategy->name);
	/* All subsets, at worst. */
	assert_true(w->asked <= 1u << w->n);
}

static void
random_worlds(int kinds, size_t worlds, bool best)
{
	for (size_t k = 0; k < n_strategies; k++)
		for (size_t i = 0; i < worlds; i++) {
			AUTO(settled_fini) struct settled out = {0};
			AUTO(free) struct world *w = xcalloc(1, sizeof(*w));

			invent(w, 2 + i % (ITEMS - 1), kinds, i);
			settle_world(w, &strategies[k], 1 + i % 8, false, &out);
			if (best && out.n_accepted != largest(w))
				fail_msg("%s, seed %zu: %zu accepted, not %zu", strategies[k].name, i, out.n_accepted, largest(w));
			/* In the order of the batch. */
			for (size_t a = 1; a < out.n_accepted && !(kinds & NEEDS); a++)
				assert_true(out.order[a - 1] < out.order[a]);
		}
}

static void
test_culprits(void **state)
{
	random_worlds(0, 150, true);
}

static void
test_conflicts(void **state)
{
	random_worlds(CONFLICTS, 300, true);
}

static void
test_repairs(void **state)
{
	random_worlds(REPAIRS, 200, false);
	random_worlds(REPAIRS | CONFLICTS, 200, false);
}

static void
test_needs(void **state)
{
	random_worlds(NEEDS, 200, false);
	random_worlds(NEEDS | REPAIRS | CONFLICTS, 200, false);
}

/* Verdicts without rhyme or reason: it ends, and what settle.h says holds. */
static void
test_anything(void **state)
{
	random_worlds(ANYTHING, 150, false);
	random_worlds(ANYTHING | NEEDS, 150, false);
}

/* Of two that cannot be together the first is accepted; one against many is not. */
static void
test_who_goes(void **state)
{
	for (size_t k = 0; k < n_strategies; k++) {
		AUTO(settled_fini) struct settled pair = {0};
		AUTO(settled_fini) struct settled star = {0};
		AUTO(free) struct world *w = xcalloc(1, sizeof(*w));

		*w = (struct world){.n = 6, .clash = {[2] = 1u << 4, [4] = 1u << 2}};
		settle_world(w, &strategies[k], 4, false, &pair);
		assert_int_equal(accepted(&pair), 0x2f);
		*w = (struct world){.n = 6, .clash = {[0] = 0x1c, [2] = 1, [3] = 1, [4] = 1}};
		settle_world(w, &strategies[k], 4, false, &star);
		assert_int_equal(accepted(&star), 0x3e);
		assert_int_equal(star.state[0], SETTLED_ASIDE);
	}
}

/* Two that only pass together, a culprit between them; three, and nothing else. */
static void
test_together(void **state)
{
	for (size_t k = 0; k < n_strategies; k++) {
		AUTO(settled_fini) struct settled two = {0};
		AUTO(settled_fini) struct settled three = {0};
		AUTO(free) struct world *w = xcalloc(1, sizeof(*w));

		*w = (struct world){.n = 5, .bad = 1u << 2, .repaired_by = {[1] = 1u << 3, [3] = 1u << 1}};
		settle_world(w, &strategies[k], 4, false, &two);
		assert_int_equal(accepted(&two), 0x1b);
		*w = (struct world){.n = 3, .repaired_by = {1u << 1, 1u << 2, 1u << 0}};
		settle_world(w, &strategies[k], 4, false, &three);
		assert_int_equal(accepted(&three), 7);
	}
}

/* An item may need a later one; those in a circle, and who needs them, are not tried. */
static void
test_order(void **state)
{
	AUTO(settled_fini) struct settled out = {0};
	AUTO(free) struct world *w = xcalloc(1, sizeof(*w));

	*w = (struct world){.n = 6, .needs = {1u << 2, 0, 0, 1u << 4, 1u << 3, 1u << 4}};
	settle_world(w, &strategies[0], 4, false, &out);
	assert_int_equal(out.n_accepted, 3);
	assert_int_equal(out.order[0], 1);
	assert_int_equal(out.order[1], 2);
	assert_int_equal(out.order[2], 0);
	for (size_t i = 3; i < 6; i++)
		assert_int_equal(out.state[i], SETTLED_NEEDS_ASIDE);
}

/* Forks and one process come to the same, however fast an attempt was. */
static void
test_forks(void **state)
{
	for (size_t i = 0; i < 2 * n_strategies; i++) {
		AUTO(settled_fini) struct settled a = {0};
		AUTO(settled_fini) struct settled b = {0};
		AUTO(free) struct world *w = xcalloc(1, sizeof(*w));

		invent(w, 8, NEEDS | REPAIRS | CONFLICTS, i);
		settle_world(w, &strategies[i % n_strategies], 3, false, &a);
		invent(w, 8, NEEDS | REPAIRS | CONFLICTS, i);
		settle_world(w, &strategies[i % n_strategies], 3, true, &b);
		assert_int_equal(a.n_accepted, b.n_accepted);
		assert_int_equal(a.rounds, b.rounds);
		assert_memory_equal(a.order, b.order, a.n_accepted * sizeof(*a.order));
		assert_memory_equal(a.state, b.state, 8 * sizeof(*a.state));
	}
}

/* What is known to fail from an earlier run is not tried again. */
struct memory {
	struct world w;
	struct strs failed;
	size_t answered;
};

static char *
key(const size_t *items, size_t n)
{
	struct str s = {0};

	for (size_t i = 0; i < n; i++)
		str_add(&s, "%zu ", items[i]);
	return str_steal(&s);
}

static int
known(void *arg, const size_t *items, size_t n, struct str *report)
{
	struct memory *m = arg;
	AUTO(free) char *k = key(items, n);

	if (!strs_has(&m->failed, k))
		return 0;
	m->answered++;
	str_puts(report, "from before");
	return 1;
}

static void
learn(void *arg, const size_t *items, size_t n, const struct str *report)
{
	AUTO(free) char *k = key(items, n);

	unit_has(str_c(report), "set ");
	assert_false(strs_has(&((struct memory *)arg)->failed, k));
	strs_add(&((struct memory *)arg)->failed, k);
}

static void
test_memory(void **state)
{
	AUTO(settled_fini) struct settled first = {0};
	AUTO(settled_fini) struct settled again = {0};
	AUTO(free) struct memory *m = xcalloc(1, sizeof(*m));
	const struct settle s = {.n = 8, .testers = 3, .run = runner_inline, .fn = judge, .known = known, .learn = learn,
	    .arg = m};
	struct err err = {0};

	m->w = (struct world){.n = 8, .bad = 0x24};
	OK(settle(&s, &first, &err));
	assert_int_equal(m->answered, 0);
	OK(settle(&s, &again, &err));
	assert_true(m->answered > 0);
	assert_true(again.attempts + again.closing_attempts < first.attempts + first.closing_attempts);
	assert_int_equal(accepted(&again), 0xdb);
	assert_string_equal(str_c(&again.report[2]), "from before");
	strs_fini(&m->failed);
}

struct crowd {
	size_t bad;			/* every so many-th; 1: all; 0: none */
	size_t asked;
};

static int
judge_crowd(void *arg, const size_t *items, size_t n, struct str *report)
{
	struct crowd *c = arg;

	c->asked++;
	for (size_t i = 0; i < n && c->bad; i++)
		if (items[i] % c->bad == 0)
			return 1;
	return 0;
}

static void
test_many(void **state)
{
	static const size_t bads[] = {0, 1, 101, 500};

	for (size_t k = 0; k < n_strategies; k++)
		for (size_t i = 0; i < ARRAY_SIZE(bads); i++) {
			AUTO(settled_fini) struct settled out = {0};
			struct crowd c = {.bad = bads[i]};
			/* Where all are bad, each has to be tried: not so many of them. */
			size_t n = bads[i] == 1 ? 200 : MANY;
			const struct settle s = {.n = n, .testers = 7, .strategy = &strategies[k], .run = runner_inline,
			    .fn = judge_crowd, .arg = &c};
			size_t bad = bads[i] ? (n + bads[i] - 1) / bads[i] : 0;
			struct err err = {0};

			OK(settle(&s, &out, &err));
			assert_int_equal(out.n_accepted, n - bad);
			assert_true(c.asked < 30 + 25 * (bad + 1));
			assert_true(out.merged.n >= out.rounds);
			assert_int_equal(out.merged.p[out.merged.n - 1], n - bad);
		}
}

static void
test_max_rounds(void **state)
{
	for (size_t max = 1; max < 4; max++) {
		AUTO(settled_fini) struct settled out = {0};
		struct crowd c = {.bad = 10};
		const struct settle s = {.n = 100, .testers = 3, .max_rounds = max, .run = runner_inline, .fn = judge_crowd, .arg = &c};
		struct err err = {0};
		size_t left = 0;

		OK(settle(&s, &out, &err));
		for (size_t i = 0; i < 100; i++)
			left += out.state[i] == SETTLED_LEFT;
		assert_int_equal(out.rounds, max);
		assert_true(left > 0);
		assert_int_equal(out.closing_attempts, 0);
	}
}

static int
cannot_try(void *arg, const size_t *items, size_t n, struct str *report)
{
	str_puts(report, "out of paper");
	return n == *(size_t *)arg ? -1 : 1;
}

/* An attempt that could not be made settles nothing. */
static void
test_error(void **state)
{
	static const size_t bads[] = {1, 4};

	for (size_t k = 0; k < n_strategies; k++)
		for (size_t i = 0; i < ARRAY_SIZE(bads); i++) {
			AUTO(settled_fini) struct settled out = {0};
			size_t bad = bads[i];
			struct settle s = {.n = 4, .testers = 4, .strategy = &strategies[k], .fn = cannot_try, .arg = &bad};
			struct err err = {0};

			FAILS(settle(&s, &out, &err), "out of paper");
			assert_int_equal(out.n_accepted, 0);
		}
}

static void
test_empty(void **state)
{
	AUTO(settled_fini) struct settled out = {0};
	const struct settle s = {.testers = 4, .fn = cannot_try};
	struct err err = {0};

	OK(settle(&s, &out, &err));
	assert_int_equal(out.n_accepted, 0);
	assert_int_equal(out.rounds, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_culprits),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_repairs),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_anything),
		cmocka_unit_test(test_who_goes),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_forks),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_max_rounds),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
