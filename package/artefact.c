#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/str.h"
#include "package/artefact.h"

struct artefact_path
artefact_path(const char *sha256)
{
	struct artefact_path p;

	/* What is no sum at all names no artefact. */
	snprintf(p.text, sizeof(p.text), "artefact/%.2s/%s", sha256, sha256 + strnlen(sha256, 2));
	return p;
}

bool
artefact_has(int dir, const char *sha256)
{
	return file_exists(dir, artefact_path(sha256).text);
}

int
artefact_open(int dir, const char *sha256, struct err *err)
{
	int fd = openat(dir, artefact_path(sha256).text, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(err, "artefact %s", sha256) : fd;
}

int
artefact_read(int dir, const char *sha256, size_t max, struct str *out, struct err *err)
{
	int r = file_read(dir, artefact_path(sha256).text, max, out, err);

	return r == FILE_ABSENT ? err_set(err, ENOENT, "artefact %s is missing", sha256) : r;
}

int
artefact_begin(int dir, struct artefact_tmp *t, struct err *err)
{
	static unsigned number;

	snprintf(t->name, sizeof(t->name), "artefact/tmp.%d.%u", (int)getpid(), number++);
	t->fd = openat(dir, t->name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	return t->fd < 0 ? err_sys(err, "create %s", t->name) : 0;
}

void
artefact_cancel(int dir, struct artefact_tmp *t)
{
	if (t->fd >= 0)
		close(STEAL_FD(t->fd));
	unlinkat(dir, t->name, 0);
}

/* The folder an artefact goes to. */
static int
make_folder(int dir, const char *sha256, struct err *err)
{
	char folder[16];

	snprintf(folder, sizeof(folder), "artefact/%.2s", sha256);
	if (mkdirat(dir, folder, 0755) == 0)
		return file_sync_parent(dir, folder, err);
	return errno == EEXIST ? 0 : err_sys(err, "mkdir %s", folder);
}

static int
install(int dir, struct artefact_tmp *t, const char *sha256, struct err *err)
{
	struct artefact_path path = artefact_path(sha256);

	if (fchmod(t->fd, 0444) < 0 || (fault("fsync") && (errno = EIO)) || fsync(t->fd) < 0)
		return err_sys(err, "sync %s", t->name);
	if (make_folder(dir, sha256, err) < 0)
		return -1;
	if (renameat(dir, t->name, dir, path.text) < 0)
		return err_sys(err, "rename to %s", path.text);
	return file_sync_parent(dir, path.text, err);
}

bool
artefact_renew(int dir, const char *sha256)
{
	return artefact_has(dir, sha256) && utimensat(dir, artefact_path(sha256).text, NULL, 0) == 0;
}

int
artefact_end(int dir, struct artefact_tmp *t, const char *sha256, struct err *err)
{
	int r = artefact_renew(dir, sha256) ? 1 : install(dir, t, sha256, err);

	if (r)
		artefact_cancel(dir, t);
	else
		close(STEAL_FD(t->fd));
	return r < 0 ? -1 : 0;
}

int
artefact_put(int dir, const void *data, size_t n, struct sha256 *out, struct err *err)
{
	struct artefact_tmp t;

	*out = hash_bytes(data, n);
	if (artefact_renew(dir, out->hex))
		return 0;
	if (artefact_begin(dir, &t, err) < 0)
		return -1;
	if (file_write_fd(t.fd, data, n, err) < 0) {
		artefact_cancel(dir, &t);
		return -1;
	}
	return artefact_end(dir, &t, out->hex, err);
}

int
artefact_put_fd(int dir, int fd, struct sha256 *out, struct err *err)
{
	struct artefact_tmp t;

	if (artefact_begin(dir, &t, err) < 0)
		return -1;
	if (file_copy_fd(fd, t.fd, err) < 0 || lseek(t.fd, 0, SEEK_SET) < 0 || hash_fd(t.fd, out, err) < 0) {
		artefact_cancel(dir, &t);
		return -1;
	}
	return artefact_end(dir, &t, out->hex, err);
}

int
artefact_put_file(int dir, const char *path, bool link, struct sha256 *out, struct err *err)
{
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct artefact_path to;

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (!link)
		return artefact_put_fd(dir, fd, out, err);
	if (hash_fd(fd, out, err) < 0)
		return err_ctx(err, "%s", path);
	to = artefact_path(out->hex);
	if (artefact_renew(dir, out->hex))
		return 0;
	if (make_folder(dir, out->hex, err) < 0)
		return -1;
	if (linkat(AT_FDCWD, path, dir, to.text, 0) < 0) {
		lseek(fd, 0, SEEK_SET);
		return artefact_put_fd(dir, fd, out, err);
	}
	return file_sync_parent(dir, to.text, err);
}

int
artefact_link(int dir, const char *path, const char *sha256, struct err *err)
{
	struct artefact_path to = artefact_path(sha256);
	AUTO(free) char *tmp = xasprintf("%s.tmp.%d", to.text, (int)getpid());

	if (make_folder(dir, sha256, err) < 0)
		return -1;
	unlinkat(dir, tmp, 0);
	/* By another name: a link does not replace, a rename does. */
	if (linkat(dir, path, dir, tmp, 0) < 0 || renameat(dir, tmp, dir, to.text) < 0)
		return err_sys(err, "link %s", to.text);
	/* If both were one file already the rename did nothing. */
	unlinkat(dir, tmp, 0);
	return file_sync_parent(dir, to.text, err);
}
