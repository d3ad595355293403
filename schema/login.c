#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "schema/event.h"
#include "schema/login.h"
#include "schema/store.h"

void
login_fini(struct login *l)
{
	free(l->user);
	free(l->text);
}

int
login_get(struct store *s, const char *fingerprint, struct login *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_LOGIN_GET, err, "s", fingerprint);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = (struct login){xstrdup(store_text(q, 0)), xstrdup(store_text(q, 1))};
	store_done(q);
	if (r == 0)
		err_set(err, ENOENT, "%s is nobody's key here", fingerprint);
	return r < 0 ? -1 : r ? 0 : LOGIN_NONE;
}

/* In a transaction. */
static int
add(struct store *s, const char *user, const char *fingerprint, const char *text, struct err *err)
{
	AUTO(login_fini) struct login had = {0};
	AUTO(strs_fini) struct strs words = {0};
	AUTO(free) char *key = NULL;
	int r = login_get(s, fingerprint, &had, err);

	if (r < 0)
		return -1;
	if (r == 0)
		return err_set(err, EEXIST, "%s lets %s in already: a key is one person's", fingerprint, had.user);
	strs_split(&words, text, " \n");
	if (words.n < 2)
		return err_set(err, EINVAL, "not one line of a .pub file");
	key = xasprintf("%s %s", words.p[0], words.p[1]);
	if (store_run(s, STMT_LOGIN_ADD, err, "sssi", fingerprint, user, key, now_ms()) < 0)
		return -1;
	return event_add(s, "user", 0, 0, "", err, "user %s: comes in by %s", user, fingerprint);
}

int
login_add(struct store *s, const char *user, const char *fingerprint, const char *text, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (add(s, user, fingerprint, text, err) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
login_remove(struct store *s, const char *user, const char *fingerprint, struct err *err)
{
	bool had;

	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_LOGIN_DEL, err, "ss", user, fingerprint) < 0)
		return store_rollback(s);
	had = store_changes(s) > 0;
	if (had && event_add(s, "user", 0, 0, "", err, "user %s: login key %s removed", user, fingerprint) < 0)
		return store_rollback(s);
	return store_commit(s, err) < 0 ? -1 : had ? 0 : LOGIN_NONE;
}

int64_t
login_count(struct store *s, const char *user, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_LOGIN_COUNT, err, "s", user);
	int r = store_row(s, q, err);
	int64_t n = r > 0 ? store_int(q, 0) : 0;

	store_done(q);
	return r < 0 ? -1 : n;
}

int
login_each(struct store *s, int (*fn)(void *arg, const char *fingerprint, const struct login *l, struct err *err), void *arg,
	struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_LOGIN_ALL, err, "");
	int r;

	while ((r = store_row(s, q, err)) > 0)
		if ((r = fn(arg, store_text(q, 1), &(struct login){(char *)store_text(q, 0), (char *)store_text(q, 2)}, err))) {
			store_done(q);
			return r;
		}
	return r;
}
