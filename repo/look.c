/* Looking at a repository: numbers below the index's end are its own, the others are behind it. */
#include <sodium.h>
#include <string.h>

#include "base/alloc.h"
#include "package/depend.h"
#include "repo/index-write.h"
#include "repo/repo.h"

uint32_t
repo_packages(const struct repo *r)
{
	return (uint32_t)(r->base.n_packages + r->packages.n);
}

uint32_t
repo_requirements(const struct repo *r)
{
	return (uint32_t)(r->base.n_requirements + r->requirements.n);
}

const struct index_package *
repo_package(const struct repo *r, uint32_t i)
{
	return i < r->base.n_packages ? &r->base.packages[i] : &r->packages.p[i - r->base.n_packages];
}

const struct index_hashes *
repo_hashes(const struct repo *r, uint32_t i)
{
	return i < r->base.n_packages ? &r->base.hashes[i] : &r->hashes.p[i - r->base.n_packages];
}

const struct index_requirement *
repo_requirement(const struct repo *r, uint32_t i)
{
	return i < r->base.n_requirements ? &r->base.requirements[i] : &r->requirements.p[i - r->base.n_requirements];
}

const struct index_version *
repo_version(const struct repo *r, uint32_t i)
{
	static const struct index_version none;
	size_t own = r->base.n_versions ? r->base.n_versions : 1;

	if (i < own)
		return r->base.n_versions ? &r->base.versions[i] : &none;
	return &r->versions.p[i - own];
}

const char *
repo_text(const struct repo *r, uint32_t i)
{
	if (i < r->base.n_text)
		return r->base.text + i;
	return r->text.p ? r->text.p + (i - r->base.n_text) : "";
}

const char *
repo_key_text(const struct repo *r, uint32_t i)
{
	return repo_text(r, i < r->base.n_keys ? r->base.keys[i].text : r->keys.p[i - r->base.n_keys].text);
}

const char *
repo_name(const struct repo *r, uint32_t package)
{
	return repo_key_text(r, repo_package(r, package)->name);
}

const char *
repo_source(const struct repo *r, uint32_t package)
{
	return repo_key_text(r, repo_package(r, package)->source);
}

const char *
repo_evr(const struct repo *r, uint32_t package)
{
	uint32_t evr = repo_package(r, package)->evr;

	return evr ? repo_text(r, repo_version(r, evr)->text) : "";
}

const char *
repo_arch(const struct repo *r, uint32_t package)
{
	return repo_text(r, repo_package(r, package)->arch);
}

const char *
repo_file(const struct repo *r, uint32_t package)
{
	return repo_text(r, repo_package(r, package)->file);
}

int64_t
repo_by(const struct repo *r, uint32_t package)
{
	return package < r->base.n_packages ? 0 : r->by.p[package - r->base.n_packages];
}

int64_t
repo_gone_by(const struct repo *r, uint32_t package)
{
	for (size_t i = 0; i < r->gone.n; i++)
		if (r->gone.p[i].package == package)
			return r->gone.p[i].by;
	return 0;
}

bool
repo_was_present(const struct repo *r, uint32_t package)
{
	if (package >= r->base.n_packages + r->mark.packages)
		return false;
	if (r->present[package])
		return true;
	for (size_t i = 0; i < r->gone.n; i++)
		if (r->gone.p[i].package == package)
			return true;
	return false;
}

void
repo_sha256(const struct repo *r, uint32_t package, char out[SHA256_HEX + 1])
{
	sodium_bin2hex(out, SHA256_HEX + 1, repo_hashes(r, package)->rpm, sizeof(repo_hashes(r, package)->rpm));
}

uint32_t
repo_find(const struct repo *r, const char *name)
{
	uint32_t key = repo_find_key(r, name);

	if (key == INDEX_NONE)
		return INDEX_NONE;
	for (struct repo_walk w = repo_named(r, key); repo_next_named(&w);)
		if (r->present[w.value])
			return w.value;
	return INDEX_NONE;
}

const struct index_relation *
repo_provides(const struct repo *r, const struct index_package *p)
{
	size_t own = r->base.n_provides;

	return p->provides.at < own ? &r->base.provides[p->provides.at] : r->provides.p + (p->provides.at - own);
}

const struct index_relation *
repo_conflicts(const struct repo *r, const struct index_package *p)
{
	size_t own = r->base.n_conflicts;

	return p->conflicts.at < own ? &r->base.conflicts[p->conflicts.at] : r->conflicts.p + (p->conflicts.at - own);
}

const uint32_t *
repo_requires(const struct repo *r, const struct index_package *p)
{
	size_t own = r->base.n_requires;

	return p->requires.at < own ? &r->base.requires[p->requires.at] : r->requires.p + (p->requires.at - own);
}

/* Walks. */

static struct repo_walk
walk(const struct repo *r, const struct chain *c, uint32_t key, struct index_run own)
{
	return (struct repo_walk){.r = r, .i = own.at, .end = own.at + own.n, .cell = chain_first(c, key)};
}

static bool
next_cell(struct repo_walk *w, const struct chain *c)
{
	if (w->cell == CHAIN_END)
		return false;
	w->value = c->p[w->cell].value;
	w->cell = c->p[w->cell].next;
	return true;
}

static bool
next_number(struct repo_walk *w, const uint32_t *own, const struct chain *c)
{
	if (w->i == w->end)
		return next_cell(w, c);
	w->value = own[w->i++];
	return true;
}

struct repo_walk
repo_providers(const struct repo *r, uint32_t key)
{
	return walk(r, &r->providers, key, key < r->base.n_keys ? r->base.keys[key].providers : (struct index_run){0});
}

bool
repo_next_provider(struct repo_walk *w)
{
	const struct index_provider *p;

	if (w->i < w->end) {
		p = &w->r->base.providers[w->i++];
	} else {
		if (!next_cell(w, &w->r->providers))
			return false;
		p = &w->r->providing.p[w->value];
	}
	w->value = p->package;
	w->version = p->version;
	w->flags = p->flags;
	return true;
}

struct repo_walk
repo_askers(const struct repo *r, uint32_t key)
{
	return walk(r, &r->askers, key, key < r->base.n_keys ? r->base.keys[key].askers : (struct index_run){0});
}

bool
repo_next_asker(struct repo_walk *w)
{
	return next_number(w, w->r->base.askers, &w->r->askers);
}

struct repo_walk
repo_requirers(const struct repo *r, uint32_t requirement)
{
	return walk(r, &r->requirers, requirement,
	    requirement < r->base.n_requirements ? r->base.requirements[requirement].requirers : (struct index_run){0});
}

bool
repo_next_requirer(struct repo_walk *w)
{
	return next_number(w, w->r->base.requirers, &w->r->requirers);
}

struct repo_walk
repo_named(const struct repo *r, uint32_t key)
{
	struct repo_walk w = walk(r, &r->named, key, (struct index_run){0});

	w.i = key < r->base.n_keys ? r->base.keys[key].named : INDEX_NONE;
	return w;
}

bool
repo_next_named(struct repo_walk *w)
{
	if (w->i == INDEX_NONE)
		return next_cell(w, &w->r->named);
	w->value = w->i;
	w->i = w->r->base.packages[w->i].next_named;
	return true;
}

struct repo_walk
repo_of_source(const struct repo *r, uint32_t key)
{
	struct repo_walk w = walk(r, &r->of_source, key, (struct index_run){0});

	w.i = key < r->base.n_keys ? r->base.keys[key].of_source : INDEX_NONE;
	return w;
}

bool
repo_next_of_source(struct repo_walk *w)
{
	if (w->i == INDEX_NONE)
		return next_cell(w, &w->r->of_source);
	w->value = w->i;
	w->i = w->r->base.packages[w->i].next_of_source;
	return true;
}

/* Text. */

void
repo_requirement_text(const struct repo *r, uint32_t requirement, struct str *out)
{
	const struct index_requirement *q = repo_requirement(r, requirement);
	const char *name = repo_key_text(r, q->key);

	str_puts(out, *name == INDEX_SYMBOL ? name + 1 : name);
	if (!q->version || !q->flags)
		return;
	str_puts(out, " ");
	str_puts(out, q->flags & DEP_LESS ? "<" : "");
	str_puts(out, q->flags & DEP_GREATER ? ">" : "");
	str_puts(out, q->flags & DEP_EQUAL ? "=" : "");
	str_add(out, " %s", repo_text(r, repo_version(r, q->version)->text));
}

void
repo_nevra(const struct repo *r, uint32_t package, struct str *out)
{
	str_add(out, "%s-%s.%s", repo_name(r, package), repo_evr(r, package), repo_arch(r, package));
}
