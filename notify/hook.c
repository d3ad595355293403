/*
 * A folder is opened once, looked at by that descriptor, and its hooks are started by it: whoever can put another
 * folder, or a link, in its place gains nothing, for what was looked at is what is run. Nobody else can change what is
 * in it. Who may write to the folder above could take ours away and put another of our folders there: that is refused.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "notify/hook.h"

enum { HOOKS_MAX = 64 };

void
hook_list_fini(struct hook_list *l)
{
	strs_fini(&l->run);
	strs_fini(&l->refused);
	if (l->dir >= 0)
		close(STEAL_FD(l->dir));
}

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n >= k && strcmp(name + n - k, end) == 0;
}

/* What lies about, beside a hook, under a name of its own. */
static bool
is_left_over(const char *name)
{
	return *name == '.' || ends_with(name, "~") || ends_with(name, ".bak") || ends_with(name, ".orig") ||
	    strstr(name, ".dpkg-") || ends_with(name, ".rpmnew") || ends_with(name, ".rpmsave") || ends_with(name, ".rpmorig");
}

/* NULL, or why somebody else could have written it. */
static const char *
not_ours(const struct stat *st)
{
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "group or others may write to it";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it belongs to somebody else";
	return NULL;
}

static const char *
wrong(const struct stat *st)
{
	return S_ISLNK(st->st_mode) ? "it is a link" : not_ours(st);
}

static void
look(int dir, const char *name, struct hook_list *out)
{
	AUTO(str_fini) struct str line = {0};
	AUTO(free) char *full = NULL;
	const char *why;
	struct stat st;

	if (is_left_over(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !(st.st_mode & 0111) ||
	    !(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
		return;
	if (out->run.n == HOOKS_MAX)
		full = xasprintf("there are %d hooks already", (int)HOOKS_MAX);
	why = !text_is_name(name) ? "not a name for a hook" : full ? full : wrong(&st);
	if (!why) {
		strs_add(&out->run, name);
		return;
	}
	text_printable(&line, name);
	str_add(&line, ": %s", why);
	strs_add(&out->refused, str_c(&line));
}

const char *
hook_wrong(int dir, const char *name)
{
	struct stat st;
	const char *why;

	if (fstat(dir, &st) < 0)
		return strerror(errno);
	if ((why = not_ours(&st)))
		return why;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return strerror(errno);
	return S_ISREG(st.st_mode) || S_ISLNK(st.st_mode) ? wrong(&st) : "not a file any more";
}

/* NULL, or who can put another folder in the place of one in this. In /tmp and the like nobody can. */
static const char *
not_ours_to_hold(const struct stat *st)
{
	struct stat held = *st;

	if (held.st_mode & S_ISVTX)
		held.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	return not_ours(&held);
}

/* The folder, open; 0 with *dir -1: there is none. */
static int
open_folder(const char *folder, int *dir, struct err *err)
{
	const char *slash = strrchr(folder, '/');
	AUTO(free) char *above = slash ? xasprintf("%.*s/", (int)(slash - folder), folder) : xstrdup(".");
	AUTO(close) int up = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO(close) int in = -1;
	const char *name = slash ? slash + 1 : folder, *why;
	struct stat st;

	*dir = -1;
	if (up >= 0)
		in = openat(up, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return errno == ENOENT ? 0 : err_sys(err, "%s", folder);
	if (fstat(up, &st) < 0)
		return err_sys(err, "%s", above);
	if ((why = not_ours_to_hold(&st)))
		return err_set(err, EPERM, "%s, which holds the hooks: %s; nothing in %s is run", above, why, folder);
	if (fstat(in, &st) < 0)
		return err_sys(err, "%s", folder);
	if ((why = not_ours(&st)))
		return err_set(err, EPERM, "%s: %s; nothing in it is run", folder, why);
	*dir = STEAL_FD(in);
	return 0;
}

AUTO_DEFINE(DIR *, closedir);

int
hook_find(const char *folder, struct hook_list *out, struct err *err)
{
	AUTO(strs_fini) struct strs names = {0};
	AUTO(closedir) DIR *d = NULL;
	const struct dirent *e;
	AUTO(close) int copy = -1;

	if (open_folder(folder, &out->dir, err) < 0)
		return -1;
	if (out->dir < 0)
		return 0;
	copy = fcntl(out->dir, F_DUPFD_CLOEXEC, 0);
	if (copy < 0 || !(d = fdopendir(copy)))
		return err_sys(err, "%s", folder);
	(void)STEAL_FD(copy);
	while ((e = readdir(d)))
		strs_add(&names, e->d_name);
	strs_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		look(out->dir, names.p[i], out);
	return 0;
}
