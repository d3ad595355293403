/*
 * What is added gets the numbers behind the index's own, and stands at the head
 * of chains beside its lists. Undoing cuts every array and chain back to where
 * it was, and gives back the counts that were touched.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "package/facts.h"
#include "package/version.h"
#include "repo/index-write.h"
#include "repo/repo.h"
#include "repo/symbols.h"

/* Every chain that a mark remembers the length of. */
#define CHAINS(X) X(keys_by_hash) X(versions_by_hash) X(triples) X(providers) X(askers) X(requirers) X(extra) \
	X(named) X(of_source) X(paths_by_hash) X(wanted)
/* Every array. */
#define ARRAYS(X) X(packages) X(provides) X(requires) X(conflicts) X(paths) X(keys) X(requirements) X(versions) \
	X(rich) X(rich_children)

void
repo_fini(struct repo *r)
{
	index_fini(&r->base);
	str_fini(&r->text);
#define FINI(name) vec_fini(&r->name);
	ARRAYS(FINI)
#undef FINI
#define FINI(name) chain_fini(&r->name);
	CHAINS(FINI)
#undef FINI
	vec_fini(&r->hashes);
	vec_fini(&r->by);
	vec_fini(&r->providing);
	vec_fini(&r->touched);
	vec_fini(&r->gone);
	free(r->present);
	free(r->satisfied);
	free(r->stamp);
	free(r->before);
	*r = (struct repo){0};
}

static void
reserve_packages(struct repo *r, size_t n)
{
	size_t cap = r->cap_packages ? r->cap_packages : 256;

	if (n <= r->cap_packages)
		return;
	while (cap < n)
		cap *= 2;
	r->present = xrealloc(r->present, cap);
	r->cap_packages = cap;
}

static void
reserve_requirements(struct repo *r, size_t n)
{
	size_t cap = r->cap_requirements ? r->cap_requirements : 1024;

	if (n <= r->cap_requirements)
		return;
	while (cap < n)
		cap *= 2;
	r->satisfied = xrealloc(r->satisfied, cap * sizeof(*r->satisfied));
	r->stamp = xrealloc(r->stamp, cap * sizeof(*r->stamp));
	r->before = xrealloc(r->before, cap * sizeof(*r->before));
	memset(r->stamp + r->cap_requirements, 0, (cap - r->cap_requirements) * sizeof(*r->stamp));
	r->cap_requirements = cap;
}

void
repo_open(struct repo *r, struct index *base)
{
	*r = (struct repo){.base = *base};
	*base = (struct index){0};
	reserve_packages(r, r->base.n_packages + 256);
	reserve_requirements(r, r->base.n_requirements + 1024);
	memset(r->present, 1, r->base.n_packages);
	memcpy(r->satisfied, r->base.satisfied, r->base.n_satisfied * sizeof(*r->satisfied));
	repo_begin(r);
}

void
repo_begin(struct repo *r)
{
	r->touched.n = r->gone.n = 0;
	r->try++;
	r->mark.text = r->text.n;
#define NOTE(name) r->mark.name = r->name.n;
	ARRAYS(NOTE)
	CHAINS(NOTE)
#undef NOTE
}

void
repo_keep(struct repo *r)
{
	for (size_t i = 0; i < r->touched.n; i++)
		r->satisfied[r->touched.p[i]] = repo_satisfied(r, r->touched.p[i]);
	for (uint32_t q = (uint32_t)(r->base.n_requirements + r->mark.requirements); q < repo_requirements(r); q++)
		r->satisfied[q] = repo_satisfied(r, q);
	repo_begin(r);
}

void
repo_undo(struct repo *r)
{
	for (size_t i = 0; i < r->touched.n; i++)
		r->satisfied[r->touched.p[i]] = r->before[r->touched.p[i]];
	for (size_t i = 0; i < r->gone.n; i++)
		r->present[r->gone.p[i].package] = 1;
	r->text.n = r->mark.text;
#define CUT(name) r->name.n = r->mark.name;
	ARRAYS(CUT)
#undef CUT
#define CUT(name) chain_cut(&r->name, r->mark.name);
	CHAINS(CUT)
#undef CUT
	r->hashes.n = r->by.n = r->packages.n;
	r->providing.n = r->providers.n;
	r->touched.n = r->gone.n = 0;
	r->try++;
}

/* Interning: first in the index, then in the chain of the same hash. */

static uint32_t
put_text(struct repo *r, const char *text, size_t n)
{
	uint32_t at;

	/* Text 0 is the empty one, also where there is no index. */
	if (!r->base.n_text && !r->text.n)
		str_putc(&r->text, '\0');
	at = (uint32_t)(r->base.n_text + r->text.n);
	str_put(&r->text, text, n);
	str_putc(&r->text, '\0');
	return at;
}

static uint32_t
find_key(const struct repo *r, const char *text, uint32_t hash)
{
	uint32_t id = index_key(&r->base, text, hash);

	if (id != INDEX_NONE)
		return id;
	for (uint32_t c = chain_first(&r->keys_by_hash, hash); c != CHAIN_END; c = r->keys_by_hash.p[c].next)
		if (strcmp(repo_key_text(r, r->keys_by_hash.p[c].value), text) == 0)
			return r->keys_by_hash.p[c].value;
	return INDEX_NONE;
}

uint32_t
repo_find_key(const struct repo *r, const char *text)
{
	return find_key(r, text, index_text_hash(text));
}

static uint32_t
intern_key(struct repo *r, const char *text)
{
	uint32_t hash = index_text_hash(text), id = find_key(r, text, hash);

	if (id != INDEX_NONE)
		return id;
	id = (uint32_t)(r->base.n_keys + r->keys.n);
	vec_push(&r->keys, ((struct index_key){.text = put_text(r, text, strlen(text)), .hash = hash}));
	chain_push(&r->keys_by_hash, hash, id);
	return id;
}

static uint32_t
put_normal(struct repo *r, const char *text, size_t n)
{
	uint32_t at = (uint32_t)(r->base.n_text + r->text.n);

	version_normal(&r->text, text, n);
	str_putc(&r->text, '\0');
	return at;
}

static uint32_t
intern_version(struct repo *r, const char *evr)
{
	uint32_t hash, id;
	struct version_parts parts;
	struct index_version v;

	if (!*evr)
		return 0;
	hash = index_text_hash(evr);
	id = index_version(&r->base, evr, hash);
	if (id != INDEX_NONE)
		return id;
	for (uint32_t c = chain_first(&r->versions_by_hash, hash); c != CHAIN_END; c = r->versions_by_hash.p[c].next)
		if (strcmp(repo_text(r, repo_version(r, r->versions_by_hash.p[c].value)->text), evr) == 0)
			return r->versions_by_hash.p[c].value;
	/* Number 0 is none, also where there is no index. */
	id = (uint32_t)((r->base.n_versions ? r->base.n_versions : 1) + r->versions.n);
	parts = version_split(evr);
	v = (struct index_version){.text = put_text(r, evr, strlen(evr)), .hash = hash, .epoch = parts.epoch};
	v.v = put_normal(r, parts.version, parts.version_n);
	v.r = parts.release ? put_normal(r, parts.release, parts.release_n) : 0;
	vec_push(&r->versions, v);
	chain_push(&r->versions_by_hash, hash, id);
	return id;
}

/* Counts. */

static void
touch(struct repo *r, uint32_t q)
{
	if (r->stamp[q] == r->try || q >= r->base.n_requirements + r->mark.requirements)
		return;
	r->stamp[q] = r->try;
	r->before[q] = r->satisfied[q];
	vec_push(&r->touched, q);
}

/* A provider of a name comes (1) or goes (-1): everything that asks for the name hears of it. */
static void
tell_askers(struct repo *r, uint32_t key, uint32_t version, uint32_t flags, int change)
{
	for (struct repo_walk w = repo_askers(r, key); repo_next_asker(&w);) {
		const struct index_requirement *q = repo_requirement(r, w.value);

		if (!q->rich && !repo_overlap(r, version, flags, q->version, q->flags))
			continue;
		touch(r, w.value);
		if (!q->rich)
			r->satisfied[w.value] += (uint32_t)change;
	}
}

static void
add_provider(struct repo *r, uint32_t key, uint32_t package, uint32_t version, uint32_t flags)
{
	vec_push(&r->providing, ((struct index_provider){package, version, flags}));
	chain_push(&r->providers, key, (uint32_t)r->providing.n - 1);
	if (r->present[package])
		tell_askers(r, key, version, flags, 1);
}

/* Requirements. */

static bool
path_wanted(const struct repo *r, uint32_t key)
{
	return (key < r->base.n_keys && r->base.keys[key].wanted_path) || chain_first(&r->wanted, key) != CHAIN_END;
}

/* A path is required for the first time: whichever packages have it provide it from now on. */
static void
want_path(struct repo *r, uint32_t key, const char *path)
{
	uint64_t hash = index_path_hash(path, strlen(path));
	size_t n = r->paths.n;

	chain_push(&r->wanted, key, 1);
	for (size_t i = index_path_at(&r->base, hash); i < r->base.n_paths && r->base.paths[i].hash == hash; i++) {
		chain_push(&r->extra, r->base.paths[i].package, key);
		add_provider(r, key, r->base.paths[i].package, 0, RELATION_FILE);
	}
	for (size_t i = 0; i < n; i++)
		if (r->paths.p[i].hash == hash) {
			chain_push(&r->extra, r->paths.p[i].package, key);
			add_provider(r, key, r->paths.p[i].package, 0, RELATION_FILE);
		}
}

static uint32_t
want_name(struct repo *r, const char *name)
{
	uint32_t key = intern_key(r, name);

	if (name[0] == '/' && !path_wanted(r, key))
		want_path(r, key, name);
	return key;
}

static uint32_t
put_rich(struct repo *r, const struct rich *rich, uint32_t requirement)
{
	uint32_t at = (uint32_t)r->rich.n, children = (uint32_t)r->rich_children.n;
	struct index_rich node = {.op = rich->op, .children = {(uint32_t)r->base.n_rich_children + children, (uint32_t)rich->n}};

	if (rich->op == RICH_SIMPLE) {
		node.key = want_name(r, rich->dep.name);
		node.version = intern_version(r, rich->dep.evr);
		node.flags = rich->dep.flags & DEP_COMPARE;
		chain_push(&r->askers, node.key, requirement);
	}
	vec_push(&r->rich, node);
	for (size_t i = 0; i < rich->n; i++)
		vec_push(&r->rich_children, 0u);
	for (size_t i = 0; i < rich->n; i++) {
		uint32_t child = put_rich(r, rich->child[i], requirement);

		r->rich_children.p[children + i] = child;
	}
	return (uint32_t)r->base.n_rich + at;
}

static uint32_t
intern_requirement(struct repo *r, const char *name, const char *evr, uint32_t flags)
{
	uint32_t key = want_name(r, name), version = intern_version(r, evr), hash, id;
	struct index_requirement q;
	struct rich *rich = NULL;
	struct err ignored;

	flags = version ? flags & DEP_COMPARE : 0;
	hash = index_triple_hash(key, version, flags);
	id = index_requirement(&r->base, key, version, flags);
	if (id != INDEX_NONE)
		return id;
	for (uint32_t c = chain_first(&r->triples, hash); c != CHAIN_END; c = r->triples.p[c].next) {
		const struct index_requirement *other = repo_requirement(r, r->triples.p[c].value);

		if (other->key == key && other->version == version && other->flags == flags)
			return r->triples.p[c].value;
	}
	id = repo_requirements(r);
	reserve_requirements(r, id + 1);
	q = (struct index_requirement){.key = key, .version = version, .flags = flags};
	r->stamp[id] = r->try;
	if (name[0] == '(' && (rich = rich_parse(name, &ignored)))
		q.rich = 1 + put_rich(r, rich, id);
	else
		chain_push(&r->askers, key, id);
	rich_free(rich);
	vec_push(&r->requirements, q);
	chain_push(&r->triples, hash, id);
	r->satisfied[id] = repo_count(r, id);
	return id;
}

/* Coming and going. */

static void
add_require(struct repo *r, uint32_t package, uint32_t q)
{
	uint32_t c = chain_first(&r->requirers, q);

	/* Said twice is said once. */
	if (c != CHAIN_END && r->requirers.p[c].value == package)
		return;
	vec_push(&r->requires, q);
	chain_push(&r->requirers, q, package);
}

static void
add_requires(struct repo *r, uint32_t package, const struct dep_list *l, const struct symbols *symbols)
{
	struct index_run *run = &r->packages.p[package - r->base.n_packages].requires;

	run->at = (uint32_t)(r->base.n_requires + r->requires.n);
	for (size_t i = 0; i < l->n; i++)
		if (!(l->p[i].flags & DEP_RPMLIB) && strncmp(l->p[i].name, "rpmlib(", 7) != 0)
			add_require(r, package, intern_requirement(r, l->p[i].name, l->p[i].evr, l->p[i].flags));
	for (uint32_t i = 0; i < symbols->uses.n; i++)
		add_require(r, package, intern_requirement(r, symbols->uses.key[i].text, "", 0));
	run->n = (uint32_t)(r->base.n_requires + r->requires.n) - run->at;
}

static void
provide(struct repo *r, uint32_t package, uint32_t key, uint32_t version, uint32_t flags)
{
	vec_push(&r->provides, ((struct index_relation){key, version, flags}));
	add_provider(r, key, package, version, flags);
}

/* The key of a path that is wanted, or INDEX_NONE. */
static uint32_t
wanted_key(const struct repo *r, const char *path, uint64_t hash)
{
	size_t low = 0, high = r->base.n_wanted;
	uint32_t key;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (r->base.wanted[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < r->base.n_wanted && r->base.wanted[low].hash == hash)
		return r->base.wanted[low].package;
	if (r->wanted.n == 0)
		return INDEX_NONE;
	key = repo_find_key(r, path);
	return key != INDEX_NONE && path_wanted(r, key) ? key : INDEX_NONE;
}

static void
add_provides(struct repo *r, uint32_t package, const struct facts *f, const struct symbols *symbols)
{
	const struct dep_list *l = &f->dep[DEP_PROVIDES];
	uint32_t at = (uint32_t)(r->base.n_provides + r->provides.n);

	for (size_t i = 0; i < l->n; i++) {
		uint32_t key = intern_key(r, l->p[i].name);

		provide(r, package, key, intern_version(r, l->p[i].evr), l->p[i].flags & DEP_COMPARE);
	}
	for (size_t i = 0; i < f->files.n; i++) {
		const struct fact_file *file = &f->files.p[i];
		uint64_t hash = index_path_hash(file->path, strlen(file->path));
		uint32_t key = wanted_key(r, file->path, hash);

		vec_push(&r->paths, ((struct index_path){hash, package, index_print(file)}));
		chain_push(&r->paths_by_hash, (uint32_t)hash, (uint32_t)r->paths.n - 1);
		if (key != INDEX_NONE)
			provide(r, package, key, 0, RELATION_FILE);
	}
	for (uint32_t i = 0; i < symbols->defines.n; i++) {
		uint32_t key = intern_key(r, symbols->defines.key[i].text);

		provide(r, package, key, 0, 0);
	}
	r->packages.p[package - r->base.n_packages].provides =
	    (struct index_run){at, (uint32_t)(r->base.n_provides + r->provides.n) - at};
}

static void
add_conflicts(struct repo *r, uint32_t package, const struct facts *f)
{
	uint32_t at = (uint32_t)(r->base.n_conflicts + r->conflicts.n);

	for (int k = DEP_CONFLICTS; k <= DEP_OBSOLETES; k++)
		for (size_t i = 0; i < f->dep[k].n; i++) {
			const struct dep *d = &f->dep[k].p[i];
			uint32_t key = intern_key(r, d->name);

			vec_push(&r->conflicts, ((struct index_relation){key, intern_version(r, d->evr),
			    (d->flags & DEP_COMPARE) | (k == DEP_OBSOLETES ? RELATION_OBSOLETES : 0)}));
		}
	r->packages.p[package - r->base.n_packages].conflicts =
	    (struct index_run){at, (uint32_t)(r->base.n_conflicts + r->conflicts.n) - at};
}

uint32_t
repo_add(struct repo *r, const struct facts *f, const char *facts_sha, int64_t by)
{
	uint32_t id = repo_packages(r);
	struct index_package p = {.name = intern_key(r, f->name), .source = intern_key(r, f->source),
	    .evr = intern_version(r, f->evr), .next_named = INDEX_NONE, .next_of_source = INDEX_NONE};
	AUTO(symbols_fini) struct symbols symbols = {0};
	struct index_hashes h;

	p.elf_known = f->elf_known;
	p.arch = put_text(r, f->arch, strlen(f->arch));
	p.file = put_text(r, f->file, strlen(f->file));
	index_hash(h.rpm, f->sha256);
	index_hash(h.facts, facts_sha);
	reserve_packages(r, id + 1);
	r->present[id] = 1;
	vec_push(&r->packages, p);
	vec_push(&r->hashes, h);
	vec_push(&r->by, by);
	chain_push(&r->named, p.name, id);
	chain_push(&r->of_source, p.source, id);
	symbols_take(&symbols, f);
	add_provides(r, id, f, &symbols);
	add_conflicts(r, id, f);
	add_requires(r, id, &f->dep[DEP_REQUIRES], &symbols);
	return id;
}

void
repo_remove(struct repo *r, uint32_t package, int64_t by)
{
	const struct index_package *p = repo_package(r, package);
	const struct index_relation *l = repo_provides(r, p);

	if (!r->present[package])
		return;
	r->present[package] = 0;
	vec_push(&r->gone, ((struct repo_gone){package, by}));
	for (uint32_t i = 0; i < p->provides.n; i++)
		tell_askers(r, l[i].key, l[i].version, l[i].flags, -1);
	for (uint32_t c = chain_first(&r->extra, package); c != CHAIN_END; c = r->extra.p[c].next)
		tell_askers(r, r->extra.p[c].value, 0, RELATION_FILE, -1);
}

size_t
repo_remove_source(struct repo *r, const char *source, int64_t by)
{
	uint32_t key = repo_find_key(r, source);
	size_t n = 0;

	if (key == INDEX_NONE)
		return 0;
	for (struct repo_walk w = repo_of_source(r, key); repo_next_of_source(&w);)
		if (r->present[w.value]) {
			repo_remove(r, w.value, by);
			n++;
		}
	return n;
}
