/*
 * What a graph says is believed, so two things are asked of it: that its bytes
 * are those that were written, which the checksum shows, and that no byte can
 * lead us out of the file or into a loop, checksum or not.
 *
 * Bounds of the tables are checked when a layer is added, positions when they
 * are followed. Parents may only be in the same layer or below. A walk goes
 * strictly down in level, which rules out a cycle, and counts the entries it
 * takes of the table of octopus merges, which no two commits share.
 *
 * A graph has all ancestors of every commit in it, because it names parents by
 * position. So a commit that is not in it is no ancestor of one that is.
 *
 * Of the two kinds of generation number only the topological level is used:
 * every file has it, layers of different age agree on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <rpm/rpmcrypto.h>
#include <rpm/rpmpgp.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "source/commit-graph.h"
#include "source/git.h"
#include "source/tag.h"

enum {
	ID = 20,			/* bytes of a SHA-1 */
	HEADER = 8,
	ENTRY = 12,			/* of the table of chunks */
	FANOUT = 256 * 4,
	COMMIT = ID + 16,
	LAYERS_MAX = 255,
	LEVEL_MAX = 0x3fffffff,		/* "this or more": orders nothing */
};
#define NO_PARENT 0x70000000u
#define LAST_EDGE 0x80000000u		/* of a second parent: the rest is in the table of edges */

#define CHUNK(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static uint32_t
get32(const uint8_t *p)
{
	return CHUNK(p[0], p[1], p[2], p[3]);
}

static uint64_t
get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

void
commit_graph_fini(struct commit_graph *g)
{
	for (size_t i = 0; i < g->layers.n; i++)
		if (g->layers.p[i].mapped)
			munmap((void *)g->layers.p[i].data, g->layers.p[i].size);
	vec_fini(&g->layers);
	*g = (struct commit_graph){0};
}

/* Where the chunks are. */
static int
read_table(struct commit_graph_layer *l, size_t size[5], struct err *err)
{
	const struct { uint32_t id; const uint8_t **at; } known[5] = {
		{CHUNK('O', 'I', 'D', 'F'), &l->fanout}, {CHUNK('O', 'I', 'D', 'L'), &l->ids},
		{CHUNK('C', 'D', 'A', 'T'), &l->commits}, {CHUNK('E', 'D', 'G', 'E'), &l->edges},
		{CHUNK('B', 'A', 'S', 'E'), &l->bases}};
	const uint8_t *p = l->data + HEADER;
	size_t n = l->data[6], end = l->size - ID;

	if ((end - HEADER) / ENTRY < n + 1)
		return err_set(err, EINVAL, "commit-graph: cut off in its table of chunks");
	for (size_t i = 0; i < n; i++, p += ENTRY) {
		uint64_t from = get64(p + 4), to = get64(p + ENTRY + 4);

		if (get32(p) == 0 || from < HEADER + (n + 1) * ENTRY || to < from || to > end)
			return err_set(err, EINVAL, "commit-graph: a chunk is out of bounds");
		for (size_t k = 0; k < ARRAY_SIZE(known); k++) {
			if (known[k].id != get32(p))
				continue;
			if (*known[k].at)
				return err_set(err, EINVAL, "commit-graph: a chunk is there twice");
			*known[k].at = l->data + from;
			size[k] = (size_t)(to - from);
		}
	}
	return get32(p) == 0 ? 0 : err_set(err, EINVAL, "commit-graph: its table of chunks has no end");
}

static int
check_layer(struct commit_graph_layer *l, size_t below, struct err *err)
{
	size_t size[5] = {0};
	uint32_t n = 0;

	if (l->size < HEADER + ENTRY + ID || memcmp(l->data, "CGPH", 4) != 0)
		return err_set(err, EINVAL, "this is not a commit-graph");
	if (l->data[4] != 1 || l->data[5] != 1)
		return err_set(err, EINVAL, "commit-graph: version %u with hash %u, not 1 with SHA-1", l->data[4], l->data[5]);
	if (l->data[7] != below)
		return err_set(err, EINVAL, "commit-graph: for %u layers below, not %zu", l->data[7], below);
	if (read_table(l, size, err) < 0)
		return -1;
	if (size[0] != FANOUT || size[4] != below * ID || size[3] % 4 || size[3] / 4 >= LAST_EDGE)
		return err_set(err, EINVAL, "commit-graph: a chunk has the wrong size");
	for (size_t i = 0; i < 256; i++) {
		if (get32(l->fanout + 4 * i) < n)
			return err_set(err, EINVAL, "commit-graph: its table of first bytes is not sorted");
		n = get32(l->fanout + 4 * i);
	}
	if (size[1] / ID != n || size[1] % ID || size[2] / COMMIT != n || size[2] % COMMIT || n >= NO_PARENT - l->first)
		return err_set(err, EINVAL, "commit-graph: its tables differ in length");
	l->n = n;
	l->n_edges = (uint32_t)(size[3] / 4);
	return 0;
}

int
commit_graph_add(struct commit_graph *g, const void *data, size_t n, struct err *err)
{
	struct commit_graph_layer l = {.data = data, .size = n, .first = g->n};

	if (check_layer(&l, g->layers.n, err) < 0)
		return -1;
	vec_push(&g->layers, l);
	g->n += l.n;
	return 0;
}

/* The last 20 bytes are the SHA-1 of the others; in a chain, `name` too. */
static int
check_sum(const uint8_t *data, size_t n, const char *name, struct err *err)
{
	DIGEST_CTX sha1;
	AUTO(free) void *sum = NULL;
	char hex[GIT_HEX + 1];
	size_t length = 0;
	git_oid is;

	rpmInitCrypto();
	sha1 = rpmDigestInit(RPM_HASH_SHA1, RPMDIGEST_NONE);
	if (n < ID || !sha1 || rpmDigestUpdate(sha1, data, n - ID) != 0) {
		rpmDigestFinal(sha1, NULL, NULL, 0);
		return err_set(err, EINVAL, "this is not a commit-graph");
	}
	rpmDigestFinal(sha1, &sum, &length, 0);
	if (length != ID || memcmp(sum, data + n - ID, ID) != 0)
		return err_set(err, EINVAL, "commit-graph: damaged, it is not what its checksum says");
	git_oid_fromraw(&is, sum);
	git_oid_tostr(hex, sizeof(hex), &is);
	return !name || strcmp(hex, name) == 0 ? 0 : err_set(err, EINVAL, "commit-graph: not the layer of its name");
}

/* Map a file and put it on top: 0, COMMIT_GRAPH_NONE, COMMIT_GRAPH_BAD or -1. */
static int
add_file(struct commit_graph *g, const char *path, const char *name, struct err *err)
{
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	size_t n;
	void *data;

	if (fd < 0)
		return errno == ENOENT ? COMMIT_GRAPH_NONE : err_sys(err, "open %s", path);
	if (fstat(fd, &st) < 0)
		return err_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size == 0) {
		err_set(err, EINVAL, "%s: not a file, or empty", path);
		return COMMIT_GRAPH_BAD;
	}
	n = (size_t)st.st_size;
	data = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (data == MAP_FAILED)
		return err_sys(err, "map %s", path);
	if (check_sum(data, n, name, err) < 0 || commit_graph_add(g, data, n, err) < 0) {
		munmap(data, n);
		err_ctx(err, "%s", path);
		return COMMIT_GRAPH_BAD;
	}
	g->layers.p[g->layers.n - 1].mapped = true;
	return 0;
}

/* A layer is written for the very layers that are below it. */
static bool
fits(const struct commit_graph *g)
{
	const struct commit_graph_layer *top = &g->layers.p[g->layers.n - 1];

	for (size_t i = 0; i + 1 < g->layers.n; i++) {
		const struct commit_graph_layer *l = &g->layers.p[i];

		if (memcmp(top->bases + ID * i, l->data + l->size - ID, ID) != 0)
			return false;
	}
	return true;
}

/* A chain is a list of names, the base first. */
static int
add_chain(struct commit_graph *g, const char *objects, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/info/commit-graphs/commit-graph-chain", objects);
	AUTO(str_fini) struct str text = {0};
	AUTO(strs_fini) struct strs names = {0};
	git_oid ignored;
	int r = file_read(AT_FDCWD, path, LAYERS_MAX * (GIT_HEX + 1), &text, err);

	if (r)
		return r == FILE_ABSENT ? COMMIT_GRAPH_NONE : err->code == EFBIG ? COMMIT_GRAPH_BAD : -1;
	strs_split(&names, str_c(&text), "\n");
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		AUTO(free) char *file = xasprintf("%s/info/commit-graphs/graph-%s.graph", objects, names.p[i]);

		if (!gitlib_hex(names.p[i], &ignored)) {
			err_set(err, EINVAL, "%s: not a name of a layer", path);
			return COMMIT_GRAPH_BAD;
		}
		r = add_file(g, file, names.p[i], err);
		if (r == COMMIT_GRAPH_NONE || (r == 0 && !fits(g))) {
			err_set(err, ENOENT, "%s: layer %s is not there, or not for those below it", path, names.p[i]);
			return COMMIT_GRAPH_BAD;
		}
	}
	return r;
}

int
commit_graph_open(struct commit_graph *g, const char *objects, struct err *err)
{
	AUTO(free) char *single = xasprintf("%s/info/commit-graph", objects);
	int r;

	*g = (struct commit_graph){0};
	r = add_file(g, single, NULL, err);
	if (r == COMMIT_GRAPH_NONE)
		r = add_chain(g, objects, err);
	if (r)
		commit_graph_fini(g);
	return r;
}

static bool
find_in(const struct commit_graph_layer *l, const git_oid *id, uint32_t *position)
{
	uint32_t low = id->id[0] ? get32(l->fanout + 4 * (id->id[0] - 1)) : 0;
	uint32_t high = get32(l->fanout + 4 * id->id[0]);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int c = memcmp(id->id, l->ids + (size_t)middle * ID, ID);

		if (c == 0) {
			*position = l->first + middle;
			return true;
		}
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool
commit_graph_find(const struct commit_graph *g, const git_oid *id, uint32_t *position)
{
	for (size_t i = g->layers.n; i-- > 0; )
		if (find_in(&g->layers.p[i], id, position))
			return true;
	return false;
}

static const struct commit_graph_layer *
layer_of(const struct commit_graph *g, uint32_t position)
{
	size_t i = g->layers.n - 1;

	while (g->layers.p[i].first > position)
		i--;
	return &g->layers.p[i];
}

/* Of the 36 bytes of a commit, those after the tree. */
static const uint8_t *
row(const struct commit_graph_layer *l, uint32_t position)
{
	return l->commits + (size_t)(position - l->first) * COMMIT + ID;
}

uint32_t
commit_graph_level(const struct commit_graph *g, uint32_t position)
{
	return get32(row(layer_of(g, position), position) + 8) >> 2;
}

int
commit_graph_parents(const struct commit_graph *g, uint32_t position, commit_graph_positions *out)
{
	const struct commit_graph_layer *l = layer_of(g, position);
	const uint8_t *parents = row(l, position);
	uint32_t limit = l->first + l->n, first = get32(parents), second = get32(parents + 4);

	if (first == NO_PARENT)
		return second == NO_PARENT ? 0 : -1;
	if (first >= limit)
		return -1;
	vec_push(out, first);
	if (second == NO_PARENT)
		return 0;
	if (!(second & LAST_EDGE)) {
		if (second >= limit)
			return -1;
		vec_push(out, second);
		return 0;
	}
	for (uint32_t i = second & ~LAST_EDGE; i < l->n_edges; i++) {
		uint32_t edge = get32(l->edges + (size_t)i * 4);

		if ((edge & ~LAST_EDGE) >= limit)
			return -1;
		vec_push(out, edge & ~LAST_EDGE);
		if (edge & LAST_EDGE)
			return 0;
	}
	return -1;
}

struct walk {
	const struct commit_graph *g;
	uint32_t old, level;		/* what is looked for */
	uint8_t *seen;			/* a bit a commit */
	commit_graph_positions stack;	/* seen, above `level`, parents to be looked at */
	commit_graph_positions parents;
};

/* 0: found; COMMIT_GRAPH_NOT: go on. */
static int
visit(struct walk *w, uint32_t position, uint32_t level)
{
	if (position == w->old)
		return 0;
	if (level > w->level && !(w->seen[position / 8] & 1 << position % 8)) {
		w->seen[position / 8] |= (uint8_t)(1 << position % 8);
		vec_push(&w->stack, position);
	}
	return COMMIT_GRAPH_NOT;
}

static int
walk(struct walk *w, const uint32_t *from, size_t n)
{
	size_t edges = 0;

	for (size_t i = 0; i < w->g->layers.n; i++)
		edges += w->g->layers.p[i].n_edges;
	for (size_t i = 0; i < n; i++)
		if (visit(w, from[i], commit_graph_level(w->g, from[i])) == 0)
			return 0;
	while (w->stack.n) {
		uint32_t position = w->stack.p[--w->stack.n], level = commit_graph_level(w->g, position);

		w->parents.n = 0;
		if (level == LEVEL_MAX || commit_graph_parents(w->g, position, &w->parents) < 0)
			return COMMIT_GRAPH_BAD;
		if (w->parents.n > 2 && w->parents.n - 1 > edges)
			return COMMIT_GRAPH_BAD;
		edges -= w->parents.n > 2 ? w->parents.n - 1 : 0;
		for (size_t i = 0; i < w->parents.n; i++) {
			uint32_t below = commit_graph_level(w->g, w->parents.p[i]);

			if (below == 0 || below >= level)
				return COMMIT_GRAPH_BAD;
			if (visit(w, w->parents.p[i], below) == 0)
				return 0;
		}
	}
	return COMMIT_GRAPH_NOT;
}

/* Depth first: what is above the level of `old` must be seen in any order before it is a no. */
int
commit_graph_reaches(const struct commit_graph *g, const uint32_t *from, size_t n, uint32_t old)
{
	struct walk w = {.g = g, .old = old, .level = commit_graph_level(g, old)};
	int r = COMMIT_GRAPH_BAD;

	if (w.level > 0 && w.level < LEVEL_MAX) {
		w.seen = xcalloc(1, g->n / 8 + 1);
		r = walk(&w, from, n);
	}
	free(w.seen);
	vec_fini(&w.stack);
	vec_fini(&w.parents);
	return r;
}
