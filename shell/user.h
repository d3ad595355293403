/* Verbs about people that lie in files of their own. */
#ifndef ARTEL_SHELL_USER_H
#define ARTEL_SHELL_USER_H

#include <stdbool.h>

#include "source/signature.h"

struct context;
struct err;

/* Most that a file of keys, or of people, may have. */
enum { USER_KEY_MAX = 1 << 20, USER_IMPORT_MAX = 16 << 20 };

/* Over ssh only an administrator deals with what is another user's: -1 if this is not so. */
int user_own(struct context *c, const char *name, struct err *err);
/* Whether the caller is told all that is known of others: on the farm's host, and administrators. */
int user_sees_all(struct context *c, bool *all, struct err *err);
/* The folder of the user's git repositories: made, if it is not there. */
int user_home_make(struct context *c, const char *name, struct err *err);
/* Give a user a public key, to sign tags with or to come in by, of which signature_key_parse() found the rest. */
int user_key_give(struct context *c, const char *name, bool login, enum key_kind kind, const char *fingerprint, const char *text,
	struct err *err);
/* Lines of user, sign or login, kind, fingerprint, when it was added; of one user, or of all (NULL). */
int user_keys_print(struct context *c, const char *name, struct err *err);

int user_list(struct context *c, struct err *err);
int user_show(struct context *c, struct err *err);
int user_key_verb(struct context *c, struct err *err);
int user_keys_verb(struct context *c, struct err *err);
int user_authorized_keys(struct context *c, struct err *err);
int user_import(struct context *c, struct err *err);
/* What the user may have, and has of it: lines on stdout, or JSON. */
int quota_print(struct context *c, const char *user, bool as_json, struct err *err);
int quota_verb(struct context *c, struct err *err);
int user_quota_verb(struct context *c, struct err *err);

#endif
