/*
 * Who may change a source package. A package with no list may be changed by
 * every user; one with a list by those on it and by administrators. A subtask of
 * someone else passes when one who may approves it and none of them disapproves.
 */
#ifndef ARTEL_SCHEMA_ACL_H
#define ARTEL_SCHEMA_ACL_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;
struct strs;

int acl_find(struct store *s, const char *repository, const char *package, struct strs *users, struct err *err);
int acl_add(struct store *s, const char *repository, const char *package, const char *user, struct err *err);
int acl_del(struct store *s, const char *repository, const char *package, const char *user, struct err *err);

/* 0: may; ACL_DENIED: may not. */
enum { ACL_DENIED = 1 };
int acl_may(struct store *s, const char *repository, const char *package, const char *user, struct err *err);

int approval_set(struct store *s, int64_t task, int subtask, const char *user, const char *verdict,
	const char *text, struct err *err);
int approval_revoke(struct store *s, int64_t task, int subtask, const char *user, const char *verdict, struct err *err);
/* Users with this verdict on a subtask. */
int approval_find(struct store *s, int64_t task, int subtask, const char *verdict, struct strs *users, struct err *err);

/*
 * Whether the whole task may be merged. ACL_DENIED: *why names the first subtask that may
 * not, and who could approve it (malloc'ed).
 */
int acl_task(struct store *s, int64_t task, const char *repository, char **why, struct err *err);

#endif
