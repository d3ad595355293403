/*
 * git inheritance: a package may be replaced only by a descendant of what is in the
 * repository, so that nobody's change is lost unseen.
 */
#ifndef ARTEL_SOURCE_INHERIT_H
#define ARTEL_SOURCE_INHERIT_H

#include <stdbool.h>

#include <git2.h>

struct err;

/*
 * Whether commit `old` is an ancestor of, or equal to, `new` (40 hex digits each, or any
 * revision that names a commit). 0: yes; INHERIT_NOT: no, or `old` is not even in the repository;
 * -1: `new` is not there, or the history is broken.
 */
enum { INHERIT_NOT = 1 };
int inherit_check(git_repository *repo, const char *old, const char *new, struct err *err);

#endif
