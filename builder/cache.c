#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "builder/cache.h"
#include "builder/sweep.h"
#include "package/artefact.h"
#include "package/partial.h"
#include "wire/exchange.h"

enum { BREATH_MS = 200 };

static bool
connection_lost(const struct err *err)
{
	return err->code == ECONNRESET || err->code == EPIPE || err->code == ETIMEDOUT || err->code == ENOTCONN;
}

/* From the farm's folder; its disk is believed no more than a connection. */
static int
get_local(const struct cache *c, const char *sha256, int to, struct err *err)
{
	AUTO(close) int from = artefact_has(c->farm, sha256) ? artefact_open(c->farm, sha256, err) : -1;
	struct sha256 sum;

	if (from < 0)
		return artefact_has(c->farm, sha256) ? -1 : EXCHANGE_ABSENT;
	if (hash_fd(from, &sum, err) < 0)
		return err_ctx(err, "artefact %s", sha256);
	if (strcmp(sum.hex, sha256) != 0)
		return err_set(err, EBADMSG, "artefact %s is damaged", sha256);
	if (lseek(from, 0, SEEK_SET) < 0)
		return err_sys(err, "artefact %s", sha256);
	return file_copy_fd(from, to, err);
}

static int
put_local(const struct cache *c, const char *path, int from, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	AUTO(close) int to = openat(c->out, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (to < 0)
		return err_sys(err, "create %s", name);
	if (lseek(from, 0, SEEK_SET) < 0)
		return err_sys(err, "%s", path);
	return file_copy_fd(from, to, err);
}

static int
get_once(struct cache *c, const char *sha256, struct err *err)
{
	struct partial p;
	int r;

	if (partial_begin(c->dir, sha256, c->conn != NULL, &p, err) < 0)
		return -1;
	r = c->conn ? exchange_get(c->conn, sha256, p.tmp.fd, err) : get_local(c, sha256, p.tmp.fd, err);
	if (r == 0)
		return partial_end(c->dir, &p, sha256, err);
	if (r == EXCHANGE_ABSENT) {
		partial_drop(c->dir, &p, sha256);
		return err_set(err, ENOENT, "the farm has no artefact %s", sha256);
	}
	if (connection_lost(err))
		partial_break(c->dir, &p);
	else
		partial_drop(c->dir, &p, sha256);
	return -1;
}

/* A connection that breaks again and again does so at a bearable rate. */
static int
reopen(struct cache *c, struct err *err)
{
	if (!connection_lost(err))
		return -1;
	poll(NULL, 0, BREATH_MS);
	return c->reopen(c->arg, err);
}

int
cache_get(struct cache *c, const char *sha256, struct err *err)
{
	int r;

	while ((r = sweep_touch(c->dir, sha256, err)) == SWEEP_ABSENT) {
		if (get_once(c, sha256, err) == 0)
			return 0;
		if (!c->conn || reopen(c, err) < 0)
			return -1;
	}
	return r;
}

int
cache_get_set(struct cache *c, const struct pkgset *set, struct err *err)
{
	for (size_t i = 0; i < set->n; i++)
		if (cache_get(c, set->p[i].sha256, err) < 0)
			return err_ctx(err, "%s", set->p[i].nevra);
	return 0;
}

int
cache_put(struct cache *c, const char *path, char **sha256, struct err *err)
{
	AUTO(close) int fd = file_open_beneath(c->dir, path, O_RDONLY);
	struct sha256 sum;
	struct stat st;

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s is not a regular file", path);
	if (hash_fd(fd, &sum, err) < 0)
		return err_ctx(err, "%s", path);
	if (!c->conn && put_local(c, path, fd, err) < 0)
		return -1;
	while (c->conn && exchange_put(c->conn, sum.hex, fd, err) < 0)
		if (reopen(c, err) < 0)
			return err_ctx(err, "%s", path);
	*sha256 = xstrdup(sum.hex);
	return 0;
}
