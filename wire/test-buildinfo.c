/* Records of builds: there and back, older ones, and what is none. */
#include "tests/unit.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "wire/buildinfo.h"

#define SHA_A "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"	/* of "abc" */
#define SHA_B "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"	/* of "" */

static const char whole[] = "buildinfo\t1\nkind\tbuild\narch\tx86_64\nsource\t" SHA_A "\ta-1-1.src.rpm\nepoch\t-1\n"
    "limits\ttime=2h memory=4G\nnetwork\tyes\njobs\t2\nprocessors\t4\nkernel\t6.1\nbase\t" SHA_A "\tbash-5.2-1.x86_64\n"
    "package\t" SHA_B "\tzlib-1:1.2-3.x86_64\n";

static void
test_there_and_back(void **state)
{
	AUTO(buildinfo_fini) struct buildinfo r = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};

	(void)state;
	OK(buildinfo_parse(whole, &r, &err));
	assert_int_equal(r.kind, WIRE_JOB_BUILD);
	assert_string_equal(r.arch, "x86_64");
	assert_string_equal(r.source, SHA_A);
	assert_string_equal(r.source_name, "a-1-1.src.rpm");
	assert_int_equal(r.source_date_epoch, -1);
	assert_int_equal(r.limits.time_ms, 7200000);
	assert_true(r.network);
	assert_int_equal(r.jobs, 2);
	assert_int_equal(r.processors, 4);
	assert_int_equal(r.packages.n, 2);
	assert_true(r.packages.p[0].base);
	assert_false(r.packages.p[1].base);
	assert_string_equal(r.packages.p[1].nevra, "zlib-1:1.2-3.x86_64");
	buildinfo_text(&r, &again);
	assert_string_equal(str_c(&again), whole);
}

static void
test_of_earlier(void **state)
{
	AUTO(buildinfo_fini) struct buildinfo r = {0};
	struct err err = {0};

	(void)state;
	OK(buildinfo_parse(SHA_A "\tbash-5.2-1.x86_64\n" SHA_B "\tzlib-1-1.x86_64\n", &r, &err));
	assert_int_equal(r.kind, 0);
	assert_int_equal(r.packages.n, 2);
	assert_string_equal(r.packages.p[1].nevra, "zlib-1-1.x86_64");
}

/* Every line is needed, and none can be another: without it, or with a letter more, it is no record. */
static void
test_every_line_counts(void **state)
{
	const char *line = whole;

	(void)state;
	for (size_t n; *line; line += n) {
		AUTO(buildinfo_fini) struct buildinfo r = {0};
		AUTO(buildinfo_fini) struct buildinfo longer = {0};
		AUTO(str_fini) struct str without = {0};
		AUTO(str_fini) struct str with = {0};
		struct err err = {0};

		n = strcspn(line, "\n") + 1;
		str_put(&without, whole, (size_t)(line - whole));
		str_put(&with, whole, (size_t)(line - whole));
		str_puts(&without, line + n);
		str_putc(&with, 'x');
		str_puts(&with, line);
		if (strncmp(line, "base", 4) != 0 && strncmp(line, "package", 7) != 0)
			assert_true(buildinfo_parse(str_c(&without), &r, &err) < 0);
		assert_true(buildinfo_parse(str_c(&with), &longer, &err) < 0);
		assert_int_equal(err.code, EBADMSG);
	}
}

static void
test_no_paths(void **state)
{
	static const char *const evil[] = {"../x", ".x", "a/b", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(evil) / sizeof(*evil); i++) {
		AUTO(buildinfo_fini) struct buildinfo r = {0};
		AUTO(str_fini) struct str text = {0};
		struct err err = {0};

		str_add(&text, "%.*s%s%s", (int)(strstr(whole, "a-1-1") - whole), whole, evil[i], strstr(whole, "\nepoch"));
		assert_true(buildinfo_parse(str_c(&text), &r, &err) < 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_of_earlier),
		cmocka_unit_test(test_every_line_counts),
		cmocka_unit_test(test_no_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
