/* What people say of others' subtasks: one verdict of each user. Whose word counts is in schema/acl.h. */
#ifndef ARTEL_SCHEMA_APPROVAL_H
#define ARTEL_SCHEMA_APPROVAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct err;
struct store;
struct strs;

enum { APPROVAL_NONE = 1 };

struct approval {
	char *user, *verdict;		/* "approve" or "disapprove" */
};
struct approval_list {
	struct approval *p;
	size_t n, cap;
};
void approval_list_fini(struct approval_list *l);
AUTO_DEFINE_EMBEDDED(struct approval_list, approval_list_fini);

/* It takes the place of what the user said before. The text is printable, or ""; what: of what, for the journal. */
int approval_set(struct store *s, int64_t task, int subtask, const char *what, const char *user, const char *verdict, const char *text,
	struct err *err);
/* APPROVAL_NONE: there was none to take back. */
int approval_revoke(struct store *s, int64_t task, int subtask, const char *user, const char *verdict, struct err *err);
/* In a transaction: the subtask is not what was approved any more. What was said against it stays. */
int approval_lapse(struct store *s, int64_t task, int subtask, struct err *err);
/* By user. */
int approval_all(struct store *s, int64_t task, int subtask, struct approval_list *out, struct err *err);
/* Users with this verdict on a subtask. */
int approval_find(struct store *s, int64_t task, int subtask, const char *verdict, struct strs *users, struct err *err);

#endif
