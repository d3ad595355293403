/*
 * A package that the state before had is in the pool since then, for that state
 * was whole. Without a state before, or without its table, every package is
 * linked, and a link that is there already is fine.
 *
 * A reader fetches repomd.xml and then, by `latest` again, the files it names.
 * In between `latest` may have moved on, more than once. So a state's repodata
 * also has what the states of the last minutes had: their names are hashes, and
 * links cost nothing. The time of a file is that of its state.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/file.h"
#include "package/artefact.h"
#include "package/facts.h"
#include "repo/pool.h"
#include "repo/publish.h"

enum { RETAIN_S = 600, FOLDERS_MOST = 256 };

AUTO_DEFINE(DIR *, closedir);

void
touched_add(struct touched *t, const char *path)
{
	AUTO(free) char *at = xstrdup(path);

	for (char *slash; (slash = strrchr(at, '/')); ) {
		*slash = '\0';
		/* What was noted before was noted with those above it. */
		if (!map_add(&t->folders, at))
			return;
	}
}

int
touched_sync(const struct touched *t, int dir, struct err *err)
{
	if (fault("syncfs") && (errno = EIO))
		return err_sys(err, "sync the new state");
	/* One folder after another costs little, as the first sync writes them all; of very many that is not so. */
	if (t->folders.n > FOLDERS_MOST)
		return syncfs(dir) < 0 ? err_sys(err, "sync the new state") : 0;
	for (uint32_t i = 0; i < t->folders.n; i++) {
		AUTO(close) int fd = file_open_dir(dir, t->folders.key[i].text, err);

		if (fd < 0 || file_sync(fd, t->folders.key[i].text, err) < 0)
			return -1;
	}
	return 0;
}

static int
link_package(const struct publish *p, const struct publish_package *one, struct touched *t, struct err *err)
{
	AUTO(free) char *where = facts_location(one->file, one->sha256);
	AUTO(free) char *path = xasprintf("repo/%s/pool/%s", p->repository, where);
	struct artefact_path from = artefact_path(one->sha256);
	char *slash = strrchr(path, '/');

	if (linkat(p->dir, from.text, p->dir, path, 0) == 0 || errno == EEXIST) {
		touched_add(t, path);
		return 0;
	}
	if (errno != ENOENT)
		return err_sys(err, "link %s", path);
	*slash = '\0';
	if (file_mkdirs(p->dir, path, err) < 0)
		return -1;
	*slash = '/';
	if (linkat(p->dir, from.text, p->dir, path, 0) < 0)
		return err_sys(err, "link %s", path);
	touched_add(t, path);
	return 0;
}

int
pool_fill(const struct publish *p, const struct before *b, struct touched *t, int64_t *linked, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		if (b->index[i] != BEFORE_NONE)
			continue;
		if (link_package(p, &p->p[i], t, err) < 0)
			return -1;
		++*linked;
	}
	return 0;
}

static bool
is_metadata(const char *name)
{
	return strspn(name, "0123456789abcdef") == SHA256_HEX && name[SHA256_HEX] == '-';
}

int
pool_retain(const struct publish *p, int repodata, struct err *err)
{
	AUTO(free) char *old = xasprintf("repo/%s/%s/state/%lld/repodata", p->repository, p->arch,
	    p->before ? (long long)p->before->serial : 0);
	int fd = p->before ? openat(p->dir, old, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct stat st;

	/* The state before may have been removed: then nobody reads it. */
	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((e = readdir(d))) {
		bool of_before = false;

		if (!is_metadata(e->d_name) || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		for (int k = 0; k < PUBLISH_KINDS; k++)
			of_before |= strncmp(e->d_name, p->before->file[k].hex, SHA256_HEX) == 0;
		if (!of_before && st.st_mtime < p->when - RETAIN_S)
			continue;
		if (linkat(fd, e->d_name, repodata, e->d_name, 0) < 0 && errno != EEXIST)
			return err_sys(err, "keep %s of the state before", e->d_name);
	}
	return 0;
}
