/* People and the keys that they sign tags with. */
#ifndef ARTEL_SCHEMA_USER_H
#define ARTEL_SCHEMA_USER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"

struct err;
struct store;
struct str;

enum { USER_ABSENT = 1 };

struct user {
	bool admin, disabled;
	int weight;		/* of the share in slots; at least 1 */
	int max_running;	/* jobs at once; 0: the farm's owner-limit */
};
/* USER_ABSENT (err says so) if there is none. */
int user_get(struct store *s, const char *name, struct user *out, struct err *err);
int user_add(struct store *s, const char *name, bool admin, struct err *err);
/* Set weight and max_running. */
int user_share(struct store *s, const char *name, const struct user *u, struct err *err);

/*
 * Whether mail may be sent to this address: LOCAL@DOMAIN of ASCII letters, digits and a few signs, so that it is one
 * address and no more wherever it is put.
 */
bool user_mail_ok(const char *address);
/* Set it ("": none); one that is not ok is an error. */
int user_mail_set(struct store *s, const char *name, const char *address, struct err *err);
/* Append the address; nothing if there is none, no such user, or the user is disabled. */
int user_mail_get(struct store *s, const char *name, struct str *address, struct err *err);

struct user_key {
	char *user, *kind, *fingerprint, *text;
};
struct user_keys {
	struct user_key *p;
	size_t n, cap;
};
void user_keys_fini(struct user_keys *k);
AUTO_DEFINE_EMBEDDED(struct user_keys, user_keys_fini);

int user_key_add(struct store *s, const char *user, const char *kind, const char *fingerprint,
	const char *text, struct err *err);
/* The keys of every user that is not disabled. */
int user_keys(struct store *s, struct user_keys *out, struct err *err);

#endif
