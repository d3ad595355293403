/*
 * A lock's file stays when its root goes: removing it would let two hold two
 * files of one name. It is empty, and the next root of that set has it again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "builder/roots.h"

AUTO_DEFINE(DIR *, closedir);

struct roots_id
roots_id(const void *set, size_t n)
{
	struct sha256 sum = hash_bytes(set, n);
	struct roots_id id;

	snprintf(id.text, sizeof(id.text), "%.32s", sum.hex);
	return id;
}

bool
roots_valid(const char *id)
{
	return strlen(id) == ROOTS_ID && strspn(id, "0123456789abcdef") == ROOTS_ID;
}

static int
hold(int dir, const char *id, int how, int *held, struct err *err)
{
	AUTO(free) char *path = xasprintf("roots/%s.lock", id);
	AUTO(close) int fd = openat(dir, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (flock(fd, how | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? ROOTS_BUSY : err_sys(err, "lock %s", path);
	*held = STEAL_FD(fd);
	return 0;
}

int
roots_hold(int dir, const char *id, int *held, struct err *err)
{
	return hold(dir, id, LOCK_EX, held, err);
}

int
roots_use(int dir, const char *id, int *held, struct err *err)
{
	AUTO(free) char *folder = xasprintf("roots/%s", id);
	AUTO(close) int fd = -1;
	int r;

	/* Without this a mere look would leave a lock's file. */
	if (!file_exists(dir, folder))
		return ROOTS_ABSENT;
	r = hold(dir, id, LOCK_SH, &fd, err);
	if (r)
		return r;
	if (!file_exists(dir, folder))
		return ROOTS_ABSENT;
	futimens(fd, NULL);
	*held = STEAL_FD(fd);
	return 0;
}

/* A link that leads nowhere: its target is the id. */
static char *
memory_path(const char *repository, const char *arch)
{
	AUTO(free) char *key = xasprintf("%s\n%s", repository, arch);
	struct sha256 sum = hash_bytes(key, strlen(key));

	return xasprintf("roots/last.%.32s", sum.hex);
}

void
roots_remember(int dir, const char *repository, const char *arch, const char *id)
{
	AUTO(free) char *path = memory_path(repository, arch);
	struct roots_id last = roots_guess(dir, repository, arch);

	if (strcmp(last.text, id) == 0)
		return;
	/* Another job may be quicker, or the disk full: it is only a guess. */
	unlinkat(dir, path, 0);
	(void)!symlinkat(id, dir, path);
}

struct roots_id
roots_guess(int dir, const char *repository, const char *arch)
{
	AUTO(free) char *path = memory_path(repository, arch);
	struct roots_id id = {0};
	ssize_t n = readlinkat(dir, path, id.text, sizeof(id.text));

	/* One that does not end in its place is longer than an id. */
	if (n != ROOTS_ID || id.text[ROOTS_ID] != '\0' || !roots_valid(id.text))
		memset(&id, 0, sizeof(id));
	return id;
}

int
roots_list(int dir, struct strs *out, struct err *err)
{
	int fd = openat(dir, "roots", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return err_sys(err, "open roots");
	while ((e = readdir(d)))
		if (roots_valid(e->d_name) && out->n < ROOTS_MAX)
			strs_add(out, e->d_name);
	strs_sort(out);
	return 0;
}
