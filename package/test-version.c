/* The normal form against rpm itself: its own table, and many made-up versions. */
#include <rpm/rpmver.h>

#include "package/version.h"
#include "tests/unit.h"

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static int
compare(const char *a, const char *b)
{
	AUTO(str_fini) struct str x = {0};
	AUTO(str_fini) struct str y = {0};

	version_normal(&x, a, strlen(a));
	version_normal(&y, b, strlen(b));
	return sign(strcmp(str_c(&x), str_c(&y)));
}

static void
test_table(void **state)
{
	AUTO(free) char *text = unit_data("rpmvercmp.csv");
	char *rest = text, *line;
	size_t n = 0;

	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		const char *a = strsep(&line, ","), *b = strsep(&line, ",");
		int want = atoi(strsep(&line, ","));

		if (compare(a, b) != want || compare(b, a) != -want)
			fail_msg("%s against %s: not %d", a, b, want);
		n++;
	}
	assert_int_equal(n, 103);
}

static void
test_random(void **state)
{
	static const char letters[] = "0011299aabZ..~^-_+";
	unsigned seed = 7;
	size_t different = 0;

	for (int round = 0; round < 200000; round++) {
		char v[2][9] = {{0}};

		for (int k = 0; k < 2; k++) {
			size_t n = (seed = seed * 1664525u + 1013904223u, (seed >> 16) % 9);

			for (size_t i = 0; i < n; i++) {
				seed = seed * 1664525u + 1013904223u;
				v[k][i] = letters[(seed >> 16) % (sizeof(letters) - 1)];
			}
		}
		if (compare(v[0], v[1]) != sign(rpmvercmp(v[0], v[1])))
			fail_msg("\"%s\" against \"%s\": %d, rpm says %d", v[0], v[1], compare(v[0], v[1]), rpmvercmp(v[0], v[1]));
		different += rpmvercmp(v[0], v[1]) != 0;
	}
	assert_true(different > 100000);
}

static void
test_long_numbers(void **state)
{
	char a[1000] = "", b[1000] = "";

	memset(a, '9', 300);
	memset(b, '1', 301);
	assert_int_equal(compare(a, b), -1);
	assert_int_equal(compare(b, a), 1);
	memset(a, '9', 301);
	assert_int_equal(compare(a, b), 1);
}

static void
test_parts(void **state)
{
	static const char *const texts[] = {"1.0", "1.0-2", "3:1.0-2", ":1", "0:1-", "a:1-2", "1-2-3", "7", "", "-", "12:", "4294967295:1"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct version_parts p = version_split(texts[i]);
		rpmver v = rpmverParse(texts[i]);
		const char *e, *r;

		if (!v)
			continue;
		e = rpmverE(v);
		r = rpmverR(v);
		assert_int_equal(p.epoch, e ? strtoul(e, NULL, 10) : 0);
		assert_int_equal(p.version_n, strlen(rpmverV(v)));
		assert_memory_equal(p.version, rpmverV(v), p.version_n);
		assert_int_equal(p.release != NULL, r && *r);
		if (p.release)
			assert_string_equal(p.release, r);
		rpmverFree(v);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_long_numbers),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
