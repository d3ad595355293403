#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/event.h"
#include "schema/store.h"
#include "schema/user.h"

enum { ADDRESS_MAX = 254 };	/* RFC 5321 */

int
user_get(struct store *s, const char *name, struct user *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_USER_GET, err, "s", name);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = (struct user){store_int(q, 0), store_int(q, 1), (int)store_int(q, 2), (int)store_int(q, 3)};
	store_done(q);
	if (r == 0)
		err_set(err, ENOENT, "no user %s; `artel user add %s` makes one", name, name);
	return r < 0 ? -1 : r ? 0 : USER_ABSENT;
}

int
user_add(struct store *s, const char *name, bool admin, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_USER_ADD, err, "sii", name, now_ms(), (int64_t)admin) < 0 ||
	    event_add(s, "user", 0, 0, "", err, "user %s added%s", name, admin ? " (admin)" : "") < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
user_share(struct store *s, const char *name, const struct user *u, struct err *err)
{
	AUTO(free) char *limit = u->max_running ? xasprintf(", at most %d jobs at once", u->max_running) : xstrdup("");

	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_USER_SHARE, err, "iis", (int64_t)u->weight, (int64_t)u->max_running, name) < 0 ||
	    event_add(s, "user", 0, 0, "share", err, "user %s: weight %d%s", name, u->weight, limit) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

/* One side of an address: these bytes and no dot at an end. */
static bool
address_part(const char *s, size_t n, const char *signs)
{
	for (size_t i = 0; i < n; i++)
		if ((s[i] & 0x80) || (!isalnum((unsigned char)s[i]) && !strchr(signs, s[i])))
			return false;
	return n > 0 && s[0] != '.' && s[0] != '-' && s[n - 1] != '.';
}

bool
user_mail_ok(const char *address)
{
	const char *at = strchr(address, '@');

	return at && strlen(address) <= ADDRESS_MAX && address_part(address, (size_t)(at - address), "._+=~'&#-") &&
	    address_part(at + 1, strlen(at + 1), ".-");
}

int
user_mail_set(struct store *s, const char *name, const char *address, struct err *err)
{
	if (*address && !user_mail_ok(address))
		return err_set(err, EINVAL, "`%s`: not an address that mail can be sent to: LOCAL@DOMAIN, of ASCII letters, digits "
		    "and ._+=~'&#-", address);
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_USER_MAIL, err, "ss", address, name) < 0 ||
	    event_add(s, "user", 0, 0, "mail", err, "user %s: mail address %s", name, *address ? "set" : "removed") < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
user_mail_get(struct store *s, const char *name, struct str *address, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_USER_MAIL_GET, err, "s", name);
	int r = store_row(s, q, err);

	if (r > 0)
		str_puts(address, store_text(q, 0));
	store_done(q);
	return r < 0 ? -1 : 0;
}

void
user_keys_fini(struct user_keys *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->p[i].user);
		free(k->p[i].kind);
		free(k->p[i].fingerprint);
		free(k->p[i].text);
	}
	vec_fini(k);
}

int
user_key_add(struct store *s, const char *user, const char *kind, const char *fingerprint,
	const char *text, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_KEY_ADD, err, "ssssi", user, fingerprint, kind, text, now_ms()) < 0 ||
	    event_add(s, "user", 0, 0, "", err, "user %s: %s key %s", user, kind, fingerprint) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
user_keys(struct store *s, struct user_keys *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_KEY_ALL, err, "");
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, ((struct user_key){xstrdup(store_text(q, 0)), xstrdup(store_text(q, 1)),
		    xstrdup(store_text(q, 2)), xstrdup(store_text(q, 3))}));
	return r;
}
