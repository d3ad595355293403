/*
 * libgit2 counts its initialisations; we make one and never undo it. Search
 * paths are emptied so that no ~/.gitconfig or /etc/gitattributes changes a
 * result, and repositories may belong to other users: a farm reads them all.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "source/git.h"
#include "source/tag.h"

static void
start(void)
{
	static const int levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
	    GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};

	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
}

void
gitlib_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

int
gitlib_err(struct err *err, const char *fmt, ...)
{
	const git_error *last = git_error_last();
	AUTO(str_fini) struct str said = {0};
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	text_printable(&said, last && last->message ? last->message : "unknown error of libgit2");
	return err_set(err, EIO, "%s: %s", what, str_c(&said));
}

bool
gitlib_hex(const char *s, git_oid *id)
{
	return strlen(s) == GIT_HEX && strspn(s, "0123456789abcdef") == GIT_HEX && git_oid_fromstr(id, s) == 0;
}

int
gitlib_load(git_odb *odb, const git_oid *id, git_object_t type, size_t max, git_odb_object **out, struct err *err)
{
	git_object_t found;
	size_t size;

	if (git_odb_read_header(&size, &found, odb, id) < 0)
		return gitlib_err(err, "object %.7s", git_oid_tostr_s(id));
	if (found != type)
		return err_set(err, EINVAL, "object %.7s is a %s, not a %s", git_oid_tostr_s(id),
		    git_object_type2string(found), git_object_type2string(type));
	if (size > max)
		return err_set(err, EFBIG, "%zu bytes, more than the %zu allowed", size, max);
	if (git_odb_read(out, odb, id) < 0)
		return gitlib_err(err, "object %.7s", git_oid_tostr_s(id));
	return 0;
}

int
gitlib_read(git_odb *odb, const git_oid *id, git_object_t type, size_t max, struct str *out, struct err *err)
{
	AUTO(git_odb_object_free) git_odb_object *object = NULL;

	if (gitlib_load(odb, id, type, max, &object, err) < 0)
		return -1;
	str_put(out, git_odb_object_data(object), git_odb_object_size(object));
	return 0;
}
