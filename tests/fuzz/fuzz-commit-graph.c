/* Layers of a commit-graph, the base first: the length in 4 bytes, highest first, and the file. */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "source/commit-graph.h"
#include "tests/fuzz/fuzz.h"

enum { FROM = 8 };

/* All that can be asked of it; in a walk that goes through many commits. */
static void
use(const struct commit_graph *g)
{
	commit_graph_positions parents = {0};
	uint32_t from[FROM], position;
	git_oid id;

	for (uint32_t i = 0; i < FROM; i++)
		from[i] = (uint32_t)((uint64_t)g->n * i / FROM);
	for (size_t l = 0; l < g->layers.n; l++)
		for (uint32_t i = 0; i < g->layers.p[l].n; i++) {
			memcpy(id.id, g->layers.p[l].ids + (size_t)i * 20, 20);
			if (commit_graph_find(g, &id, &position))
				assert(position < g->n);
		}
	for (uint32_t i = 0; i < g->n && i < 1000; i++) {
		parents.n = 0;
		if (commit_graph_parents(g, i, &parents) < 0)
			continue;
		for (size_t k = 0; k < parents.n; k++)
			assert(parents.p[k] < g->n && commit_graph_level(g, parents.p[k]) < 1u << 30);
	}
	for (uint32_t i = 0; i < g->n && i < 64; i++) {
		int r = commit_graph_reaches(g, from, FROM, i);

		assert(r == 0 || r == COMMIT_GRAPH_NOT || r == COMMIT_GRAPH_BAD);
	}
	vec_fini(&parents);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(commit_graph_fini) struct commit_graph g = {0};
	struct err err = {0};

	while (size > 4) {
		size_t n = (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];

		n = n < size - 4 ? n : size - 4;
		if (commit_graph_add(&g, data + 4, n, &err) < 0) {
			assert(err.code != 0);
			break;
		}
		data += 4 + n;
		size -= 4 + n;
	}
	if (g.n)
		use(&g);
	return 0;
}
