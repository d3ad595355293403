#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/vec.h"
#include "repo/repo.h"

enum { INDEX_VERSION = 1 };

void
repo_fini(struct repo *r)
{
	for (size_t i = 0; i < r->packages.n; i++) {
		facts_fini(&r->packages.p[i].facts);
		free(r->packages.p[i].facts_sha);
	}
	for (size_t i = 0; i < r->names.n; i++) {
		for (size_t k = 0; k < r->names.p[i].providers.n; k++)
			rpmverFree(r->names.p[i].providers.p[k].version);
		vec_fini(&r->names.p[i].providers);
	}
	for (size_t i = 0; i < r->requirements.n; i++) {
		struct repo_requirement *q = &r->requirements.p[i];

		free(q->text);
		rpmverFree(q->version);
		rich_free(q->rich);
		vec_fini(&q->requirers);
	}
	vec_fini(&r->packages);
	vec_fini(&r->names);
	vec_fini(&r->requirements);
	map_fini(&r->name_ids);
	map_fini(&r->requirement_ids);
	r->indexed = 0;
}

uint32_t
repo_add(struct repo *r, struct facts *facts, const char *facts_sha, int64_t by)
{
	vec_push(&r->packages, ((struct repo_package){.facts = *facts, .facts_sha = xstrdup(facts_sha),
	    .present = true, .by = by}));
	*facts = (struct facts){0};
	return (uint32_t)r->packages.n - 1;
}

size_t
repo_remove_source(struct repo *r, const char *source, int64_t by)
{
	size_t n = 0;

	for (size_t i = 0; i < r->packages.n; i++) {
		struct repo_package *p = &r->packages.p[i];

		if (p->present && strcmp(p->facts.source, source) == 0) {
			p->present = false;
			p->gone_by = by;
			n++;
		}
	}
	return n;
}

uint32_t
repo_find(const struct repo *r, const char *name)
{
	for (size_t i = 0; i < r->packages.n; i++)
		if (r->packages.p[i].present && strcmp(r->packages.p[i].facts.name, name) == 0)
			return (uint32_t)i;
	return MAP_NONE;
}

static uint32_t
intern_name(struct repo *r, const char *text)
{
	uint32_t id = map_intern(&r->name_ids, text);

	if (id == r->names.n)
		vec_push(&r->names, (struct repo_name){0});
	return id;
}

/* A path that something requires for the first time: whichever packages have it provide it. */
static void
want_path(struct repo *r, uint32_t id, const char *path)
{
	struct repo_name *name = &r->names.p[id];

	name->wanted_path = true;
	for (size_t i = 0; i < r->indexed; i++) {
		const struct facts *f = &r->packages.p[i].facts;

		for (size_t k = 0; k < f->files.n; k++)
			if (strcmp(f->files.p[k].path, path) == 0)
				vec_push(&name->providers, ((struct repo_provider){.package = (uint32_t)i}));
	}
}

static void
want_name(struct repo *r, const char *text)
{
	uint32_t id = intern_name(r, text);

	if (text[0] == '/' && !r->names.p[id].wanted_path)
		want_path(r, id, text);
}

static void
want_rich(struct repo *r, const struct rich *rich)
{
	if (rich->op == RICH_SIMPLE)
		want_name(r, rich->dep.name);
	for (size_t i = 0; i < rich->n; i++)
		want_rich(r, rich->child[i]);
}

static struct repo_requirement
make_requirement(struct repo *r, const struct dep *d, const char *text)
{
	struct repo_requirement q = {.text = xstrdup(text), .flags = d->flags};
	struct err ignored;

	if (dep_is_rich(d)) {
		q.rich = rich_parse(d->name, &ignored);
		if (q.rich) {
			want_rich(r, q.rich);
			return q;
		}
	}
	/* A rich one that cannot be parsed stays a name that nobody provides: an unmet. */
	want_name(r, d->name);
	q.name = map_find(&r->name_ids, d->name);
	q.version = *d->evr ? rpmverParse(d->evr) : NULL;
	return q;
}

static void
index_requires(struct repo *r, uint32_t package)
{
	const struct dep_list *l = &r->packages.p[package].facts.dep[DEP_REQUIRES];
	AUTO(str_fini) struct str text = {0};

	for (size_t i = 0; i < l->n; i++) {
		uint32_t id;

		if (l->p[i].flags & DEP_RPMLIB || strncmp(l->p[i].name, "rpmlib(", 7) == 0)
			continue;
		str_clear(&text);
		dep_text(&l->p[i], &text);
		id = map_intern(&r->requirement_ids, str_c(&text));
		if (id == r->requirements.n) {
			struct repo_requirement q = make_requirement(r, &l->p[i], str_c(&text));

			vec_push(&r->requirements, q);
		}
		vec_push(&r->requirements.p[id].requirers, package);
	}
}

static void
index_provides(struct repo *r, uint32_t package)
{
	const struct facts *f = &r->packages.p[package].facts;

	for (size_t i = 0; i < f->dep[DEP_PROVIDES].n; i++) {
		const struct dep *d = &f->dep[DEP_PROVIDES].p[i];
		uint32_t id = intern_name(r, d->name);

		vec_push(&r->names.p[id].providers, ((struct repo_provider){package, d->flags,
		    *d->evr ? rpmverParse(d->evr) : NULL}));
	}
	for (size_t i = 0; i < f->files.n; i++) {
		uint32_t id = map_find(&r->name_ids, f->files.p[i].path);

		if (id != MAP_NONE && r->names.p[id].wanted_path)
			vec_push(&r->names.p[id].providers, ((struct repo_provider){.package = package}));
	}
}

void
repo_index(struct repo *r)
{
	size_t from = r->indexed, to = r->packages.n;

	/* Requirements of all new packages first: then one pass over their files finds every wanted path. */
	for (size_t i = from; i < to; i++)
		index_requires(r, (uint32_t)i);
	for (size_t i = from; i < to; i++)
		index_provides(r, (uint32_t)i);
	r->indexed = to;
}

static bool
name_provided(const struct repo *r, uint32_t name, rpmver version, uint32_t flags, uint32_t only)
{
	for (size_t i = 0; i < r->names.p[name].providers.n; i++) {
		const struct repo_provider *p = &r->names.p[name].providers.p[i];

		if (r->packages.p[p->package].present && (only == MAP_NONE || p->package == only) &&
		    dep_overlap(p->version, p->flags, version, flags))
			return true;
	}
	return false;
}

static bool
simple_satisfied(const struct repo *r, const struct dep *d, uint32_t only)
{
	uint32_t id = map_find(&r->name_ids, d->name);
	rpmver v = *d->evr ? rpmverParse(d->evr) : NULL;
	bool yes = id != MAP_NONE && name_provided(r, id, v, d->flags, only);

	rpmverFree(v);
	return yes;
}

static bool rich_satisfied(const struct repo *r, const struct rich *rich, uint32_t only);

/* WITH and WITHOUT speak of one package: some package has all (the first but not the second). */
static bool
some_package(const struct repo *r, const struct rich *rich)
{
	for (uint32_t i = 0; i < r->packages.n; i++) {
		bool yes = r->packages.p[i].present && rich_satisfied(r, rich->child[0], i);

		for (size_t k = 1; k < rich->n && yes; k++)
			yes = rich_satisfied(r, rich->child[k], i) == (rich->op == RICH_WITH);
		if (yes)
			return true;
	}
	return false;
}

/*
 * In a repository `A if B` holds when A can be had or B cannot; `A unless B`
 * when A can be had, or B can and the else branch, if there is one, holds.
 */
static bool
rich_satisfied(const struct repo *r, const struct rich *rich, uint32_t only)
{
	bool have = rich->n > 1 && (rich->op == RICH_IF || rich->op == RICH_UNLESS) &&
	    rich_satisfied(r, rich->child[1], only);
	bool otherwise = rich->n < 3 || rich_satisfied(r, rich->child[2], only);

	switch (rich->op) {
	case RICH_SIMPLE:
		return simple_satisfied(r, &rich->dep, only);
	case RICH_AND:
	case RICH_OR:
		for (size_t i = 0; i < rich->n; i++)
			if (rich_satisfied(r, rich->child[i], only) == (rich->op == RICH_OR))
				return rich->op == RICH_OR;
		return rich->op == RICH_AND;
	case RICH_IF:
		return have ? rich_satisfied(r, rich->child[0], only) : otherwise;
	case RICH_UNLESS:
		return rich_satisfied(r, rich->child[0], only) || (have && otherwise);
	case RICH_WITH:
	case RICH_WITHOUT:
		break;
	}
	if (only == MAP_NONE)
		return some_package(r, rich);
	for (size_t i = 0; i < rich->n; i++)
		if (rich_satisfied(r, rich->child[i], only) != (i == 0 || rich->op == RICH_WITH))
			return false;
	return true;
}

bool
repo_satisfies(const struct repo *r, const struct repo_requirement *q)
{
	if (q->rich)
		return rich_satisfied(r, q->rich, MAP_NONE);
	return name_provided(r, q->name, q->version, q->flags, MAP_NONE);
}

void
repo_save(const struct repo *r, struct str *out)
{
	uint32_t n = 0;

	for (size_t i = 0; i < r->packages.n; i++)
		n += r->packages.p[i].present;
	pack_u32(out, INDEX_VERSION);
	pack_u32(out, n);
	for (size_t i = 0; i < r->packages.n; i++) {
		if (!r->packages.p[i].present)
			continue;
		pack_text(out, r->packages.p[i].facts_sha);
		facts_pack_core(out, &r->packages.p[i].facts);
	}
}

int
repo_load(struct repo *r, const void *data, size_t n, struct err *err)
{
	struct unpack u = unpack_begin(data, n);
	uint32_t left;

	if (unpack_u32(&u) != INDEX_VERSION)
		return err_set(err, EPROTO, "saved repository: of another version");
	left = unpack_count(&u, 16);
	while (left-- > 0 && !u.bad) {
		AUTO(free) char *sha = unpack_text(&u);
		struct facts f = {0};

		facts_unpack_core(&u, &f);
		repo_add(r, &f, sha, 0);
	}
	return unpack_end(&u, "saved repository", err);
}
