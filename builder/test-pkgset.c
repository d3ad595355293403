#include "tests/unit.h"

#include "builder/pkgset.h"

/* A set of packages, each given by one hexadecimal digit of its hash. */
static struct pkgset
make(const char *digits)
{
	struct pkgset s = {0};
	char sha[SHA256_HEX + 1], nevra[] = "x-1-1.noarch";

	for (; *digits; digits++) {
		memset(sha, *digits, SHA256_HEX);
		sha[SHA256_HEX] = '\0';
		nevra[0] = *digits;
		pkgset_add(&s, sha, nevra);
	}
	return s;
}

static void
is(const struct pkgset *s, const char *digits)
{
	assert_int_equal(s->n, strlen(digits));
	for (size_t i = 0; i < s->n; i++) {
		assert_int_equal(s->p[i].sha256[0], digits[i]);
		assert_int_equal(s->p[i].nevra[0], digits[i]);
	}
}

static void
test_union(void **state)
{
	AUTO(pkgset_fini) struct pkgset a = make("31");
	AUTO(pkgset_fini) struct pkgset b = make("125");
	AUTO(pkgset_fini) struct pkgset none = {0};

	pkgset_union(&a, &b);
	is(&a, "3125");
	pkgset_union(&a, &none);
	pkgset_union(&a, &a);
	is(&a, "3125");
	pkgset_union(&none, &b);
	is(&none, "125");
}

static void
test_minus(void **state)
{
	AUTO(pkgset_fini) struct pkgset a = make("1234");
	AUTO(pkgset_fini) struct pkgset b = make("429");
	AUTO(pkgset_fini) struct pkgset none = {0};
	AUTO(pkgset_fini) struct pkgset out = {0};
	AUTO(pkgset_fini) struct pkgset all = {0};

	pkgset_minus(&a, &b, &out);
	is(&out, "13");
	pkgset_minus(&a, &none, &all);
	is(&all, "1234");
	pkgset_minus(&none, &a, &all);
	pkgset_minus(&a, &a, &all);
	is(&all, "1234");
	assert_true(pkgset_has(&a, b.p[0].sha256));
	assert_false(pkgset_has(&a, b.p[2].sha256));
	assert_false(pkgset_has(&a, ""));
}

/* One set, one text, in whatever order it was put together. */
static void
test_identity(void **state)
{
	AUTO(pkgset_fini) struct pkgset a = make("a03");
	AUTO(pkgset_fini) struct pkgset b = make("3a0");
	AUTO(pkgset_fini) struct pkgset back = {0};
	AUTO(pkgset_fini) struct pkgset none = {0};
	AUTO(str_fini) struct str text_a = {0};
	AUTO(str_fini) struct str text_b = {0};
	AUTO(str_fini) struct str empty = {0};
	struct err err = {0};

	pkgset_sort(&a);
	pkgset_sort(&b);
	pkgset_sort(&none);
	is(&a, "03a");
	pkgset_text(&a, &text_a);
	pkgset_text(&b, &text_b);
	assert_string_equal(str_c(&text_a), str_c(&text_b));
	assert_int_equal(text_a.n, 3 * (SHA256_HEX + 1 + 12 + 1));
	OK(pkgset_parse(str_c(&text_a), &back, &err));
	is(&back, "03a");
	pkgset_text(&none, &empty);
	assert_string_equal(str_c(&empty), "");
	OK(pkgset_parse("", &none, &err));
	is(&none, "");
}

static void
test_malformed(void **state)
{
	AUTO(pkgset_fini) struct pkgset good = make("12");
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	pkgset_text(&good, &text);
	for (size_t n = 1; n < text.n; n++) {
		AUTO(free) char *cut = xstrndup(text.p, n);
		AUTO(pkgset_fini) struct pkgset s = {0};
		size_t line = text.n / 2, in_line = n % line;

		/* A line is whole from its tab on. */
		if (in_line > 0 && in_line <= SHA256_HEX)
			FAILS(pkgset_parse(cut, &s, &err), n < line ? "line 1 is malformed" : "line 2 is malformed");
		else
			OK(pkgset_parse(cut, &s, &err));
	}
	text.p[5] = 'G';
	FAILS(pkgset_parse(str_c(&text), &(struct pkgset){0}, &err), "line 1 is malformed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_union),
		cmocka_unit_test(test_minus),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
