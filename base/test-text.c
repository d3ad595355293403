/* Words from outside, and how text is shown. */
#include "tests/unit.h"

#include "base/text.h"

static void
test_names(void **state)
{
	static const char *const good[] = {"a", "zlib", "libstdc++", "python3.11", "0ad", "A_b-c+d.e", "a.b.c"};
	static const char *const bad[] = {"", ".", "..", ".a", "-a", "_a", "a..b", "a/b", "a b", "a\n", "a:b", "\xc3\xa4", "a~"};
	char longest[130];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!text_is_name(good[i]))
			fail_msg("%s is a name", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (text_is_name(bad[i]))
			fail_msg("\"%s\" is no name", bad[i]);
	memset(longest, 'a', sizeof(longest));
	longest[128] = '\0';
	assert_true(text_is_name(longest));
	longest[128] = 'a';
	longest[129] = '\0';
	assert_false(text_is_name(longest));
}

static void
test_printable(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain ~", "plain ~"}, {"a\tb\nc", "a?b?c"}, {"\033[31m", "?[31m"}, {"\x7f", "?"},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xff\xfe", "??"}, {"\xc3", "?"}, {"\xc3z", "?z"}, {"\xe2\x82", "??"}, {"\xc2\x9b" "0m", "??0m"},
		{"\xc2\xa0", "\xc2\xa0"}, {"\xc0\x9b", "??"}, {"\xe0\x82\x9b", "???"}, {"\xf0\x80\x82\x9b", "????"},
		{"\xed\xa0\x80", "???"}, {"\xf4\x90\x80\x80", "????"}, {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
		{"\xe0\xa0\x80", "\xe0\xa0\x80"}, {"\xf5\x80\x80\x80", "????"}, {"a\xe2\x80\xae" "b", "a???b"},
		{"\xe2\x81\xa6", "???"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_fini) struct str out = {0};

		text_printable(&out, cases[i].in);
		assert_string_equal(str_c(&out), cases[i].out);
		assert_int_equal(text_is_printable(cases[i].in), strcmp(cases[i].in, cases[i].out) == 0);
	}
	assert_true(text_is_printable("\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"));
	assert_true(text_is_lines("one\n\ttwo \xc3\xa4\n"));
	assert_false(text_is_lines("one\r\n"));
	assert_false(text_is_lines("one\n\033[m"));
	assert_int_equal(text_length("a\xc3\xa4\xe2\x82\xac"), 3);
	assert_int_equal(text_length(""), 0);
	assert_true(text_has_letter("+1 \xd0\xb4"));
	assert_false(text_has_letter("+1 \xe2\x82\xac ?!"));
	assert_false(text_has_letter(""));
}

static void
test_lines(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""}, {"plain\t\xc3\xa4", "plain\t\xc3\xa4"}, {"\033[1;31mred\033[0m", "red"}, {"\033]0;title\a.", "."},
		{"\033]8;;http://x\033\\link", "link"}, {"\033(Bx", "x"}, {"\033cx", "x"}, {"\033[?25l10%\r20%\r", "20%"},
		{"over\rwritten\r\r", "written"}, {"|\b/\b-\bdone", "done"}, {"\b\b\xc3\xa4\bx", "x"}, {"end\033", "end"},
		{"end\033[31", "end"}, {"end\033]0;open", "end"}, {"\033[3\ax", "?x"}, {"\033\033[mx", "x"}, {"a\ab\xff", "a?b?"},
		{"\xc2\x9b" "31m", "??31m"}, {"\xe2\x82", "??"}, {"\033P1$q\033\\x", "x"},
		{"a\xe2\x80\xae" "b", "a???b"},
	};
	AUTO(str_fini) struct str nul = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_fini) struct str out = {0};

		str_puts(&out, "kept");
		text_line(&out, cases[i].in, strlen(cases[i].in));
		assert_string_equal(str_c(&out) + 4, cases[i].out);
	}
	text_line(&nul, "a\0b\xe2\x82", 4);
	assert_string_equal(str_c(&nul), "a?b?");
}

static void
test_numbers(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "101", "99999999999999999999", "1.0"};

	assert_int_equal(text_number("0", 100), 0);
	assert_int_equal(text_number("100", 100), 100);
	assert_int_equal(text_number("9223372036854775807", INT64_MAX), INT64_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(text_number(bad[i], 100), -1);
}

static void
test_durations(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "0ms"}, {449, "449ms"}, {1449, "1.4s"}, {9999, "9.9s"}, {10000, "10s"}, {12999, "12s"}, {100000, "1m40s"},
		{185000, "3m05s"}, {7800000, "2h10m"}, {360000000, "100h00m"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_fini) struct str out = {0};

		text_duration(&out, cases[i].ms);
		assert_string_equal(str_c(&out), cases[i].text);
	}
}

static void
test_about(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "~0s"}, {1499, "~1s"}, {40000, "~40s"}, {99499, "~99s"}, {99500, "~2m"}, {240000, "~4m"}, {5940000, "~99m"},
		{7800000, "~2h10m"}, {360000000, "~100h00m"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_fini) struct str out = {0};

		text_about(&out, cases[i].ms);
		assert_string_equal(str_c(&out), cases[i].text);
	}
}

static void
test_date(void **state)
{
	AUTO(str_fini) struct str out = {0};

	text_date(&out, 1795262400999);
	str_puts(&out, " ");
	text_date(&out, 0);
	assert_string_equal(str_c(&out), "2026-11-21 12:00:00 1970-01-01 00:00:00");
}

/* What a terminal makes of it: wide characters take two columns, combining ones none. */
static void
test_columns(void **state)
{
	static const char text[] = "a\xc3\xa4\xe6\x97\xa5" "e\xcc\x81" "x";	/* a, a umlaut, a wide one, e and its accent, x */
	static const size_t fits[] = {0, 1, 3, 3, 6, 9, 10, 10};

	assert_int_equal(text_width(text), 6);
	assert_int_equal(text_width(""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fits); i++)
		assert_int_equal(text_fit(text, i), fits[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_about),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
