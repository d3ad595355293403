#include "tests/unit.h"

#include "base/text.h"
#include "shell/table.h"

/* A table of rows, cells separated by `|`. */
static struct table
make(const char *const *rows, size_t n)
{
	struct table t;

	for (size_t r = 0; r < n; r++) {
		const char *cell = rows[r];

		if (r == 0) {
			size_t columns = 1;

			for (const char *c = cell; *c; c++)
				columns += *c == '|';
			table_init(&t, columns);
		}
		while (cell) {
			const char *bar = strchr(cell, '|');
			AUTO(free) char *text = bar ? xstrndup(cell, (size_t)(bar - cell)) : xstrdup(cell);

			table_cell(&t, text);
			cell = bar ? bar + 1 : NULL;
		}
	}
	return t;
}

static void
prints(const char *const *rows, size_t n, size_t width, bool colour, const char *want)
{
	AUTO(table_fini) struct table t = make(rows, n);
	AUTO(str_fini) struct str out = {0};

	table_print(&t, width, colour, &out);
	assert_string_equal(str_c(&out), want);
}

#define ROWS(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static void
test_alignment(void **state)
{
	prints(ROWS("ID|STATE|WHAT"), 0, false, "ID  STATE  WHAT\n");
	prints(ROWS("ID|STATE|WHAT", "12345|NEW|x", "1|BUILDING|y y"), 0, false,
	    "ID     STATE     WHAT\n"
	    "12345  NEW       x\n"
	    "1      BUILDING  y y\n");
	prints(ROWS("ONE", "a"), 0, false, "ONE\na\n");
}

static void
test_empty_cells(void **state)
{
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};

	table_init(&t, 2);
	table_cell(&t, NULL);
	table_cell(&t, "");
	table_cellf(&t, "%d%%", 50);
	table_cellf(&t, "%s", "");
	table_print(&t, 0, false, &out);
	assert_string_equal(str_c(&out), "-    -\n50%  -\n");
}

/* Only the last column is cut, to what the width leaves, and never in the middle of a character. */
static void
test_cutting(void **state)
{
	static const char *const rows[] = {"ID|WHAT", "1|0123456789abcdef", "2|äöüäöüäöüäöü"};

	prints(rows, 3, 0, false, "ID  WHAT\n1   0123456789abcdef\n2   äöüäöüäöüäöü\n");
	prints(rows, 3, 20, false, "ID  WHAT\n1   0123456789abcdef\n2   äöüäöüäöüäöü\n");
	prints(rows, 3, 19, false, "ID  WHAT\n1   0123456789abcd…\n2   äöüäöüäöüäöü\n");
	prints(rows, 3, 15, false, "ID  WHAT\n1   0123456789…\n2   äöüäöüäöüä…\n");
	prints(rows, 3, 6, false, "ID  W…\n1   0…\n2   ä…\n");
}

static void
test_widths(void **state)
{
	static const char *const rows[] = {"NAME|BY|WHY", "grün|Jörg €|none", "plain|joe|long enough to be cut somewhere"};

	for (size_t width = 24; width < 60; width++) {
		AUTO(table_fini) struct table t = make(rows, 3);
		AUTO(str_fini) struct str out = {0};
		AUTO(str_fini) struct str clean = {0};
		AUTO(strs_fini) struct strs lines = {0};

		table_print(&t, width, false, &out);
		strs_split(&lines, str_c(&out), "\n");
		assert_int_equal(lines.n, 3);
		for (size_t i = 0; i < 3; i++) {
			assert_true(text_width(lines.p[i]) <= width);
			text_printable(&clean, lines.p[i]);
		}
		unit_has_not(str_c(&clean), "?");
		assert_ptr_equal(strstr(lines.p[0], "WHY") - lines.p[0], strstr(lines.p[2], "long") - lines.p[2]);
	}
}

/* A wide character takes two columns, a combining one none, and neither is cut in two. */
static void
test_wide(void **state)
{
	static const char *const rows[] = {"A|B|C", "日本|x|y", "e\xcc\x81|xx|日本語日本語"};

	prints(rows, 3, 0, false,
	    "A     B   C\n"
	    "日本  x   y\n"
	    "e\xcc\x81     xx  日本語日本語\n");
	prints(rows, 3, 18, false,
	    "A     B   C\n"
	    "日本  x   y\n"
	    "e\xcc\x81     xx  日本語…\n");
	prints(rows, 3, 16, false,
	    "A     B   C\n"
	    "日本  x   y\n"
	    "e\xcc\x81     xx  日本…\n");
}

/* Numbers stand to the right; columns are cut, the widest first, then spared, the most dispensable first. */
static void
test_room(void **state)
{
	static const char *const rows[] = {"NAME|N|SPARE|MORE|WHY", "a-long-name-of-it|1|spare|more|why it is so", "b|100|-|-|-"};
	static const struct {
		size_t width;
		const char *want;
	} cases[] = {
		{0, "NAME                 N  SPARE  MORE  WHY\n"
		    "a-long-name-of-it    1  spare  more  why it is so\n"
		    "b                  100  -      -     -\n"},
		{46, "NAME              N  SPARE  MORE  WHY\n"
		    "a-long-name-o…    1  spare  more  why it is so\n"
		    "b               100  -      -     -\n"},
		{40, "NAME          N  SPARE  MORE  WHY\n"
		    "a-long-na…    1  spare  more  why it is…\n"
		    "b           100  -      -     -\n"},
		{39, "NAME          N  MORE  WHY\n"
		    "a-long-na…    1  more  why it is…\n"
		    "b           100  -     -\n"},
		{32, "NAME          N  WHY\n"
		    "a-long-na…    1  why it is…\n"
		    "b           100  -\n"},
		{20, "NAME       N  WHY\n"
		    "a-long…    1  why i…\n"
		    "b        100  -\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(table_fini) struct table t = make(rows, 3);
		AUTO(str_fini) struct str out = {0};

		table_flags(&t, 0, TABLE_CUT);
		table_flags(&t, 1, TABLE_RIGHT);
		table_flags(&t, 2, TABLE_SPARE * 2);
		table_flags(&t, 3, TABLE_SPARE);
		table_print(&t, cases[i].width, false, &out);
		assert_string_equal(str_c(&out), cases[i].want);
	}
}

static void
test_paint(void **state)
{
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};

	table_init(&t, 2);
	table_flags(&t, 0, TABLE_RIGHT);
	table_cell(&t, "LATE");
	table_cell(&t, "X");
	table_cell(&t, "+1s");
	table_paint(&t, "31");
	table_cell(&t, "DONE");
	table_print(&t, 0, true, &out);
	assert_string_equal(str_c(&out), "\033[1mLATE\033[0m  \033[1mX\033[0m\n \033[31m+1s\033[0m  \033[32mDONE\033[0m\n");
}

/* Whatever a cell holds, a terminal sees no control character that is not ours. */
static void
test_control_characters(void **state)
{
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};
	char evil[2] = "";

	table_init(&t, 2);
	for (int c = 1; c < 256; c++) {
		evil[0] = (char)c;
		table_cell(&t, evil);
		table_cellf(&t, "%s[31m", evil);
	}
	table_cell(&t, "\xc2\x9b" "31m");
	table_cell(&t, "a\r\n\033]0;title\007");
	table_print(&t, 40, false, &out);
	for (size_t i = 0; i < out.n; i++)
		if (out.p[i] != '\n' && ((unsigned char)out.p[i] < 0x20 || (unsigned char)out.p[i] >= 0x7f))
			fail_msg("byte %02x", (unsigned char)out.p[i]);
	unit_has(str_c(&out), "a???]0;title?");
}

static void
test_colour(void **state)
{
	prints(ROWS("ID|STATE|WHAT", "1|FAILED|x", "22|DONE|DONE", "3|NEW|y"), 0, true,
	    "\033[1mID\033[0m  \033[1mSTATE\033[0m   \033[1mWHAT\033[0m\n"
	    "1   \033[31mFAILED\033[0m  x\n"
	    "22  \033[32mDONE\033[0m    \033[32mDONE\033[0m\n"
	    "3   NEW     y\n");
}

/* Neither a pipe nor a file is coloured, or cut. */
static void
test_no_terminal(void **state)
{
	int was = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	size_t width;
	bool colour;

	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	width = table_width();
	colour = table_colour();
	dup2(was, STDOUT_FILENO);
	close(was);
	close(null);
	assert_int_equal(width, 0);
	assert_false(colour);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_empty_cells),
		cmocka_unit_test(test_cutting),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_paint),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
