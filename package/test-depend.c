/* Versions and dependencies, against rpm's own tables. */
#include "tests/unit.h"

#include "package/depend.h"
#include "package/evr.h"

/* Call fn with the comma-separated fields of each line but the first; how many there were. */
static size_t
each_line(const char *file, void (*fn)(char **field))
{
	AUTO(free) char *text = unit_data(file);
	char *rest = text, *line;
	size_t n = 0;

	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		char *field[4] = {0};

		for (size_t i = 0; i < 4; i++)
			field[i] = strsep(&line, ",");
		fn(field);
		n++;
	}
	return n;
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
compare(char **field)
{
	int bad = 0, got = sign(evr_cmp(field[0], field[1], &bad)), back = sign(evr_cmp(field[1], field[0], &bad));

	if (bad || got != atoi(field[2]) || back != -got)
		fail_msg("%s against %s: %d", field[0], field[1], got);
}

static void
test_versions(void **state)
{
	assert_int_equal(each_line("rpmvercmp.csv", compare), 103);
}

static void
test_epochs(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{"1:1-1", "2-1", 1}, {"1:1-1", "2:0-1", -1}, {"1-1", "1-2", -1}, {"1~rc1-1", "1-1", -1},
		{"1^git1-1", "1-1", 1}, {"1-alt1", "1-alt1.1", -1}, {"1-1", "1", 1},
	};
	int bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(sign(evr_cmp(cases[i].a, cases[i].b, &bad)), cases[i].order);
		assert_int_equal(bad, 0);
	}
	assert_int_equal(evr_cmp("", "1", &bad), 0);
	assert_int_equal(bad, -2);
}

static void
test_join(void **state)
{
	static const struct {
		const char *epoch, *want;
	} cases[] = {{NULL, "1-2"}, {"", "1-2"}, {"0", "1-2"}, {"3", "3:1-2"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(free) char *got = evr_join(cases[i].epoch, "1", "2");

		assert_string_equal(got, cases[i].want);
	}
}

static void
match(char **field)
{
	AUTO(dep_fini) struct dep p = {0};
	AUTO(dep_fini) struct dep r = {0};
	struct err err = {0};

	OK(dep_parse(field[0], &p, &err));
	OK(dep_parse(field[1], &r, &err));
	if (dep_match(&p, &r) != (atoi(field[2]) != 0))
		fail_msg("%s for %s", field[0], field[1]);
}

static void
test_matches(void **state)
{
	assert_int_equal(each_line("rpmdepmatch.csv", match), 182);
}

static void
test_parse(void **state)
{
	static const struct {
		const char *in, *name, *evr, *out;
		uint32_t flags;
	} cases[] = {
		{"zlib", "zlib", "", "zlib", 0}, {" zlib ", "zlib", "", "zlib", 0}, {"/bin/sh", "/bin/sh", "", "/bin/sh", 0},
		{"a = 1", "a", "1", "a = 1", DEP_EQUAL}, {"a == 1", "a", "1", "a = 1", DEP_EQUAL},
		{"a >= 1:2-3", "a", "1:2-3", "a >= 1:2-3", DEP_GREATER | DEP_EQUAL},
		{"a\t<=  2", "a", "2", "a <= 2", DEP_LESS | DEP_EQUAL}, {"a < 2", "a", "2", "a < 2", DEP_LESS},
		{"a > 2~rc", "a", "2~rc", "a > 2~rc", DEP_GREATER}, {"libz.so.1()(64bit)", "libz.so.1()(64bit)", "",
		    "libz.so.1()(64bit)", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(dep_fini) struct dep d = {0};
		AUTO(str_fini) struct str text = {0};
		struct err err = {0};

		OK(dep_parse(cases[i].in, &d, &err));
		assert_string_equal(d.name, cases[i].name);
		assert_string_equal(d.evr, cases[i].evr);
		assert_int_equal(d.flags, cases[i].flags);
		assert_false(dep_is_rich(&d));
		dep_text(&d, &text);
		assert_string_equal(str_c(&text), cases[i].out);
	}
}

static void
test_parse_refused(void **state)
{
	static const char *const bad[] = {"", " ", "a b", "a =", "a = 1 2", "a =< 1", "a ~ 1", "= 1",
	    "(", "()", "(a", "a)(b c d", "(a b)", "(a and)", "(and a)", "(a and b or c)", "(a and b) c", "(a if b if c)",
	    "(a else b)", "(a and b else c)", "(a xor b)", " (a", "\t(a >= 1"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(dep_fini) struct dep d = {0};
		struct err err = {0};

		if (dep_parse(bad[i], &d, &err) == 0)
			fail_msg("`%s` was taken", bad[i]);
		assert_null(d.name);
		assert_int_not_equal(err.code, 0);
	}
}

/* A tree as text, each group by its operator. */
static void
show(const struct rich *r, struct str *out)
{
	static const char *const ops[] = {[RICH_AND] = "AND", [RICH_OR] = "OR", [RICH_IF] = "IF", [RICH_UNLESS] = "UNLESS",
	    [RICH_WITH] = "WITH", [RICH_WITHOUT] = "WITHOUT"};

	if (r->op == RICH_SIMPLE) {
		assert_int_equal(r->n, 0);
		dep_text(&r->dep, out);
		return;
	}
	str_add(out, "%s[", ops[r->op]);
	for (size_t i = 0; i < r->n; i++) {
		str_puts(out, i ? ", " : "");
		show(r->child[i], out);
	}
	str_putc(out, ']');
}

static void
test_rich(void **state)
{
	static const char *const cases[][2] = {
		{"(a and b and c)", "AND[a, b, c]"}, {"(a or b >= 2)", "OR[a, b >= 2]"}, {"(a if b)", "IF[a, b]"},
		{"(a if b else c)", "IF[a, b, c]"}, {"(a unless b)", "UNLESS[a, b]"}, {"(a unless b else c)", "UNLESS[a, b, c]"},
		{"(a >= 1 with a < 2)", "WITH[a >= 1, a < 2]"}, {"(a without b)", "WITHOUT[a, b]"}, {"(a)", "AND[a]"},
		{"((a and b) or (c if d))", "OR[AND[a, b], IF[c, d]]"}, {"((a) or b)", "OR[AND[a], b]"},
		{"(((a)))", "AND[AND[AND[a]]]"}, {"(a if (b or (c and d)) else (e or f))", "IF[a, OR[b, AND[c, d]], OR[e, f]]"},
		{"(libz.so.1()(64bit) or /bin/sh)", "OR[libz.so.1()(64bit), /bin/sh]"},
		{"( a  or  b )", "OR[a, b]"}, {"(a or b or (c with d with e))", "OR[a, b, WITH[c, d, e]]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};
		AUTO(rich_free) struct rich *r = rich_parse(cases[i][0], &err);
		AUTO(str_fini) struct str text = {0};

		if (!r)
			fail_msg("%s", err.msg);
		show(r, &text);
		assert_string_equal(str_c(&text), cases[i][1]);
	}
}

static void
test_rich_as_dependency(void **state)
{
	AUTO(dep_fini) struct dep d = {0};
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	OK(dep_parse(" (a if b)", &d, &err));
	assert_true(dep_is_rich(&d));
	dep_text(&d, &text);
	assert_string_equal(str_c(&text), "(a if b)");
}

/* Deep nesting is refused before it costs a stack. */
static void
test_rich_deep(void **state)
{
	enum { DEEP = 100000 };
	AUTO(free) char *text = xcalloc(1, 2 * DEEP + 2);
	struct err err = {0};

	memset(text, '(', DEEP);
	text[DEEP] = 'a';
	memset(text + DEEP + 1, ')', DEEP);
	assert_null(rich_parse(text, &err));
	assert_int_not_equal(err.code, 0);
	assert_true(strlen(err.msg) < sizeof(err.msg));
}

static void
test_rich_cut(void **state)
{
	static const char whole[] = "((a >= 1:2-3 with b) or (c if d else (e unless f)))";

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		AUTO(free) char *cut = xstrndup(whole, n);
		struct err err = {0};

		assert_null(rich_parse(cut, &err));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refused),
		cmocka_unit_test(test_rich),
		cmocka_unit_test(test_rich_as_dependency),
		cmocka_unit_test(test_rich_deep),
		cmocka_unit_test(test_rich_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
