/* The journal. Every change of state appends to it in the transaction that makes the change. */
#ifndef ARTEL_SCHEMA_EVENT_H
#define ARTEL_SCHEMA_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct err;
struct store;

struct event {
	int64_t id;
	int64_t at;		/* ms */
	const char *kind;	/* one of event_kinds */
	int64_t task, job;	/* 0: none */
	const char *user, *origin, *state, *text;
};

/* task, job, merge, repo, builder, user, farm; ends with NULL. */
extern const char *const event_kinds[];

/* Append; the user and origin are the store's. text is a format. */
int event_add(struct store *s, const char *kind, int64_t task, int64_t job, const char *state,
	struct err *err, const char *text, ...) __attribute__((format(printf, 7, 8)));

/* Call fn for each event after id `since` (of one task if task != 0), oldest first; fn's non-zero result ends it. */
int event_each(struct store *s, int64_t since, int64_t task,
	int (*fn)(void *arg, const struct event *e), void *arg, struct err *err);

/*
 * The same as copies, some at a time: the statement has ended before anything is done about them. Who prints events, or
 * acts on them, takes them so: a reader that stands still inside a statement holds up the database's log for all.
 */
struct event_list {
	struct event *p;	/* with strings of its own */
	size_t n, cap;
};
void event_list_fini(struct event_list *l);
AUTO_DEFINE_EMBEDDED(struct event_list, event_list_fini);
/* Append at most `limit` events after id `since`, of one task if task != 0, oldest first. */
int event_read(struct store *s, int64_t since, int64_t task, int64_t limit, struct event_list *out, struct err *err);

/*
 * The same of one user, by an index. The scheduler, whose events are most, has none: for it events of others come too, so
 * whoever asks looks at `user`.
 */
int event_read_user(struct store *s, int64_t since, const char *user, int64_t limit, struct event_list *out, struct err *err);

/* The newest id; 0 if none; -1 on error. */
int64_t event_last(struct store *s, struct err *err);

/*
 * Whether anything was appended after id `since` on which it may depend who may do what: lists, users, verdicts. 1 yes,
 * 0 no.
 */
int event_bears_on_acl(struct store *s, int64_t since, struct err *err);

/* How far a program that acts on events came, by a name of its choice; -1 in *event: never here. */
int reader_get(struct store *s, const char *name, int64_t *event, struct err *err);
int reader_set(struct store *s, const char *name, int64_t event, struct err *err);

#endif
