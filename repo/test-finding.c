/* Reports on their way through a pipe, and what a repository tolerates. */
#include "tests/unit.h"

#include "base/vec.h"
#include "package/sanity.h"
#include "repo/finding.h"

static void
test_report_pack(void **state)
{
	AUTO(report_fini) struct report a = {.cut = 9};
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	for (int i = 0; i < 3; i++)
		vec_push(i == 2 ? &a.repaired : &a.broken, ((struct finding){.kind = FINDING_FILE, .package = xasprintf("p%d", i),
		    .source = xstrdup("s"), .by = i, .what = xstrdup("w"), .other = xstrdup("o"), .other_by = -i}));
	report_pack(&raw, &a);
	for (size_t n = 0; n <= raw.n; n++) {
		AUTO(report_fini) struct report b = {0};

		if (n < raw.n) {
			FAILS(report_unpack(raw.p, n, &b, &err), "report");
			continue;
		}
		OK(report_unpack(raw.p, n, &b, &err));
		assert_string_equal(b.broken.p[1].package, "p1");
		assert_int_equal(b.broken.p[1].other_by, -1);
		assert_int_equal(b.repaired.n, 1);
		assert_int_equal(b.notes.n, 0);
		assert_int_equal(b.repaired.p[0].by, 2);
		assert_int_equal(b.cut, 9);
	}
}

static void
test_allow(void **state)
{
	AUTO(allow_fini) struct allow a = {0};
	const struct finding f = {.kind = FINDING_SYMBOL, .what = (char *)"plugin_init"};
	struct err err = {0};

	OK(allow_parse(&a, "# none\n\nunmet * x\n  symbol *-plugin  plugin_*  # loaded by the host\n", &err));
	assert_true(allow_has(&a, &f, "gimp-plugin"));
	assert_false(allow_has(&a, &f, "gimp"));
	assert_false(allow_has(NULL, &f, "gimp-plugin"));
	FAILS(allow_parse(&a, "unmet a b\nsymbol a\n", &err), "line 2: not `KIND PACKAGE WHAT`");
	FAILS(allow_parse(&a, "plan a b\n", &err), "line 1");
	FAILS(allow_parse(&a, "setuids a b\n", &err), "line 1");
	OK(allow_parse(&a, "setuid sudo /usr/bin/*\n", &err));
	assert_true(allow_names(&a, "setuid", "sudo", "/usr/bin/sudo"));
	assert_false(allow_names(&a, "setgid", "sudo", "/usr/bin/sudo"));
	assert_false(allow_names(&a, "setuid", "su", "/usr/bin/sudo"));
	/* A word is either a kind of finding or a check. */
	for (enum finding_kind k = 0; k < FINDING_KINDS; k++)
		assert_int_equal(sanity_find(finding_kind_name(k)), SANITY_CHECKS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_pack),
		cmocka_unit_test(test_allow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
