/*
 * The commit-graph of a git record: what makes inheritance a matter of milliseconds in a
 * long history. It may be missing or behind; then more commits are read as objects.
 */
#ifndef ARTEL_SOURCE_RECORD_GRAPH_H
#define ARTEL_SOURCE_RECORD_GRAPH_H

#include <git2.h>

struct err;

/* inherit_check() by the record's own graph, if it has a sound one. Never for a user's repository. */
int record_inherits(git_repository *record, const char *old, const char *new, struct err *err);

/*
 * Add the history of a commit to the graph when RECORD_GRAPH_LAG of its commits are not in
 * it: `git commit-graph write --split`, a layer on top of the others, merged by git as
 * they become many. A damaged graph is removed first. 0 also when there is nothing to do or
 * another process is at it; -1: not written, and the record is as good as before.
 */
enum { RECORD_GRAPH_LAG = 1000 };
int record_graph_update(git_repository *record, const char *commit, struct err *err);

#endif
