/*
 * What is cheap is checked first: the tag, its signature, its git inheritance and what its
 * rules make of it, before any builder sees the task.
 */
#ifndef ARTEL_SHELL_SOURCE_CHECK_H
#define ARTEL_SHELL_SOURCE_CHECK_H

#include "schema/repository.h"
#include "schema/task.h"
#include "shell/context.h"

struct err;

/* Where a repository given by a user lies: "foo.git", "packages/foo.git", "/people/joe/packages/foo.git". malloc'ed; NULL with err. */
char *source_path(struct context *c, const char *dir, struct err *err);
/* The same as it is shown: "/people/joe/packages/foo.git". malloc'ed; NULL with err. */
char *source_dir(struct context *c, const char *name, struct err *err);

/*
 * Resolve the tag, verify it, and fill the subtask: tag_id, tag_author, commit, epoch_s. When
 * the subtask has a tag_id already the tag must still be that one.
 */
int source_resolve(struct context *c, const struct repository *repository, struct subtask *t, struct err *err);

/*
 * Before a run: resolve again; make the source tree (t->tree, t->package); take the commits into
 * the record; check git inheritance against what is published now. -1 with the reason.
 */
int source_prepare(struct context *c, const struct repository *repository, struct subtask *t, struct err *err);

/* Spec and sources of an export folder as one flat tar, the spec first: an artefact's bytes. */
struct gear;
struct tag;
int source_tar(int dir, const struct gear *g, const struct tag *tag, struct str *out, struct err *err);

#endif
