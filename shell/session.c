#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "schema/quota.h"
#include "schema/store.h"
#include "shell/session.h"

enum { SESSIONS_MOST = 10000, PID_DIGITS = 16 };

static char *
slot_path(const char *user, int64_t n)
{
	return xasprintf("run/session/%s.%lld", user, (long long)n);
}

/* FILE_BUSY if somebody has it. */
static int
take(struct store *s, const char *user, int64_t n, int *fd, struct err *err)
{
	AUTO(free) char *path = slot_path(user, n);
	int r = file_lock(s->dir, path, fd, err);

	if (r)
		return r;
	/* On a full disk somebody must come in to remove something; then nobody can end them from outside. */
	if (ftruncate(*fd, 0) == 0)
		(void)!dprintf(*fd, "%d\n", (int)getpid());
	return 0;
}

int
session_take(struct store *s, const char *user, int *fd, struct err *err)
{
	int64_t limit;
	int r = FILE_BUSY;

	if (quota_get(s, user, QUOTA_SESSIONS, &limit, err) < 0 || file_mkdirs(s->dir, "run/session", err) < 0)
		return -1;
	if (limit == 0 || limit > SESSIONS_MOST)
		limit = SESSIONS_MOST;
	for (int64_t i = 0; i < limit && r == FILE_BUSY; i++)
		r = take(s, user, i, fd, err);
	return r == FILE_BUSY ? err_set(err, EDQUOT, "you have %lld commands under way already, which is the limit; wait for one of "
	    "them to end", (long long)limit) : r;
}

/* What the file says is so while its lock is held: nobody else has that number meanwhile. 1: there are no more. */
static int
end_one(struct store *s, const char *user, int64_t n, struct err *err)
{
	AUTO(free) char *path = slot_path(user, n);
	AUTO(str_fini) struct str text = {0};
	AUTO(close) int fd = -1;
	int64_t pid;
	int r;

	if (!file_exists(s->dir, path))
		return 1;
	r = file_lock(s->dir, path, &fd, err);
	if (r <= 0)
		return r;
	if (file_read(s->dir, path, PID_DIGITS, &text, err))
		return -1;
	if (text.n)
		text.p[text.n - 1] = '\0';
	pid = text_number(str_c(&text), INT32_MAX);
	if (pid > 1 && pid != getpid() && kill((pid_t)pid, SIGTERM) < 0 && errno != ESRCH)
		return err_sys(err, "end a command of %s", user);
	return 0;
}

int
session_end(struct store *s, const char *user, struct err *err)
{
	int r = 0;

	for (int64_t i = 0; i < SESSIONS_MOST && r == 0; i++)
		r = end_one(s, user, i, err);
	return r < 0 ? -1 : 0;
}
