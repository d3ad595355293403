/*
 * Whoever writes has a file of their own, artefact/tmp.PID.N, which also has the name artefact/part.HASH. A new
 * attempt copies what is in that file so far into one of its own and takes the name over. So nobody ever waits for
 * a writer whose other end is gone but does not know it yet, two may send one artefact at once, and no file has two
 * writers: one that lost the name to another goes on with its own file, and its success counts as well.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/file.h"
#include "package/partial.h"

AUTO_DEFINE(DIR *, closedir);

struct name {
	char text[96];
};

static struct name
name_of(const char *sha256)
{
	struct name n;

	snprintf(n.text, sizeof(n.text), "artefact/part.%s", sha256);
	return n;
}

/* What there is goes to the front of ours. A copy, since its writer may still be at work. */
static int
copy(int dir, const char *name, struct partial *p, struct err *err)
{
	AUTO(close) int from = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (from < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open %s", name);
	if (fstat(from, &st) < 0)
		return err_sys(err, "%s", name);
	return file_copy_range(from, 0, p->tmp.fd, (size_t)st.st_size, err) < 0 ? err_ctx(err, "%s", name) : 0;
}

/* By a third name: a link does not replace, a rename does. */
static int
take_name(int dir, const char *name, struct partial *p, struct err *err)
{
	char third[sizeof(p->tmp.name) + 8];
	struct stat st;

	snprintf(third, sizeof(third), "%s.part", p->tmp.name);
	unlinkat(dir, third, 0);
	if (fstat(p->tmp.fd, &st) < 0 || linkat(dir, p->tmp.name, dir, third, 0) < 0 || renameat(dir, third, dir, name) < 0)
		return err_sys(err, "link %s", name);
	p->dev = st.st_dev;
	p->inode = st.st_ino;
	p->named = true;
	return 0;
}

int
partial_begin(int dir, const char *sha256, bool keep, struct partial *p, struct err *err)
{
	struct name name = name_of(sha256);

	*p = (struct partial){.tmp.fd = -1};
	if (artefact_begin(dir, &p->tmp, err) < 0)
		return -1;
	if (!keep || (copy(dir, name.text, p, err) == 0 && take_name(dir, name.text, p, err) == 0))
		return 0;
	artefact_cancel(dir, &p->tmp);
	/* One that cannot be read, or has no room beside its copy, is worth less than the rest of its artefact. */
	unlinkat(dir, name.text, 0);
	*p = (struct partial){.tmp.fd = -1};
	return artefact_begin(dir, &p->tmp, err);
}

/* Somebody may take the name over between the look and the removal: all that they lose is the name. */
static void
drop_name(int dir, const struct partial *p, const char *sha256)
{
	struct name name = name_of(sha256);
	struct stat st;

	if (p->named && fstatat(dir, name.text, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == p->dev && st.st_ino == p->inode)
		unlinkat(dir, name.text, 0);
}

int
partial_end(int dir, struct partial *p, const char *sha256, struct err *err)
{
	int r = artefact_end(dir, &p->tmp, sha256, err);

	drop_name(dir, p, sha256);
	return r;
}

void
partial_break(int dir, struct partial *p)
{
	artefact_cancel(dir, &p->tmp);
}

void
partial_drop(int dir, struct partial *p, const char *sha256)
{
	drop_name(dir, p, sha256);
	artefact_cancel(dir, &p->tmp);
}

int
partial_sweep(int dir, int64_t named_s, int64_t nameless_s, struct err *err)
{
	int fd = file_open_dir(dir, "artefact", err);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	struct stat st;

	if (!d)
		return fd < 0 ? -1 : err_sys(err, "read artefact");
	while ((e = readdir(d))) {
		bool named = strncmp(e->d_name, "part.", 5) == 0;

		if ((!named && strncmp(e->d_name, "tmp.", 4) != 0) || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		/* A whole artefact's second name is of no use, however young. */
		if (st.st_mtime > time(NULL) - (named ? named_s : nameless_s) && !(named && artefact_has(dir, e->d_name + 5)))
			continue;
		if (unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT)
			return err_sys(err, "remove artefact/%s", e->d_name);
	}
	return 0;
}
