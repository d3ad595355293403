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
};
struct merge_list {
	struct merge *p;
	size_t n, cap;
};
void merge_list_fini(struct merge_list *l);
AUTO_DEFINE_EMBEDDED(struct merge_list, merge_list_fini);

int merge_add(struct store *s, const char *repository, int64_t base, int64_t serial, const char *checker,
	int64_t started, int64_t *id, struct err *err);
int merge_task_add(struct store *s, int64_t merge, int64_t seq, int64_t task, struct err *err);
/* Set the state; DONE and ABANDONED also set the time of the end. */
int merge_set(struct store *s, int64_t merge, const char *state, struct err *err);
/* Unfinished merges of a repository, oldest first. */
int merge_unfinished(struct store *s, const char *repository, struct merge_list *out, struct err *err);
/* The newest `limit` of all repositories (NULL) or one, newest first. */
int merge_find(struct store *s, const char *repository, int64_t limit, struct merge_list *out, struct err *err);
/* Tasks of a merge in order; malloc'ed. */
int merge_tasks(struct store *s, int64_t merge, int64_t **tasks, size_t *n, struct err *err);

#endif
