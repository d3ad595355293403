/*
 * Folding on a real repository, against every subset: what is accepted passes, nothing can be
 * added to it, one or two at a time, and the repository is as it was.
 */
#include "repo/test-packages.h"

#include "bisect/strategy.h"
#include "merger/fold.h"
#include "repo/index-write.h"

enum { ITEMS = 6 };

struct world {
	struct repo repo;
	struct change change[ITEMS];
	struct fold_item item[ITEMS];
	int64_t dep[ITEMS];
	size_t n;
	bool passes[1 << ITEMS];
};

static void
world_fini(struct world *w)
{
	repo_fini(&w->repo);
	for (size_t i = 0; i < ITEMS; i++)
		change_fini(&w->change[i]);
}
AUTO_DEFINE_EMBEDDED(struct world, world_fini);

static void
bring(struct change *c, const char *line)
{
	struct facts f = package_make(line);

	if (!strs_has(&c->builds, f.source))
		strs_add(&c->builds, f.source);
	change_add(c, &f, "");
}

/* The items are numbered from 1 as tasks; deps[i] is a task or 0. */
static void
number(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		w->change[i].task = (int64_t)i + 1;
		w->item[i] = (struct fold_item){(int64_t)i + 1, &w->change[i], &w->dep[i], w->dep[i] != 0};
	}
}

/* By the checks themselves, one set after the other on the repository as it is. */
static bool
try(struct world *w, unsigned set)
{
	const struct change *changes[ITEMS];
	AUTO(report_fini) struct report report = {0};
	struct err err = {0};
	size_t n = 0;
	int r;

	for (size_t i = 0; i < w->n; i++)
		if (set >> i & 1)
			changes[n++] = &w->change[i];
	r = check_changes(&w->repo, changes, n, NULL, &report, &err);
	if (r == 0)
		repo_undo(&w->repo);
	return r == 0 && report.broken.n == 0;
}

/* Each with what it depends on. */
static bool
closed(const struct world *w, unsigned set)
{
	for (size_t i = 0; i < w->n; i++)
		if (set >> i & 1 && w->dep[i] && !(set >> (w->dep[i] - 1) & 1))
			return false;
	return true;
}

static unsigned
fold(struct world *w, const struct strategy *strategy, size_t testers, struct settled *out)
{
	struct repo *repos[] = {&w->repo};
	const struct fold f = {.repos = repos, .n_arches = 1, .items = w->item, .n = w->n, .testers = testers, .strategy = strategy};
	struct err err = {0};
	unsigned set = 0;

	OK(fold_settle(&f, out, &err));
	for (size_t i = 0; i < out->n_accepted; i++)
		set |= 1u << out->order[i];
	return set;
}

static void
check(struct world *w, const struct settled *out, unsigned set, unsigned seed)
{
	if (!w->passes[set] || !closed(w, set))
		fail_msg("seed %u: %x was accepted and does not pass", seed, set);
	for (size_t i = 0; i < w->n; i++) {
		AUTO(report_fini) struct report report = {0};
		struct err err = {0};

		assert_int_equal(out->state[i] == SETTLED_ACCEPTED, set >> i & 1);
		if (out->state[i] == SETTLED_ASIDE) {
			OK(report_unpack(out->report[i].p, out->report[i].n, &report, &err));
			assert_true(report.broken.n > 0);
		}
		for (size_t j = 0; j < w->n; j++) {
			unsigned more = set | 1u << i | 1u << j;

			if (more != set && closed(w, more) && w->passes[more])
				fail_msg("seed %u: %x passes, %x was accepted", seed, more, set);
		}
	}
	if (w->passes[(1u << w->n) - 1] && closed(w, (1u << w->n) - 1))
		assert_int_equal(set, (1u << w->n) - 1);
}

static unsigned
dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % sides;
}

/* A package that may need, provide, have or conflict with what others do. */
static void
random_line(unsigned *seed, unsigned name, unsigned version, struct str *out)
{
	static const char *const parts[] = {"r n%u", "r n%u = 1", "r n%u > 1", "p cap%u", "r cap%u", "f /f%u", "r /f%u", "f /same=%u",
	    "d s%u; u s0", "u s%u", "r (n%u or cap1)", "c n%u", "p n%u = 9"};

	str_add(out, "n%u %u-1 n%u", name, version, name);
	for (unsigned i = dice(seed, 3); i > 0; i--) {
		const char *part = parts[dice(seed, sizeof(parts) / sizeof(*parts))];
		unsigned value = dice(seed, 4);

		str_puts(out, "; ");
		for (; *part; part++)
			if (part[0] == '%')
				part++, str_add(out, "%u", value);
			else
				str_putc(out, *part);
	}
}

static void
invent(struct world *w, unsigned seed)
{
	w->n = 2 + seed % (ITEMS - 1);
	for (unsigned i = 0; i < 4; i++) {
		AUTO(str_fini) struct str line = {0};

		random_line(&seed, i, 1, &line);
		package_add(&w->repo, str_c(&line), 0);
	}
	stand_on_index(&w->repo);
	for (size_t i = 0; i < w->n; i++) {
		AUTO(str_fini) struct str line = {0};
		AUTO(free) char *source = xasprintf("n%u", dice(&seed, 4));

		if (i && dice(&seed, 5) == 0)
			w->dep[i] = 1 + dice(&seed, (unsigned)i);
		if (dice(&seed, 5) == 0) {
			strs_add(&w->change[i].deletes, source);
			continue;
		}
		random_line(&seed, dice(&seed, 7), 1 + dice(&seed, 3), &line);
		bring(&w->change[i], str_c(&line));
	}
	number(w);
	for (unsigned set = 0; set < 1u << w->n; set++)
		w->passes[set] = try(w, set);
}

static void
test_random(void **state)
{
	size_t some = 0, worlds = 0;

	for (unsigned seed = 1; seed <= 120; seed++, worlds++) {
		AUTO(world_fini) struct world w = {0};
		AUTO(settled_fini) struct settled out = {0};
		unsigned set;

		invent(&w, seed);
		set = fold(&w, &strategies[seed % n_strategies], 1 + seed % 4, &out);
		check(&w, &out, set, seed);
		some += set != 0 && set != (1u << w.n) - 1;
		/* Nothing of it is left. */
		for (unsigned s = 0; s < 1u << w.n; s++)
			assert_int_equal(try(&w, s), w.passes[s]);
	}
	/* The worlds are of any use. */
	assert_in_range(some, worlds / 3, worlds);
}

static void
test_pair(void **state)
{
	for (size_t k = 0; k < n_strategies; k++) {
		AUTO(world_fini) struct world w = {.n = 4};
		AUTO(settled_fini) struct settled out = {0};

		package_add(&w.repo, "lib 1-1 lib", 0);
		package_add(&w.repo, "user 1-1 user; r lib = 1", 0);
		stand_on_index(&w.repo);
		bring(&w.change[0], "lib 2-1 lib");
		bring(&w.change[1], "bad 1-1 bad; r none");
		bring(&w.change[2], "user 2-1 user; r lib = 2");
		bring(&w.change[3], "good 1-1 good; r lib");
		number(&w);
		assert_int_equal(fold(&w, &strategies[k], 2, &out), 0xd);
		assert_int_equal(out.order[0] * 100 + out.order[1] * 10 + out.order[2], 23);
	}
}

/* One that contradicts itself is named, and the others need no search. */
static void
test_plans(void **state)
{
	AUTO(world_fini) struct world w = {.n = 5};
	AUTO(settled_fini) struct settled out = {0};
	AUTO(report_fini) struct report report = {0};
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	bring(&w.change[0], "one 1-1 one");
	bring(&w.change[1], "twice 1-1 twice");
	bring(&w.change[1], "twice 2-1 twice");
	bring(&w.change[2], "two 1-1 two");
	bring(&w.change[4], "three 1-1 three");
	number(&w);
	assert_int_equal(fold(&w, NULL, 4, &out), 0x15);
	assert_int_equal(out.rounds, 2);
	OK(report_unpack(out.report[1].p, out.report[1].n, &report, &err));
	report_summary(&report, &text);
	assert_string_equal(str_c(&text), "task #2: two subtasks give the package twice");
	str_clear(&text);
	report_fini(&report);
	report = (struct report){0};
	OK(report_unpack(out.report[3].p, out.report[3].n, &report, &err));
	report_summary(&report, &text);
	assert_string_equal(str_c(&text), "task #4: the plan is empty: nothing to build and nothing to delete");
}

/* A set passes if it does on every architecture. */
static void
test_arches(void **state)
{
	AUTO(repo_fini) struct repo a = {0};
	AUTO(repo_fini) struct repo b = {0};
	struct repo *repos[] = {&a, &b};
	AUTO(settled_fini) struct settled out = {0};
	struct change c[2] = {{0}};
	const struct fold_item items[] = {{1, c, NULL, 0}};
	const struct fold f = {.repos = repos, .n_arches = 2, .items = items, .n = 1, .testers = 1};
	struct err err = {0};

	package_add(&a, "lib 1-1 lib", 0);
	repo_keep(&a);
	bring(&c[0], "user 1-1 user; r lib");
	bring(&c[1], "user 1-1 user; r lib");
	c[0].task = c[1].task = 1;
	OK(fold_settle(&f, &out, &err));
	assert_int_equal(out.n_accepted, 0);
	change_fini(&c[0]);
	change_fini(&c[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_arches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
