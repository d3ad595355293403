/*
 * Objects are read newest first by the committer's date, from `new` and from
 * `old` at once. What `old` descends from cannot lead to `old`, so `new` need
 * not go on from there: the walk is over when nothing waits that only `new`
 * reaches. Dates decide how soon that is, never the answer.
 *
 * At a commit of the graph the walk over objects stops. A graph has all
 * ancestors of its commits. Therefore, if it lacks `old`, none of its commits
 * leads there; if it has `old`, the ancestors of `old` are in it and the rest
 * of the way, which may begin at several of its commits, is looked for in it.
 *
 * Every commit is read once, and waits at most once for each of the sides
 * that reach it, whatever the history looks like.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "source/commit-graph.h"
#include "source/commit-header.h"
#include "source/git.h"
#include "source/history.h"
#include "source/tag.h"

enum { COMMIT_MAX_BYTES = 16 << 20 };

enum side {
	SIDE_NEW = 1 << 0,		/* `new` is it or descends from it */
	SIDE_OLD = 1 << 1,
	SIDE_BOTH = SIDE_NEW | SIDE_OLD,
};

struct node {
	int64_t when;
	size_t parents;			/* where in links */
	uint32_t n_parents;
	uint8_t sides;
	bool read;			/* the object; so when and parents are known */
	bool waits;			/* in the heap */
};

struct walk {
	git_odb *odb;
	const struct commit_graph *graph;	/* NULL: none */
	bool collect;			/* where the walk meets the graph, in `met` */
	struct map ids;			/* hex to index of a node */
	VEC(struct node) nodes;
	VEC(git_oid) links;		/* parents, which need not exist and so are no nodes yet */
	VEC(uint32_t) heap;		/* nodes, the newest first */
	commit_graph_positions met;
	size_t n_read, n_open;		/* objects; nodes that wait and only `new` reaches */
};

static void
walk_fini(struct walk *w)
{
	map_fini(&w->ids);
	vec_fini(&w->nodes);
	vec_fini(&w->links);
	vec_fini(&w->heap);
	vec_fini(&w->met);
	git_odb_free(w->odb);
}
AUTO_DEFINE_EMBEDDED(struct walk, walk_fini);

static bool
newer(const struct walk *w, size_t a, size_t b)
{
	return w->nodes.p[w->heap.p[a]].when > w->nodes.p[w->heap.p[b]].when;
}

static void
swap(struct walk *w, size_t a, size_t b)
{
	uint32_t x = w->heap.p[a];

	w->heap.p[a] = w->heap.p[b];
	w->heap.p[b] = x;
}

static void
heap_push(struct walk *w, uint32_t node)
{
	size_t at = w->heap.n;

	vec_push(&w->heap, node);
	for (; at && newer(w, at, (at - 1) / 2); at = (at - 1) / 2)
		swap(w, at, (at - 1) / 2);
}

static uint32_t
heap_pop(struct walk *w)
{
	uint32_t top = w->heap.p[0];

	w->heap.p[0] = w->heap.p[--w->heap.n];
	for (size_t at = 0, below; (below = 2 * at + 1) < w->heap.n; at = below) {
		if (below + 1 < w->heap.n && newer(w, below + 1, below))
			below++;
		if (!newer(w, below, at))
			break;
		swap(w, at, below);
	}
	return top;
}

static uint32_t
node_of(struct walk *w, const git_oid *id)
{
	char hex[GIT_HEX + 1];
	uint32_t i;

	git_oid_tostr(hex, sizeof(hex), id);
	i = map_intern(&w->ids, hex);
	if (i == w->nodes.n)
		vec_push(&w->nodes, (struct node){0});
	return i;
}

static int
read_node(struct walk *w, struct node *n, const git_oid *id, struct err *err)
{
	AUTO(git_odb_object_free) git_odb_object *object = NULL;
	struct commit_header h;
	git_oid parent;

	if (gitlib_load(w->odb, id, GIT_OBJECT_COMMIT, COMMIT_MAX_BYTES, &object, err) < 0)
		return -1;
	if (commit_header_parse(git_odb_object_data(object), git_odb_object_size(object), &h, err) < 0)
		return err_ctx(err, "object %.7s", git_oid_tostr_s(id));
	n->when = h.when;
	n->parents = w->links.n;
	n->n_parents = (uint32_t)h.n_parents;
	n->read = true;
	w->n_read++;
	for (size_t k = 0; k < h.n_parents; k++) {
		git_oid_fromstr(&parent, commit_header_parent(&h, k));
		vec_push(&w->links, parent);
	}
	return 0;
}

/* A node is reached by some sides, perhaps more than before. */
static int
reach(struct walk *w, const git_oid *id, uint8_t sides, struct err *err)
{
	uint32_t i = node_of(w, id), position;
	struct node *n = &w->nodes.p[i];
	uint8_t before = n->sides;

	n->sides |= sides;
	if (n->sides == before)
		return 0;
	if (!n->read) {
		if (w->graph && commit_graph_find(w->graph, id, &position)) {
			if (w->collect)
				vec_push(&w->met, position);
			return 0;
		}
		if (read_node(w, n, id, err) < 0)
			return -1;
	}
	if (n->waits && before == SIDE_NEW)
		w->n_open--;
	if (n->sides == SIDE_NEW)
		w->n_open++;
	if (!n->waits) {
		n->waits = true;
		heap_push(w, i);
	}
	return 0;
}

/* Take the newest node and reach its parents. */
static int
step(struct walk *w, struct err *err)
{
	uint32_t i = heap_pop(w);
	struct node n = w->nodes.p[i];

	w->nodes.p[i].waits = false;
	if (n.sides == SIDE_NEW)
		w->n_open--;
	for (uint32_t k = 0; k < n.n_parents; k++) {
		git_oid parent = w->links.p[n.parents + k];	/* links may move */

		if (reach(w, &parent, n.sides, err) < 0)
			return -1;
	}
	return 0;
}

static int
start(struct walk *w, git_repository *repo, const git_oid *id, uint8_t sides, struct err *err)
{
	if (!w->odb && git_repository_odb(&w->odb, repo) < 0)
		return gitlib_err(err, "object store");
	return reach(w, id, sides, err);
}

/* What is left when the walk over objects has met the graph everywhere. */
static int
finish_in_graph(const struct walk *w, uint32_t old)
{
	switch (commit_graph_reaches(w->graph, w->met.p, w->met.n, old)) {
	case 0:
		return 0;
	case COMMIT_GRAPH_NOT:
		return HISTORY_NOT;
	default:
		return COMMIT_GRAPH_BAD;
	}
}

static int
look(git_repository *repo, const struct commit_graph *graph, const git_oid *old, const git_oid *new, struct err *err)
{
	AUTO(walk_fini) struct walk w = {.graph = graph};
	uint32_t old_position;

	w.collect = graph && commit_graph_find(graph, old, &old_position);
	if (start(&w, repo, new, SIDE_NEW, err) < 0 ||
	    (!w.collect && start(&w, repo, old, SIDE_OLD, err) < 0))
		return -1;
	while (w.n_open) {
		if (step(&w, err) < 0)
			return -1;
		if (!w.collect && w.nodes.p[node_of(&w, old)].sides == SIDE_BOTH)
			return 0;
	}
	return w.collect ? finish_in_graph(&w, old_position) : HISTORY_NOT;
}

int
history_reaches(git_repository *repo, const struct commit_graph *graph, const git_oid *old, const git_oid *new,
	struct err *err)
{
	int r;

	if (git_oid_equal(old, new))
		return 0;
	r = look(repo, graph, old, new, err);
	return r == COMMIT_GRAPH_BAD ? look(repo, NULL, old, new, err) : r;
}

int
history_beyond(git_repository *repo, const struct commit_graph *graph, const git_oid *tip, size_t most,
	size_t *count, struct err *err)
{
	AUTO(walk_fini) struct walk w = {.graph = graph};

	if (start(&w, repo, tip, SIDE_NEW, err) < 0)
		return -1;
	while (w.n_open && w.n_read < most)
		if (step(&w, err) < 0)
			return -1;
	*count = w.n_read < most ? w.n_read : most;
	return 0;
}
