#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/err.h"
#include "builder/cache.h"
#include "package/artefact.h"
#include "wire/exchange.h"

static bool
connection_lost(const struct err *err)
{
	return err->code == ECONNRESET || err->code == EPIPE || err->code == ETIMEDOUT || err->code == ENOTCONN;
}

static int
get_once(struct cache *c, const char *sha256, struct err *err)
{
	struct artefact_tmp t;
	int r;

	if (artefact_begin(c->dir, &t, err) < 0)
		return -1;
	r = exchange_get(c->conn, sha256, t.fd, err);
	if (r) {
		artefact_cancel(c->dir, &t);
		return r == EXCHANGE_ABSENT ? err_set(err, ENOENT, "the farm has no artefact %s", sha256) : -1;
	}
	return artefact_end(c->dir, &t, sha256, err);
}

int
cache_get(struct cache *c, const char *sha256, struct err *err)
{
	while (!artefact_has(c->dir, sha256)) {
		if (get_once(c, sha256, err) == 0)
			return 0;
		if (!connection_lost(err) || c->reopen(c->arg, err) < 0)
			return -1;
	}
	return 0;
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
	AUTO(close) int fd = openat(c->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct sha256 sum;

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (hash_fd(fd, &sum, err) < 0)
		return err_ctx(err, "%s", path);
	for (;;) {
		if (lseek(fd, 0, SEEK_SET) < 0)
			return err_sys(err, "%s", path);
		if (exchange_put(c->conn, sum.hex, fd, err) == 0)
			break;
		if (!connection_lost(err) || c->reopen(c->arg, err) < 0)
			return err_ctx(err, "%s", path);
	}
	*sha256 = xstrdup(sum.hex);
	return 0;
}
