/* A file for each; the time it was last asked for is its mtime, and the oldest go. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/vec.h"
#include "builder/seen.h"
#include "builder/tested.h"
#include "wire/job.h"

enum { SET_MAX = 16 << 20 };

AUTO_DEFINE(DIR *, closedir);

struct sha256
tested_key(const char *package, const struct str *base, const struct str *full)
{
	AUTO(str_fini) struct str packed = {0};

	pack_u32(&packed, INSTALL_CHECK_VERSION);
	pack_text(&packed, package);
	pack_bytes(&packed, base->p, base->n);
	pack_bytes(&packed, full->p, full->n);
	return hash_bytes(packed.p, packed.n);
}

int
tested_get(int dir, const char *key, struct str *out, struct err *err)
{
	AUTO(free) char *path = xasprintf("tested/%s", key);
	int r = file_read(dir, path, SEEN_PACKED_MAX, out, err);

	if (r < 0)
		return -1;
	if (r == FILE_ABSENT)
		return TESTED_NOT;
	utimensat(dir, path, NULL, 0);
	return 0;
}

struct entry {
	struct timespec when;
	char name[SHA256_HEX + 1];
};

static int
by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->when, *y = &((const struct entry *)b)->when;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* A tenth more than the oldest one, so that it is not done each time. */
static int
prune(int dir, struct err *err)
{
	int fd = openat(dir, "tested", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	VEC(struct entry) all = {0};
	struct dirent *e;
	struct stat st;

	if (!d)
		return err_sys(err, "open tested");
	while ((e = readdir(d))) {
		struct entry x = {0};

		if (strlen(e->d_name) != SHA256_HEX || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		memcpy(x.name, e->d_name, SHA256_HEX);
		x.when = st.st_mtim;
		vec_push(&all, x);
	}
	if (all.n > TESTED_MAX) {
		qsort(all.p, all.n, sizeof(*all.p), by_age);
		for (size_t i = 0; i < all.n - TESTED_MAX + TESTED_MAX / 10; i++)
			unlinkat(fd, all.p[i].name, 0);
	}
	vec_fini(&all);
	return 0;
}

int
tested_put(int dir, const char *key, const struct str *seen, struct err *err)
{
	AUTO(free) char *path = xasprintf("tested/%s", key);

	if (mkdirat(dir, "tested", 0755) < 0 && errno != EEXIST)
		return err_sys(err, "mkdir tested");
	if (file_replace(dir, path, str_c(seen), seen->n, 0644, err) < 0)
		return -1;
	return prune(dir, err);
}

static int
key_of(int dir, const char *name, const struct wire_job *job, size_t i, struct sha256 *key, struct err *err)
{
	AUTO(free) char *base_path = xasprintf("job/%s/base.set", name);
	AUTO(free) char *full_path = xasprintf("job/%s/test.%zu.set", name, i);
	AUTO(str_fini) struct str base = {0};
	AUTO(str_fini) struct str full = {0};

	if (file_read_beneath(dir, base_path, SET_MAX, &base, err) || file_read_beneath(dir, full_path, SET_MAX, &full, err))
		return err_set(err, ENOENT, "sets of %s are missing", job->overlay.p[i].name);
	*key = tested_key(job->overlay.p[i].sha256, &base, &full);
	return 0;
}

int
tested_find(int dir, const char *name, const struct wire_job *job, size_t i, struct str *out, struct err *err)
{
	struct sha256 key;

	return key_of(dir, name, job, i, &key, err) < 0 ? -1 : tested_get(dir, key.hex, out, err);
}

int
tested_keep(int dir, const char *name, const struct wire_job *job, struct err *err)
{
	for (size_t i = job->overlay.n - job->n_own; i < job->overlay.n; i++) {
		AUTO(free) char *path = xasprintf("job/%s/test.%zu.seen", name, i);
		AUTO(str_fini) struct str seen = {0};
		AUTO(str_fini) struct str old = {0};
		struct sha256 key;
		int r = file_read_beneath(dir, path, SEEN_PACKED_MAX, &seen, err);

		if (r < 0 || key_of(dir, name, job, i, &key, err) < 0)
			return -1;
		if ((r == FILE_ABSENT ? tested_get(dir, key.hex, &old, err) : tested_put(dir, key.hex, &seen, err)) < 0)
			return -1;
	}
	return 0;
}
