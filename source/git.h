/*
 * What every user of libgit2 here needs: its start-up, its errors as ours,
 * its objects released by themselves, and loading with a bound on size.
 */
#ifndef ARTEL_SOURCE_GIT_H
#define ARTEL_SOURCE_GIT_H

#include <stdbool.h>
#include <stddef.h>

#include <git2.h>

#include "base/auto.h"

struct err;
struct str;

AUTO_DEFINE(git_commit *, git_commit_free);
AUTO_DEFINE(git_diff *, git_diff_free);
AUTO_DEFINE(git_object *, git_object_free);
AUTO_DEFINE(git_odb *, git_odb_free);
AUTO_DEFINE(git_odb_object *, git_odb_object_free);
AUTO_DEFINE(git_packbuilder *, git_packbuilder_free);
AUTO_DEFINE(git_reference *, git_reference_free);
AUTO_DEFINE(git_reference_iterator *, git_reference_iterator_free);
AUTO_DEFINE(git_revwalk *, git_revwalk_free);
AUTO_DEFINE(git_tree *, git_tree_free);
AUTO_DEFINE(git_tree_entry *, git_tree_entry_free);

/* Start libgit2, once a process, independent of the configuration of whoever runs it. */
void gitlib_start(void);

/* Set err to "context: what libgit2 last said"; always returns -1. */
int gitlib_err(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Whether s is 40 lower-case hex digits; if so *id is set. */
bool gitlib_hex(const char *s, git_oid *id);

/*
 * Load the content of an object, which the caller frees. Its size is checked before it is
 * loaded: more than max bytes is an error. libgit2 streams only loose objects,
 * and those unverified; what is read whole is checked against its id.
 */
int gitlib_load(git_odb *odb, const git_oid *id, git_object_t type, size_t max, git_odb_object **out, struct err *err);
/* The same, appended to a string. */
int gitlib_read(git_odb *odb, const git_oid *id, git_object_t type, size_t max, struct str *out, struct err *err);

#endif
