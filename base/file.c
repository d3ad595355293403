#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/str.h"

int
file_read_fd(int fd, size_t max, struct str *out, struct err *err)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (out->n + (size_t)n > max)
			return err_set(err, EFBIG, "it is longer than %zu bytes", max);
		str_put(out, buf, (size_t)n);
	}
	return n < 0 ? err_sys(err, "its content") : 0;
}

int
file_read(int dir, const char *path, size_t max, struct str *out, struct err *err)
{
	AUTO(close) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? FILE_ABSENT : err_sys(err, "open %s", path);
	return file_read_fd(fd, max, out, err) < 0 ? err_ctx(err, "read %s", path) : 0;
}

int
file_write_fd(int fd, const void *data, size_t n, struct err *err)
{
	const char *p = data;

	while (n > 0) {
		ssize_t done = fault("write") ? (errno = ENOSPC, -1) : write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(err, "write");
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int
file_sync(int fd, const char *what, struct err *err)
{
	if ((fault("fsync") && (errno = EIO)) || fsync(fd) < 0)
		return err_sys(err, "fsync %s", what);
	return 0;
}

int
file_sync_parent(int dir, const char *path, struct err *err)
{
	AUTO(free) char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');
	AUTO(close) int fd = -1;

	if (slash)
		*slash = '\0';
	fd = file_open_dir(dir, slash ? (parent[0] ? parent : "/") : ".", err);
	if (fd < 0)
		return -1;
	if (fsync(fd) < 0)
		return err_sys(err, "fsync the folder of %s", path);
	return 0;
}

static int
write_whole(int dir, const char *path, const void *data, size_t n, mode_t mode, bool scratch, struct err *err)
{
	AUTO(close) int fd = openat(dir, path, O_WRONLY | O_CREAT | (scratch ? O_EXCL : O_TRUNC) | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return err_sys(err, "create %s", path);
	if (file_write_fd(fd, data, n, err) < 0)
		return err_ctx(err, "%s", path);
	return scratch ? 0 : file_sync(fd, path, err);
}

int
file_write(int dir, const char *path, const void *data, size_t n, mode_t mode, struct err *err)
{
	if (unlinkat(dir, path, 0) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", path);
	return write_whole(dir, path, data, n, mode, true, err);
}

int
file_replace(int dir, const char *path, const void *data, size_t n, mode_t mode, struct err *err)
{
	AUTO(free) char *tmp = xasprintf("%s.tmp.%d", path, (int)getpid());

	if (write_whole(dir, tmp, data, n, mode, false, err) < 0 ||
	    (renameat(dir, tmp, dir, path) < 0 && err_sys(err, "rename %s", tmp) < 0)) {
		unlinkat(dir, tmp, 0);
		return -1;
	}
	return file_sync_parent(dir, path, err);
}

int
file_relink(int dir, const char *path, const char *target, struct err *err)
{
	AUTO(free) char *tmp = xasprintf("%s.tmp.%d", path, (int)getpid());

	unlinkat(dir, tmp, 0);
	if (symlinkat(target, dir, tmp) < 0)
		return err_sys(err, "symlink %s", tmp);
	if (renameat(dir, tmp, dir, path) < 0) {
		err_sys(err, "rename %s", tmp);
		unlinkat(dir, tmp, 0);
		return -1;
	}
	return file_sync_parent(dir, path, err);
}

int
file_copy_fd(int from, int to, struct err *err)
{
	enum { BLOCK = 256 * 1024 };
	AUTO(free) char *buf = xcalloc(1, BLOCK);
	ssize_t n;

	while ((n = read(from, buf, BLOCK)) > 0)
		if (file_write_fd(to, buf, (size_t)n, err) < 0)
			return -1;
	return n < 0 ? err_sys(err, "read") : 0;
}

static int
copy_slowly(int from, off_t at, int to, size_t n, struct err *err)
{
	enum { BLOCK = 256 * 1024 };
	AUTO(free) char *buf = xcalloc(1, BLOCK);

	while (n > 0) {
		ssize_t got = pread(from, buf, n < BLOCK ? n : BLOCK, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "read");
		if (got == 0)
			return err_set(err, EIO, "read: %zu bytes before the end that it had", n);
		if (file_write_fd(to, buf, (size_t)got, err) < 0)
			return -1;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

int
file_copy_range(int from, off_t at, int to, size_t n, struct err *err)
{
	while (n > 0) {
		ssize_t done = fault("write") ? (errno = ENOSPC, -1) : copy_file_range(from, &at, to, NULL, n, 0);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
			return err_sys(err, "copy");
		/* Another file system, or one that cannot; at the end of the file that says so too. */
		if (done <= 0)
			return copy_slowly(from, at, to, n, err);
		n -= (size_t)done;
	}
	return 0;
}

int
file_mkdirs(int dir, const char *path, struct err *err)
{
	AUTO(free) char *part = xstrdup(path);
	char *p = part;

	do {
		p = strchr(p + 1, '/');
		if (p)
			*p = '\0';
		if (mkdirat(dir, part, 0755) < 0 && errno != EEXIST)
			return err_sys(err, "mkdir %s", part);
		if (p)
			*p = '/';
	} while (p);
	return 0;
}

int
file_open_dir(int dir, const char *path, struct err *err)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(err, "open folder %s", path) : fd;
}

/* Linux 5.6, which the sandbox needs anyway. */
int
file_open_beneath(int dir, const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

int
file_read_beneath(int dir, const char *path, size_t max, struct str *out, struct err *err)
{
	AUTO(close) int fd = file_open_beneath(dir, path, O_RDONLY);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? FILE_ABSENT : err_sys(err, "open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s is not a regular file", path);
	return file_read_fd(fd, max, out, err) < 0 ? err_ctx(err, "read %s", path) : 0;
}

/* A tree may be deeper than there are descriptors: what lies DEPTH_MAX below its top is moved up into it first. */
enum { DEPTH_MAX = 64 };

struct removal {
	int top;
	unsigned moved;
};

static int
move_up(struct removal *r, int dir, const char *name, struct err *err)
{
	char to[32];

	for (;;) {
		snprintf(to, sizeof(to), ".deep.%u", r->moved++);
		if (renameat2(dir, name, r->top, to, RENAME_NOREPLACE) == 0)
			return 0;
		/* A folder that is moved must be writable, as it holds the way up. */
		if (errno != EEXIST && (errno != EACCES || fchmodat(dir, name, 0700, 0) < 0))
			return err_sys(err, "move %s", name);
	}
}

static int
open_to_empty(int dir, const char *name, struct err *err)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == EACCES && fchmodat(dir, name, 0700, 0) == 0)
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? err_sys(err, "open %s", name) : fd;
}

static int empty(struct removal *r, int fd, int depth, struct err *err);

/* One name in a folder. */
static int
remove_name(struct removal *r, int dir, const char *name, int depth, struct err *err)
{
	int fd;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM && errno != ENOTEMPTY)
		return err_sys(err, "remove %s", name);
	if (depth == DEPTH_MAX)
		return move_up(r, dir, name, err);
	fd = open_to_empty(dir, name, err);
	if (fd < 0 || empty(r, fd, depth, err) < 0)
		return -1;
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "rmdir %s", name);
	return 0;
}

/* Empty an open folder; takes over fd. */
static int
empty(struct removal *r, int fd, int depth, struct err *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int ret = 0;

	if (!d) {
		close(fd);
		return err_sys(err, "fdopendir");
	}
	while (ret == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			ret = remove_name(r, dirfd(d), e->d_name, depth + 1, err);
	closedir(d);
	return ret;
}

int
file_remove_tree(int dir, const char *path, struct err *err)
{
	AUTO(close) int top = -1;
	struct removal r = {0};
	unsigned before;

	if (unlinkat(dir, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM && errno != ENOTEMPTY)
		return err_sys(err, "remove %s", path);
	r.top = top = open_to_empty(dir, path, err);
	if (top < 0)
		return -1;
	do {
		int again = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		before = r.moved;
		if (again < 0)
			return err_sys(err, "open %s", path);
		if (empty(&r, again, 0, err) < 0)
			return -1;
	} while (r.moved != before);
	if (unlinkat(dir, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "rmdir %s", path);
	return 0;
}

int
file_lock(int dir, const char *path, int *fd, struct err *err)
{
	AUTO(close) int lock = openat(dir, path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (lock < 0)
		return err_sys(err, "open %s", path);
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? FILE_BUSY : err_sys(err, "lock %s", path);
	*fd = STEAL_FD(lock);
	return 0;
}

bool
file_exists(int dir, const char *path)
{
	struct stat st;

	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}
