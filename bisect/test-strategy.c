/* What strategies try; sets; simulated batches, whose rounds have bounds that a worse strategy would break. */
#include "tests/unit.h"

#include "bisect/knowledge.h"
#include "bisect/simulate.h"
#include "bisect/strategy.h"

static struct set
members(size_t limit, const char *text)
{
	struct set s = set_new(limit);

	for (size_t i = 0; text[i]; i++)
		if (text[i] == 'x')
			set_add(&s, i);
	return s;
}

static void
test_set(void **state)
{
	AUTO(set_fini) struct set a = set_new(200);
	AUTO(set_fini) struct set b = set_new(200);

	assert_true(set_empty(&a));
	assert_true(set_next(&a, 0) == SIZE_MAX);
	for (size_t i = 0; i < 200; i += 63)
		set_add(&a, i);
	set_add(&b, 63);
	assert_int_equal(set_count(&a), 4);
	assert_int_equal(set_next(&a, 64), 126);
	assert_true(set_next(&a, 190) == SIZE_MAX);
	assert_true(set_next(&a, 100000) == SIZE_MAX);
	assert_true(set_within(&b, &a));
	assert_false(set_within(&a, &b));
	assert_true(set_meets(&a, &b));
	assert_true(set_before(&a, &b));
	assert_false(set_before(&b, &a));
	assert_false(set_before(&a, &a));
	set_less(&a, &b);
	assert_false(set_meets(&a, &b));
	set_join(&a, &b);
	set_meet(&a, &b);
	assert_true(set_equal(&a, &b));
	set_drop(&a, 63);
	assert_true(set_empty(&a));
}

/* What a strategy tries, given what is accepted (A), set aside (-), open, and sets tried: "F" or "p" and the set. */
static void
plans(const char *name, size_t testers, const char *items, const char *const *tried, const char *const *want)
{
	AUTO(knowledge_fini) struct knowledge k = {0};
	AUTO(plan_fini) struct plan plan = {0};
	size_t n = strlen(items), i = 0;

	knowledge_init(&k, n, testers);
	for (; tried && *tried; tried++) {
		AUTO(set_fini) struct set s = members(n, *tried + 1);

		knowledge_learn(&k, &s, **tried == 'p', NULL);
	}
	for (size_t at = 0; at < n; at++) {
		if (items[at] != 'x')
			set_drop(&k.open, at);
		if (items[at] == 'A')
			set_add(&k.accepted, at);
	}
	strategy_find(name)->plan(&k, &plan);
	for (; want[i]; i++) {
		AUTO(set_fini) struct set s = members(n, want[i]);

		if (i >= plan.n || !set_equal(&s, &plan.p[i]))
			fail_msg("%s of %s: set %zu is not %s", name, items, i, want[i]);
	}
	assert_int_equal(plan.n, i);
}

#define SETS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
test_plans(void **state)
{
	plans("prefix2", 1, "xxxxx", NULL, SETS("xxxxx", "xx", "x"));
	plans("prefix2", 1, "AxA-xx", NULL, SETS(" x  xx", " x"));
	plans("prefix", 3, "xxxxxx", NULL, SETS("xxxxxx", "xxxx", "xx"));
	plans("prefix", 3, "xxxxxx", SETS("Fxxxx  "), SETS("xxx", "xx", "x"));
	plans("prefix", 2, "AAxxxx", SETS("Fxxxx  ", "Fxxxxxx"), SETS("  x"));
	plans("blocks", 3, "xxxxxx", NULL, SETS("xx", "  xx", "    xx"));
	plans("blocks", 3, "AAxxxx", SETS("pxx", "F  xx", "p    xx"), SETS("    xx", "  x", "   x"));
	plans("serial", 7, "xxxx", NULL, SETS("xxxx"));
	plans("serial", 7, "xxxx", SETS("Fxxxx"), SETS("xx"));
	plans("serial", 7, "xxxx", SETS("Fxxxx", "Fxx"), SETS("x"));
	plans("serial", 7, "A-xx", SETS("Fxxxx", "Fxx"), SETS("  xx"));
	plans("auto", 1, "xxxx", NULL, SETS("xxxx"));
}

/* Whom reports name is left out first, and tried beside in the same round. */
static void
test_auto_blames(void **state)
{
	AUTO(knowledge_fini) struct knowledge k = {0};
	AUTO(plan_fini) struct plan plan = {0};
	AUTO(set_fini) struct set all = {0};
	AUTO(set_fini) struct set named = set_new(20);
	AUTO(set_fini) struct set rest = {0};
	bool with[2] = {false};

	knowledge_init(&k, 20, 7);
	all = set_copy(&k.open);
	rest = set_copy(&all);
	set_add(&named, 3);
	set_add(&named, 11);
	knowledge_learn(&k, &all, false, &named);
	strategy_find("auto")->plan(&k, &plan);
	set_less(&rest, &named);
	assert_true(set_equal(&plan.p[0], &rest));
	assert_in_range(plan.n, 4, 7);
	for (size_t i = 1; i < plan.n; i++)
		for (int j = 0; j < 2; j++) {
			AUTO(set_fini) struct set one = set_copy(&rest);

			set_add(&one, j ? 11 : 3);
			with[j] |= set_equal(&one, &plan.p[i]);
		}
	assert_true(with[0] && with[1]);
}

static void
test_names(void **state)
{
	AUTO(free) char *names = strategy_names();

	assert_string_equal(names, "auto, prefix2, prefix, blocks, serial");
	assert_null(strategy_find("Auto"));
	assert_null(strategy_find(""));
}

static struct simulated
simulated(const char *strategy, size_t n, size_t culprits, size_t pairs, double named, size_t trials)
{
	const struct simulation sim = {.n = n, .culprits = culprits, .pairs = pairs, .testers = 7, .named = named,
	    .trials = trials, .seed = 5, .strategy = strategy_find(strategy)};
	struct simulated out;
	struct err err = {0};

	OK(simulate(&sim, &out, &err));
	return out;
}

/* Fewer rounds than the best that is published of each kind, whether reports name culprits or not. */
static void
test_rounds(void **state)
{
	static const struct {
		size_t culprits;
		double named, rounds, merged2;
	} bounds[] = {
		{1, 0, 3.2, .48}, {2, 0, 5.1, .33}, {4, 0, 7.1, .2}, {1, .9, 2.1, .93}, {2, .9, 2.4, .87}, {4, .9, 2.9, .74},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		struct simulated s = simulated("auto", 64, bounds[i].culprits, 0, bounds[i].named, 60);

		if (s.rounds >= bounds[i].rounds || s.merged[1] <= bounds[i].merged2)
			fail_msg("%zu culprits, %.1f named: %.2f rounds, %.2f merged after two", bounds[i].culprits,
			    bounds[i].named, s.rounds, s.merged[1]);
		assert_true(s.accepted > (64 - (double)bounds[i].culprits) / 64 - 1e-6);
		assert_true(s.accepted < (64 - (double)bounds[i].culprits) / 64 + 1e-6);
	}
}

/* All strategies come to the same end; auto in the fewest rounds. */
static void
test_simulate_all(void **state)
{
	struct simulated best = simulated("auto", 64, 4, 2, 0, 30);

	for (size_t i = 1; i < n_strategies; i++) {
		struct simulated s = simulated(strategies[i].name, 64, 4, 2, 0, 30);

		assert_true(s.accepted > 58.0 / 64 - 1e-6 && s.accepted < 58.0 / 64 + 1e-6);
		if (s.rounds <= best.rounds)
			fail_msg("%s: %.2f rounds, auto %.2f", strategies[i].name, s.rounds, best.rounds);
	}
}

static void
test_simulate_edges(void **state)
{
	struct simulation sim = {.n = 8, .culprits = 8, .testers = 7, .trials = 3, .seed = 1, .max_rounds = 1};
	struct simulated a, b;
	struct err err = {0};

	/* The same seed, the same result. */
	a = simulated("auto", 40, 2, 1, .5, 20);
	b = simulated("auto", 40, 2, 1, .5, 20);
	assert_memory_equal(&a, &b, sizeof(a));
	OK(simulate(&sim, &a, &err));
	assert_true(a.rounds == 1 && a.accepted == 0 && a.closing == 0);
	a = simulated("blocks", 1, 0, 0, 0, 1);
	assert_true(a.rounds == 1 && a.attempts == 1 && a.merged[0] == 1 && a.merged[2] == 1);
	a = simulated("auto", 0, 1, 1, 0, 2);
	assert_true(a.rounds == 0 && a.attempts == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_auto_blames),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_simulate_all),
		cmocka_unit_test(test_simulate_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
