#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/acl-list.h"
#include "schema/event.h"
#include "schema/store.h"
#include "schema/user.h"

enum { ADDRESS_MAX = 254 };	/* RFC 5321 */

/* These act in the journal, or stand for something in a command. */
static const char *const taken[] = {"ALL", "scheduler", "merger", "hooks", "builder", "artel", "root", "local"};

static bool
is_taken(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (strcmp(name, taken[i]) == 0)
			return true;
	return false;
}

int
user_get(struct store *s, const char *name, struct user *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_USER_GET, err, "s", name);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = (struct user){store_int(q, 0), store_int(q, 1), (int)store_int(q, 2), (int)store_int(q, 3)};
	store_done(q);
	if (r == 0 && is_taken(name))
		err_set(err, ENOENT, "no user %s, and nobody can be called so: --user says who acts", name);
	else if (r == 0)
		err_set(err, ENOENT, "no user %s; `user add %s` makes one", name, name);
	return r < 0 ? -1 : r ? 0 : USER_ABSENT;
}

int
user_name_check(const char *name, struct err *err)
{
	if (!text_is_name(name))
		return err_set(err, EINVAL, "`%.40s`: a user's name is at most 128 letters, digits and ._+-, begins with a letter or "
		    "digit, and has no ..", name);
	return is_taken(name) ? err_set(err, EINVAL, "`%s` means something else here: take another name", name) : 0;
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

/* In a transaction: statements that take the user's name, one after another. */
static int
run_all(struct store *s, const enum statement *ids, size_t n, const char *name, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (store_run(s, ids[i], err, "s", name) < 0)
			return -1;
	return 0;
}

/* One column of one row, appended; -1, or whether there was the row. */
static int
text_of(struct store *s, enum statement id, const char *name, struct str *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, id, err, "s", name);
	int r = store_row(s, q, err);

	if (r > 0)
		str_puts(out, store_text(q, 0));
	store_done(q);
	return r;
}

static int
forget(struct store *s, const char *name, struct err *err)
{
	static const enum statement steps[] = {STMT_USER_DEL_KEYS, STMT_USER_DEL_LOGINS, STMT_USER_DEL_QUOTAS, STMT_USER_DEL};
	AUTO(str_fini) struct str trace = {0};
	struct user u;

	if (user_get(s, name, &u, err) || text_of(s, STMT_USER_TRACE, name, &trace, err) < 0)
		return -1;
	if (trace.n)
		return err_set(err, EEXIST, "%s has %s here: `user disable %s` keeps the name taken", name, str_c(&trace), name);
	if (acl_forget_user(s, name, err) < 0 || run_all(s, steps, ARRAY_SIZE(steps), name, err) < 0)
		return -1;
	return event_add(s, "user", 0, 0, "removed", err, "user %s removed", name);
}

int
user_del(struct store *s, const char *name, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (forget(s, name, err) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

static int
set_disabled(struct store *s, const char *name, bool disabled, const char *why, struct err *err)
{
	struct user u;

	if (store_begin(s, err) < 0)
		return -1;
	if (user_get(s, name, &u, err) || store_run(s, STMT_USER_DISABLE, err, "iss", (int64_t)disabled, why, name) < 0 ||
	    ((disabled || u.disabled) && event_add(s, "user", 0, 0, disabled ? "disabled" : "enabled", err, "user %s %s%s%s", name,
	    disabled ? "disabled" : "enabled", *why ? " " : "", why) < 0))
		return store_rollback(s);
	return store_commit(s, err);
}

int
user_disable(struct store *s, const char *name, const char *why, struct err *err)
{
	return set_disabled(s, name, true, why, err);
}

int
user_enable(struct store *s, const char *name, struct err *err)
{
	return set_disabled(s, name, false, "", err);
}

int
user_admin_set(struct store *s, const char *name, bool admin, struct err *err)
{
	struct user u;

	if (store_begin(s, err) < 0)
		return -1;
	if (user_get(s, name, &u, err) || (u.admin != admin && (store_run(s, STMT_USER_ADMIN, err, "is", (int64_t)admin, name) < 0 ||
	    event_add(s, "user", 0, 0, "admin", err, "user %s is %s", name, admin ? "an administrator" : "no administrator any more") < 0)))
		return store_rollback(s);
	return store_commit(s, err);
}

int
user_why(struct store *s, const char *name, struct str *why, struct err *err)
{
	return text_of(s, STMT_USER_WHY, name, why, err) < 0 ? -1 : 0;
}

int
user_last_admin(struct store *s, const char *name, struct err *err)
{
	AUTO(str_fini) struct str others = {0};

	return text_of(s, STMT_USER_ADMINS, name, &others, err) < 0 ? -1 : strcmp(str_c(&others), "0") == 0;
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
	return text_of(s, STMT_USER_MAIL_GET, name, address, err) < 0 ? -1 : 0;
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

/* Who else has the key, appended. */
static int
key_other(struct store *s, const char *user, const char *fingerprint, struct str *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_KEY_OTHER, err, "ss", fingerprint, user);
	int r = store_row(s, q, err);

	if (r > 0)
		str_puts(out, store_text(q, 0));
	store_done(q);
	return r < 0 ? -1 : 0;
}

int
user_key_add(struct store *s, const char *user, const char *kind, const char *fingerprint,
	const char *text, struct err *err)
{
	AUTO(str_fini) struct str other = {0};

	if (store_begin(s, err) < 0)
		return -1;
	if (key_other(s, user, fingerprint, &other, err) < 0)
		return store_rollback(s);
	if (other.n) {
		err_set(err, EEXIST, "%s signs for %s already: a key is one person's", fingerprint, str_c(&other));
		return store_rollback(s);
	}
	if (store_run(s, STMT_KEY_ADD, err, "ssssi", user, fingerprint, kind, text, now_ms()) < 0 ||
	    event_add(s, "user", 0, 0, "", err, "user %s: %s key %s", user, kind, fingerprint) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
user_key_remove(struct store *s, const char *user, const char *fingerprint, struct err *err)
{
	bool had;

	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_KEY_DEL, err, "ss", user, fingerprint) < 0)
		return store_rollback(s);
	had = store_changes(s) > 0;
	if (had && event_add(s, "user", 0, 0, "", err, "user %s: signing key %s removed", user, fingerprint) < 0)
		return store_rollback(s);
	return store_commit(s, err) < 0 ? -1 : had ? 0 : USER_ABSENT;
}

int
user_key_has(struct store *s, const char *user, bool login, const char *fingerprint, struct err *err)
{
	sqlite3_stmt *q = store_query(s, login ? STMT_LOGIN_HAS : STMT_KEY_HAS, err, "ss", user, fingerprint);
	int r = store_row(s, q, err);

	store_done(q);
	return r;
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
