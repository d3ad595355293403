#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "repo/plan.h"

void
change_fini(struct change *c)
{
	for (size_t i = 0; i < c->packages.n; i++) {
		facts_fini(&c->packages.p[i].facts);
		free(c->packages.p[i].facts_sha);
	}
	vec_fini(&c->packages);
	strs_fini(&c->deletes);
	strs_fini(&c->builds);
}

void
change_add(struct change *c, struct facts *facts, const char *facts_sha)
{
	vec_push(&c->packages, ((struct change_package){*facts, xstrdup(facts_sha)}));
	*facts = (struct facts){0};
}

int
plan_check(const struct change *c, struct err *err)
{
	AUTO(map_fini) struct map seen = {0};

	if (!c->deletes.n && !c->builds.n)
		return err_set(err, EINVAL, "the plan is empty: nothing to build and nothing to delete");
	for (size_t i = 0; i < c->builds.n; i++) {
		if (strs_has(&c->deletes, c->builds.p[i]))
			return err_set(err, EINVAL, "%s is both built and deleted", c->builds.p[i]);
		if (!map_add(&seen, c->builds.p[i]))
			return err_set(err, EINVAL, "two subtasks give the source %s", c->builds.p[i]);
	}
	map_fini(&seen);
	for (size_t i = 0; i < c->packages.n; i++)
		if (!map_add(&seen, c->packages.p[i].facts.name))
			return err_set(err, EINVAL, "two subtasks give the package %s", c->packages.p[i].facts.name);
	return 0;
}

static void
left(const char *source, struct strs *removed)
{
	if (removed && !strs_has(removed, source))
		strs_add(removed, source);
}

static void
leave(struct repo *r, const char *source, int64_t task, struct strs *removed)
{
	if (repo_remove_source(r, source, task))
		left(source, removed);
}

/* The number of a package that is there already, of the same source; or INDEX_NONE. */
static uint32_t
find_same(const struct repo *r, const struct facts *f)
{
	uint32_t p = repo_find(r, f->name);
	char sha256[SHA256_HEX + 1];

	if (p == INDEX_NONE || strcmp(repo_source(r, p), f->source) != 0)
		return INDEX_NONE;
	repo_sha256(r, p, sha256);
	return strcmp(sha256, f->sha256) == 0 ? p : INDEX_NONE;
}

static bool
comes_again(const struct repo *r, uint32_t package, const struct change *c)
{
	for (size_t i = 0; i < c->packages.n; i++)
		if (strcmp(c->packages.p[i].facts.name, repo_name(r, package)) == 0)
			return find_same(r, &c->packages.p[i].facts) == package;
	return false;
}

/* All of a source but what the change has again. */
static void
replace(struct repo *r, const char *source, const struct change *c, struct strs *removed)
{
	uint32_t key = repo_find_key(r, source);

	if (key == INDEX_NONE)
		return;
	for (struct repo_walk w = repo_of_source(r, key); repo_next_of_source(&w);)
		if (r->present[w.value] && !comes_again(r, w.value, c)) {
			repo_remove(r, w.value, c->task);
			left(source, removed);
		}
}

/* A binary that changes hands takes its old source away. */
static void
take_over(struct repo *r, const struct facts *f, int64_t task, struct strs *removed, struct strs *notes)
{
	uint32_t old = repo_find(r, f->name);
	AUTO(free) char *source = NULL;

	if (old == INDEX_NONE || strcmp(repo_source(r, old), f->source) == 0)
		return;
	source = xstrdup(repo_source(r, old));
	if (notes)
		strs_take(notes, xasprintf("package %s now comes from %s: source %s leaves with all its packages",
		    f->name, f->source, source));
	leave(r, source, task, removed);
}

void
plan_apply(struct repo *r, const struct change *c, struct strs *removed, struct strs *notes)
{
	for (size_t i = 0; i < c->deletes.n; i++)
		leave(r, c->deletes.p[i], c->task, removed);
	for (size_t i = 0; i < c->builds.n; i++)
		replace(r, c->builds.p[i], c, removed);
	for (size_t i = 0; i < c->packages.n; i++)
		take_over(r, &c->packages.p[i].facts, c->task, removed, notes);
	for (size_t i = 0; i < c->packages.n; i++)
		if (find_same(r, &c->packages.p[i].facts) == INDEX_NONE)
			repo_add(r, &c->packages.p[i].facts, c->packages.p[i].facts_sha, c->task);
}

int
plan_noarch_differs(const struct change *c, const struct facts *other, char **why)
{
	for (size_t i = 0; i < c->packages.n; i++) {
		const struct facts *own = &c->packages.p[i].facts;
		AUTO(free) char *what = NULL;

		if (strcmp(own->arch, "noarch") != 0 || strcmp(own->name, other->name) != 0 || !facts_differ(own, other, &what))
			continue;
		*why = xasprintf("noarch package %s differs between architectures in %s", own->name, what);
		return 1;
	}
	return 0;
}
