/* Whether the present packages satisfy a requirement, by rpm's rules. */
#include <string.h>

#include "package/depend.h"
#include "repo/repo.h"

static const struct index_rich *
rich_node(const struct repo *r, uint32_t i)
{
	return i < r->base.n_rich ? &r->base.rich[i] : &r->rich.p[i - r->base.n_rich];
}

static uint32_t
rich_child(const struct repo *r, const struct index_rich *node, uint32_t i)
{
	size_t at = node->children.at + i, own = r->base.n_rich_children;

	return at < own ? r->base.rich_children[at] : r->rich_children.p[at - own];
}

bool
repo_overlap(const struct repo *r, uint32_t version, uint32_t flags, uint32_t with, uint32_t with_flags)
{
	const struct index_version *a, *b;
	int sense;

	if (!(flags & DEP_COMPARE) || !(with_flags & DEP_COMPARE) || !version || !with)
		return true;
	if (version == with) {
		sense = 0;
	} else {
		a = repo_version(r, version);
		b = repo_version(r, with);
		sense = a->epoch < b->epoch ? -1 : a->epoch > b->epoch;
		if (sense == 0)
			sense = strcmp(repo_text(r, a->v), repo_text(r, b->v));
		/* A side without a release matches any release if it says `=`. */
		if (sense == 0 && (!a->r != !b->r) && ((a->r ? with_flags : flags) & DEP_EQUAL))
			return true;
		if (sense == 0 && a->r && b->r)
			sense = strcmp(repo_text(r, a->r), repo_text(r, b->r));
	}
	if (sense < 0)
		return (flags & DEP_GREATER) || (with_flags & DEP_LESS);
	if (sense > 0)
		return (flags & DEP_LESS) || (with_flags & DEP_GREATER);
	return (flags & with_flags & DEP_COMPARE) != 0;
}

/* Present providers in the range; only those of one package if it is not INDEX_NONE. */
static uint32_t
count_simple(const struct repo *r, uint32_t key, uint32_t version, uint32_t flags, uint32_t only)
{
	uint32_t n = 0;

	for (struct repo_walk w = repo_providers(r, key); repo_next_provider(&w);)
		n += r->present[w.value] && (only == INDEX_NONE || w.value == only) &&
		    repo_overlap(r, w.version, w.flags, version, flags);
	return n;
}

static bool rich_satisfied(const struct repo *r, uint32_t node, uint32_t only);

/* One package has all of WITH's parts, or the first but not the second of WITHOUT's. */
static bool
package_has(const struct repo *r, const struct index_rich *node, uint32_t package)
{
	for (uint32_t i = 0; i < node->children.n; i++)
		if (rich_satisfied(r, rich_child(r, node, i), package) != (i == 0 || node->op == RICH_WITH))
			return false;
	return true;
}

/* Whichever packages could have the first part: providers of any simple name in it. */
static bool
some_package(const struct repo *r, const struct index_rich *node, uint32_t in)
{
	const struct index_rich *part = rich_node(r, in);

	if (part->op == RICH_SIMPLE) {
		for (struct repo_walk w = repo_providers(r, part->key); repo_next_provider(&w);)
			if (r->present[w.value] && package_has(r, node, w.value))
				return true;
		return false;
	}
	for (uint32_t i = 0; i < part->children.n; i++)
		if (some_package(r, node, rich_child(r, part, i)))
			return true;
	return false;
}

/*
 * In a repository `A if B` holds when A can be had or B cannot; `A unless B`
 * when A can be had, or B can and the else branch, if there is one, holds.
 */
static bool
rich_satisfied(const struct repo *r, uint32_t at, uint32_t only)
{
	const struct index_rich *node = rich_node(r, at);
	bool condition, otherwise;

	switch ((enum rich_op)node->op) {
	case RICH_SIMPLE:
		return count_simple(r, node->key, node->version, node->flags, only) > 0;
	case RICH_AND:
	case RICH_OR:
		for (uint32_t i = 0; i < node->children.n; i++)
			if (rich_satisfied(r, rich_child(r, node, i), only) == (node->op == RICH_OR))
				return node->op == RICH_OR;
		return node->op == RICH_AND;
	case RICH_IF:
	case RICH_UNLESS:
		break;
	case RICH_WITH:
	case RICH_WITHOUT:
		return only == INDEX_NONE ? some_package(r, node, rich_child(r, node, 0)) : package_has(r, node, only);
	}
	if (node->children.n < 2)
		return false;
	condition = rich_satisfied(r, rich_child(r, node, 1), only);
	otherwise = node->children.n < 3 || rich_satisfied(r, rich_child(r, node, 2), only);
	if (node->op == RICH_IF)
		return condition ? rich_satisfied(r, rich_child(r, node, 0), only) : otherwise;
	return rich_satisfied(r, rich_child(r, node, 0), only) || (condition && otherwise);
}

uint32_t
repo_count(const struct repo *r, uint32_t requirement)
{
	const struct index_requirement *q = repo_requirement(r, requirement);

	if (q->rich)
		return rich_satisfied(r, q->rich - 1, INDEX_NONE);
	return count_simple(r, q->key, q->version, q->flags, INDEX_NONE);
}

uint32_t
repo_satisfied(const struct repo *r, uint32_t requirement)
{
	const struct index_requirement *q = repo_requirement(r, requirement);

	if (q->rich && r->stamp[requirement] == r->try)
		return repo_count(r, requirement);
	return r->satisfied[requirement];
}

void
repo_count_all(struct repo *r)
{
	uint32_t *base = (uint32_t *)(uintptr_t)r->base.satisfied;

	for (uint32_t q = 0; q < repo_requirements(r); q++) {
		r->satisfied[q] = repo_count(r, q);
		if (q < r->base.n_requirements && !r->base.mapped)
			base[q] = r->satisfied[q];
	}
}

static void
each_node(const struct repo *r, uint32_t at, repo_name_fn *fn, void *arg)
{
	const struct index_rich *node = rich_node(r, at);

	if (node->op == RICH_SIMPLE)
		fn(arg, node->key, node->version, node->flags);
	for (uint32_t i = 0; i < node->children.n; i++)
		each_node(r, rich_child(r, node, i), fn, arg);
}

void
repo_requirement_names(const struct repo *r, uint32_t requirement, repo_name_fn *fn, void *arg)
{
	const struct index_requirement *q = repo_requirement(r, requirement);

	if (q->rich)
		each_node(r, q->rich - 1, fn, arg);
	else
		fn(arg, q->key, q->version, q->flags);
}
