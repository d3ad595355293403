/*
 * Symbols as requirements: who uses what nobody defines any more, said once, and only
 * where it is known.
 */
#include "repo/test-packages.h"

#include "repo/check.h"
#include "repo/index-write.h"
#include "repo/symbols.h"

static void
to_text(const struct finding_list *l, struct str *out)
{
	for (size_t i = 0; i < l->n; i++) {
		str_puts(out, out->n ? "\n" : "");
		finding_text(&l->p[i], out);
	}
}

/* What a change of these packages breaks or repairs in these, as sentences; on an index, or all of it beside one. malloc'ed. */
static char *
findings(const char *const *base, const char *const *lines, const char *deletes, bool repaired, bool on_index)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(change_fini) struct change c = {.task = 7};
	AUTO(report_fini) struct report report = {0};
	struct str text = {0};
	const struct change *all[] = {&c};
	struct err err = {0};

	for (; *base; base++)
		package_add(&r, *base, 0);
	repo_keep(&r);
	if (on_index)
		stand_on_index(&r);
	strs_split(&c.deletes, deletes, " ");
	for (; *lines; lines++) {
		struct facts f = package_make(*lines);

		if (!strs_has(&c.builds, f.source))
			strs_add(&c.builds, f.source);
		change_add(&c, &f, "");
	}
	OK(check_changes(&r, all, 1, NULL, &report, &err));
	to_text(repaired ? &report.repaired : &report.broken, &text);
	repo_undo(&r);
	for (uint32_t q = 0; q < repo_requirements(&r); q++)
		assert_int_equal(repo_satisfied(&r, q), repo_count(&r, q));
	return str_steal(&text);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(,) NULL})
#define SAYS(base, lines, deletes, repaired, want) do {			\
	for (int on_ = 0; on_ < 2; on_++) {				\
		AUTO(free) char *got_ = findings(base, lines, deletes, repaired, on_);	\
		assert_string_equal(got_, want);			\
	}								\
} while (0)
#define BREAKS(base, lines, want) SAYS(base, lines, "", false, want)

static void
test_lost(void **state)
{
	const char *const *base = LINES("lib 1-1 lib; d keep drop", "prog 1-1 prog; u keep drop", "own 1-1 own; d self; u self");

	BREAKS(base, LINES("lib 2-1 lib; d keep"),
	    "prog-1-1.noarch uses the symbol drop, which nothing defines; it was in lib-1-1.noarch, which task #7 takes away");
	BREAKS(base, LINES("lib 2-1 lib; d keep", "prog 2-1 prog; u keep"), "");
	BREAKS(base, LINES("lib 2-1 lib; d keep", "lib-old 2-1 lib; d drop"), "");
	BREAKS(base, LINES("lib 2-1 lib; d keep more drop"), "");
	SAYS(base, LINES(NULL), "lib", false,
	    "prog-1-1.noarch uses the symbol drop, which nothing defines; it was in lib-1-1.noarch, which task #7 takes away\n"
	    "prog-1-1.noarch uses the symbol keep, which nothing defines; it was in lib-1-1.noarch, which task #7 takes away");
	SAYS(base, LINES(NULL), "lib prog", false, "");
	SAYS(base, LINES(NULL), "own", false, "");
	/* The user is built again, and still uses it: one finding. */
	BREAKS(base, LINES("lib 2-1 lib; d keep", "prog 2-1 prog; u keep drop"),
	    "prog-2-1.noarch (task #7) uses the symbol drop, which nothing defines; it was in lib-1-1.noarch, which task #7 takes away");
}

static void
test_new(void **state)
{
	const char *const *base = LINES("lib 1-1 lib; d keep", "hole 1-1 hole; u nowhere");

	BREAKS(base, LINES("new 1-1 new; u keep"), "");
	BREAKS(base, LINES("new 1-1 new; u none"), "new-1-1.noarch (task #7) uses the symbol none, which nothing defines");
	BREAKS(base, LINES("new 1-1 new; u none", "other 1-1 other; d none"), "");
	/* What was so before is not news, and its end is. */
	BREAKS(base, LINES("hole 2-1 hole; u nowhere"), "");
	SAYS(base, LINES("mend 1-1 mend; d nowhere"), "", true, "hole-1-1.noarch uses the symbol nowhere, which nothing defines");
	SAYS(base, LINES(NULL), "hole", true, "hole-1-1.noarch uses the symbol nowhere, which nothing defines");
	/* Two of its files use it. */
	BREAKS(base, LINES("new 1-1 new; u none; u none"), "new-1-1.noarch (task #7) uses the symbol none, which nothing defines");
}

static void
test_versions(void **state)
{
	const char *const *base = LINES("lib 1-1 lib; d f@V1 f@V2 g", "v1 1-1 v1; u f@V1", "any 1-1 any; u f", "g 1-1 g; u g");

	BREAKS(base, LINES("lib 2-1 lib; d f@V2 g"),
	    "v1-1-1.noarch uses the symbol f@V1, which nothing defines; it was in lib-1-1.noarch, which task #7 takes away");
	BREAKS(base, LINES("lib 2-1 lib; d f@V1 g@V3"), "");
	BREAKS(base, LINES("new 1-1 new; u f@V3"), "new-1-1.noarch (task #7) uses the symbol f@V3, which nothing defines");
	/* Who asks for a version does not take one without. */
	BREAKS(base, LINES("new 1-1 new; u g@V1"), "new-1-1.noarch (task #7) uses the symbol g@V1, which nothing defines");
}

static void
test_bits(void **state)
{
	const char *const *base = LINES("lib 1-1 lib; d f; D f", "small 1-1 small; U f", "large 1-1 large; u f");

	BREAKS(base, LINES("lib 2-1 lib; d f"),
	    "small-1-1.noarch uses the symbol f (32bit), which nothing defines; it was in lib-1-1.noarch, which task #7 takes away");
	BREAKS(base, LINES("lib 2-1 lib; D f"),
	    "large-1-1.noarch uses the symbol f, which nothing defines; it was in lib-1-1.noarch, which task #7 takes away");
	BREAKS(base, LINES("lib 2-1 lib; D f; d f"), "");
	BREAKS(base, LINES("both 1-1 both; D own; u own"), "both-1-1.noarch (task #7) uses the symbol own, which nothing defines");
}

/* A package that nobody looked into may define anything: only what was there and goes is missed. */
static void
test_unknown(void **state)
{
	const char *const *base = LINES("dark 1-1 dark", "lib 1-1 lib; d keep", "prog 1-1 prog; u keep");

	BREAKS(base, LINES("new 1-1 new; u none"), "");
	BREAKS(base, LINES("lib 2-1 lib; d other"),
	    "prog-1-1.noarch uses the symbol keep, which nothing defines; it was in lib-1-1.noarch, which task #7 takes away");
	/* The user comes with the loss; nobody used it before. */
	BREAKS(LINES("dark 1-1 dark", "lib 1-1 lib; d keep"), LINES("lib 2-1 lib; d other", "new 1-1 new; u keep"),
	    "new-1-1.noarch (task #7) uses the symbol keep, which nothing defines; it was in lib-1-1.noarch, which task #7 takes away");
	/* The last of them is looked into, or goes: all is known. */
	BREAKS(base, LINES("dark 2-1 dark; k", "new 1-1 new; u none"), "new-1-1.noarch (task #7) uses the symbol none, which nothing defines");
	SAYS(base, LINES("new 1-1 new; u none"), "dark", false, "new-1-1.noarch (task #7) uses the symbol none, which nothing defines");
}

/* A symbol is no capability, and no capability a symbol. */
static void
test_apart(void **state)
{
	const char *const *base = LINES("lib 1-1 lib; p drop; f /drop", "k 1-1 k; k");

	BREAKS(LINES("k 1-1 k; k"), LINES("new 1-1 new; r keep; d keep"), "new-1-1.noarch (task #7) requires keep, which nothing provides");
	BREAKS(LINES("lib 1-1 lib; p drop; k"), LINES("new 1-1 new; u drop"), "new-1-1.noarch (task #7) uses the symbol drop, which nothing defines");
	BREAKS(base, LINES("a 1-1 a; d one", "b 1-1 b; d one"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
