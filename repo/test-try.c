/*
 * Trying changes: what is counted and reported along the way is what a pass over
 * everything says, and an undone change leaves nothing behind.
 */
#include "repo/test-packages.h"

#include "repo/check.h"
#include "repo/index-write.h"
#include "repo/unmet.h"

static unsigned
dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % sides;
}

static char *
random_dep(unsigned *seed)
{
	static const char *const forms[] = {"n%u >= %u", "n%u < %u", "n%u = %u-1", "/f%u%.0u", "(n%u or /f%u)", "(n%u if n%u)",
	    "(n%u with p%u)", "(n%u unless p%u)", "p%u > %u", "n%u%.0u", "p%u = %u", "(/g%u or n%u)", "/g%u%.0u"};
	unsigned form = dice(seed, ARRAY_SIZE(forms)), a = dice(seed, 12), b = dice(seed, 5);
	char text[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), forms[form], a, b);
#pragma GCC diagnostic pop
	return xstrdup(text);
}

static void
random_line(unsigned *seed, unsigned source, unsigned k, unsigned version, struct str *out)
{
	str_add(out, "n%u %u-1 s%u; p p%u = %u; f /f%u; f /g%u=%u", source * 2 + k, version, source, dice(seed, 8), dice(seed, 4),
	    dice(seed, 8), dice(seed, 12), dice(seed, 3));
	for (unsigned i = dice(seed, 4); i > 0; i--) {
		AUTO(free) char *dep = random_dep(seed);

		str_add(out, "; r %s", dep);
	}
	if (dice(seed, 4) == 0)
		str_add(out, "; c n%u", dice(seed, 16));
}

/* A random source as it would be built: one or two packages. */
static void
random_change(unsigned *seed, int64_t task, struct change *c)
{
	unsigned source = dice(seed, 8), version = 1 + dice(seed, 4);
	AUTO(free) char *name = xasprintf("s%u", source);

	c->task = task;
	strs_add(dice(seed, 5) ? &c->builds : &c->deletes, name);
	for (unsigned k = 0; c->builds.n && k < 2 && (k == 0 || dice(seed, 2)); k++) {
		AUTO(str_fini) struct str line = {0};
		struct facts f;

		random_line(seed, source, k, version, &line);
		f = package_make(str_c(&line));
		change_add(c, &f, "");
	}
}

/* All unmets, each "nevra<TAB>requirement", with its key "name.arch<TAB>requirement". */
struct all {
	struct strs full, keys;
};

static void
all_fini(struct all *a)
{
	strs_fini(&a->full);
	strs_fini(&a->keys);
}
AUTO_DEFINE_EMBEDDED(struct all, all_fini);

static struct all
all_unmets(const struct repo *r)
{
	AUTO(unmet_list_fini) struct unmet_list l = {0};
	struct all a = {0};

	unmet_find(r, &l);
	for (size_t i = 0; i < l.n; i++) {
		AUTO(str_fini) struct str full = {0};
		AUTO(str_fini) struct str key = {0};

		repo_nevra(r, l.p[i].package, &full);
		str_putc(&full, '\t');
		repo_requirement_text(r, l.p[i].requirement, &full);
		unmet_key(r, &l.p[i], &key);
		strs_add(&a.full, str_c(&full));
		strs_add(&a.keys, str_c(&key));
	}
	return a;
}

/* What is in `now` by key and not in `before`, as sorted lines. */
static char *
difference(const struct all *now, const struct all *before)
{
	AUTO(strs_fini) struct strs lines = {0};

	for (size_t i = 0; i < now->keys.n; i++)
		if (!strs_has(&before->keys, now->keys.p[i]) && !strs_has(&lines, now->full.p[i]))
			strs_add(&lines, now->full.p[i]);
	strs_sort(&lines);
	return strs_join(&lines, "\n");
}

static char *
reported(const struct finding_list *l)
{
	AUTO(strs_fini) struct strs lines = {0};

	for (size_t i = 0; i < l->n; i++) {
		AUTO(free) char *line = xasprintf("%s\t%s", l->p[i].package, l->p[i].what);

		if (l->p[i].kind <= FINDING_SYMBOL && !strs_has(&lines, line))
			strs_add(&lines, line);
	}
	strs_sort(&lines);
	return strs_join(&lines, "\n");
}

static void
counts_hold(const struct repo *r)
{
	for (uint32_t q = 0; q < repo_requirements(r); q++)
		if (repo_satisfied(r, q) != repo_count(r, q))
			fail_msg("requirement %u: kept %u, is %u", q, repo_satisfied(r, q), repo_count(r, q));
	/* Nothing stays behind for a name that was tried once. */
	assert_true(r->providers.n_used <= r->providers.n && r->keys_by_hash.n_used <= r->keys_by_hash.n &&
	    r->paths_by_hash.n_used <= r->paths_by_hash.n);
}

static void
same_unmets(const struct repo *r, const struct all *want)
{
	AUTO(all_fini) struct all now = all_unmets(r);
	AUTO(free) char *more = difference(&now, want);
	AUTO(free) char *less = difference(want, &now);

	assert_string_equal(more, "");
	assert_string_equal(less, "");
}

static size_t
try_some(struct repo *r, unsigned *seed, bool keep)
{
	struct change c[3] = {{0}};
	const struct change *all[] = {&c[0], &c[1], &c[2]};
	size_t n = 1 + dice(seed, 3), broken;
	AUTO(all_fini) struct all before = all_unmets(r);
	AUTO(all_fini) struct all after = {0};
	AUTO(report_fini) struct report report = {0};
	AUTO(free) char *want = NULL, *got = NULL;
	struct err err = {0};

	for (size_t i = 0; i < n; i++)
		random_change(seed, (int64_t)i + 1, &c[i]);
	OK(check_changes(r, all, n, NULL, &report, &err));
	after = all_unmets(r);
	counts_hold(r);
	want = difference(&after, &before);
	got = reported(&report.broken);
	assert_string_equal(got, want);
	free(want);
	free(got);
	want = difference(&before, &after);
	got = reported(&report.repaired);
	assert_string_equal(got, want);
	broken = report.broken.n;
	if (keep) {
		repo_keep(r);
		counts_hold(r);
		same_unmets(r, &after);
	} else {
		repo_undo(r);
		counts_hold(r);
		same_unmets(r, &before);
	}
	for (size_t i = 0; i < n; i++)
		change_fini(&c[i]);
	return broken;
}

static void
test_random(void **state)
{
	size_t broken = 0, tries = 0;

	for (unsigned round = 1; round <= 40; round++) {
		AUTO(repo_fini) struct repo r = {0};
		unsigned seed = round;

		for (int step = 0; step < 80; step++, tries++) {
			broken += try_some(&r, &seed, dice(&seed, 4) == 0) > 0;
			if (dice(&seed, 10) == 0) {
				AUTO(all_fini) struct all before = all_unmets(&r);

				stand_on_index(&r);
				same_unmets(&r, &before);
			}
		}
	}
	assert_int_equal(tries, 3200);
	assert_in_range(broken, 500, 3000);
}

/* The same packages give the same bytes, however they came. */
static void
test_index_is_canonical(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(repo_fini) struct repo other = {0};

	package_add(&r, "b 1-1 b; r a; r /x", 0);
	package_add(&r, "gone 1-1 gone; r b", 0);
	package_add(&r, "a 1-1 a; f /x; f /y=1; r (a or b)", 0);
	repo_remove_source(&r, "gone", 0);
	package_add(&other, "a 1-1 a; f /x; f /y=1; r (a or b)", 0);
	package_add(&other, "b 1-1 b; r a; r /x", 0);
	stand_on_index(&r);
	stand_on_index(&other);
	assert_int_equal(r.base.size, other.base.size);
	assert_memory_equal(r.base.memory, other.base.memory, r.base.size);
	stand_on_index(&r);
	assert_memory_equal(r.base.memory, other.base.memory, r.base.size);
	assert_int_equal(repo_packages(&r), 2);
	assert_string_equal(repo_name(&r, 0), "a");
	assert_string_equal(repo_file(&r, 1), "b-1-1.noarch.rpm");
}

/* Damage: never believed when verified, never a crash. */
static void
test_index_damaged(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	struct err err = {0};
	size_t refused = 0;

	package_add(&r, "a 1-1 a; f /x; f /y=1; r (a or b); r zz >= 2; c b < 3", 0);
	package_add(&r, "b 1-1 b; r a; r /x", 0);
	stand_on_index(&r);
	for (size_t n = 0; n < r.base.size; n += 7) {
		AUTO(index_fini) struct index x = {0};

		FAILS(index_take(&x, memcpy(xcalloc(1, n + 1), r.base.memory, n), n, &err), "saved index");
	}
	for (size_t i = 0; i < r.base.size; i++) {
		AUTO(index_fini) struct index x = {0};
		unsigned char *copy = memcpy(xcalloc(1, r.base.size), r.base.memory, r.base.size);

		copy[i] ^= 0xff;
		if (index_take(&x, copy, r.base.size, &err) < 0 || index_verify(&x, &err) < 0) {
			refused++;
		} else {
			AUTO(repo_fini) struct repo odd = {0};
			AUTO(unmet_list_fini) struct unmet_list l = {0};

			repo_open(&odd, &x);
			unmet_find(&odd, &l);
		}
	}
	assert_true(refused > 300);
}

/* One change on a base of these packages: its findings as sentences, a line each. malloc'ed. */
static char *
findings(const char *const *base, const char *const *lines, const char *deletes)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(change_fini) struct change c = {.task = 7};
	AUTO(report_fini) struct report report = {0};
	AUTO(str_fini) struct str text = {0};
	const struct change *all[] = {&c};
	struct err err = {0};

	for (; *base; base++)
		package_add(&r, *base, 0);
	stand_on_index(&r);
	strs_split(&c.deletes, deletes, " ");
	for (; *lines; lines++) {
		struct facts f = package_make(*lines);

		if (!strs_has(&c.builds, f.source))
			strs_add(&c.builds, f.source);
		change_add(&c, &f, "");
	}
	OK(check_changes(&r, all, 1, NULL, &report, &err));
	for (size_t i = 0; i < report.broken.n; i++) {
		str_puts(&text, i ? "\n" : "");
		finding_text(&report.broken.p[i], &text);
	}
	return str_steal(&text);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(,) NULL})
#define FOUND(base, lines, want) do {				\
	AUTO(free) char *got_ = findings(base, lines, "");	\
	assert_string_equal(got_, want);			\
} while (0)

static void
test_file_conflicts(void **state)
{
	const char *const *base = LINES("a 1-1 a; f /x=1; f /d/; f /g=ghost; f /old=1", "z 1-1 z; f /old=2");

	FOUND(base, LINES("b 1-1 b; f /x=2"), "b-1-1.noarch (task #7) has another /x than a-1-1.noarch: rpm would refuse to install both");
	FOUND(base, LINES("b 1-1 b; f /x=1; f /d/; f /g=9"), "");
	FOUND(base, LINES("b 1-1 b; f /d=2"), "b-1-1.noarch (task #7) has another /d than a-1-1.noarch: rpm would refuse to install both");
	FOUND(base, LINES("b 1-1 b; f /x=2; c a < 2"), "");
	FOUND(base, LINES("b 1-1 b; f /x=2; c a > 2"), "b-1-1.noarch (task #7) has another /x than a-1-1.noarch: rpm would refuse to install both");
	/* Its own successor is no stranger, and what was so before is not new. */
	FOUND(base, LINES("a 2-1 a; f /x=2"), "");
	FOUND(base, LINES("a 2-1 a; f /old=3"), "");
	/* A package that is there already does not come, and another one's paths are not taken for its. */
	FOUND(base, LINES("z 1-1 z; f /old=2", "b 1-1 z; f /x=2", "c 1-1 z; f /n=1"),
	    "b-1-1.noarch (task #7) has another /x than a-1-1.noarch: rpm would refuse to install both");
	/* Both come: said once, by the later. */
	FOUND(base, LINES("b 1-1 b; f /n=1", "c 1-1 c; f /n=2"),
	    "c-1-1.noarch (task #7) has another /n than b-1-1.noarch (task #7): rpm would refuse to install both");
	FOUND(base, LINES("a 2-1 a; f /n=1", "b 1-1 b; f /x=2"), "");
}

static void
test_duplicates(void **state)
{
	const char *const *base = LINES("libz 1-1 zlib; p libz.so.1()(64bit); p mta", "tool 1-1 tool; p editor = 1");

	FOUND(base, LINES("libz-ng 1-1 ng; p libz.so.1()(64bit)"), "libz-ng-1-1.noarch (task #7) provides libz.so.1()(64bit), and so "
	    "does libz-1-1.noarch: one of them should conflict with the other");
	FOUND(base, LINES("libz-ng 1-1 ng; p libz.so.1()(64bit); c libz"), "");
	FOUND(base, LINES("libz 2-1 zlib; p libz.so.1()(64bit)"), "");
	FOUND(base, LINES("sendmail 1-1 sendmail; p mta; p editor = 2"), "");
	FOUND(base, LINES("ng 1-1 ng; p tool = 3"), "ng-1-1.noarch (task #7) provides tool, and so does tool-1-1.noarch: one of them "
	    "should conflict with the other");
	FOUND(base, LINES("editor 1-1 editor"), "editor-1-1.noarch (task #7) provides editor, and so does tool-1-1.noarch: one of them "
	    "should conflict with the other");
	FOUND(base, LINES("ng 1-1 tool; p libz.so.1()(64bit); c libz", "ng2 1-1 tool; p libz.so.1()(64bit); c libz"), "");
}

/* Every package of a large change has another file of one path. */
static void
test_one_path_of_all(void **state)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(change_fini) struct change c = {.task = 7};
	AUTO(report_fini) struct report report = {0};
	const struct change *all[] = {&c};
	struct err err = {0};
	enum { MANY = 1000 };

	package_add(&r, "base 1-1 base; f /same=base", 0);
	stand_on_index(&r);
	for (int i = 0; i < MANY; i++) {
		AUTO(free) char *line = xasprintf("p%d 1-1 p%d; f /same=%d; f /own%d; r none%d", i, i, i, i, i);
		struct facts f = package_make(line);

		strs_add(&c.builds, f.source);
		change_add(&c, &f, "");
	}
	OK(check_changes(&r, all, 1, NULL, &report, &err));
	assert_int_equal(report.broken.n, CHECK_MAX_FINDINGS);
	assert_int_equal(report.broken.n + report.cut, MANY + MANY * (MANY + 1) / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_index_is_canonical),
		cmocka_unit_test(test_index_damaged),
		cmocka_unit_test(test_file_conflicts),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_one_path_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
