/* A repository in memory: what is unmet, what a change does to it, and what is said about it. */
#include "repo/test-packages.h"

#include "repo/check.h"
#include "repo/unmet.h"

/* All unmets as "name.arch<TAB>requirement" lines in order, malloc'ed. */
static char *
unmets(struct repo *r)
{
	AUTO(unmet_list_fini) struct unmet_list l = {0};
	AUTO(strs_fini) struct strs keys = {0};

	unmet_find(r, &l);
	for (size_t i = 0; i < l.n; i++) {
		AUTO(str_fini) struct str key = {0};

		unmet_key(r, &l.p[i], &key);
		strs_add(&keys, str_c(&key));
	}
	strs_sort(&keys);
	return strs_join(&keys, "\n");
}

static void
has_unmets(struct repo *r, const char *want)
{
	AUTO(free) char *got = unmets(r);

	assert_string_equal(got, want);
}

static void
add(struct repo *r, const char *line)
{
	package_add(r, line, 0);
}

static void
test_versioned(void **state)
{
	AUTO(repo_fini) struct repo r = {0};

	has_unmets(&r, "");
	add(&r, "app 1-1 app; r lib >= 2; r lib < 3; r lib; r none; r lib = 2-1; r lib = 2-2; r api = 5");
	add(&r, "lib 2-1 lib; p api");
	has_unmets(&r, "app.noarch\tlib = 2-2\napp.noarch\tnone");
	add(&r, "other 9-1 other; p none = 4; p lib = 2-2");
	has_unmets(&r, "");
	assert_int_equal(repo_remove_source(&r, "lib", 0), 1);
	has_unmets(&r, "app.noarch\tapi = 5\napp.noarch\tlib = 2-1");
	assert_int_equal(repo_remove_source(&r, "lib", 0), 0);
	/* What a package that left required is no unmet. */
	assert_int_equal(repo_remove_source(&r, "app", 0), 1);
	has_unmets(&r, "");
}

static void
test_rpmlib(void **state)
{
	AUTO(repo_fini) struct repo r = {0};

	add(&r, "app 1-1 app; r rpmlib(CompressedFileNames) <= 3.0.4-1; r app; r app = 1-1");
	has_unmets(&r, "");
}

/* A repository of a and b, of both versions of c, and of d that gives x and y; z and /bin/z are nowhere. */
static void
test_rich(void **state)
{
	static const struct {
		const char *dep;
		bool met;
	} cases[] = {
		{"(a and b)", true}, {"(a and z)", false}, {"(z or b)", true}, {"(z or y2)", false}, {"(a or z)", true},
		{"(a if b)", true}, {"(z if b)", false}, {"(z if z)", true}, {"(a if z)", true}, {"(z if y2)", true},
		{"(a if b else z)", true}, {"(z if b else a)", false}, {"(z if z else a)", true}, {"(a if z else z)", false},
		{"(a unless b)", true}, {"(z unless z)", false}, {"(z unless b)", true}, {"(z unless b else z)", false},
		{"(z unless b else a)", true}, {"(a unless b else z)", true}, {"(z unless z else a)", false},
		{"(x with y)", true}, {"(a with b)", false}, {"(a with z)", false}, {"(x with y with d)", true},
		{"(x without y)", false}, {"(a without b)", true}, {"(a without z)", true}, {"(z without a)", false},
		{"(c >= 1 with c < 2)", true}, {"(c >= 2 with c < 2)", false}, {"(c >= 1-2 with c < 2)", false},
		{"(c > 2-1 or c < 1)", false}, {"((a) and b)", true}, {"((z) or ((a)))", true}, {"(a)", true}, {"(z)", false},
		{"((a if z) and (x with y))", true}, {"((a and z) or (x without z))", true}, {"((x or z) with y)", true},
		{"(/bin/z or a)", true}, {"(/bin/z and a)", false}, {"(/bin/a and a)", true}, {"(/bin/a with b)", false},
		{"(/bin/a with a)", true}, {"(c >= 2 and c < 2)", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(repo_fini) struct repo r = {0};
		AUTO(free) char *user = xasprintf("user 1-1 user; r %s", cases[i].dep);
		AUTO(free) char *want = xasprintf("user.noarch\t%s", cases[i].dep);

		add(&r, "a 1-1 a; f /bin/a");
		add(&r, "b 1-1 b");
		add(&r, user);
		add(&r, "c 1-1 c1");
		add(&r, "c 2-1 c2");
		add(&r, "d 1-1 d; p x; p y");
		has_unmets(&r, cases[i].met ? "" : want);
	}
}

/* A rich dependency that is none stays unmet and harms nothing. */
static void
test_rich_malformed(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	struct facts f = package_make("app 1-1 app; r x");
	struct dep *d = &f.dep[DEP_REQUIRES].p[0];

	free(d->name);
	d->name = xstrdup("(a else b");
	repo_add(&r, &f, "", 0);
	facts_fini(&f);
	add(&r, "a 1-1 a");
	has_unmets(&r, "app.noarch\t(a else b");
}

static void
test_files(void **state)
{
	AUTO(repo_fini) struct repo r = {0};

	add(&r, "sh 1-1 sh; f /bin/sh; f /bin/late");
	add(&r, "app 1-1 app; r /bin/sh; r /bin/none");
	add(&r, "virtual 1-1 virtual; p /usr/bin/given");
	has_unmets(&r, "app.noarch\t/bin/none");
	/* First required when its package has long been there. */
	add(&r, "user 1-1 user; r /bin/late; r /usr/bin/given; r /bin/own; f /bin/own; f /bin/none");
	has_unmets(&r, "");
	repo_remove_source(&r, "sh", 0);
	has_unmets(&r, "app.noarch\t/bin/sh\nuser.noarch\t/bin/late");
	add(&r, "sh 2-1 sh; f /bin/sh");
	has_unmets(&r, "user.noarch\t/bin/late");
	add(&r, "rich 1-1 rich; r (/bin/late or /bin/sh); r (/bin/late if sh)");
	has_unmets(&r, "rich.noarch\t(/bin/late if sh)\nuser.noarch\t/bin/late");
	add(&r, "late 1-1 late; f /bin/late");
	has_unmets(&r, "");
}

static void
test_find(void **state)
{
	AUTO(repo_fini) struct repo r = {0};

	add(&r, "a 1-1 s");
	add(&r, "b 1-1 s");
	assert_int_equal(repo_find(&r, "b"), 1);
	assert_int_equal(repo_find(&r, "c"), INDEX_NONE);
	assert_int_equal(repo_remove_source(&r, "s", 5), 2);
	assert_int_equal(repo_find(&r, "b"), INDEX_NONE);
	assert_int_equal(repo_gone_by(&r, 1), 5);
	add(&r, "b 2-1 s");
	assert_int_equal(repo_find(&r, "b"), 2);
}

/* Changes and plans. */

static struct change
change_make(int64_t task, const char *deletes, const char *builds)
{
	struct change c = {.task = task};

	strs_split(&c.deletes, deletes, " ");
	strs_split(&c.builds, builds, " ");
	return c;
}

static void
bring(struct change *c, const char *line)
{
	struct facts f = package_make(line);

	change_add(c, &f, "");
	assert_null(f.name);
}

static void
test_plan_refused(void **state)
{
	static const struct {
		const char *deletes, *builds, *first, *second, *why;
	} cases[] = {
		{"", "", NULL, NULL, "the plan is empty"}, {"a b", "c b", NULL, NULL, "b is both built and deleted"},
		{"", "a b a", NULL, NULL, "two subtasks give the source a"},
		{"", "a b", "x 1-1 a", "x 2-1 b", "two subtasks give the package x"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(change_fini) struct change c = change_make(7, cases[i].deletes, cases[i].builds);
		struct err err = {0};

		if (cases[i].first) {
			bring(&c, cases[i].first);
			bring(&c, cases[i].second);
		}
		FAILS(plan_check(&c, &err), cases[i].why);
	}
}

static void
test_plan_fine(void **state)
{
	AUTO(change_fini) struct change del = change_make(7, "a", "");
	AUTO(change_fini) struct change build = change_make(7, "", "b");
	struct err err = {0};

	OK(plan_check(&del, &err));
	OK(plan_check(&build, &err));
	bring(&build, "b 1-1 b");
	bring(&build, "b-devel 1-1 b");
	OK(plan_check(&build, &err));
}

/* Packages of one name, each from another architecture: noarch or not, the same or not. */
static void
test_plan_noarch(void **state)
{
	static const struct {
		const char *arch, *other, *why;
	} cases[] = {
		{"noarch", "x 1-1 a; f /a=1", NULL}, {"noarch", "y 1-1 a; f /a=2", NULL}, {"x86_64", "x 1-1 a; f /a=2", NULL},
		{"noarch", "x 1-1 a; f /a=2", "noarch package x differs between architectures in the content of /a"},
		{"noarch", "x 1-2 a; f /a=1", "noarch package x differs between architectures in provides"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(change_fini) struct change c = change_make(7, "", "a");
		AUTO(facts_fini) struct facts other = package_make(cases[i].other);
		AUTO(free) char *why = NULL;

		bring(&c, "first 1-1 a");
		bring(&c, "x 1-1 a; f /a=1");
		free(c.packages.p[1].facts.arch);
		c.packages.p[1].facts.arch = xstrdup(cases[i].arch);
		assert_int_equal(plan_noarch_differs(&c, &other, &why), cases[i].why != NULL);
		if (why)
			assert_string_equal(why, cases[i].why);
	}
}

/* The present packages as "name-evr source" words, malloc'ed. */
static char *
present(const struct repo *r)
{
	AUTO(strs_fini) struct strs all = {0};

	for (uint32_t i = 0; i < repo_packages(r); i++)
		if (r->present[i])
			strs_take(&all, xasprintf("%s-%s", repo_name(r, i), repo_evr(r, i)));
	strs_sort(&all);
	return strs_join(&all, " ");
}

static void
applied(struct repo *r, struct change *c, const char *want, const char *want_removed, const char *want_notes)
{
	AUTO(strs_fini) struct strs removed = {0};
	AUTO(strs_fini) struct strs notes = {0};
	AUTO(free) char *got = NULL;
	AUTO(free) char *got_removed = NULL;
	AUTO(free) char *got_notes = NULL;

	plan_apply(r, c, &removed, &notes);
	got = present(r);
	got_removed = strs_join(&removed, " ");
	got_notes = strs_join(&notes, "|");
	assert_string_equal(got, want);
	assert_string_equal(got_removed, want_removed);
	assert_string_equal(got_notes, want_notes);
}

/* The new binaries of a source replace all of its old version, also those it gives no more. */
static void
test_plan_replaces(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(change_fini) struct change c = change_make(7, "gone", "zlib");
	AUTO(change_fini) struct change none = change_make(8, "", "zlib");

	add(&r, "zlib 1-1 zlib");
	add(&r, "zlib-old 1-1 zlib");
	add(&r, "gone 1-1 gone");
	add(&r, "stays 1-1 stays");
	bring(&c, "zlib 2-1 zlib");
	bring(&c, "zlib-devel 2-1 zlib");
	applied(&r, &c, "stays-1-1 zlib-2-1 zlib-devel-2-1", "gone zlib", "");
	/* Built, but with nothing for this architecture. */
	applied(&r, &none, "stays-1-1", "zlib", "");
	assert_int_equal(repo_gone_by(&r, 0), 7);
}

/* A binary that now comes from another source takes the old source away, with all its binaries, and says so. */
/* What is there already, the very same, neither leaves nor comes; what only looks like it does. */
static void
test_plan_same(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(change_fini) struct change all = change_make(7, "", "zlib");
	AUTO(change_fini) struct change some = change_make(8, "", "zlib");
	AUTO(change_fini) struct change other = change_make(9, "", "thief");
	uint32_t n;

	add(&r, "zlib 1-1 zlib");
	add(&r, "zlib-devel 1-1 zlib");
	add(&r, "zlib-old 1-1 zlib");
	n = repo_packages(&r);
	bring(&all, "zlib 1-1 zlib");
	bring(&all, "zlib-devel 1-1 zlib");
	bring(&all, "zlib-old 1-1 zlib");
	applied(&r, &all, "zlib-1-1 zlib-devel-1-1 zlib-old-1-1", "", "");
	assert_int_equal(repo_packages(&r), n);
	bring(&some, "zlib 1-1 zlib; p new");
	bring(&some, "zlib-devel 1-1 zlib");
	applied(&r, &some, "zlib-1-1 zlib-devel-1-1", "zlib", "");
	assert_int_equal(repo_packages(&r), n + 1);
	assert_int_equal(repo_find(&r, "zlib-devel"), 1);
	/* The same name from another source is another package. */
	bring(&other, "zlib-devel 1-1 thief");
	applied(&r, &other, "zlib-devel-1-1", "zlib",
	    "package zlib-devel now comes from thief: source zlib leaves with all its packages");
}

static void
test_plan_takes_over(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(change_fini) struct change c = change_make(7, "", "new");

	add(&r, "tool 1-1 old");
	add(&r, "tool-extra 1-1 old");
	add(&r, "stays 1-1 stays");
	bring(&c, "tool 2-1 new");
	bring(&c, "fresh 2-1 new");
	applied(&r, &c, "fresh-2-1 stays-1-1 tool-2-1", "old",
	    "package tool now comes from new: source old leaves with all its packages");
}

/* Both sources in one task, the binary moving from one to the other: nobody leaves for good. */
static void
test_plan_moves(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(change_fini) struct change c = change_make(7, "", "new old");

	add(&r, "tool 1-1 old");
	add(&r, "tool-extra 1-1 old");
	bring(&c, "tool 2-1 new");
	bring(&c, "tool-extra 2-1 old");
	applied(&r, &c, "tool-2-1 tool-extra-2-1", "old", "");
}

/* Checks. */

/* The packages of every test below: app needs lib 1, and two requirements were broken before. */
static void
base_make(struct repo *r)
{
	add(r, "app 1-1 app; r lib = 1-1; r lib-common");
	add(r, "lib 1-1 lib");
	add(r, "lib-common 1-1 lib");
	add(r, "sick 1-1 sick; r missing; r gone >= 3");
	repo_keep(r);
}

/* The report of changes on a fresh base. */
static struct report
try_changes(struct change *a, struct change *b)
{
	AUTO(repo_fini) struct repo base = {0};
	const struct change *all[] = {a, b};
	struct report out = {0};
	struct err err = {0};

	base_make(&base);
	OK(check_changes(&base, all, b ? 2 : 1, NULL, &out, &err));
	return out;
}

static void
says(const struct finding *f, const char *want)
{
	AUTO(str_fini) struct str text = {0};

	finding_text(f, &text);
	assert_string_equal(str_c(&text), want);
}

static void
speaks_of(const struct finding *f, const char *part)
{
	AUTO(str_fini) struct str text = {0};

	finding_text(f, &text);
	unit_has(str_c(&text), part);
}

static void
blames(const struct report *r, const char *want)
{
	AUTO(strs_fini) struct strs sources = {0};
	AUTO(free) char *got = NULL;

	report_sources(r, &sources);
	got = strs_join(&sources, " ");
	assert_string_equal(got, want);
}

static void
test_check_only_new(void **state)
{
	AUTO(change_fini) struct change c = change_make(7, "", "other");
	AUTO(report_fini) struct report r = {0};

	bring(&c, "other 1-1 other; r lib");
	r = try_changes(&c, NULL);
	assert_int_equal(r.broken.n + r.repaired.n + r.notes.n, 0);
}

static void
test_check_broken(void **state)
{
	AUTO(change_fini) struct change c = change_make(7, "", "other");
	AUTO(report_fini) struct report r = {0};

	bring(&c, "other 1-1 other; r missing; r lib >= 2");
	r = try_changes(&c, NULL);
	assert_int_equal(r.broken.n, 2);
	says(&r.broken.p[0], "other-1-1.noarch (task #7) requires lib >= 2, which nothing provides");
	says(&r.broken.p[1], "other-1-1.noarch (task #7) requires missing, which nothing provides");
	blames(&r, "other");
}

static void
test_check_repaired(void **state)
{
	AUTO(change_fini) struct change c = change_make(7, "", "cure");
	AUTO(report_fini) struct report r = {0};

	bring(&c, "cure 1-1 cure; p missing");
	r = try_changes(&c, NULL);
	assert_int_equal(r.broken.n, 0);
	assert_int_equal(r.repaired.n, 1);
	assert_string_equal(r.repaired.p[0].package, "sick-1-1.noarch");
	assert_string_equal(r.repaired.p[0].what, "missing");
}

static void
test_check_lost_provider(void **state)
{
	AUTO(change_fini) struct change update = change_make(7, "", "lib");
	AUTO(change_fini) struct change del = change_make(8, "lib", "");
	AUTO(report_fini) struct report r = {0};
	AUTO(report_fini) struct report gone = {0};

	bring(&update, "lib 2-1 lib");
	bring(&update, "lib-common 2-1 lib");
	r = try_changes(&update, NULL);
	assert_int_equal(r.broken.n, 1);
	says(&r.broken.p[0], "app-1-1.noarch requires lib = 1-1, which nothing provides; it was in "
	    "lib-1-1.noarch, which task #7 takes away");
	gone = try_changes(&del, NULL);
	assert_int_equal(gone.broken.n, 2);
	speaks_of(&gone.broken.p[1], "requires lib-common, which nothing provides; it was in lib-common-1-1.noarch, which task #8");
	blames(&gone, "app");
}

/* The task that adds a user of the old library, and the one that takes the old library away. */
static void
make_two(struct change *user, struct change *update)
{
	*user = change_make(7, "", "user");
	*update = change_make(8, "", "lib app");
	bring(user, "user 1-1 user; r lib < 2");
	bring(update, "lib 2-1 lib");
	bring(update, "lib-common 2-1 lib");
	bring(update, "app 2-1 app; r lib >= 2");
}

/* Each passes alone; together they do not, in either order, and both are named. */
static void
test_check_union(void **state)
{
	for (int together = 0; together < 4; together++) {
		AUTO(change_fini) struct change user = {0};
		AUTO(change_fini) struct change update = {0};
		AUTO(report_fini) struct report r = {0};

		make_two(&user, &update);
		r = together == 0 ? try_changes(&user, NULL) : together == 1 ? try_changes(&update, NULL) :
		    together == 2 ? try_changes(&user, &update) : try_changes(&update, &user);
		assert_int_equal(r.broken.n, together >= 2);
		if (together >= 2)
			says(&r.broken.p[0], "user-1-1.noarch (task #7) requires lib < 2, which nothing "
			    "provides; it was in lib-1-1.noarch, which task #8 takes away");
	}
}

/* One breaks, the other repairs: the union passes. */
static void
test_check_repairs_other(void **state)
{
	AUTO(change_fini) struct change update = change_make(7, "", "lib");
	AUTO(change_fini) struct change rebuild = change_make(8, "", "app");
	AUTO(report_fini) struct report r = {0};

	bring(&update, "lib 2-1 lib");
	bring(&rebuild, "app 2-1 app; r lib >= 2");
	r = try_changes(&update, &rebuild);
	assert_int_equal(r.broken.n, 0);
}

static void
test_check_evr(void **state)
{
	AUTO(change_fini) struct change c = change_make(7, "", "lib");
	AUTO(change_fini) struct change same = change_make(7, "", "lib");
	AUTO(report_fini) struct report r = {0};
	AUTO(report_fini) struct report equal = {0};

	bring(&c, "lib 1~rc1-1 lib; p lib = 1-1");
	bring(&c, "lib-common 1-1 lib");
	r = try_changes(&c, NULL);
	assert_int_equal(r.broken.n, 1);
	speaks_of(&r.broken.p[0], "lib-1~rc1-1.noarch (task #7) is older than lib-1-1.noarch in the repository");
	bring(&same, "lib 1-1 lib");
	bring(&same, "lib-common 1-1 lib");
	equal = try_changes(&same, NULL);
	assert_int_equal(equal.broken.n, 0);
}

static void
test_check_contradiction(void **state)
{
	AUTO(repo_fini) struct repo base = {0};
	AUTO(change_fini) struct change c = change_make(7, "lib", "lib");
	AUTO(report_fini) struct report r = {0};
	const struct change *all[] = {&c};
	struct err err = {0};

	base_make(&base);
	FAILS(check_changes(&base, all, 1, NULL, &r, &err), "task #7: lib is both built and deleted");
}

/* Random histories: what was added and removed bit by bit has the unmets of a repository made at once. */

static unsigned
dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % sides;
}

static char *
random_dep(unsigned *seed)
{
	unsigned a = dice(seed, 9), b = dice(seed, 5);

	switch (dice(seed, 10)) {
	case 0:
		return xasprintf("n%u >= %u", a, b);
	case 1:
		return xasprintf("n%u < %u", a, b);
	case 2:
		return xasprintf("n%u = %u-1", a, b);
	case 3:
		return xasprintf("/f%u", a);
	case 4:
		return xasprintf("(n%u or /f%u)", a, b);
	case 5:
		return xasprintf("(n%u if n%u)", a, b);
	case 6:
		return xasprintf("(n%u with p%u)", a, b);
	case 7:
		return xasprintf("(n%u unless p%u)", a, b);
	case 8:
		return xasprintf("p%u > %u", a, b);
	default:
		return xasprintf("n%u", a);
	}
}

static void
random_line(unsigned *seed, struct str *out)
{
	unsigned n = dice(seed, 8);

	str_add(out, "n%u %u-1 s%u; p p%u = %u; f /f%u", n, 1 + dice(seed, 4), dice(seed, 6), dice(seed, 5), dice(seed, 4),
	    dice(seed, 6));
	for (unsigned i = dice(seed, 4); i > 0; i--) {
		AUTO(free) char *dep = random_dep(seed);

		str_add(out, "; r %s", dep);
	}
}

static void
same_as_fresh(struct repo *r, const struct strs *lines)
{
	AUTO(repo_fini) struct repo fresh = {0};
	AUTO(free) char *was = unmets(r);
	AUTO(free) char *want = NULL;

	for (size_t i = 0; i < lines->n; i++)
		if (r->present[i])
			add(&fresh, lines->p[i]);
	want = unmets(&fresh);
	assert_string_equal(was, want);
}

static void
test_random(void **state)
{
	size_t with_unmets = 0;

	for (unsigned round = 1; round <= 60; round++) {
		AUTO(repo_fini) struct repo r = {0};
		AUTO(strs_fini) struct strs lines = {0};
		unsigned seed = round;

		for (int step = 0; step < 25; step++) {
			AUTO(str_fini) struct str line = {0};
			AUTO(free) char *source = xasprintf("s%u", dice(&seed, 6));
			AUTO(unmet_list_fini) struct unmet_list l = {0};

			if (dice(&seed, 4) == 0)
				repo_remove_source(&r, source, step);
			random_line(&seed, &line);
			add(&r, str_c(&line));
			strs_add(&lines, str_c(&line));
			if (dice(&seed, 3) == 0)
				same_as_fresh(&r, &lines);
			unmet_find(&r, &l);
			with_unmets += l.n > 0;
		}
		same_as_fresh(&r, &lines);
	}
	assert_true(with_unmets > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versioned),
		cmocka_unit_test(test_rpmlib),
		cmocka_unit_test(test_rich),
		cmocka_unit_test(test_rich_malformed),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_plan_refused),
		cmocka_unit_test(test_plan_fine),
		cmocka_unit_test(test_plan_noarch),
		cmocka_unit_test(test_plan_replaces),
		cmocka_unit_test(test_plan_same),
		cmocka_unit_test(test_plan_takes_over),
		cmocka_unit_test(test_plan_moves),
		cmocka_unit_test(test_check_only_new),
		cmocka_unit_test(test_check_broken),
		cmocka_unit_test(test_check_repaired),
		cmocka_unit_test(test_check_lost_provider),
		cmocka_unit_test(test_check_union),
		cmocka_unit_test(test_check_repairs_other),
		cmocka_unit_test(test_check_evr),
		cmocka_unit_test(test_check_contradiction),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
