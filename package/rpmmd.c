/*
 * repomd.xml names the file, blocks.c gets its text, document.c takes it apart. What is wrong with the
 * text is told only if the file is what repomd.xml says it is: a damaged file is a damaged file, whatever
 * it looked like.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "package/document.h"
#include "package/repomd.h"
#include "package/rpmmd.h"

static const char *const kind_names[RPMMD_KINDS] = {
	[RPMMD_PRIMARY] = "primary",
	[RPMMD_FILELISTS] = "filelists",
	[RPMMD_OTHER] = "other",
};

static int
take(void *arg, struct block *out, struct err *err)
{
	return blocks_take(arg, out, err);
}

static void
give(void *arg)
{
	blocks_give(arg);
}

static int
read_file(int fd, const struct sha256 *expected, enum rpmmd_kind kind, rpmmd_fn *fn, void *arg, struct err *err)
{
	AUTO(blocks_free) struct blocks *b = blocks_new(fd, err);
	struct err unread = {0};
	struct sha256 sum;
	int r;

	if (!b)
		return -1;
	r = document_read(&(struct source){take, give, b, BLOCK_HEAD}, kind, fn, arg, err);
	if (r != DOCUMENT_STOPPED && blocks_hash(b, &sum, &unread) == 0 && strcmp(sum.hex, expected->hex) != 0)
		return err_set(err, EBADMSG, "its SHA-256 is not what repomd.xml says");
	if (unread.code)
		*err = unread;
	return r || unread.code ? r == DOCUMENT_STOPPED ? DOCUMENT_STOPPED : -1 : 0;
}

bool
rpmmd_is_source(const struct rpmmd_package *p)
{
	return strcmp(p->arch, "src") == 0 || strcmp(p->arch, "nosrc") == 0;
}

int
rpmmd_read(const char *dir, enum rpmmd_kind kind, rpmmd_fn *fn, void *arg, struct err *err)
{
	AUTO(close) int folder = file_open_dir(AT_FDCWD, dir, err);
	struct repomd_file file = {0};
	AUTO(free) char *href = NULL;
	int fd, r;

	if (folder < 0 || repomd_find(folder, dir, kind_names[kind], &file, err) < 0)
		return -1;
	href = file.href;
	fd = openat(folder, href, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s/%s", dir, href);
	r = read_file(fd, &file.sha256, kind, fn, arg, err);
	return r < 0 ? err_ctx(err, "%s/%s", dir, href) : r > 0 ? -1 : 0;
}

int
rpmmd_primary(const char *dir, rpmmd_fn *fn, void *arg, struct err *err)
{
	return rpmmd_read(dir, RPMMD_PRIMARY, fn, arg, err);
}

int
rpmmd_filelists(const char *dir, rpmmd_fn *fn, void *arg, struct err *err)
{
	return rpmmd_read(dir, RPMMD_FILELISTS, fn, arg, err);
}

int
rpmmd_other(const char *dir, rpmmd_fn *fn, void *arg, struct err *err)
{
	return rpmmd_read(dir, RPMMD_OTHER, fn, arg, err);
}
