/*
 * The lists of who may change what: of a source package its members in order, the first of whom leads it; of a @group
 * its users. A member of a package's list is a user, a @group of the same repository, @everybody or @nobody. @nobody
 * stands only in front: then nobody leads. @everybody stands at the end. A list that is there is not empty.
 */
#ifndef ARTEL_SCHEMA_ACL_LIST_H
#define ARTEL_SCHEMA_ACL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct map;
struct store;
struct str;
struct strs;

#define ACL_NOBODY "@nobody"
#define ACL_EVERYBODY "@everybody"

enum { ACL_MEMBERS = 1000 };	/* of one list, at most */

enum { ACL_SAME = 1 };

enum acl_action { ACL_ADD, ACL_DEL, ACL_LEADER, ACL_REPLACE, ACL_CREATE, ACL_DELETE, ACL_ACTIONS };
/* ACL_ACTIONS if there is none of this name. */
enum acl_action acl_action_find(const char *name);
const char *acl_action_name(enum acl_action a);

bool acl_is_group(const char *item);
/* -1 if it can be neither a source package nor a @group. */
int acl_item_check(const char *item, struct err *err);

/* Append the members; none: not listed. */
int acl_find(struct store *s, const char *repository, const char *item, struct strs *members, struct err *err);
/* 1 if the user is in that group, else 0. */
int acl_in_group(struct store *s, const char *repository, const char *group, const char *user, struct err *err);

/* What an action makes of a list, in place; it may stay as it is. -1: it cannot be done, and why. */
int acl_apply(struct strs *members, const char *item, enum acl_action a, const struct strs *who, struct err *err);
/* Do it in the database, with the event. ACL_SAME: nothing changes. Users and groups must be there. */
int acl_change(struct store *s, const char *repository, const char *item, enum acl_action a, const struct strs *who,
	struct err *err);

/* In a transaction: take a user off all lists. -1 if they are the last of a group. */
int acl_forget_user(struct store *s, const char *user, struct err *err);

/*
 * Take lists as text, a line each: ITEM LEADER MEMBER...; # begins a comment. They replace those of the items that are
 * named. All or nothing; the error names the line. Counted: the lines, and how many of them changed something.
 */
struct acl_counts {
	size_t lists, changed;
};
int acl_import(struct store *s, const char *repository, const char *text, struct acl_counts *out, struct err *err);
/* Append all lists as such text, groups first. */
int acl_export(struct store *s, const char *repository, struct str *out, struct err *err);

/* For a merge, in its transaction. Items that @nobody leads. */
int acl_orphans(struct store *s, const char *repository, struct map *out, struct err *err);
/* A source that is new and not listed is the user's. */
int acl_bring(struct store *s, const char *repository, const char *source, const char *user, int64_t task, struct err *err);
/* The user leads in place of @nobody. */
int acl_adopt(struct store *s, const char *repository, const char *source, const char *user, int64_t task, struct err *err);
/* A source has left the repository. */
int acl_leave(struct store *s, const char *repository, const char *source, int64_t serial, struct err *err);

#endif
