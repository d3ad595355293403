/*
 * Forty hex digits are always an object id: a branch that somebody called so
 * must not stand in for it.
 */
#include <errno.h>

#include "base/err.h"
#include "source/git.h"
#include "source/history.h"
#include "source/inherit.h"

/* The commit that a revision names: 0, GIT_ENOTFOUND, or another error of libgit2. */
static int
resolve(git_repository *repo, const char *revision, git_oid *out)
{
	AUTO(git_object_free) git_object *object = NULL;
	AUTO(git_object_free) git_object *commit = NULL;
	git_oid id;
	int r;

	if (gitlib_hex(revision, &id))
		r = git_object_lookup(&object, repo, &id, GIT_OBJECT_ANY);
	else
		r = git_revparse_single(&object, repo, revision);
	if (r == 0)
		r = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
	if (r == 0)
		git_oid_cpy(out, git_object_id(commit));
	return r;
}

int
inherit_check_graph(git_repository *repo, const struct commit_graph *graph, const char *old, const char *new,
	struct err *err)
{
	git_oid old_id, new_id;
	int r;

	if (resolve(repo, new, &new_id) < 0)
		return gitlib_err(err, "commit %s", new);
	r = resolve(repo, old, &old_id);
	if (r == GIT_ENOTFOUND)
		return INHERIT_NOT;
	if (r < 0)
		return gitlib_err(err, "commit %s", old);
	r = history_reaches(repo, graph, &old_id, &new_id, err);
	if (r < 0)
		return err_ctx(err, "history of %s", new);
	return r == HISTORY_NOT ? INHERIT_NOT : 0;
}

int
inherit_check(git_repository *repo, const char *old, const char *new, struct err *err)
{
	return inherit_check_graph(repo, NULL, old, new, err);
}
