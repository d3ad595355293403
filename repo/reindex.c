/* A new index of what is present: when much has changed beside the old one. */
#include <string.h>

#include <sodium.h>

#include "base/alloc.h"
#include "package/depend.h"
#include "repo/index-write.h"
#include "repo/repo.h"

struct sorting {
	const struct repo *r;
	uint32_t package;
};

static int
by_name(const void *a, const void *b)
{
	const struct sorting *x = a, *y = b;
	int c = strcmp(repo_name(x->r, x->package), repo_name(y->r, y->package));

	return c ? c : memcmp(repo_hashes(x->r, x->package)->rpm, repo_hashes(y->r, y->package)->rpm, 32);
}

static void
add_relations(const struct repo *r, struct index_writer *w, const struct index_package *p)
{
	const struct index_relation *l = repo_provides(r, p);

	for (uint32_t i = 0; i < p->provides.n; i++)
		if (!(l[i].flags & RELATION_FILE))
			index_add_provide(w, repo_key_text(r, l[i].key), repo_text(r, repo_version(r, l[i].version)->text), l[i].flags);
	l = repo_conflicts(r, p);
	for (uint32_t i = 0; i < p->conflicts.n; i++)
		index_add_conflict(w, repo_key_text(r, l[i].key), repo_text(r, repo_version(r, l[i].version)->text), l[i].flags);
}

static void
add_package(const struct repo *r, struct index_writer *w, uint32_t package)
{
	const struct index_package *p = repo_package(r, package);
	const struct index_hashes *h = repo_hashes(r, package);
	const uint32_t *requires = repo_requires(r, p);
	char rpm[65], facts[65];

	sodium_bin2hex(rpm, sizeof(rpm), h->rpm, sizeof(h->rpm));
	sodium_bin2hex(facts, sizeof(facts), h->facts, sizeof(h->facts));
	index_add_package(w, &(struct index_names){repo_name(r, package), repo_source(r, package), repo_evr(r, package),
	    repo_arch(r, package), repo_file(r, package), rpm, facts});
	w->packages.p[w->packages.n - 1].elf_known = p->elf_known;
	add_relations(r, w, p);
	for (uint32_t i = 0; i < p->requires.n; i++) {
		const struct index_requirement *q = repo_requirement(r, requires[i]);

		index_add_require(w, repo_key_text(r, q->key), repo_text(r, repo_version(r, q->version)->text), q->flags);
	}
}

int
repo_reindex(const struct repo *r, struct index *out, uint32_t **order, struct err *err)
{
	uint32_t all = repo_packages(r), n = 0;
	AUTO(free) struct sorting *sorted = xcalloc(all + 1, sizeof(*sorted));
	AUTO(free) uint32_t *renumber = xcalloc(all + 1, sizeof(*renumber));
	AUTO(index_writer_fini) struct index_writer w = {0};

	for (uint32_t i = 0; i < all; i++)
		if (r->present[i])
			sorted[n++] = (struct sorting){r, i};
	qsort(sorted, n, sizeof(*sorted), by_name);
	memset(renumber, 0xff, all * sizeof(*renumber));
	for (uint32_t i = 0; i < n; i++) {
		renumber[sorted[i].package] = i;
		add_package(r, &w, sorted[i].package);
	}
	vec_reserve(&w.paths, r->base.n_paths + r->paths.n);
	for (size_t i = 0; i < r->base.n_paths; i++)
		if (r->present[r->base.paths[i].package])
			index_add_path(&w, renumber[r->base.paths[i].package], r->base.paths[i].hash, r->base.paths[i].print);
	for (size_t i = 0; i < r->paths.n; i++)
		if (r->present[r->paths.p[i].package])
			index_add_path(&w, renumber[r->paths.p[i].package], r->paths.p[i].hash, r->paths.p[i].print);
	if (order) {
		*order = xcalloc(n + 1, sizeof(**order));
		for (uint32_t i = 0; i < n; i++)
			(*order)[i] = sorted[i].package;
	}
	return index_write(&w, out, err);
}
