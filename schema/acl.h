/*
 * Who may do what. The rules of each question stand in a table, in the order in which they are asked; the first that
 * applies decides. artel-acl(7) has the same tables.
 */
#ifndef ARTEL_SCHEMA_ACL_H
#define ARTEL_SCHEMA_ACL_H

#include <stddef.h>
#include <stdint.h>

#include "schema/acl-list.h"

struct err;
struct store;
struct str;

enum acl_verdict { ACL_ALLOWED, ACL_DENIED };

struct acl_rule {
	const char *name;
	enum acl_verdict verdict;
	const char *text;		/* when it applies, as a sentence without an end */
};

/* May a user change a package? */
enum acl_change_rule {
	ACL_CHANGE_DISABLED, ACL_CHANGE_ADMIN, ACL_CHANGE_OPEN, ACL_CHANGE_CLOSED, ACL_CHANGE_LEADER, ACL_CHANGE_ORPHAN,
	ACL_CHANGE_EVERYBODY, ACL_CHANGE_MEMBER, ACL_CHANGE_GROUP, ACL_CHANGE_STRANGER, ACL_CHANGE_RULES,
};
extern const struct acl_rule acl_change_rules[ACL_CHANGE_RULES];

/* May a subtask be merged? */
enum acl_merge_rule {
	ACL_MERGE_ADMIN_AGAINST, ACL_MERGE_ADMIN, ACL_MERGE_ADMIN_FOR, ACL_MERGE_AGAINST, ACL_MERGE_AUTHOR, ACL_MERGE_FOR,
	ACL_MERGE_NOT_APPROVED, ACL_MERGE_RULES,
};
extern const struct acl_rule acl_merge_rules[ACL_MERGE_RULES];

/* May a user change a list? */
enum acl_list_rule {
	ACL_LIST_DISABLED, ACL_LIST_ADMIN, ACL_LIST_SELF, ACL_LIST_WHOLE, ACL_LIST_LEADER, ACL_LIST_GROUP_LEADER,
	ACL_LIST_STRANGER, ACL_LIST_RULES,
};
extern const struct acl_rule acl_list_rules[ACL_LIST_RULES];

/* All of them, a line each: the question, the name of the rule, the verdict, the text; tab-separated. */
void acl_rules_print(struct str *out);

/* 0: may; ACL_DENIED: may not. The rule that said so is left in *rule, unless that is NULL. */
int acl_may(struct store *s, const char *repository, const char *package, const char *user, const struct acl_rule **rule,
	struct err *err);
/* The same of an action on the list of a package or a group. */
int acl_may_list(struct store *s, const char *repository, const char *item, const char *user, enum acl_action a,
	const struct strs *who, const struct acl_rule **rule, struct err *err);

/*
 * Whether the whole task may be merged, as it was built: its subtasks, and the sources whose packages they take away.
 * ACL_DENIED: *why names the first subtask that may not, and who could approve it (malloc'ed).
 */
int acl_task(struct store *s, int64_t task, const char *repository, char **why, struct err *err);

#endif
