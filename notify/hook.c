#include <dirent.h>
#include <errno.h>
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

static void
look(int dir, const char *name, struct hook_list *out)
{
	AUTO(str_fini) struct str line = {0};
	const char *why;
	struct stat st;

	if (is_left_over(name) || fstatat(dir, name, &st, 0) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return;
	why = !text_is_name(name) ? "not a name for a hook" : out->run.n == HOOKS_MAX ? "there are 64 hooks already" : not_ours(&st);
	if (!why) {
		strs_add(&out->run, name);
		return;
	}
	text_printable(&line, name);
	str_add(&line, ": %s", why);
	strs_add(&out->refused, str_c(&line));
}

AUTO_DEFINE(DIR *, closedir);

int
hook_find(const char *folder, struct hook_list *out, struct err *err)
{
	AUTO(strs_fini) struct strs names = {0};
	AUTO(closedir) DIR *d = opendir(folder);
	const struct dirent *e;
	const char *why;
	struct stat st;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(err, "%s", folder);
	if (fstat(dirfd(d), &st) < 0)
		return err_sys(err, "%s", folder);
	if ((why = not_ours(&st)))
		return err_set(err, EPERM, "%s: %s; nothing in it is run", folder, why);
	while ((e = readdir(d)))
		strs_add(&names, e->d_name);
	strs_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		look(dirfd(d), names.p[i], out);
	return 0;
}
