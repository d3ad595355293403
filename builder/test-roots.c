#include "tests/unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "builder/roots.h"

#define A "0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210"

static struct folder
state_make(void)
{
	struct folder f = folder_make();

	assert_int_equal(mkdirat(f.fd, "roots", 0755), 0);
	return f;
}

static void
test_id(void **state)
{
	assert_string_equal(roots_id("abc", 3).text, "ba7816bf8f01cfea414140de5dae2223");
	assert_true(roots_valid(A));
	assert_false(roots_valid(""));
	assert_false(roots_valid(A "0"));
	assert_false(roots_valid("../456789abcdef0123456789abcdef00"));
}

/* Many use one; who makes or removes it is alone. */
static void
test_hold(void **state)
{
	AUTO(folder_fini) struct folder f = state_make();
	AUTO(close) int one = -1;
	AUTO(close) int two = -1;
	AUTO(close) int alone = -1;
	struct err err = {0};

	assert_int_equal(roots_use(f.fd, A, &one, &err), ROOTS_ABSENT);
	assert_int_equal(one, -1);
	OK(roots_hold(f.fd, A, &alone, &err));
	assert_int_equal(roots_hold(f.fd, A, &two, &err), ROOTS_BUSY);
	assert_int_equal(mkdirat(f.fd, "roots/" A, 0755), 0);
	assert_int_equal(roots_use(f.fd, A, &one, &err), ROOTS_BUSY);
	close(STEAL_FD(alone));
	OK(roots_use(f.fd, A, &one, &err));
	OK(roots_use(f.fd, A, &two, &err));
	assert_int_equal(roots_hold(f.fd, A, &alone, &err), ROOTS_BUSY);
	close(STEAL_FD(one));
	assert_int_equal(roots_hold(f.fd, A, &alone, &err), ROOTS_BUSY);
	close(STEAL_FD(two));
	OK(roots_hold(f.fd, A, &alone, &err));
}

static void
test_guess(void **state)
{
	AUTO(folder_fini) struct folder f = state_make();
	AUTO(free) char *path = NULL;
	struct strs names = {0};
	struct err err = {0};

	assert_string_equal(roots_guess(f.fd, "demo", "x86_64").text, "");
	roots_remember(f.fd, "demo", "x86_64", A);
	roots_remember(f.fd, "demo", "aarch64", B);
	assert_string_equal(roots_guess(f.fd, "demo", "x86_64").text, A);
	roots_remember(f.fd, "demo", "x86_64", B);
	roots_remember(f.fd, "demo", "x86_64", B);
	assert_string_equal(roots_guess(f.fd, "demo", "x86_64").text, B);
	/* What is remembered is no root, nor is a lock. */
	assert_int_equal(mkdirat(f.fd, "roots/" A, 0755), 0);
	assert_int_equal(mkdirat(f.fd, "roots/" B ".new", 0755), 0);
	OK(roots_list(f.fd, &names, &err));
	assert_int_equal(names.n, 1);
	assert_string_equal(names.p[0], A);
	strs_fini(&names);
}

/* A memory that is none is no guess. */
static void
test_bad_guess(void **state)
{
	static const char *const bad[] = {"x", A "0", "../../etc/0123456789abcdef012345"};
	AUTO(folder_fini) struct folder f = state_make();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		roots_remember(f.fd, "demo", "x86_64", bad[i]);
		assert_string_equal(roots_guess(f.fd, "demo", "x86_64").text, "");
	}
	roots_remember(f.fd, "demo", "x86_64", A);
	assert_string_equal(roots_guess(f.fd, "demo", "x86_64").text, A);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_bad_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
