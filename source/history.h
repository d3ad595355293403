/*
 * Who descends from whom, in a git repository: its commit objects, and for what it has,
 * a commit-graph. Only ids count: grafts, replace refs and shallow are not looked at,
 * so a history that is cut off is an error where the walk comes to the cut.
 */
#ifndef ARTEL_SOURCE_HISTORY_H
#define ARTEL_SOURCE_HISTORY_H

#include <stddef.h>

#include <git2.h>

struct commit_graph;
struct err;

/*
 * Whether `old` is an ancestor of, or equal to, `new`; both are commits. 0, HISTORY_NOT, or
 * -1: the history is broken. `graph` is believed, see commit-graph.h; NULL: objects alone.
 */
enum { HISTORY_NOT = 1 };
int history_reaches(git_repository *repo, const struct commit_graph *graph, const git_oid *old, const git_oid *new,
	struct err *err);

/* Count the commits in the history of `tip` that the graph (NULL: none) lacks; stops at `most`. */
int history_beyond(git_repository *repo, const struct commit_graph *graph, const git_oid *tip, size_t most,
	size_t *count, struct err *err);

#endif
