/* Verbs about people: who they are, by which keys they are known, how much of the farm is theirs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/user.h"
#include "shell/context.h"
#include "shell/session.h"
#include "shell/user.h"

int
user_own(struct context *c, const char *name, struct err *err)
{
	return c->local || strcmp(name, c->user) == 0 ? 0 : context_admin(c, "deal with what is another user's", err);
}

int
user_home_make(struct context *c, const char *name, struct err *err)
{
	AUTO(free) char *home = xasprintf("people/%s/packages", name);

	return file_mkdirs(c->store->dir, home, err);
}

static int
add(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *word = context_next(c);
	struct user u;
	int r;

	if (!name || context_end(c, err) < 0)
		return -1;
	if (word && strcmp(word, "--admin") != 0)
		return err_set(err, EINVAL, "`%s`: not --admin", word);
	if (user_name_check(name, err) < 0 || context_open(c, err) < 0)
		return -1;
	r = user_get(c->store, name, &u, err);
	if (r != USER_ABSENT)
		return r < 0 ? -1 : err_set(err, EEXIST, "there is a user %s already", name);
	return user_home_make(c, name, err) < 0 ? -1 : user_add(c->store, name, word != NULL, err);
}

/* Their folder goes too, unless there is something in it. */
static int
home_remove(struct context *c, const char *name, struct err *err)
{
	AUTO(free) char *home = xasprintf("people/%s", name);
	AUTO(free) char *packages = xasprintf("%s/packages", home);

	if (unlinkat(c->store->dir, packages, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return errno == ENOTEMPTY ? err_set(err, ENOTEMPTY, "%s has git repositories in %s: `user disable %s`, or remove them "
		    "first", name, packages, name) : err_sys(err, "%s", packages);
	if (unlinkat(c->store->dir, home, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return errno == ENOTEMPTY ? err_set(err, ENOTEMPTY, "%s has files in %s: `user disable %s`, or remove them first", name,
		    home, name) : err_sys(err, "%s", home);
	return 0;
}

/* Over ssh the last administrator stays one. */
static int
spare_last(struct context *c, const char *name, struct err *err)
{
	struct user u;
	int r;

	if (user_get(c->store, name, &u, err))
		return -1;
	if (c->local || !u.admin || u.disabled)
		return 0;
	r = user_last_admin(c->store, name, err);
	return r <= 0 ? r : err_set(err, EPERM, "%s is the last administrator: that takes `artel` on the farm's own host", name);
}

static int
del(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err);

	if (!name || context_end(c, err) < 0 || context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (spare_last(c, name, err) < 0 || user_del(c->store, name, err) < 0 || home_remove(c, name, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

static int
disable(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err);
	AUTO(free) char *why = name ? context_reason(c, err) : NULL;

	if (!why || context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (spare_last(c, name, err) < 0 || user_disable(c->store, name, why, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err) < 0 ? -1 : session_end(c->store, name, err);
}

static int
enable(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err);

	return !name || context_end(c, err) < 0 || context_open(c, err) < 0 ? -1 : user_enable(c->store, name, err);
}

static int
admin(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *word = name ? context_need(c, "yes or no", err) : NULL;
	bool yes = word && strcmp(word, "yes") == 0;

	if (!word || context_end(c, err) < 0)
		return -1;
	if (!yes && strcmp(word, "no") != 0)
		return err_set(err, EINVAL, "`%s`: not yes or no", word);
	if (context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if ((!yes && spare_last(c, name, err) < 0) || user_admin_set(c->store, name, yes, err) < 0)
		return store_rollback(c->store);
	/* A command that waits for its input was let through as an administrator's. */
	return store_commit(c->store, err) < 0 ? -1 : yes ? 0 : session_end(c->store, name, err);
}

enum { WEIGHT_MAX = 1000, LIMIT_MAX = 1000000 };

static int
share_option(const char *value, bool weight, struct user *u, struct err *err)
{
	int64_t n = text_number(value, weight ? WEIGHT_MAX : LIMIT_MAX);

	if (n < weight)
		return err_set(err, EINVAL, "%s: a number, %d to %d, not `%s`", weight ? "--weight" : "--limit",
		    (int)weight, weight ? (int)WEIGHT_MAX : (int)LIMIT_MAX, value);
	*(weight ? &u->weight : &u->max_running) = (int)n;
	return 0;
}

/* In a transaction: what is not said stays. */
static int
share(struct context *c, const char *name, struct err *err)
{
	const char *word = context_need(c, "--weight N or --limit N", err), *value;
	struct user u, was;

	if (!word || user_get(c->store, name, &u, err))
		return -1;
	was = u;
	for (; word; word = context_next(c)) {
		bool weight = (value = context_value(c, word, "--weight", "a number", err)) != NULL;

		if (!value && !err->code)
			value = context_value(c, word, "--limit", "a number", err);
		if (!value)
			return err->code ? -1 : err_set(err, EINVAL, "`%s`: not --weight or --limit", word);
		if (share_option(value, weight, &u, err) < 0)
			return -1;
	}
	if (u.weight == was.weight && u.max_running == was.max_running)
		return 0;
	return user_share(c->store, name, &u, err);
}

static int
share_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err);

	if (!name || context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (share(c, name, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

static int
mail(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *address = context_next(c);
	AUTO(str_fini) struct str now = {0};
	struct user u;

	if (!name || context_end(c, err) < 0 || context_open(c, err) < 0 || user_own(c, name, err) < 0 ||
	    user_get(c->store, name, &u, err))
		return -1;
	if (address)
		return user_mail_set(c->store, name, strcmp(address, "-") == 0 ? "" : address, err);
	if (user_mail_get(c->store, name, &now, err) < 0)
		return -1;
	if (now.n)
		puts(str_c(&now));
	return 0;
}

const struct verb user_verbs[] = {
	{"user add", "NAME [--admin]", "Add a user", add, REACH_ADMIN},
	{"user del", "NAME", "Forget a user who did nothing here yet", del, REACH_ADMIN},
	{"user disable", "NAME [REASON...]", "Let them in no more, and take no signature of theirs", disable, REACH_ADMIN},
	{"user enable", "NAME", "Let them in again", enable, REACH_ADMIN},
	{"user admin", "NAME yes|no", "Whether they are an administrator", admin, REACH_ADMIN},
	{"user key", "NAME [--login] FILE|- | NAME --remove FINGERPRINT",
	    "Add a public key that they sign tags with (GPG or SSH), or come in by (SSH); or remove one", user_key_verb, REACH_USER},
	{"user keys", "[NAME]", "Keys: user, sign or login, kind, fingerprint, when added; tab-separated", user_keys_verb, REACH_USER},
	{"user authorized-keys", "", "The login keys of all, as a file for sshd", user_authorized_keys},
	{"user share", "NAME [--weight N] [--limit N]", "How much of the farm is theirs: a share of the slots, jobs at once", share_verb, REACH_ADMIN},
	{"user mail", "NAME [ADDRESS|-]", "Where the ends of the user's tasks are mailed to; -: nowhere", mail, REACH_USER},
	{"user quota", "NAME|@everybody [WHAT=NUMBER|none|default...]", "How much they may take of tasks, jobs, disk, rate, sessions",
	    user_quota_verb, REACH_ADMIN},
	{"user import", "FILE|-", "Add many people and SSH keys, a line each", user_import, REACH_ADMIN},
	{"user ls", "[--json]", "List users", user_list, REACH_USER},
	{"user show", "[NAME]", "All about one: keys, share, quotas", user_show, REACH_USER},
	{"quota", "[NAME] [--json]", "What you have of what you may have", quota_verb, REACH_USER},
};
const size_t n_user_verbs = ARRAY_SIZE(user_verbs);
