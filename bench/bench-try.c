/*
 * Trying a transaction on a distribution: its changes applied, checked, and undone.
 *
 *   bench-try DIR
 *   bench-try --verify DIR
 *
 * DIR has been made by prepare (debian, batch-1000, batch-1000-culprits). Each of the 1000 transactions of 1 to 20
 * packages is tried ROUNDS (5) times in an order that is never the same: on the whole repository, and on a half
 * and a quarter of it, which have all that the transactions replace. The fit is of least squares: a time for a try,
 * and one for a package. The slowest is that whose best time is the longest.
 *
 * --verify instead tries DELTAS (2000) random changes: some transactions at once, good ones and culprits, some packages
 * left out, some sources deleted. What the report has of unmets must be what unmet_find() finds after and not before,
 * and what it says is repaired, the other way round. A difference is told, and the status is 1.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/vec.h"
#include "bench/data.h"
#include "bench/sample.h"
#include "repo/check.h"
#include "repo/unmet.h"

static double
try(struct repo *r, const struct change *c)
{
	AUTO(report_fini) struct report report = {0};
	double begin = sample_now_ms();
	struct err err;

	must(check_changes(r, &c, 1, NULL, &report, &err), &err);
	repo_undo(r);
	return sample_now_ms() - begin;
}

/* Least squares: ms = once + each * packages. */
struct fit {
	double n, x, y, xx, xy;
};

static void
fit_add(struct fit *f, double x, double y)
{
	f->n++;
	f->x += x;
	f->y += y;
	f->xx += x * x;
	f->xy += x * y;
}

static void
fit_print(const struct fit *f, const char *name)
{
	double each = (f->n * f->xy - f->x * f->y) / (f->n * f->xx - f->x * f->x);

	printf("%s-fit-once %.4f ms\n%s-fit-package %.4f ms\n", name, (f->y - each * f->x) / f->n, name, each);
}

static void
measure(struct repo *r, const struct changes *all, const char *name, size_t rounds)
{
	AUTO(samples_fini) struct samples times = {0};
	AUTO(samples_fini) struct samples each = {0};
	AUTO(free) char *a_package = xasprintf("%s-package", name);
	AUTO(free) double *best = xcalloc(all->n, sizeof(*best));
	struct fit fit = {0};
	unsigned seed = 1;
	size_t slowest = 0;

	/* Now what is mapped has been read. */
	for (size_t i = 0; i < all->n; i++)
		best[i] = try(r, &all->p[i]);
	for (size_t i = 0; i < rounds * all->n; i++) {
		size_t which = sample_dice(&seed, (unsigned)all->n);
		const struct change *c = &all->p[which];
		double ms = try(r, c);

		best[which] = ms < best[which] ? ms : best[which];
		samples_add(&times, ms);
		samples_add(&each, ms / (double)c->packages.n);
		fit_add(&fit, (double)c->packages.n, ms);
	}
	printf("%s-packages %u packages\n", name, repo_packages(r));
	samples_print(&times, name, "ms");
	samples_print(&each, a_package, "ms");
	fit_print(&fit, name);
	for (size_t i = 0; i < all->n; i++)
		slowest = best[i] > best[slowest] ? i : slowest;
	printf("%s-slowest-%s %.3f ms\n", name, all->p[slowest].builds.p[0], best[slowest]);
}

/* Some of the repository: the sources of the transactions, and others until it has that many packages. */
static void
cut(struct repo *r, const struct changes *all, size_t packages)
{
	AUTO(map_fini) struct map kept = {0};
	AUTO(free) uint32_t *order = NULL;
	struct index x = {0};
	size_t left = repo_packages(r);
	unsigned seed = 2;
	struct err err;

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->p[i].builds.n; k++)
			map_add(&kept, all->p[i].builds.p[k]);
	while (left > packages) {
		uint32_t p = sample_dice(&seed, repo_packages(r));
		AUTO(free) char *source = xstrdup(repo_source(r, p));

		if (r->present[p] && map_find(&kept, source) == MAP_NONE)
			left -= repo_remove_source(r, source, 0);
	}
	must(repo_reindex(r, &x, &order, &err), &err);
	repo_fini(r);
	repo_open(r, &x);
	repo_count_all(r);
}

static void
measure_all(const char *dir, int index)
{
	AUTO(changes_fini) struct changes all = {0};
	size_t rounds = sample_number("ROUNDS", 5), packages;
	static const char *const names[] = {"try", "try-half", "try-quarter"};

	data_changes(dir, "batch-1000", &all);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO(repo_fini) struct repo r = {0};

		data_open(index, &r);
		packages = repo_packages(&r) >> i;
		if (i)
			cut(&r, &all, packages);
		measure(&r, &all, names[i], rounds);
	}
}

/* The oracle. */

struct set {
	struct strs key;		/* "name.arch<TAB>requirement" of each; two versions of a package have the same */
	struct strs full;		/* with the package's version */
	struct map keys;
};

static void
set_fini(struct set *s)
{
	map_fini(&s->keys);
	strs_fini(&s->key);
	strs_fini(&s->full);
}
AUTO_DEFINE_EMBEDDED(struct set, set_fini);

static struct set
take_set(const struct repo *r)
{
	AUTO(unmet_list_fini) struct unmet_list l = {0};
	struct set s = {0};

	unmet_find(r, &l);
	for (size_t i = 0; i < l.n; i++) {
		struct str key = {0}, full = {0};

		unmet_key(r, &l.p[i], &key);
		map_add(&s.keys, str_c(&key));
		strs_take(&s.key, str_steal(&key));
		repo_nevra(r, l.p[i].package, &full);
		str_putc(&full, '\t');
		repo_requirement_text(r, l.p[i].requirement, &full);
		strs_take(&s.full, str_steal(&full));
	}
	return s;
}

/* What is in `a` and not in `b`. */
static struct strs
difference(const struct set *a, const struct set *b)
{
	struct strs lines = {0};

	for (size_t i = 0; i < a->full.n; i++)
		if (map_find(&b->keys, a->key.p[i]) == MAP_NONE)
			strs_add(&lines, a->full.p[i]);
	return lines;
}

static struct strs
reported(const struct finding_list *l)
{
	AUTO(map_fini) struct map seen = {0};
	struct strs lines = {0};

	for (size_t i = 0; i < l->n; i++) {
		AUTO(free) char *line = xasprintf("%s\t%s", l->p[i].package, l->p[i].what);

		if (l->p[i].kind <= FINDING_SYMBOL && map_add(&seen, line))
			strs_add(&lines, line);
	}
	return lines;
}

/* Tell the lines of one that the other has not; whether there are any. */
static bool
tell_missing(const struct strs *a, const struct strs *b, const char *what, size_t number)
{
	AUTO(map_fini) struct map in = {0};
	bool any = false;

	for (size_t i = 0; i < b->n; i++)
		map_add(&in, b->p[i]);
	for (size_t i = 0; i < a->n; i++)
		if (map_find(&in, a->p[i]) == MAP_NONE) {
			fprintf(stderr, "bench-try: delta %zu, %s: %s\n", number, what, a->p[i]);
			any = true;
		}
	return any;
}

/* A transaction without a package here and there. The facts are the transaction's still. */
static void
take_some(struct change *out, const struct change *c, unsigned *seed)
{
	for (size_t i = 0; i < c->builds.n; i++)
		strs_add(&out->builds, c->builds.p[i]);
	for (size_t i = 0; i < c->packages.n; i++)
		if (sample_dice(seed, 8))
			vec_push(&out->packages, c->packages.p[i]);
}

static void
some_release(struct change *c)
{
	vec_fini(&c->packages);
	change_fini(c);
}

enum { MOST = 5 };

/* A random change of up to MOST tasks with different sources; how many. */
static size_t
draw(const struct changes *all, const struct repo *r, unsigned *seed, struct change *out)
{
	size_t n = 1 + sample_dice(seed, MOST), made = 0;
	AUTO(map_fini) struct map sources = {0};

	for (size_t i = 0; i < n; i++) {
		const struct change *c = &all->p[sample_dice(seed, (unsigned)all->n)];
		bool deletes = sample_dice(seed, 5) == 0;
		const char *source = deletes ? repo_source(r, sample_dice(seed, (unsigned)r->base.n_packages)) : c->builds.p[0];

		if (!map_add(&sources, source))
			continue;
		out[made] = (struct change){.task = (int64_t)made + 1};
		if (deletes)
			strs_add(&out[made++].deletes, source);
		else
			take_some(&out[made++], c, seed);
	}
	return made;
}

/* 0: the list has what is in `a` and not in `b`. */
static int
same(const struct finding_list *l, const struct set *a, const struct set *b, const char *what, size_t number)
{
	AUTO(strs_fini) struct strs want = difference(a, b);
	AUTO(strs_fini) struct strs got = reported(l);
	AUTO(free) char *missing = xasprintf("%s, but not in the report", what);
	AUTO(free) char *surplus = xasprintf("not %s, but in the report", what);

	return tell_missing(&want, &got, missing, number) | tell_missing(&got, &want, surplus, number);
}

/* 1 if one differs; *broken: whether it broke something. */
static int
verify_one(struct repo *r, const struct changes *all, const struct set *before, unsigned *seed, size_t number, bool *broken)
{
	AUTO(report_fini) struct report report = {0};
	AUTO(set_fini) struct set after = {0};
	struct change c[MOST] = {0};
	const struct change *list[MOST];
	size_t n = draw(all, r, seed, c);
	struct err err;
	int bad;

	for (size_t i = 0; i < n; i++)
		list[i] = &c[i];
	must(check_changes(r, list, n, NULL, &report, &err), &err);
	after = take_set(r);
	*broken = report.broken.n > 0;
	bad = report.cut ? 0 : same(&report.broken, &after, before, "broken", number) |
	    same(&report.repaired, before, &after, "repaired", number);
	repo_undo(r);
	for (size_t i = 0; i < n; i++)
		some_release(&c[i]);
	return bad;
}

/* Differences are told one by one up to here. */
enum { TOLD = 5 };

static int
verify(const char *dir, int index)
{
	AUTO(changes_fini) struct changes all = {0};
	AUTO(repo_fini) struct repo r = {0};
	AUTO(set_fini) struct set before = {0};
	size_t n = sample_number("DELTAS", 2000), broke = 0, bad = 0;
	unsigned seed = 3;

	data_changes(dir, "batch-1000-culprits", &all);
	data_changes(dir, "batch-1000", &all);
	data_open(index, &r);
	before = take_set(&r);
	for (size_t i = 0; i < n && bad < TOLD; i++) {
		bool broken;

		bad += (size_t)verify_one(&r, &all, &before, &seed, i, &broken);
		broke += broken;
	}
	printf("try-verified %zu deltas\ntry-verified-broken %zu deltas\ntry-mismatches %zu deltas\n", n, broke, bad);
	return bad || !broke ? 1 : 0;
}

int
main(int argc, char **argv)
{
	bool oracle = argc == 3 && strcmp(argv[1], "--verify") == 0;
	AUTO(repo_fini) struct repo r = {0};
	AUTO(close) int index = -1;

	if (argc != 2 && !oracle) {
		fprintf(stderr, "usage: bench-try [--verify] DIR\n");
		return 2;
	}
	data_repository(argv[argc - 1], &r);
	index = data_save(argv[argc - 1], &r);
	repo_fini(&r);
	if (oracle)
		return verify(argv[argc - 1], index);
	measure_all(argv[argc - 1], index);
	return 0;
}
