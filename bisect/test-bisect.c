/*
 * The runner with attempts that are slow, wrong or dead; settling against an
 * oracle over every combination of culprits of a few items.
 */
#include "tests/unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/text.h"
#include "bisect/prefix2.h"
#include "bisect/runner.h"
#include "bisect/settle.h"

enum { ITEMS = 6, LONG_MS = 20000 };

static void
test_prefix2(void **state)
{
	static const struct {
		size_t n, sizes[8];
	} cases[] = {
		{1, {1}}, {2, {2, 1}}, {3, {3, 1}}, {4, {4, 2, 1}}, {7, {7, 3, 1}}, {64, {64, 32, 16, 8, 4, 2, 1}},
		{100, {100, 50, 25, 12, 6, 3, 1}},
	};
	size_t sizes[PREFIX2_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = prefix2_sizes(cases[i].n, sizes);

		for (size_t k = 0; k < n; k++)
			assert_int_equal(sizes[k], cases[i].sizes[k]);
		assert_int_equal(cases[i].sizes[n], 0);
	}
	assert_int_equal(prefix2_sizes(SIZE_MAX, sizes), PREFIX2_MAX - 1);
	assert_int_equal(sizes[PREFIX2_MAX - 2], 1);
}

/* The runner. Each attempt does what its letter says. */

static void __attribute__((noreturn))
sleep_for_ever(void)
{
	for (;;)
		pause();
}

static int
act(void *arg, size_t attempt, struct str *report)
{
	const char *script = arg;

	str_add(report, "attempt %zu", attempt);
	switch (script[attempt]) {
	case 'p':
		return 0;
	case 'P':
		usleep(200000);
		return 0;
	case 'f':
		return 1;
	case 'F':
		usleep(200000);
		return 1;
	case 'e':
		return -1;
	case 'k':
		raise(SIGKILL);
		return 0;
	case 'x':
		_exit(0);
	case 'b':
		for (int i = 0; i < 300000; i++)
			str_add(report, "%08d", i);
		return 1;
	default:
		sleep_for_ever();
	}
}

/* Run the script; how each attempt ended as letters: p, f, k. */
static int
run(const char *script, size_t testers, char *how, size_t *best, struct err *err)
{
	struct runner_result results[16];
	size_t n = strlen(script);
	int64_t start = tick_ms();
	int fds = unit_open_fds();
	int rc = runner_run(n, testers, act, (void *)(uintptr_t)script, results, best, err);

	for (size_t i = 0; i < n; i++) {
		how[i] = "pfk"[results[i].how];
		if (rc == 0 && results[i].how != RUNNER_KILLED && script[i] != 'x')
			unit_has(str_c(&results[i].report), "attempt");
	}
	how[n] = '\0';
	runner_results_fini(results, n);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(unit_open_fds(), fds);
	assert_true(tick_ms() - start < LONG_MS);
	return rc;
}

static void
runs(const char *script, size_t testers, size_t want_best, const char *want)
{
	struct err err = {0};
	char how[17];
	size_t best;

	OK(run(script, testers, how, &best, &err));
	assert_int_equal(best, want_best);
	assert_string_equal(how, want);
}

static void
test_runner(void **state)
{
	runs("", 4, 0, "");
	runs("p", 4, 0, "p");
	runs("fff", 4, 3, "fff");
	runs("ffff", 1, 4, "ffff");
	/* The preferred one wins though another is faster. */
	runs("Pp", 2, 0, "pp");
	runs("Fp", 2, 1, "fp");
	/* What cannot matter any more is killed, or not begun. */
	runs("fpss", 4, 1, "fpkk");
	runs("fpss", 1, 1, "fpkk");
	runs("pk", 1, 0, "pk");
	runs("Fpsss", 2, 1, "fpkkk");
}

static void
test_runner_dead(void **state)
{
	static const struct {
		const char *script, *why;
	} cases[] = {
		{"k", "signal 9"}, {"fk", "signal 9"}, {"e", "status 2: attempt 0"}, {"ffe", "status 2: attempt 2"},
		{"ks", "signal 9"},
	};
	char how[17];
	size_t best;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		FAILS(run(cases[i].script, 2, how, &best, &err), cases[i].why);
	}
}

static void
test_runner_report(void **state)
{
	struct runner_result results[2];
	struct err err = {0};
	size_t best;

	OK(runner_run(2, 2, act, (void *)(uintptr_t)"bf", results, &best, &err));
	assert_int_equal(best, 2);
	assert_int_equal(results[0].report.n, 9 + 300000 * 8);
	assert_memory_equal(results[0].report.p + results[0].report.n - 8, "00299999", 9);
	assert_string_equal(str_c(&results[1].report), "attempt 1");
	runner_results_fini(results, 2);
}

#if FAULTS
static void
test_runner_faults(void **state)
{
	char how[17];
	size_t best;

	for (long n = 1; n <= 4; n++) {
		struct err err = {0};

		fault_arm("attempt", n);
		FAILS(run("ffff", 2, how, &best, &err), "fork an attempt: Resource temporarily unavailable");
	}
	fault_arm("", 0);
	runs("ffff", 2, 4, "ffff");
}
#endif

/* Settling. What passes is given by rules over sets of items, written as bits. */

struct rules {
	size_t n;
	unsigned culprits;		/* never pass */
	int breaks, repairs;		/* the first passes only with the second; -1: no such pair */
	int also_breaks, also_repairs;	/* another such pair */
	int one, other;			/* never both; -1: no such pair */
	int needs[ITEMS];		/* the item that this one needs; -1: none */
};

static const struct rules plain = {.breaks = -1, .also_breaks = -1, .one = -1, .needs = {-1, -1, -1, -1, -1, -1}};

static bool
has(unsigned set, int item)
{
	return set & 1u << item;
}

static bool
passes(const struct rules *r, unsigned set)
{
	if (set & r->culprits)
		return false;
	if (r->breaks >= 0 && has(set, r->breaks) && !has(set, r->repairs))
		return false;
	if (r->also_breaks >= 0 && has(set, r->also_breaks) && !has(set, r->also_repairs))
		return false;
	return r->one < 0 || !has(set, r->one) || !has(set, r->other);
}

/* A set that is asked for twice over, or out of order, cannot be tried: an error, not a verdict. */
static int
try_set(void *arg, const size_t *items, size_t n, struct str *report)
{
	const struct rules *r = arg;
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		int need = r->needs[items[i]];

		if (items[i] >= r->n || has(set, (int)items[i]) || (need >= 0 && !has(set, need)))
			return -1;
		set |= 1u << items[i];
	}
	str_add(report, "set %x", set);
	return passes(r, set) ? 0 : 1;
}

static bool
needs(void *arg, size_t a, size_t b)
{
	return ((const struct rules *)arg)->needs[a] == (int)b;
}

static unsigned
accepted(const struct settled *s)
{
	unsigned set = 0;

	for (size_t i = 0; i < s->n_accepted; i++) {
		assert_false(has(set, (int)s->order[i]));
		assert_int_equal(s->state[s->order[i]], SETTLED_ACCEPTED);
		set |= 1u << s->order[i];
	}
	return set;
}

/* Nothing that fails is accepted, and nothing is left out that would pass on top of what was accepted. */
static void
check_settled(const struct rules *r, const struct settled *s)
{
	unsigned set = accepted(s), whole = (1u << r->n) - 1;

	if (!passes(r, set))
		fail_msg("%x was accepted and fails (culprits %x)", set, r->culprits);
	if (passes(r, whole) && set != whole)
		fail_msg("only %x of a whole that passes", set);
	for (size_t i = 0; i < r->n; i++) {
		bool needy = r->needs[i] >= 0 && !has(set, r->needs[i]);

		if (has(set, (int)i)) {
			assert_false(needy);
			continue;
		}
		assert_int_equal(s->state[i], needy ? SETTLED_NEEDS_ASIDE : SETTLED_ASIDE);
		if (!needy && passes(r, set | 1u << i))
			fail_msg("item %zu passes on top of %x and was dropped (culprits %x)", i, set, r->culprits);
		if (!needy)
			unit_has(str_c(&s->report[i]), "set ");
	}
}

static void
settles(const struct rules *r, size_t testers)
{
	AUTO(settled_fini) struct settled out = {0};
	struct settle s = {.n = r->n, .testers = testers, .fn = try_set, .needs = needs, .arg = (void *)(uintptr_t)r};
	struct err err = {0};

	OK(settle(&s, &out, &err));
	check_settled(r, &out);
}

static void
test_settle_culprits(void **state)
{
	for (size_t n = 0; n <= ITEMS; n++)
		for (unsigned culprits = 0; culprits < 1u << n; culprits++) {
			AUTO(settled_fini) struct settled out = {0};
			struct rules r = plain;
			struct settle s = {.n = n, .testers = 1 + n % 3, .fn = try_set, .arg = &r};
			struct err err = {0};

			r.n = n;
			r.culprits = culprits;
			OK(settle(&s, &out, &err));
			check_settled(&r, &out);
			/* Independent culprits: exactly they are aside, in the order of their coming. */
			assert_int_equal(accepted(&out), ((1u << n) - 1) & ~culprits);
			for (size_t i = 1; i < out.n_accepted; i++)
				assert_true(out.order[i - 1] < out.order[i]);
		}
}

/* Whatever breaks and whatever repairs it, in whatever order, with every combination of culprits. */
static void
test_settle_repairs(void **state)
{
	for (unsigned culprits = 0; culprits < 16; culprits++)
		for (int a = 0; a < 4; a++)
			for (int b = 0; b < 4; b++) {
				struct rules r = plain;

				if (a == b)
					continue;
				r.n = 4;
				r.culprits = culprits;
				r.breaks = a;
				r.repairs = b;
				settles(&r, 3);
			}
}

/* Two that pass only together: accepted when they come one after the other, and never one of them alone. */
static void
test_settle_pair(void **state)
{
	for (size_t n = 2; n <= ITEMS; n++)
		for (int a = 0; a < (int)n; a++)
			for (int b = a + 1; b < (int)n; b++) {
				AUTO(settled_fini) struct settled out = {0};
				struct rules r = plain;
				struct settle s = {.n = n, .testers = 2, .fn = try_set, .arg = &r};
				struct err err = {0};

				r.n = n;
				r.breaks = r.also_repairs = a;
				r.repairs = r.also_breaks = b;
				OK(settle(&s, &out, &err));
				check_settled(&r, &out);
				assert_int_equal(out.n_accepted, n);
				assert_int_equal(out.rounds, 1);
			}
}

/* Of two that cannot be together the first comes first. */
static void
test_settle_conflicts(void **state)
{
	for (unsigned culprits = 0; culprits < 16; culprits++)
		for (int a = 0; a < 4; a++)
			for (int b = a + 1; b < 4; b++) {
				AUTO(settled_fini) struct settled out = {0};
				struct rules r = plain;
				struct settle s = {.n = 4, .testers = 4, .fn = try_set, .arg = &r};
				struct err err = {0};

				r.n = 4;
				r.culprits = culprits;
				r.one = a;
				r.other = b;
				OK(settle(&s, &out, &err));
				check_settled(&r, &out);
				if (!has(culprits, a))
					assert_int_equal(out.state[b], SETTLED_ASIDE);
			}
}

/* Item 3 needs 1, which needs 0; item 4 needs 2: who needs one that is aside is neither tried nor blamed. */
static void
test_settle_needs(void **state)
{
	for (unsigned culprits = 0; culprits < 32; culprits++) {
		struct rules r = plain;

		r.n = 5;
		r.culprits = culprits;
		r.needs[1] = 0;
		r.needs[3] = 1;
		r.needs[4] = 2;
		settles(&r, 2);
	}
}

/* One that was set aside comes back once its repair is in, with all that needs it. */
static void
test_settle_comes_back(void **state)
{
	AUTO(settled_fini) struct settled out = {0};
	struct rules r = plain;
	struct settle s = {.n = 4, .testers = 4, .fn = try_set, .needs = needs, .arg = &r};
	struct err err = {0};

	r.n = 4;
	r.breaks = 0;
	r.repairs = 3;
	r.needs[1] = 0;
	r.culprits = 1u << 2;
	OK(settle(&s, &out, &err));
	assert_int_equal(accepted(&out), 0xb);
	assert_int_equal(out.order[0], 3);
	assert_int_equal(out.state[2], SETTLED_ASIDE);
	assert_true(out.attempts > out.rounds);
}

static int
cannot_try(void *arg, const size_t *items, size_t n, struct str *report)
{
	str_puts(report, "out of paper");
	return n == *(size_t *)arg ? -1 : 1;
}

/* An attempt that could not be made settles nothing. */
static void
test_settle_error(void **state)
{
	for (size_t bad = 1; bad <= 4; bad *= 2) {
		AUTO(settled_fini) struct settled out = {0};
		struct settle s = {.n = 4, .testers = 4, .fn = cannot_try, .arg = &bad};
		struct err err = {0};

		FAILS(settle(&s, &out, &err), "out of paper");
		assert_int_equal(out.n_accepted, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix2),
		cmocka_unit_test(test_runner),
		cmocka_unit_test(test_runner_dead),
		cmocka_unit_test(test_runner_report),
#if FAULTS
		cmocka_unit_test(test_runner_faults),
#endif
		cmocka_unit_test(test_settle_culprits),
		cmocka_unit_test(test_settle_repairs),
		cmocka_unit_test(test_settle_pair),
		cmocka_unit_test(test_settle_conflicts),
		cmocka_unit_test(test_settle_needs),
		cmocka_unit_test(test_settle_comes_back),
		cmocka_unit_test(test_settle_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
