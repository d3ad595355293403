#include <string.h>

#include "base/err.h"
#include "base/pack.h"
#include "base/str.h"
#include "tests/unit.h"
#include "wire/limits.h"

static void
test_parse(void **state)
{
	struct limits l = {.time_ms = 5, .files = 7};
	struct err err = {0};

	OK(limits_parse(&l, "memory=4G processes=1k  time=2h disk=0", &err));
	assert_int_equal(l.memory_bytes, 4ull << 30);
	assert_int_equal(l.processes, 1000);
	assert_int_equal(l.time_ms, 7200000);
	assert_int_equal(l.files, 7);
	OK(limits_parse(&l, "silence=90 output=100K files=1M", &err));
	assert_int_equal(l.silence_ms, 90000);
	assert_int_equal(l.output_bytes, 100 << 10);
	assert_int_equal(l.files, 1000000);
	OK(limits_parse(&l, "", &err));
}

/* Nothing of a list with a mistake is taken. */
static void
test_wrong(void **state)
{
	static const char *const wrong[] = {"memory", "memory=", "memory=x", "memory=4Q", "memory=4h", "time=4G", "=4", "mem=4G",
	    "memory=-1", "memory=1 G", "processes=1K"};
	static const char *const big[] = {"memory=99999999999G", "memory=1000000000T", "time=99999999999999999999"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong) + ARRAY_SIZE(big); i++) {
		bool is_big = i >= ARRAY_SIZE(wrong);
		struct limits l = {.time_ms = 5};
		char text[64];
		struct err err = {0};

		snprintf(text, sizeof(text), "time=1h %s", is_big ? big[i - ARRAY_SIZE(wrong)] : wrong[i]);
		FAILS(limits_parse(&l, text, &err), is_big ? "is too big" : "must be time=2h");
		assert_int_equal(l.time_ms, 5);
	}
}

static void
test_text(void **state)
{
	static const char all[] = "time=2h silence=90s output=100M memory=5G processes=1500 disk=1T files=1M";
	AUTO(str_fini) struct str out = {0};
	AUTO(str_fini) struct str packed = {0};
	struct limits l = {0}, again;
	struct err err = {0};
	struct unpack u;

	limits_text(&out, &l);
	assert_int_equal(out.n, 0);
	OK(limits_parse(&l, all, &err));
	limits_text(&out, &l);
	assert_string_equal(str_c(&out), all);
	limits_pack(&packed, &l);
	u = unpack_begin(packed.p, packed.n);
	again = limits_unpack(&u);
	OK(unpack_end(&u, "limits", &err));
	assert_memory_equal(&l, &again, sizeof(l));
}

static void
test_words(void **state)
{
	static const struct {
		uint64_t n;
		void (*put)(struct str *, uint64_t);
		const char *text;
	} cases[] = {
		{0, limits_put_bytes, "0"}, {1, limits_put_bytes, "1"}, {512 << 20, limits_put_bytes, "512M"}, {1536 << 20, limits_put_bytes, "1536M"},
		{123456789, limits_put_bytes, "117.7M"}, {(1ull << 40) + 1, limits_put_bytes, "1.0T"}, {64ull << 30, limits_put_bytes, "64G"},
		{200, limits_put_count, "200"}, {4000, limits_put_count, "4k"}, {1500, limits_put_count, "1500"}, {123456, limits_put_count, "123.5k"},
	};
	AUTO(str_fini) struct str out = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		str_clear(&out);
		cases[i].put(&out, cases[i].n);
		assert_string_equal(str_c(&out), cases[i].text);
	}
	str_clear(&out);
	limits_put_time(&out, 4 * 3600000);
	str_putc(&out, ' ');
	limits_put_time(&out, 90000);
	str_putc(&out, ' ');
	limits_put_time(&out, 1834523);
	assert_string_equal(str_c(&out), "4h 90s 30m34s");
}

/* A peer's numbers may be anything; they are added to clocks. */
static void
test_absurd(void **state)
{
	AUTO(str_fini) struct str packed = {0};
	struct limits l = {.time_ms = INT64_MAX};
	struct unpack u;

	limits_pack(&packed, &l);
	u = unpack_begin(packed.p, packed.n);
	limits_unpack(&u);
	assert_true(u.bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_absurd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
