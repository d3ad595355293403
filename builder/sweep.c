/*
 * Who uses an artefact touches it first, under the cache's lock shared; who removes
 * one looks at its time once more under that lock alone. So whatever was touched
 * successfully stays for SWEEP_RECENT_MS at least.
 *
 * A base root is renamed before it is emptied, under its own lock. Its size was
 * written into the lock's file when it was made: to find it out takes a walk over
 * thousands of files.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/vec.h"
#include "builder/kept.h"
#include "builder/roots.h"
#include "builder/sweep.h"
#include "package/artefact.h"

enum { SPARE = 10, DEPTH_MAX = 64 };	/* one part in ten is freed beyond what must be: not every job sweeps */

AUTO_DEFINE(DIR *, closedir);

struct thing {
	int64_t used_ms;
	uint64_t size;
	bool root;
	char name[SHA256_HEX + 1];	/* the artefact's hash, the root's id */
};

struct things {
	VEC(struct thing) list;
	uint64_t sum;
};

static int64_t
mtime_ms(const struct stat *st)
{
	return st->st_mtim.tv_sec * INT64_C(1000) + st->st_mtim.tv_nsec / 1000000;
}

static int
lock_cache(int dir, int how, int *fd, struct err *err)
{
	*fd = openat(dir, "cache.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (*fd < 0)
		return err_sys(err, "open cache.lock");
	/* It is held for a few system calls at a time. */
	return flock(*fd, how) < 0 ? err_sys(err, "lock cache.lock") : 0;
}

int
sweep_touch(int dir, const char *sha256, struct err *err)
{
	AUTO(close) int lock = -1;

	if (lock_cache(dir, LOCK_SH, &lock, err) < 0)
		return -1;
	if (utimensat(dir, artefact_path(sha256).text, NULL, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return errno == ENOENT ? SWEEP_ABSENT : err_sys(err, "artefact %s", sha256);
}

static void
add(struct things *t, const struct thing *one)
{
	vec_push(&t->list, *one);
	t->sum += one->size;
}

/* Artefacts of one of the folders, "ab". */
static void
list_folder(int dir, const char *folder, struct things *t)
{
	AUTO(free) char *path = xasprintf("artefact/%s", folder);
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct thing one = {0};
		struct stat st;

		snprintf(one.name, sizeof(one.name), "%.2s%.62s", folder, e->d_name);
		if (strlen(e->d_name) != SHA256_HEX - 2 || !hash_valid(one.name) ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		one.used_ms = mtime_ms(&st);
		one.size = (uint64_t)st.st_blocks * 512;
		add(t, &one);
	}
}

static int
list_artefacts(int dir, struct things *t, struct err *err)
{
	int fd = openat(dir, "artefact", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return err_sys(err, "open artefact");
	while ((e = readdir(d)))
		if (strlen(e->d_name) == 2 && strspn(e->d_name, "0123456789abcdef") == 2)
			list_folder(dir, e->d_name, t);
	return 0;
}

static uint64_t
tree_size(int dir, const char *path, int depth)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	uint64_t sum = 0;
	struct stat st;

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		sum += (uint64_t)st.st_blocks * 512;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			sum += tree_size(dirfd(d), e->d_name, depth + 1);
	}
	return sum;
}

void
sweep_note_root(int dir, const char *id)
{
	AUTO(free) char *path = xasprintf("roots/%s", id);
	AUTO(free) char *lock = xasprintf("roots/%s.lock", id);
	AUTO(close) int fd = openat(dir, lock, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);

	/* One whose size is not known counts as nothing, and goes when its turn comes. */
	if (fd >= 0)
		dprintf(fd, "%" PRIu64 "\n", tree_size(dir, path, 0));
}

/* Those that kept roots of failed jobs stand on. */
static void
find_kept(int dir, struct strs *out)
{
	int fd = openat(dir, "kept", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO(kept_fini) struct kept k = {0};
		AUTO(close) int held = -1;
		struct err ignored;

		if (e->d_name[0] != '.' && kept_get(dir, e->d_name, &k, &held, &ignored) == 0 && k.base)
			strs_add(out, k.base);
	}
}

static int
list_roots(int dir, struct things *t, struct err *err)
{
	AUTO(strs_fini) struct strs ids = {0};
	AUTO(strs_fini) struct strs kept = {0};

	if (roots_list(dir, &ids, err) < 0)
		return -1;
	find_kept(dir, &kept);
	for (size_t i = 0; i < ids.n; i++) {
		AUTO(free) char *lock = xasprintf("roots/%s.lock", ids.p[i]);
		AUTO(str_fini) struct str size = {0};
		struct thing one = {.root = true};
		struct stat st;

		if (fstatat(dir, lock, &st, AT_SYMLINK_NOFOLLOW) < 0 || file_read(dir, lock, 64, &size, err) != 0)
			continue;
		snprintf(one.name, sizeof(one.name), "%s", ids.p[i]);
		one.used_ms = mtime_ms(&st);
		one.size = strtoull(str_c(&size), NULL, 10);
		/* It counts, and stays. */
		if (strs_has(&kept, one.name))
			one.used_ms = INT64_MAX;
		add(t, &one);
	}
	return 0;
}

/* 1: it is gone now; 0: somebody has used it meanwhile. */
static int
remove_artefact(const struct sweep *s, const struct thing *one, struct err *err)
{
	struct artefact_path path = artefact_path(one->name);
	AUTO(close) int lock = -1;
	struct stat st;

	if (lock_cache(s->dir, LOCK_EX, &lock, err) < 0)
		return -1;
	if (fstatat(s->dir, path.text, &st, AT_SYMLINK_NOFOLLOW) < 0 || mtime_ms(&st) != one->used_ms)
		return 0;
	return unlinkat(s->dir, path.text, 0) < 0 ? err_sys(err, "remove artefact %s", one->name) : 1;
}

static int
remove_root(const struct sweep *s, const char *id, int64_t used_ms, struct err *err)
{
	AUTO(free) char *path = xasprintf("roots/%s", id);
	AUTO(free) char *gone = xasprintf("roots/%s.gone", id);
	AUTO(close) int held = -1;
	struct stat st;
	int r = roots_hold(s->dir, id, &held, err);

	if (r)
		return r == ROOTS_BUSY ? 0 : -1;
	if (used_ms && (fstat(held, &st) < 0 || mtime_ms(&st) != used_ms))
		return 0;
	/* What is left of a removal before. */
	if (sandbox_remove_tree(s->box, gone, err) < 0)
		return -1;
	if (renameat(s->dir, path, s->dir, gone) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "rename %s", path);
	return sandbox_remove_tree(s->box, gone, err) < 0 ? -1 : 1;
}

/* Of roots whose removal was killed. */
/* On its way out, or never finished: whoever makes it holds it. */
static bool
left_over(const char *suffix)
{
	return strcmp(suffix, ".gone") == 0 || strcmp(suffix, ".new") == 0;
}

static int
finish_removals(const struct sweep *s, struct err *err)
{
	int fd = openat(s->dir, "roots", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return err_sys(err, "open roots");
	while ((e = readdir(d))) {
		AUTO(free) char *path = xasprintf("roots/%s", e->d_name);
		AUTO(free) char *id = xstrndup(e->d_name, strnlen(e->d_name, ROOTS_ID));
		AUTO(close) int held = -1;

		if (!roots_valid(id) || !left_over(e->d_name + ROOTS_ID) || roots_hold(s->dir, id, &held, err) != 0)
			continue;
		if (sandbox_remove_tree(s->box, path, err) < 0)
			return -1;
	}
	return 0;
}

static int
by_use(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;

	return x->used_ms < y->used_ms ? -1 : x->used_ms > y->used_ms;
}

int
sweep_cache(const struct sweep *s, struct swept *out, struct err *err)
{
	int64_t now = now_ms(), until = (s->jobs_since < now ? s->jobs_since : now) - SWEEP_RECENT_MS;
	struct things t = {0};
	int r = 0;

	*out = (struct swept){0};
	if (finish_removals(s, err) < 0 || list_artefacts(s->dir, &t, err) < 0 || list_roots(s->dir, &t, err) < 0)
		r = -1;
	out->before = out->after = t.sum;
	if (t.list.n)
		qsort(t.list.p, t.list.n, sizeof(*t.list.p), by_use);
	for (size_t i = 0; i < t.list.n && r >= 0 && t.sum > s->limit; i++) {
		const struct thing *one = &t.list.p[i];

		if (one->used_ms >= until || out->after <= s->limit - s->limit / SPARE)
			break;
		r = one->root ? remove_root(s, one->name, one->used_ms, err) : remove_artefact(s, one, err);
		if (r <= 0)
			continue;
		out->after -= one->size;
		*(one->root ? &out->roots : &out->artefacts) += 1;
	}
	vec_fini(&t.list);
	return r < 0 ? -1 : 0;
}
