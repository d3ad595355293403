/*
 * Two packages that may be installed together and must not: different files of
 * one path, which rpm would refuse (its rule of what is the same file: a folder
 * and a folder, links with one target, files of one size and digest; ghosts always
 * are), and capabilities that only one package should have: a soname, or
 * another package's own name with a version. Only packages that come can bring
 * such a pair, and a pair that was there before is not news.
 */
#include <string.h>

#include "base/alloc.h"
#include "repo/check.h"

enum { AHEAD = 16 };		/* lookups that are under way at once */

static bool
conflicts_with(const struct repo *r, const struct index_package *p, const struct index_package *other)
{
	const struct index_relation *c = repo_conflicts(r, p), *l = repo_provides(r, other);

	for (uint32_t i = 0; i < p->conflicts.n; i++)
		for (uint32_t k = 0; k < other->provides.n; k++)
			if (l[k].key == c[i].key && repo_overlap(r, l[k].version, l[k].flags, c[i].version, c[i].flags))
				return true;
	return false;
}

static bool
installed_together(const struct repo *r, uint32_t a, uint32_t b)
{
	const struct index_package *p = repo_package(r, a), *o = repo_package(r, b);

	return p->name != o->name && !conflicts_with(r, p, o) && !conflicts_with(r, o, p);
}

/* Duplicate provides. */

/* "libz.so.1()(64bit)", or "libz.so.1" of 32 bits: the soname itself, once, not its symbol versions. */
static bool
is_soname(const char *text)
{
	const char *open = strchr(text, '(');
	size_t n = open ? (size_t)(open - text) : strlen(text);

	return (!open || strncmp(open, "()", 2) == 0) && *text != '/' && memmem(text, n, ".so.", 4) != NULL;
}

static bool
provided_before(const struct repo *r, uint32_t name, uint32_t key)
{
	for (struct repo_walk w = repo_providers(r, key); repo_next_provider(&w);)
		if (repo_package(r, w.value)->name == name && repo_was_present(r, w.value))
			return true;
	return false;
}

static void
duplicate(struct check *c, uint32_t package, uint32_t other, uint32_t key)
{
	const struct repo *r = c->r;
	uint32_t a = repo_package(r, package)->name, b = repo_package(r, other)->name;
	uint32_t added = (uint32_t)(r->base.n_packages + r->mark.packages);

	if (repo_package(r, package)->source == repo_package(r, other)->source || !installed_together(r, package, other))
		return;
	/* Two that both come are found from either side: the later says it. */
	if (other >= added && other > package)
		return;
	if (provided_before(r, a, key) && provided_before(r, b, key))
		return;
	check_found(c, package, (struct finding){.kind = FINDING_DUPLICATE, .what = xstrdup(repo_key_text(r, key)),
	    .other = check_nevra(r, other), .other_by = other >= added ? repo_by(r, other) : 0});
}

/* Others that provide the key; with_version: only with a version. */
static void
others_with(struct check *c, uint32_t package, uint32_t key, bool with_version)
{
	uint32_t last = INDEX_NONE;

	for (struct repo_walk w = repo_providers(c->r, key); repo_next_provider(&w);) {
		if (w.value == package || w.value == last || !c->r->present[w.value] || (with_version && !w.version))
			continue;
		last = w.value;
		duplicate(c, package, w.value, key);
	}
}

void
check_duplicates(struct check *c)
{
	const struct repo *r = c->r;

	for (uint32_t p = (uint32_t)(r->base.n_packages + r->mark.packages); p < repo_packages(r); p++) {
		const struct index_package *pkg = repo_package(r, p);
		const struct index_relation *l = repo_provides(r, pkg);

		if (!r->present[p])
			continue;
		others_with(c, p, pkg->name, true);
		for (uint32_t i = 0; i < pkg->provides.n; i++) {
			const char *text = repo_key_text(r, l[i].key);

			if (l[i].flags & RELATION_FILE || *text == INDEX_SYMBOL || l[i].key == pkg->name)
				continue;
			if (is_soname(text)) {
				others_with(c, p, l[i].key, false);
				continue;
			}
			for (struct repo_walk w = repo_named(r, l[i].key); l[i].version && repo_next_named(&w);)
				if (r->present[w.value])
					duplicate(c, p, w.value, l[i].key);
		}
	}
}

/* Files. */

static bool
differ(uint32_t a, uint32_t b)
{
	if (a == b || a == PRINT_FREE || b == PRINT_FREE)
		return false;
	if (a == PRINT_UNKNOWN || b == PRINT_UNKNOWN)
		return a == PRINT_FOLDER || b == PRINT_FOLDER;
	return true;
}

/* Every file of one path, in the index and behind it. */
struct same_path {
	const struct repo *r;
	uint64_t hash;
	size_t at;
	uint32_t cell;
	struct index_path path;
};

static struct same_path
same_path(const struct repo *r, uint64_t hash)
{
	return (struct same_path){.r = r, .hash = hash, .at = index_path_at(&r->base, hash),
	    .cell = chain_first(&r->paths_by_hash, (uint32_t)hash)};
}

static bool
next_path(struct same_path *s)
{
	const struct repo *r = s->r;

	if (s->at < r->base.n_paths && r->base.paths[s->at].hash == s->hash) {
		s->path = r->base.paths[s->at++];
		return true;
	}
	while (s->cell != CHAIN_END) {
		const struct chain_cell *cell = &r->paths_by_hash.p[s->cell];

		s->cell = cell->next;
		if (r->paths.p[cell->value].hash == s->hash) {
			s->path = r->paths.p[cell->value];
			return true;
		}
	}
	return false;
}

static bool
was_there(const struct repo *r, uint32_t name)
{
	for (struct repo_walk w = repo_named(r, name); repo_next_named(&w);)
		if (repo_was_present(r, w.value))
			return true;
	return false;
}

/* Whether packages of these names already had different files of the path before the change. */
static bool
differed_before(const struct repo *r, uint64_t hash, uint32_t name, uint32_t other)
{
	if (!was_there(r, name) || !was_there(r, other))
		return false;
	for (struct same_path a = same_path(r, hash); next_path(&a);) {
		if (repo_package(r, a.path.package)->name != name || !repo_was_present(r, a.path.package))
			continue;
		for (struct same_path b = same_path(r, hash); next_path(&b);)
			if (repo_package(r, b.path.package)->name == other && repo_was_present(r, b.path.package) &&
			    differ(a.path.print, b.path.print))
				return true;
	}
	return false;
}

static const char *
path_text(const struct facts *f, uint64_t hash)
{
	for (size_t i = 0; i < f->files.n; i++)
		if (index_path_hash(f->files.p[i].path, strlen(f->files.p[i].path)) == hash)
			return f->files.p[i].path;
	return "a file";
}

/* told: by package, 1 + the last one that was said to conflict with it: a pair is said once. Paths come package by package. */
static void
check_path(struct check *c, const struct index_path *own, uint32_t *told)
{
	const struct repo *r = c->r;
	uint32_t added = (uint32_t)(r->base.n_packages + r->mark.packages), p = own->package;

	for (struct same_path s = same_path(r, own->hash); next_path(&s);) {
		uint32_t o = s.path.package;

		if (o == p || !r->present[o] || !differ(own->print, s.path.print) || (o >= added && o > p) ||
		    told[o] == p + 1 || !installed_together(r, p, o) ||
		    differed_before(r, own->hash, repo_package(r, p)->name, repo_package(r, o)->name))
			continue;
		told[o] = p + 1;
		check_found(c, p, (struct finding){.kind = FINDING_FILE, .what = xstrdup(path_text(c->added[p - added], own->hash)),
		    .other = check_nevra(r, o), .other_by = o >= added ? repo_by(r, o) : 0});
	}
}

void
check_files(struct check *c)
{
	const struct repo *r = c->r;
	unsigned shift = 64 - index_path_bits(r->base.n_paths);
	AUTO(free) uint32_t *told = xcalloc(repo_packages(r) + 1, sizeof(*told));

	/* The table is larger than any cache: ask for what will be looked at while looking at something else. */
	for (size_t i = r->mark.paths; i < r->paths.n; i++) {
		if (r->base.n_path_starts && i + 2 * AHEAD < r->paths.n)
			__builtin_prefetch(&r->base.path_starts[r->paths.p[i + 2 * AHEAD].hash >> shift]);
		if (r->base.n_path_starts && i + AHEAD < r->paths.n)
			__builtin_prefetch(&r->base.paths[r->base.path_starts[r->paths.p[i + AHEAD].hash >> shift]]);
		if (r->present[r->paths.p[i].package] && r->paths.p[i].print != PRINT_FREE)
			check_path(c, &r->paths.p[i], told);
	}
}
