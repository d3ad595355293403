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
/* Whether somebody new may be called so: -1 with EINVAL for what is no name, or means something else here. */
int user_name_check(const char *name, struct err *err);
int user_add(struct store *s, const char *name, bool admin, struct err *err);
/*
 * Forget somebody who left no trace, with their keys, quotas and places on lists. -1 with EEXIST: they have tasks,
 * subtasks or approvals here, and the name stays theirs; or a list would be empty without them.
 */
int user_del(struct store *s, const char *name, struct err *err);
/* Let nobody in by that name, and take no signature of theirs, from now on; `why` says who wants that, and the reason. */
int user_disable(struct store *s, const char *name, const char *why, struct err *err);
int user_enable(struct store *s, const char *name, struct err *err);
int user_admin_set(struct store *s, const char *name, bool admin, struct err *err);
/* Append why the user is disabled. */
int user_why(struct store *s, const char *name, struct str *why, struct err *err);
/* Whether there is no administrator but this one who is not disabled; -1 on error. */
int user_last_admin(struct store *s, const char *name, struct err *err);
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

/* -1 with EEXIST if it is somebody else's: a signature tells who. */
int user_key_add(struct store *s, const char *user, const char *kind, const char *fingerprint,
	const char *text, struct err *err);
/* USER_ABSENT if it is not theirs. */
int user_key_remove(struct store *s, const char *user, const char *fingerprint, struct err *err);
/* 1 if they have it, to come in by or to sign with; 0; -1. */
int user_key_has(struct store *s, const char *user, bool login, const char *fingerprint, struct err *err);
/* The keys of every user that is not disabled. */
int user_keys(struct store *s, struct user_keys *out, struct err *err);

#endif
