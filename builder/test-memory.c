#include "tests/unit.h"

#include "builder/memory.h"

#define GIB (1ull << 30)

static void
test_total(void **state)
{
	assert_int_equal(memory_total("MemTotal:       16384000 kB\nMemFree:         1 kB\n"), 16384000ull * 1024);
	assert_int_equal(memory_total("MemFree: 7 kB\nMemTotal: 1 kB\n"), 1024);
	assert_int_equal(memory_total(""), 0);
	assert_int_equal(memory_total("MemTotal: -1 kB\n"), 0);
	assert_int_equal(memory_total("MemTotal: 5 MB\n"), 0);
	assert_int_equal(memory_total("MemTotal: 99999999999999999999 kB\n"), 0);
}

static void
test_reserve(void **state)
{
	assert_int_equal(memory_without_reserve(8 * GIB, 0), 7 * GIB);
	assert_int_equal(memory_without_reserve(64 * GIB, 0), 62 * GIB);
	/* A group's bound counts where it is the less of the two. */
	assert_int_equal(memory_without_reserve(64 * GIB, 4 * GIB), 4 * GIB - GIB / 2);
	assert_int_equal(memory_without_reserve(8 * GIB, 100 * GIB), 7 * GIB);
	assert_int_equal(memory_without_reserve(0, 0), 0);
	assert_int_equal(memory_without_reserve(0, GIB), 0);
}

/* Of this host: some, and not more than all of it. */
static void
test_here(void **state)
{
	uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), got = memory_for_jobs();

	assert_true(got > 0);
	assert_true(got < all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_total),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
