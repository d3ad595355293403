/*
 * A requirement is followed to each present package that provides it, whichever
 * of them will be chosen; of a rich one, every name in it. What a package
 * conflicts with or obsoletes matters only if that is reached too. Symbols are
 * not followed: rpm does not know them.
 *
 * What is wanted stands in the repository for the while, as a package that
 * requires it: so paths become names that nothing required so far.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "builder/closure.h"
#include "package/facts.h"
#include "repo/repo.h"

/* A package has a file that something requires. */
struct found_path {
	uint32_t package, key;
};

struct search {
	const struct repo *r;
	VEC(uint32_t) found;
	VEC(struct found_path) paths;
	unsigned char *package_seen, *requirement_seen;
};

void
closure_fini(struct closure *c)
{
	vec_fini(&c->packages);
	vec_fini(&c->deps);
	strs_fini(&c->paths);
}

static void
search_fini(struct search *s)
{
	vec_fini(&s->found);
	vec_fini(&s->paths);
	free(s->package_seen);
	free(s->requirement_seen);
}
AUTO_DEFINE_EMBEDDED(struct search, search_fini);

static void
reach(struct search *s, uint32_t package)
{
	if (s->package_seen[package])
		return;
	s->package_seen[package] = 1;
	vec_push(&s->found, package);
}

static void
reach_providers(void *arg, uint32_t key, uint32_t version, uint32_t flags)
{
	struct search *s = arg;

	for (struct repo_walk w = repo_providers(s->r, key); repo_next_provider(&w);) {
		if (!s->r->present[w.value] || !repo_overlap(s->r, w.version, w.flags, version, flags))
			continue;
		if (w.flags & RELATION_FILE)
			vec_push(&s->paths, ((struct found_path){w.value, key}));
		reach(s, w.value);
	}
}

static bool
is_symbol(const struct repo *r, uint32_t key)
{
	return *repo_key_text(r, key) == INDEX_SYMBOL;
}

static void
follow(struct search *s, uint32_t package)
{
	const struct index_package *p = repo_package(s->r, package);
	const uint32_t *q = repo_requires(s->r, p);

	for (uint32_t i = 0; i < p->requires.n; i++) {
		if (s->requirement_seen[q[i]] || is_symbol(s->r, repo_requirement(s->r, q[i])->key))
			continue;
		s->requirement_seen[q[i]] = 1;
		repo_requirement_names(s->r, q[i], reach_providers, s);
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct closure_package *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : memcmp(x->rpm, y->rpm, SHA256_HEX / 2);
}

static int
by_package(const void *a, const void *b)
{
	const struct found_path *x = a, *y = b;

	return x->package < y->package ? -1 : x->package > y->package;
}

static void
put_dep(struct closure *out, struct closure_package *p, enum closure_list list, const struct repo *r, uint32_t key,
	uint32_t version, uint32_t flags)
{
	vec_push(&out->deps, ((struct closure_dep){repo_key_text(r, key), repo_text(r, repo_version(r, version)->text),
	    version ? flags & DEP_COMPARE : 0}));
	p->list[list].n++;
}

static void
put_provides(struct closure *out, struct closure_package *p, const struct search *s)
{
	const struct index_package *from = repo_package(s->r, p->number);
	const struct index_relation *l = repo_provides(s->r, from);
	const struct found_path wanted = {p->number, 0}, *end = s->paths.p + s->paths.n, *at = s->paths.n ?
	    bsearch(&wanted, s->paths.p, s->paths.n, sizeof(wanted), by_package) : NULL;

	p->list[CLOSURE_PROVIDES].at = (uint32_t)out->deps.n;
	for (uint32_t i = 0; i < from->provides.n; i++)
		if (!(l[i].flags & RELATION_FILE) && !is_symbol(s->r, l[i].key))
			put_dep(out, p, CLOSURE_PROVIDES, s->r, l[i].key, l[i].version, l[i].flags);
	while (at && at > s->paths.p && at[-1].package == p->number)
		at--;
	for (; at && at < end && at->package == p->number; at++) {
		strs_add(&out->paths, repo_key_text(s->r, at->key));
		vec_push(&out->deps, ((struct closure_dep){out->paths.p[out->paths.n - 1], "", 0}));
		p->list[CLOSURE_PROVIDES].n++;
	}
}

static void
put_package(struct closure *out, const struct search *s, uint32_t package)
{
	const struct repo *r = s->r;
	const struct index_package *from = repo_package(r, package);
	const struct index_relation *l = repo_conflicts(r, from);
	const uint32_t *q = repo_requires(r, from);
	struct closure_package p = {.number = package, .name = repo_name(r, package), .evr = repo_evr(r, package),
	    .arch = repo_arch(r, package), .rpm = repo_hashes(r, package)->rpm};

	put_provides(out, &p, s);
	p.list[CLOSURE_REQUIRES].at = (uint32_t)out->deps.n;
	for (uint32_t i = 0; i < from->requires.n; i++) {
		const struct index_requirement *need = repo_requirement(r, q[i]);

		if (!is_symbol(r, need->key))
			put_dep(out, &p, CLOSURE_REQUIRES, r, need->key, need->version, need->flags);
	}
	for (int list = CLOSURE_CONFLICTS; list <= CLOSURE_OBSOLETES; list++) {
		p.list[list].at = (uint32_t)out->deps.n;
		for (uint32_t i = 0; i < from->conflicts.n; i++)
			if (!(l[i].flags & RELATION_OBSOLETES) == (list == CLOSURE_CONFLICTS))
				put_dep(out, &p, list, r, l[i].key, l[i].version, l[i].flags);
	}
	vec_push(&out->packages, p);
}

static void
find(const struct repo *r, uint32_t from, uint32_t package, struct closure *out)
{
	AUTO(search_fini) struct search s = {.r = r, .package_seen = xcalloc(repo_packages(r), 1),
	    .requirement_seen = xcalloc(repo_requirements(r), 1)};

	s.package_seen[from] = 1;
	follow(&s, from);
	if (package != INDEX_NONE)
		reach(&s, package);
	for (size_t i = 0; i < s.found.n; i++)
		follow(&s, s.found.p[i]);
	if (s.paths.n)
		qsort(s.paths.p, s.paths.n, sizeof(*s.paths.p), by_package);
	for (size_t i = 0; i < s.found.n; i++)
		put_package(out, &s, s.found.p[i]);
	if (out->packages.n)
		qsort(out->packages.p, out->packages.n, sizeof(*out->packages.p), by_name);
}

int
closure_find(struct repo *r, const struct strs *wanted, uint32_t package, struct closure *out, struct err *err)
{
	char none[] = "";
	struct facts ask = {.name = none, .evr = none, .arch = none, .source = none, .file = none, .sha256 = none};
	struct dep_list *list = &ask.dep[DEP_REQUIRES];
	int rc = 0;

	for (size_t i = 0; i < wanted->n && rc == 0; i++) {
		struct dep d = {0};

		rc = dep_parse(wanted->p[i], &d, err);
		if (rc == 0)
			vec_push(list, d);
	}
	if (rc == 0) {
		repo_begin(r);
		find(r, repo_add(r, &ask, "", 0), package, out);
		repo_undo(r);
	}
	for (size_t i = 0; i < list->n; i++)
		dep_fini(&list->p[i]);
	vec_fini(list);
	return rc;
}
