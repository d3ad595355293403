#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "scheduler/order.h"

/* Every name that a requirement mentions; words of rich dependencies name nothing that anybody provides. */
static void
need_names(const char *requirement, const struct map *provider, size_t n, bool *row)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, requirement, *requirement == '(' ? "() " : " ");
	for (size_t w = 0; w < words.n; w++) {
		uint32_t k = map_get(provider, words.p[w]);

		if (k != MAP_NONE)
			row[k] = true;
		if (*requirement != '(')
			break;
	}
}

/* Depth first; `path` holds the way down. Whether a cycle was closed. */
static bool
walk(const struct order_item *items, size_t n, const bool *needs, size_t at, unsigned char *seen, size_t *path,
	size_t depth, char **cycle)
{
	struct str text = {0};
	size_t from = 0;

	path[depth] = at;
	seen[at] = 1;
	for (size_t k = 0; k < n; k++) {
		if (!needs[at * n + k] || seen[k] == 2)
			continue;
		if (seen[k] == 0) {
			if (walk(items, n, needs, k, seen, path, depth + 1, cycle))
				return true;
			continue;
		}
		while (path[from] != k)
			from++;
		for (size_t i = from; i <= depth; i++)
			str_add(&text, "%s -> ", items[path[i]].label);
		str_puts(&text, items[k].label);
		*cycle = str_steal(&text);
		return true;
	}
	seen[at] = 2;
	return false;
}

int
order_builds(const struct order_item *items, size_t n, bool *needs, char **cycle)
{
	AUTO(map_fini) struct map provider = {0};
	AUTO(free) unsigned char *seen = xcalloc(n, 1);
	AUTO(free) size_t *path = xcalloc(n + 1, sizeof(*path));

	memset(needs, 0, n * n * sizeof(*needs));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < items[i].provides->n; k++)
			map_set(&provider, items[i].provides->p[k], (uint32_t)i);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < items[i].requires->n; k++)
			need_names(items[i].requires->p[k], &provider, n, &needs[i * n]);
		/* A package may need an earlier build of itself: from the base, not from this task. */
		needs[i * n + i] = false;
	}
	for (size_t i = 0; i < n; i++)
		if (seen[i] == 0 && walk(items, n, needs, i, seen, path, 0, cycle))
			return 1;
	return 0;
}
