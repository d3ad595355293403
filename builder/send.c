#include <dirent.h>
#include <errno.h>
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
	if (file_read(c->dir, identity_path, IDENTITY_MAX, &identity, err) < 0)
		return -1;
	wire_files_add(out, sha, name, facts ? facts : "", hash_valid(str_c(&identity)) ? str_c(&identity) : "");
	return 0;
}

int
send_outputs(struct cache *c, const char *state, const char *name, struct wire_files *out, size_t *n, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/job/%s/out", state, name);
	AUTO(closedir) DIR *d = opendir(path);
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
send_log(struct cache *c, const char *name, char **sha256, struct err *err)
{
	AUTO(free) char *path = xasprintf("job/%s/log", name);
	AUTO(free) char *packed_path = xasprintf("job/%s/log.zst", name);
	AUTO(str_fini) struct str text = {0};
	AUTO(free) char *packed = NULL;
	size_t size, n;

	if (file_read(c->dir, path, SIZE_MAX, &text, err) || text.n == 0)
		return 0;
	size = ZSTD_compressBound(text.n);
	packed = xcalloc(1, size);
	n = ZSTD_compress(packed, size, text.p, text.n, ZSTD_LEVEL);
	if (ZSTD_isError(n))
		return err_set(err, EIO, "compress the log: %s", ZSTD_getErrorName(n));
	/* job/<n> belongs to the sandbox: as root that is no obstacle, as a user they are the same. */
	if (file_write(c->dir, packed_path, packed, n, 0644, err) < 0)
		return -1;
	free(*sha256);
	*sha256 = NULL;
	return cache_put(c, packed_path, sha256, err);
}
