/*
 * SSH keys that let people in. They are not the keys that tags are signed with (schema/user.h), though somebody may use
 * one key for both: a signature is checked long after, a login at once.
 */
#ifndef ARTEL_SCHEMA_LOGIN_H
#define ARTEL_SCHEMA_LOGIN_H

#include <stdint.h>

#include "base/auto.h"

struct err;
struct store;

struct login {
	char *user;
	char *text;		/* type and base64, as in authorized_keys */
};
void login_fini(struct login *l);
AUTO_DEFINE_EMBEDDED(struct login, login_fini);

enum { LOGIN_NONE = 1 };

/*
 * Give a user a key. fingerprint: "SHA256:..."; text: one line of a .pub file, of which the comment is left out.
 * -1 with EEXIST if somebody, also this user, has it already.
 */
int login_add(struct store *s, const char *user, const char *fingerprint, const char *text, struct err *err);

/* Take a key from its user; LOGIN_NONE if it is not theirs. */
int login_remove(struct store *s, const char *user, const char *fingerprint, struct err *err);
/* How many a user has; -1 on error. */
int64_t login_count(struct store *s, const char *user, struct err *err);
/* Call fn for each key of users who are not disabled, by user; its non-zero result ends it. */
int login_each(struct store *s, int (*fn)(void *arg, const char *fingerprint, const struct login *l, struct err *err), void *arg,
	struct err *err);

/* Whose key it is. LOGIN_NONE (err says so): nobody's. Whether the user is disabled is not asked here. */
int login_get(struct store *s, const char *fingerprint, struct login *out, struct err *err);

#endif
