#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/disk-use.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "schema/quota.h"
#include "package/artefact.h"
#include "schema/store.h"
#include "shell/people.h"
#include "wire/limits.h"

enum { LEFT_BEHIND_S = 2 * 3600 };
/* Where nothing is limited, so that sums do not overflow. */
#define NO_LIMIT ((int64_t)1 << 50)

AUTO_DEFINE(DIR *, closedir);

static int
open_home(struct store *s, const char *user, struct err *err)
{
	AUTO(free) char *path = xasprintf("people/%s", user);
	int fd;

	if (!text_is_name(user))
		return err_set(err, EINVAL, "that cannot be a user's name");
	fd = file_open_beneath(s->dir, path, O_RDONLY | O_DIRECTORY);
	return fd < 0 ? err_sys(err, "open /%s", path) : fd;
}

int
people_open(struct store *s, const char *user, const char *folder, bool make, struct err *err)
{
	AUTO(close) int home = open_home(s, user, err);
	int fd;

	if (home < 0)
		return -1;
	if (make && mkdirat(home, folder, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "make /people/%s/%s", user, folder);
	fd = file_open_beneath(home, folder, O_RDONLY | O_DIRECTORY);
	return fd < 0 ? err_sys(err, "open /people/%s/%s", user, folder) : fd;
}

/* Source RPMs of the user's tasks; of those that are merged the repository keeps its own. */
static int
task_usage(struct store *s, const char *user, int64_t *bytes, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_SUBTASK_SRPMS, err, "s", user);
	struct stat st;
	int r;

	while ((r = store_row(s, q, err)) > 0) {
		struct artefact_path path = artefact_path(store_text(q, 0));

		if (fstatat(s->dir, path.text, &st, AT_SYMLINK_NOFOLLOW) == 0)
			*bytes += (int64_t)st.st_blocks * 512;
	}
	return r;
}

int
people_usage(struct store *s, const char *user, int64_t *bytes, struct err *err)
{
	AUTO(close) int home = open_home(s, user, err);
	struct disk_use use;

	*bytes = 0;
	if (home < 0)
		return err->code == ENOENT ? 0 : -1;
	if (disk_measure(home, ".", &(struct disk_use){0}, 0, &use, err) < 0)
		return -1;
	*bytes = (int64_t)use.bytes;
	return task_usage(s, user, bytes, err);
}

int
people_left(struct store *s, const char *user, int64_t *bytes, struct err *err)
{
	AUTO(str_fini) struct str limit = {0};
	int64_t max, used;

	if (quota_get(s, user, QUOTA_DISK, &max, err) < 0 || people_usage(s, user, &used, err) < 0)
		return -1;
	*bytes = max ? max - used : NO_LIMIT;
	if (*bytes > 0)
		return 0;
	limits_put_bytes(&limit, (uint64_t)max);
	return err_set(err, EDQUOT, "the %s of disk that %s may have are taken: `ls` lists what is there, `rm` removes some "
	    "of it, `task rm` tasks with source RPMs, `quota` tells the limits", str_c(&limit), user);
}

char *
people_scratch(void)
{
	uint64_t number = 0;

	while (getrandom(&number, sizeof(number), 0) < 0 && errno == EINTR)
		;
	return xasprintf(".%016llx", (unsigned long long)number);
}

void
people_sweep(int dir, const char *prefix)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *e;
	struct stat st;
	struct err ignored;

	while (d && (e = readdir(d)))
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 && fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < now_ms() / 1000 - LEFT_BEHIND_S)
			file_remove_tree(dir, e->d_name, &ignored);
}
