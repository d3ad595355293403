/*
 * Merges: PREPARED while the next state is being written beside the old one;
 * CURRENT once the database says so; DONE when `latest` and the git branches follow.
 * A restart abandons what is PREPARED and finishes what is CURRENT.
 */
#ifndef ARTEL_SCHEMA_MERGE_H
#define ARTEL_SCHEMA_MERGE_H

#include <stdint.h>

#include "base/auto.h"

struct err;
struct store;

struct merge {
	int64_t id;
	char *repository;
	int64_t base, serial;
	char *state;
	int64_t started, finished;	/* ms */
	char *kind;			/* "merge", or "rollback" to the state in base */
	int64_t published;		/* Unix seconds that its files carry */
	char *checker;			/* version of the checks */
};
struct merge_list {
	struct merge *p;
	size_t n, cap;
};
void merge_list_fini(struct merge_list *l);
AUTO_DEFINE_EMBEDDED(struct merge_list, merge_list_fini);

/* Of m: repository, base, serial, checker, started, kind, published; PREPARED. */
int merge_add(struct store *s, const struct merge *m, int64_t *id, struct err *err);
int merge_task_add(struct store *s, int64_t merge, int64_t seq, int64_t task, struct err *err);
/* Set the state; DONE and ABANDONED also set the time of the end. */
int merge_set(struct store *s, int64_t merge, const char *state, struct err *err);
/* Unfinished merges of a repository, oldest first. */
int merge_unfinished(struct store *s, const char *repository, struct merge_list *out, struct err *err);
/* The newest `limit` of all repositories (NULL) or one, newest first. */
int merge_find(struct store *s, const char *repository, int64_t limit, struct merge_list *out, struct err *err);
enum { MERGE_ABSENT = 1 };
/* How a published state came about: one in the list, or MERGE_ABSENT (imported). */
int merge_of_serial(struct store *s, const char *repository, int64_t serial, struct merge_list *out, struct err *err);

/* A set that did not pass, by what identifies it: ATTEMPT_UNKNOWN, or 0 and its report. */
enum { ATTEMPT_UNKNOWN = 1 };
struct str;
int attempt_find(struct store *s, const char *repository, int64_t base, const char *checker, const char *members,
	struct str *report, struct err *err);
int attempt_add(struct store *s, const char *repository, int64_t base, const char *checker, const char *members,
	const struct str *report, struct err *err);
/* Forget those on bases before this one. */
int attempt_forget(struct store *s, const char *repository, int64_t base, struct err *err);
/* Tasks of a merge in order; malloc'ed. */
int merge_tasks(struct store *s, int64_t merge, int64_t **tasks, size_t *n, struct err *err);

#endif
