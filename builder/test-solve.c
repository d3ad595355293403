#include "repo/test-packages.h"

#include "builder/solve.h"

/* The names of what makes a root, sorted; "not: ..." where it cannot be had. malloc'ed. */
static char *
ask(struct repo *r, uint32_t overlay, const char *wanted, uint32_t package)
{
	const struct solve s = {.repo = r, .arch = "x86_64", .overlay = overlay};
	AUTO(pkgset_fini) struct pkgset set = {0};
	AUTO(strs_fini) struct strs words = {0};
	AUTO(strs_fini) struct strs names = {0};
	struct err err = {0};
	int rc;

	strs_split(&words, wanted, ",");
	rc = solve_for(&s, &words, package, &set, &err);
	if (rc == SOLVE_NOT)
		return xasprintf("not: %s", err.msg);
	OK(rc);
	for (size_t i = 0; i < set.n; i++) {
		assert_true(hash_valid(set.p[i].sha256));
		strs_add(&names, set.p[i].nevra);
	}
	strs_sort(&names);
	return strs_join(&names, " ");
}

#define ROOT(r, wanted, names) do {						\
	AUTO(free) char *got_ = ask(r, INDEX_NONE, wanted, INDEX_NONE);	\
	assert_string_equal(got_, names);					\
} while (0)

static void
add_base(struct repo *r)
{
	package_add(r, "sh 5-1 sh; p /bin/sh; r libc", 0);
	package_add(r, "libc 2-1 libc; p libc.so(); f /usr/share/libc/terms", 0);
	package_add(r, "gcc 12-1 gcc; r libc.so(); r (binutils or mold); r libc >= 2", 0);
	package_add(r, "binutils 2-1 binutils; r /bin/sh", 0);
	package_add(r, "old 1-1 old; p tool", 0);
	package_add(r, "new 2-1 new; p tool; c old", 0);
	package_add(r, "stranger 1-1 stranger; r nothing-has-this; r /no/such/file", 0);
	repo_keep(r);
}

static void
test_root(void **state)
{
	AUTO(repo_fini) struct repo r = {0};

	add_base(&r);
	for (int i = 0; i < 2; i++) {
		ROOT(&r, "libc", "libc-2-1.noarch");
		ROOT(&r, "gcc", "binutils-2-1.noarch gcc-12-1.noarch libc-2-1.noarch sh-5-1.noarch");
		ROOT(&r, "", "");
		ROOT(&r, "(old and libc)", "libc-2-1.noarch old-1-1.noarch");
		/* The next time out of an index. */
		stand_on_index(&r);
	}
}

/* A file that nothing required so far, in the index and beside it. */
static void
test_path(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	uint32_t requirements, keys;

	add_base(&r);
	stand_on_index(&r);
	package_add(&r, "late 1-1 late; f /usr/share/late; r /usr/share/libc/terms", 0);
	repo_keep(&r);
	requirements = repo_requirements(&r);
	keys = (uint32_t)(r.base.n_keys + r.keys.n);
	ROOT(&r, "/usr/share/late", "late-1-1.noarch libc-2-1.noarch");
	ROOT(&r, "/usr/share/late,/bin/sh", "late-1-1.noarch libc-2-1.noarch sh-5-1.noarch");
	/* Asking leaves nothing behind. */
	assert_int_equal(repo_requirements(&r), requirements);
	assert_int_equal(r.base.n_keys + r.keys.n, keys);
	assert_int_equal(repo_find(&r, ""), INDEX_NONE);
}

static void
test_not(void **state)
{
	static const char *const wanted[] = {"stranger", "libc > 2-1", "/no/such/file", "no-such", "libc ?? 3", "(libc and)",
	    "old,new"};
	AUTO(repo_fini) struct repo r = {0};

	add_base(&r);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		AUTO(free) char *got = ask(&r, INDEX_NONE, wanted[i], INDEX_NONE);

		assert_true(strncmp(got, "not: ", 5) == 0 && strlen(got) > 5);
	}
}

/* What was taken away is nobody's choice; the overlay goes before the base, a lower version too. */
static void
test_overlay(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(free) char *old = NULL;
	AUTO(free) char *own = NULL;
	AUTO(free) char *alone = NULL;
	uint32_t first;

	add_base(&r);
	stand_on_index(&r);
	assert_int_equal(repo_remove_source(&r, "libc", 0), 1);
	old = ask(&r, INDEX_NONE, "libc", INDEX_NONE);
	assert_true(strncmp(old, "not: ", 5) == 0);
	first = repo_packages(&r);
	package_add(&r, "libc 1-1 libc; p libc.so()", 7);
	package_add(&r, "gcc 11-1 gcc11; r libc", 7);
	repo_keep(&r);
	own = ask(&r, first, "gcc", INDEX_NONE);
	assert_string_equal(own, "gcc-11-1.noarch libc-1-1.noarch");
	alone = ask(&r, first, "", first + 1);
	assert_string_equal(alone, own);
}

/* Who obsoletes another takes its place; who only conflicts with it does not. */
static void
test_obsoletes(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	struct facts f = package_make("zfork 1-1 zfork; p tool = 9");

	package_add(&r, "atool 9-1 atool; p tool = 9", 0);
	package_dep(&f, DEP_OBSOLETES, "atool < 10");
	repo_add(&r, &f, "", 0);
	facts_fini(&f);
	repo_keep(&r);
	for (int i = 0; i < 2; i++) {
		ROOT(&r, "tool", "zfork-1-1.noarch");
		stand_on_index(&r);
	}
	package_add(&r, "btool 9-1 btool; p second", 0);
	package_add(&r, "zconflict 1-1 zconflict; p second; c btool", 0);
	repo_keep(&r);
	ROOT(&r, "second", "btool-9-1.noarch");
}

/* The answer does not depend on what is in the index and what beside it. */
static void
test_order(void **state)
{
	static const char *const lines[] = {"app 1-1 app; r need", "b 1-1 b; p need", "c 1-1 c; p need", "a 1-1 a; p need; r deep",
	    "d 1-1 d; p deep", "e 1-1 e; p deep"};
	AUTO(free) char *first = NULL;

	for (unsigned rotation = 0; rotation < ARRAY_SIZE(lines); rotation++) {
		AUTO(repo_fini) struct repo r = {0};
		AUTO(free) char *got = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
			package_add(&r, lines[(i + rotation) % ARRAY_SIZE(lines)], 0);
			if (i == rotation)
				stand_on_index(&r);
		}
		repo_keep(&r);
		got = ask(&r, INDEX_NONE, "app", INDEX_NONE);
		if (first)
			assert_string_equal(got, first);
		else
			first = STEAL(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_not),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_obsoletes),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
