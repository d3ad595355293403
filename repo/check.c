/*
 * A requirement was satisfied before and is not now: broken, for every present
 * package that has it. A package that came with an unsatisfied requirement breaks
 * it too, unless the package of its name and architecture had it unsatisfied before.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/vec.h"
#include "package/evr.h"
#include "repo/check.h"

char *
check_nevra(const struct repo *r, uint32_t package)
{
	struct str text = {0};

	repo_nevra(r, package, &text);
	return str_steal(&text);
}

static void
put(struct report *out, struct finding_list *l, struct finding f)
{
	if (l->n < CHECK_MAX_FINDINGS) {
		vec_push(l, f);
		return;
	}
	out->cut += l == &out->broken;
	finding_fini(&f);
}

void
check_found(struct check *c, uint32_t package, struct finding f)
{
	f.package = check_nevra(c->r, package);
	f.source = xstrdup(repo_source(c->r, package));
	f.by = repo_by(c->r, package);
	if (package < c->r->base.n_packages + c->r->mark.packages)
		f.by = 0;
	put(c->out, allow_has(c->allow, &f, repo_name(c->r, package)) ? &c->out->allowed : &c->out->broken, f);
}

static uint32_t
first_added(const struct repo *r)
{
	return (uint32_t)(r->base.n_packages + r->mark.packages);
}

/*
 * With packages whose symbols were never looked at, a symbol without a definer may be in one of
 * them: it is missed only if the change took a definer away.
 */
static bool
elf_known(const struct repo *r)
{
	for (uint32_t p = 0; p < repo_packages(r); p++)
		if (r->present[p] && !repo_package(r, p)->elf_known)
			return false;
	return true;
}

static bool
is_symbol(const struct repo *r, uint32_t q)
{
	return *repo_key_text(r, repo_requirement(r, q)->key) == INDEX_SYMBOL;
}

/* Taken away by this change; who did may be nobody in particular. */
static bool
is_gone(const struct repo *r, uint32_t package)
{
	for (size_t i = 0; i < r->gone.n; i++)
		if (r->gone.p[i].package == package)
			return true;
	return false;
}

struct losing {
	const struct repo *r;
	bool rich;
	uint32_t lost;			/* a package that provided it and is gone, or INDEX_NONE */
};

static void
find_lost(void *arg, uint32_t key, uint32_t version, uint32_t flags)
{
	struct losing *l = arg;

	for (struct repo_walk w = repo_providers(l->r, key); l->lost == INDEX_NONE && repo_next_provider(&w);)
		if (!l->r->present[w.value] && is_gone(l->r, w.value) &&
		    (l->rich || repo_overlap(l->r, w.version, w.flags, version, flags)))
			l->lost = w.value;
}

/* A package that the change took away and that satisfied this, or INDEX_NONE. */
static uint32_t
lost_provider(const struct repo *r, uint32_t q)
{
	struct losing l = {.r = r, .rich = repo_requirement(r, q)->rich, .lost = INDEX_NONE};

	repo_requirement_names(r, q, find_lost, &l);
	return l.lost;
}

static struct finding
requirement_finding(const struct repo *r, uint32_t q)
{
	struct str what = {0};
	struct finding f = {.kind = is_symbol(r, q) ? FINDING_SYMBOL : FINDING_UNMET};
	uint32_t lost = lost_provider(r, q);

	repo_requirement_text(r, q, &what);
	f.what = str_steal(&what);
	f.other = lost == INDEX_NONE ? xstrdup("") : check_nevra(r, lost);
	f.other_by = lost == INDEX_NONE ? 0 : repo_gone_by(r, lost);
	return f;
}

static void
broken(struct check *c, uint32_t package, uint32_t q)
{
	struct finding_list *l = &c->out->broken;
	size_t before = l->n;

	/* A library that goes away takes hundreds with it: the first few say it. What is allowed is none of them. */
	if (is_symbol(c->r, q) && c->symbols[package] >= CHECK_MAX_SYMBOLS && !(c->allow && c->allow->words.n)) {
		c->out->cut++;
		return;
	}
	check_found(c, package, requirement_finding(c->r, q));
	if (l->n == before || !is_symbol(c->r, q))
		return;
	if (c->symbols[package] >= CHECK_MAX_SYMBOLS) {
		finding_fini(&l->p[--l->n]);
		c->out->cut++;
	} else {
		c->symbols[package]++;
	}
}

static void
repaired(struct check *c, uint32_t package, uint32_t q)
{
	struct finding f = requirement_finding(c->r, q);

	f.package = check_nevra(c->r, package);
	f.source = xstrdup(repo_source(c->r, package));
	put(c->out, &c->out->repaired, f);
}

/* How well it was satisfied before the change; a requirement that is new was not there. */
static uint32_t
satisfied_before(const struct repo *r, uint32_t q)
{
	if (q >= r->base.n_requirements + r->mark.requirements)
		return 0;
	return r->stamp[q] == r->try ? r->before[q] : r->satisfied[q];
}

/* Whether a package of this one's name and architecture has the requirement, before or now. */
static bool
twin_requires(const struct repo *r, uint32_t package, uint32_t q, bool before)
{
	const struct index_package *p = repo_package(r, package);

	for (struct repo_walk w = repo_requirers(r, q); repo_next_requirer(&w);) {
		const struct index_package *other = repo_package(r, w.value);

		if (w.value != package && other->name == p->name &&
		    strcmp(repo_text(r, other->arch), repo_text(r, p->arch)) == 0 &&
		    (before ? repo_was_present(r, w.value) : r->present[w.value]))
			return true;
	}
	return false;
}

static void
check_touched(struct check *c)
{
	const struct repo *r = c->r;

	for (size_t i = 0; i < r->touched.n; i++) {
		uint32_t q = r->touched.p[i];
		bool was = r->before[q] > 0, is = repo_satisfied(r, q) > 0;

		if (was == is)
			continue;
		for (struct repo_walk w = repo_requirers(r, q); repo_next_requirer(&w);) {
			if (was && r->present[w.value])
				broken(c, w.value, q);
			if (is && repo_was_present(r, w.value))
				repaired(c, w.value, q);
		}
	}
}

void
check_requirements(struct check *c)
{
	const struct repo *r = c->r;
	bool symbols = true, asked = false;

	check_touched(c);
	for (uint32_t p = first_added(r); p < repo_packages(r); p++) {
		const struct index_package *pkg = repo_package(r, p);

		for (uint32_t i = 0; r->present[p] && i < pkg->requires.n; i++) {
			uint32_t q = repo_requires(r, pkg)[i];

			if (repo_satisfied(r, q) || satisfied_before(r, q) || twin_requires(r, p, q, true))
				continue;
			if (is_symbol(r, q) && !asked) {
				asked = true;
				symbols = elf_known(r);
			}
			if (symbols || !is_symbol(r, q) || lost_provider(r, q) != INDEX_NONE)
				broken(c, p, q);
		}
	}
	/* What went away unmet, and has no successor that is: repaired too. */
	for (size_t g = 0; g < r->gone.n; g++) {
		uint32_t p = r->gone.p[g].package;
		const struct index_package *pkg = repo_package(r, p);

		for (uint32_t i = 0; p < first_added(r) && i < pkg->requires.n; i++) {
			uint32_t q = repo_requires(r, pkg)[i];

			if (repo_satisfied(r, q) == 0 && satisfied_before(r, q) == 0 && !twin_requires(r, p, q, false))
				repaired(c, p, q);
		}
	}
}

/* No package of the change may be older than the one of the same name that is there. */
static void
check_evr(struct repo *r, const struct change *c, const struct allow *allow, struct report *out)
{
	for (size_t i = 0; i < c->packages.n; i++) {
		const struct facts *f = &c->packages.p[i].facts;
		uint32_t old = repo_find(r, f->name);
		struct finding found;
		int bad;

		if (old == INDEX_NONE || strcmp(repo_evr(r, old), f->evr) == 0 || evr_cmp(repo_evr(r, old), f->evr, &bad) <= 0)
			continue;
		found = (struct finding){.kind = FINDING_EVR, .package = xasprintf("%s-%s.%s", f->name, f->evr, f->arch),
		    .source = xstrdup(f->source), .by = c->task, .what = xstrdup(f->evr), .other = check_nevra(r, old),
		    .other_by = repo_by(r, old)};
		put(out, allow_has(allow, &found, f->name) ? &out->allowed : &out->broken, found);
	}
}

static int
by_kind(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int c = (int)x->kind - (int)y->kind;

	/* What is required by name says more than symbols. */
	if (c == 0)
		c = strcmp(x->package, y->package);
	return c ? c : strcmp(x->what, y->what);
}

static void
sort(struct finding_list *l)
{
	if (l->n)
		qsort(l->p, l->n, sizeof(*l->p), by_kind);
}

struct added {
	const struct facts **p;
	size_t n, cap;
};

/* What was there already does not come: it gets no number. */
static void
apply(struct repo *r, const struct change *change, struct added *added, struct strs *notes)
{
	uint32_t at = repo_packages(r);

	plan_apply(r, change, NULL, notes);
	for (size_t k = 0; k < change->packages.n && at < repo_packages(r); k++) {
		const struct facts *f = &change->packages.p[k].facts;

		if (strcmp(repo_name(r, at), f->name) != 0)
			continue;
		vec_push(added, f);
		at++;
	}
}

int
check_changes(struct repo *r, const struct change *const *changes, size_t n, const struct allow *allow,
	struct report *out, struct err *err)
{
	struct added added = {0};
	struct check c = {.r = r, .allow = allow, .out = out};

	for (size_t i = 0; i < n; i++)
		if (plan_check(changes[i], err) < 0)
			return changes[i]->task ? err_ctx(err, "task #%lld", (long long)changes[i]->task) : -1;
	repo_begin(r);
	for (size_t i = 0; i < n; i++) {
		check_evr(r, changes[i], allow, out);
		apply(r, changes[i], &added, &out->notes);
	}
	c.added = added.p;
	c.symbols = xcalloc(repo_packages(r) + 1, sizeof(*c.symbols));
	check_requirements(&c);
	check_duplicates(&c);
	check_files(&c);
	vec_fini(&added);
	free(c.symbols);
	sort(&out->broken);
	sort(&out->repaired);
	sort(&out->allowed);
	return 0;
}
