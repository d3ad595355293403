/* The runner with attempts that are slow, wrong or dead. */
#include "tests/unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/text.h"
#include "bisect/prefix2.h"
#include "bisect/runner.h"

enum { LONG_MS = 20000 };

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
run_all(const char *script, runner_moot *moot, size_t testers, char *how, size_t *best, struct err *err)
{
	struct runner_result results[16];
	size_t n = strlen(script);
	int64_t start = tick_ms();
	int fds = unit_open_fds();
	int rc = runner_run(n, testers, act, moot, (void *)(uintptr_t)script, results, err);

	*best = n;
	for (size_t i = 0; i < n; i++) {
		how[i] = "pfk"[results[i].how];
		if (results[i].how == RUNNER_PASSED && *best == n)
			*best = i;
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

static int
run(const char *script, size_t testers, char *how, size_t *best, struct err *err)
{
	return run_all(script, NULL, testers, how, best, err);
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
	/* The preferred one wins though another is faster, and nothing is kept of the other. */
	runs("Pp", 2, 0, "pk");
	runs("Fp", 2, 1, "fp");
	/* What cannot matter any more is killed, or not begun. */
	runs("fpss", 4, 1, "fpkk");
	runs("fpss", 1, 1, "fpkk");
	runs("pk", 1, 0, "pk");
	runs("Fpsss", 2, 1, "fpkkk");
}

/* An odd one does not matter once an earlier odd one has passed; even ones always do. */
static bool
odd_is_moot(void *arg, size_t passed, size_t other)
{
	return passed % 2 && other % 2;
}

static void
test_runner_moot(void **state)
{
	static const struct {
		const char *script, *want;
	} cases[] = {
		{"fpfspp", "fpfkpk"}, {"pPpppf", "pppkpk"}, {"ffffff", "ffffff"}, {"pfpfpf", "pfpfpf"}, {"FpFsFs", "fpfkfk"},
	};

	for (size_t testers = 1; testers <= 7; testers += 3)
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			struct err err = {0};
			char how[17];
			size_t best;

			OK(run_all(cases[i].script, odd_is_moot, testers, how, &best, &err));
			assert_string_equal(how, cases[i].want);
		}
}

/* The same verdicts in one process: waves of as many as there are testers. */
static void
test_runner_inline(void **state)
{
	struct runner_result results[6];
	struct err err = {0};

	OK(runner_inline(6, 3, act, odd_is_moot, (void *)(uintptr_t)"fppppf", results, &err));
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal("pfk"[results[i].how], "fppkpk"[i]);
		/* All of the first wave are started, of the second those that can matter. */
		assert_int_equal(results[i].started, i <= 2 || i == 4);
	}
	runner_results_fini(results, 6);
	FAILS(runner_inline(2, 1, act, NULL, (void *)(uintptr_t)"fe", results, &err), "status 2: attempt 1");
	runner_results_fini(results, 2);
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

	OK(runner_run(2, 2, act, NULL, (void *)(uintptr_t)"bf", results, &err));
	assert_int_equal(results[0].how, RUNNER_FAILED);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix2),
		cmocka_unit_test(test_runner),
		cmocka_unit_test(test_runner_moot),
		cmocka_unit_test(test_runner_inline),
		cmocka_unit_test(test_runner_dead),
		cmocka_unit_test(test_runner_report),
#if FAULTS
		cmocka_unit_test(test_runner_faults),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
