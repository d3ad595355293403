/*
 * git's commit-graph: the parents of many commits in one table, so that a walk over a
 * history need not inflate its objects. One file, objects/info/commit-graph, or a chain
 * of layers, objects/info/commit-graphs/. Only SHA-1; gitformat-commit-graph(5).
 *
 * Nothing ties a graph to the objects that it speaks of: whoever writes it decides who
 * descends from whom. Open only one that this farm wrote.
 */
#ifndef ARTEL_SOURCE_COMMIT_GRAPH_H
#define ARTEL_SOURCE_COMMIT_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <git2.h>

#include "base/auto.h"
#include "base/vec.h"

struct err;

/* One file. Its commits are numbered from `first` on, in the order of their ids. */
struct commit_graph_layer {
	const uint8_t *data;
	size_t size;
	bool mapped;			/* ours to unmap */
	uint32_t first, n;
	uint32_t n_edges;		/* entries of `edges` */
	const uint8_t *fanout;		/* of each first byte: how many ids up to it, 4 bytes */
	const uint8_t *ids;		/* 20 bytes each, sorted */
	const uint8_t *commits;		/* 36 bytes each: tree, two parents, level and date */
	const uint8_t *edges;		/* parents of octopus merges, from the second on; 4 bytes */
	const uint8_t *bases;		/* names of the layers below, 20 bytes */
};

typedef VEC(uint32_t) commit_graph_positions;

/* Zeroed, it has no commits. */
struct commit_graph {
	VEC(struct commit_graph_layer) layers;	/* the base first */
	uint32_t n;				/* commits in all */
};

void commit_graph_fini(struct commit_graph *g);
AUTO_DEFINE_EMBEDDED(struct commit_graph, commit_graph_fini);

/*
 * Open the graph of a repository's `objects` folder, without those of its alternates. The
 * checksum of each file is verified: 3 ms for 82 000 commits. 0; COMMIT_GRAPH_NONE: there is
 * none; COMMIT_GRAPH_BAD, err saying why: damaged, or of a kind that is not known here; -1: it
 * could not be read. *g is empty unless 0.
 */
enum { COMMIT_GRAPH_NONE = 1, COMMIT_GRAPH_BAD = 2 };
int commit_graph_open(struct commit_graph *g, const char *objects, struct err *err);

/*
 * Put a layer on top, from memory that stays the caller's and must outlive g. All that is read
 * later is in bounds then; checksum, names of layers and parents are not looked at.
 */
int commit_graph_add(struct commit_graph *g, const void *data, size_t n, struct err *err);

/* Whether the commit is there; *position is below g->n then. */
bool commit_graph_find(const struct commit_graph *g, const git_oid *id, uint32_t *position);

/* The length of the longest way down to a root: 1 for a root, above that of every parent. */
uint32_t commit_graph_level(const struct commit_graph *g, uint32_t position);

/* Append the parents' positions, in order. -1: the file contradicts itself. */
int commit_graph_parents(const struct commit_graph *g, uint32_t position, commit_graph_positions *out);

/*
 * Whether any of some commits is `old` or descends from it: 0, COMMIT_GRAPH_NOT, or
 * COMMIT_GRAPH_BAD if the graph contradicts itself on the way. Takes time and memory in the
 * number of commits above the level of `old`, whatever the bytes are.
 */
enum { COMMIT_GRAPH_NOT = 3 };
int commit_graph_reaches(const struct commit_graph *g, const uint32_t *from, size_t n, uint32_t old);

#endif
