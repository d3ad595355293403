#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/vec.h"
#include "scheduler/order.h"

/* Who provides each name, and a chain through all of those. */
struct provider {
	uint32_t item, next;		/* of the same name; MAP_NONE */
};

struct providers {
	struct map names;		/* the last of each */
	VEC(struct provider) all;
};

static void
providers_fini(struct providers *p)
{
	map_fini(&p->names);
	vec_fini(&p->all);
}
AUTO_DEFINE_EMBEDDED(struct providers, providers_fini);

static void
add_provider(struct providers *p, const char *name, uint32_t item)
{
	uint32_t before = map_get(&p->names, name);

	vec_push(&p->all, ((struct provider){item, before}));
	map_set(&p->names, name, (uint32_t)p->all.n - 1);
}

enum { NEED_NONE, NEED_ONE_OF, NEED };

static bool
several(const struct providers *p, uint32_t first)
{
	for (uint32_t k = first; k != MAP_NONE; k = p->all.p[k].next)
		if (p->all.p[k].item != p->all.p[first].item)
			return true;
	return false;
}

/*
 * All who provide a name that a requirement mentions: which of several it will have is not known yet. Words of rich
 * dependencies name nothing that anybody provides.
 */
static void
need_names(const char *requirement, const struct providers *p, unsigned char *row)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, requirement, *requirement == '(' ? "() " : " ");
	for (size_t w = 0; w < words.n; w++) {
		uint32_t first = map_get(&p->names, words.p[w]);
		unsigned char how = several(p, first) ? NEED_ONE_OF : NEED;

		for (uint32_t k = first; k != MAP_NONE; k = p->all.p[k].next)
			if (row[p->all.p[k].item] < how)
				row[p->all.p[k].item] = how;
		if (*requirement != '(')
			break;
	}
}

/* Depth first. The length of a cycle, whose items are in order at *cycle, in `path`; 0 if there is none from here. */
static size_t
walk(const unsigned char *how, size_t n, size_t at, unsigned char *seen, size_t *path, size_t depth, size_t **cycle)
{
	size_t from = 0;

	path[depth] = at;
	seen[at] = 1;
	for (size_t k = 0; k < n; k++) {
		size_t found;

		if (!how[at * n + k] || seen[k] == 2)
			continue;
		if (seen[k] == 0) {
			found = walk(how, n, k, seen, path, depth + 1, cycle);
			if (found)
				return found;
			continue;
		}
		while (path[from] != k)
			from++;
		*cycle = path + from;
		return depth + 1 - from;
	}
	seen[at] = 2;
	return 0;
}

/* A need that another one might satisfy too gives way to the order. Whether there was one in the cycle. */
static bool
give_way(unsigned char *how, size_t n, const size_t *cycle, size_t length)
{
	bool gave = false;

	for (size_t i = 0; i < length; i++) {
		unsigned char *need = &how[cycle[i] * n + cycle[(i + 1) % length]];

		if (*need == NEED_ONE_OF) {
			*need = NEED_NONE;
			gave = true;
		}
	}
	return gave;
}

/* The length of a cycle that cannot be broken, or 0. */
static size_t
find_cycle(unsigned char *how, size_t n, size_t *path, size_t **cycle)
{
	AUTO(free) unsigned char *seen = xcalloc(n, 1);
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen[i])
			continue;
		length = walk(how, n, i, seen, path, 0, cycle);
		if (length && !give_way(how, n, *cycle, length))
			return length;
		if (length) {
			memset(seen, 0, n);
			i = (size_t)-1;
		}
	}
	return 0;
}

int
order_builds(const struct order_item *items, size_t n, bool *needs, char **cycle)
{
	AUTO(providers_fini) struct providers providers = {0};
	AUTO(free) unsigned char *how = xcalloc(n * n, 1);
	AUTO(free) size_t *path = xcalloc(n + 1, sizeof(*path));
	AUTO(str_fini) struct str text = {0};
	size_t *found = NULL, length;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < items[i].provides->n; k++)
			add_provider(&providers, items[i].provides->p[k], (uint32_t)i);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < items[i].requires->n; k++)
			need_names(items[i].requires->p[k], &providers, &how[i * n]);
		/* A package may need an earlier build of itself: from the base, not from this task. */
		how[i * n + i] = NEED_NONE;
	}
	length = find_cycle(how, n, path, &found);
	for (size_t i = 0; i < length; i++)
		str_add(&text, "%s -> ", items[found[i]].label);
	if (length) {
		str_puts(&text, items[found[0]].label);
		*cycle = str_steal(&text);
	}
	for (size_t i = 0; i < n * n; i++)
		needs[i] = how[i] != NEED_NONE;
	return length > 0;
}
