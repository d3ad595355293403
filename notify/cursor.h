/*
 * How far somebody to whom events are brought has come: a cursor in the table of readers, and the next few events
 * from there on, in memory. What is slow catches up from the journal.
 */
#ifndef ARTEL_NOTIFY_CURSOR_H
#define ARTEL_NOTIFY_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#include "schema/event.h"

struct err;
struct store;

struct cursor {
	char *name;			/* of the reader */
	int64_t done;			/* the last event that was dealt with */
	int64_t saved;			/* the same, as the database has it */
	struct event_list ahead;
	size_t at;			/* the next of them */
};
void cursor_fini(struct cursor *l);

/* Go on where it was; one that was never here begins with what comes now, and is known from now on. */
int cursor_open(struct cursor *l, struct store *s, const char *name, struct err *err);
/* The next event up to id `last`, or NULL (then *r is 0, or -1 with err). It stays the next one until cursor_pass(). */
const struct event *cursor_next(struct cursor *l, struct store *s, int64_t last, int *r, struct err *err);
/* The next one was dealt with. */
void cursor_pass(struct cursor *l);
/* Note it in the database, if it has changed; in the caller's transaction. */
int cursor_save(struct cursor *l, struct store *s, struct err *err);

#endif
