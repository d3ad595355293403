/*
 * /proc/PID/fd/N leads to the open file itself. A file may be open many times, so
 * each is counted once by its number. What an overlay shows has another device than
 * what lies below it: there only files that are open for writing count, as others
 * may be the base root's. A file that is only mapped is not found.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "builder/unnamed.h"

AUTO_DEFINE(DIR *, closedir);

struct file {
	dev_t device;
	ino_t number;
	uint64_t bytes;
};

struct files {
	struct file *p;
	size_t n, cap;
};

static bool
counts(int fds, const char *name, const struct stat *st, dev_t device)
{
	AUTO(free) char *path = NULL;
	struct stat link;
	struct statfs fs;

	if (!S_ISREG(st->st_mode) || st->st_nlink > 0)
		return false;
	if (st->st_dev == device)
		return true;
	path = xasprintf("/proc/self/fd/%d/%s", fds, name);
	return fstatat(fds, name, &link, AT_SYMLINK_NOFOLLOW) == 0 && (link.st_mode & S_IWUSR) &&
	    statfs(path, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static void
look_at(const char *pid, dev_t device, int64_t deadline, struct files *out)
{
	AUTO(free) char *path = xasprintf("/proc/%s/fd", pid);
	AUTO(closedir) DIR *d = opendir(path);
	struct dirent *e;
	struct stat st;

	while (d && tick_ms() < deadline && (e = readdir(d)))
		if (e->d_name[0] != '.' && fstatat(dirfd(d), e->d_name, &st, 0) == 0 && counts(dirfd(d), e->d_name, &st, device))
			vec_push(out, ((struct file){st.st_dev, st.st_ino, (uint64_t)st.st_blocks * 512}));
}

static int
by_number(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

uint64_t
unnamed_bytes(const struct strs *pids, int dir, int64_t deadline)
{
	struct files all = {0};
	uint64_t sum = 0;
	struct stat st;

	if (fstat(dir, &st) < 0)
		return 0;
	for (size_t i = 0; i < pids->n; i++)
		look_at(pids->p[i], st.st_dev, deadline, &all);
	if (all.n)
		qsort(all.p, all.n, sizeof(*all.p), by_number);
	for (size_t i = 0; i < all.n; i++)
		if (i == 0 || by_number(&all.p[i - 1], &all.p[i]) != 0)
			sum += all.p[i].bytes;
	vec_fini(&all);
	return sum;
}
