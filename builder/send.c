#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"
#include "builder/cache.h"
#include "builder/send.h"
#include "wire/job.h"

enum { ZSTD_LEVEL = 3, IDENTITY_MAX = 1024 };

AUTO_DEFINE(DIR *, closedir);

static int
put_named(struct cache *c, const char *job, const char *name, struct wire_files *out, struct err *err)
{
	AUTO(free) char *path = xasprintf("job/%s/out/%s", job, name);
	AUTO(free) char *facts_path = xasprintf("%s.facts", path);
	AUTO(free) char *identity_path = xasprintf("%s.identity", path);
	AUTO(str_fini) struct str identity = {0};
	AUTO(free) char *sha = NULL;
	AUTO(free) char *facts = NULL;

	if (cache_put(c, path, &sha, err) < 0)
		return -1;
	if (file_exists(c->dir, facts_path) && cache_put(c, facts_path, &facts, err) < 0)
		return -1;
	if (file_read_beneath(c->dir, identity_path, IDENTITY_MAX, &identity, err) < 0)
		return -1;
	wire_files_add(out, sha, name, facts ? facts : "", hash_valid(str_c(&identity)) ? str_c(&identity) : "");
	return 0;
}

int
send_outputs(struct cache *c, const char *name, struct wire_files *out, size_t *n, struct err *err)
{
	AUTO(free) char *path = xasprintf("job/%s/out", name);
	int fd = file_open_beneath(c->dir, path, O_RDONLY | O_DIRECTORY);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	AUTO(strs_fini) struct strs names = {0};
	struct dirent *e;

	if (!d)
		return err_sys(err, "open %s", path);
	while ((e = readdir(d))) {
		size_t length = strlen(e->d_name);

		if (length > 4 && strcmp(e->d_name + length - 4, ".rpm") == 0)
			strs_add(&names, e->d_name);
	}
	strs_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		if (put_named(c, name, names.p[i], out, err) < 0)
			return -1;
	*n = names.n;
	return 0;
}

int
send_log(struct cache *c, int log, const char *name, char **sha256, struct err *err)
{
	AUTO(free) char *packed_path = xasprintf("job/%s/log.zst", name);
	AUTO(str_fini) struct str text = {0};
	AUTO(free) char *packed = NULL;
	AUTO(close) int fd = -1;
	size_t size, n;

	if (log < 0 || lseek(log, 0, SEEK_SET) < 0 || file_read_fd(log, SIZE_MAX, &text, err) < 0 || text.n == 0)
		return 0;
	size = ZSTD_compressBound(text.n);
	packed = xcalloc(1, size);
	n = ZSTD_compress(packed, size, text.p, text.n, ZSTD_LEVEL);
	if (ZSTD_isError(n))
		return err_set(err, EIO, "compress the log: %s", ZSTD_getErrorName(n));
	/* job/<n> belongs to the sandbox: what has this name there is none of ours. */
	if (file_remove_tree(c->dir, packed_path, err) < 0)
		return -1;
	fd = openat(c->dir, packed_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(err, "create %s", packed_path);
	if (file_write_fd(fd, packed, n, err) < 0)
		return err_ctx(err, "%s", packed_path);
	free(*sha256);
	*sha256 = NULL;
	return cache_put(c, packed_path, sha256, err);
}
