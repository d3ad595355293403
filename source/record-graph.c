/*
 * A graph is written by git from the record's objects, which were checked
 * against their ids on their way in, and only below a lock of ours. Whatever a
 * killed git leaves behind (its own lock, unfinished files) is nobody's then
 * and is removed, else no graph would ever be written again. A new chain
 * appears by rename; a reader that is between two chains finds no graph.
 *
 * git takes over what an existing graph says without looking at the objects.
 * So a damaged one must go before the next is written.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "base/text.h"
#include "source/commit-graph.h"
#include "source/git.h"
#include "source/history.h"
#include "source/inherit.h"
#include "source/record-graph.h"

enum { WRITE_MS = 120000 };

AUTO_DEFINE(DIR *, closedir);

static char *
objects_of(git_repository *record)
{
	return xasprintf("%sobjects", git_repository_path(record));
}

int
record_inherits(git_repository *record, const char *old, const char *new, struct err *err)
{
	AUTO(commit_graph_fini) struct commit_graph graph = {0};
	AUTO(free) char *objects = objects_of(record);
	struct err why;

	return inherit_check_graph(record, commit_graph_open(&graph, objects, &why) == 0 ? &graph : NULL, old, new, err);
}

/* Files of the folder that a writer of graphs has while it works. */
static int
remove_leftovers(const char *objects, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/info/commit-graphs", objects);
	AUTO(free) char *lock = xasprintf("%s/info/commit-graph.lock", objects);
	AUTO(closedir) DIR *dir = opendir(path);
	struct dirent *e;

	if (unlink(lock) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", lock);
	while (dir && (e = readdir(dir)))
		if ((strncmp(e->d_name, "tmp_graph_", strlen("tmp_graph_")) == 0 ||
		    strcmp(e->d_name, "commit-graph-chain.lock") == 0) && unlinkat(dirfd(dir), e->d_name, 0) < 0)
			return err_sys(err, "remove %s/%s", path, e->d_name);
	return 0;
}

static int
remove_graph(const char *objects, struct err *err)
{
	AUTO(free) char *single = xasprintf("%s/info/commit-graph", objects);
	AUTO(free) char *chain = xasprintf("%s/info/commit-graphs", objects);

	if (unlink(single) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", single);
	return file_remove_tree(AT_FDCWD, chain, err);
}

static int
write_graph(git_repository *record, const char *commit, struct err *err)
{
	const char *argv[] = {"git", "--git-dir", git_repository_path(record), "-c", "core.commitGraph=true",
	    "-c", "core.fsync=commit-graph", "commit-graph", "write", "--stdin-commits", "--split", "--no-progress", NULL};
	AUTO(free) char *path = xasprintf("PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	const char *env[] = {path, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
	    "GIT_NO_REPLACE_OBJECTS=1", NULL};
	AUTO(str_fini) struct str input = {0};
	AUTO(str_fini) struct str said = {0};
	AUTO(str_fini) struct str shown = {0};
	AUTO(str_fini) struct str how = {0};
	struct ended ended;

	str_add(&input, "%s\n", commit);
	if (spawn_run(&(struct spawn){.argv = argv, .env = env}, &input, &said, WRITE_MS, &ended, err) < 0)
		return -1;
	if (ended.how == ENDED_EXIT && ended.code == 0)
		return 0;
	ended_text(ended, &how);
	text_printable(&shown, str_c(&said));
	return err_set(err, EIO, "git commit-graph write: %s: %.300s", str_c(&how), str_c(&shown));
}

static int
update(git_repository *record, const char *commit, const git_oid *id, const char *objects, struct err *err)
{
	AUTO(commit_graph_fini) struct commit_graph graph = {0};
	int r = commit_graph_open(&graph, objects, err);
	size_t n;

	if (r < 0 || (r == COMMIT_GRAPH_BAD && remove_graph(objects, err) < 0))
		return -1;
	if (history_beyond(record, &graph, id, RECORD_GRAPH_LAG, &n, err) < 0)
		return -1;
	if (n < RECORD_GRAPH_LAG)
		return 0;
	return remove_leftovers(objects, err) < 0 ? -1 : write_graph(record, commit, err);
}

int
record_graph_update(git_repository *record, const char *commit, struct err *err)
{
	AUTO(free) char *lock = xasprintf("%sartel-graph.lock", git_repository_path(record));
	AUTO(free) char *objects = objects_of(record);
	AUTO(close) int fd = -1;
	git_oid id;
	int r;

	if (!gitlib_hex(commit, &id))
		return err_set(err, EINVAL, "not an object id");
	r = file_lock(AT_FDCWD, lock, &fd, err);
	if (r)
		return r == FILE_BUSY ? 0 : -1;
	return update(record, commit, &id, objects, err);
}
