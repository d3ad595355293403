/*
 * git inheritance: a package may be replaced only by a descendant of what is in the
 * repository, so that nobody's change is lost unseen.
 */
#ifndef ARTEL_SOURCE_INHERIT_H
#define ARTEL_SOURCE_INHERIT_H

#include <stdbool.h>

#include <git2.h>

struct commit_graph;
struct err;

/*
 * Whether commit `old` is an ancestor of, or equal to, `new` (40 hex digits each, or any
 * revision that names a commit). 0: yes; INHERIT_NOT: no, or `old` is not even in the repository;
 * -1: `new` is not there, or the history is broken. By the commit objects alone: no commit-graph,
 * graft, replace ref or shallow file of the repository has a say.
 */
enum { INHERIT_NOT = 1 };
int inherit_check(git_repository *repo, const char *old, const char *new, struct err *err);

/*
 * The same by a commit-graph, as far as it goes; NULL: as above. Only of a graph that this farm wrote:
 * the answer is what the graph says. Users' repositories are asked with inherit_check(), the record
 * with record_inherits().
 */
int inherit_check_graph(git_repository *repo, const struct commit_graph *graph, const char *old, const char *new,
	struct err *err);

#endif
