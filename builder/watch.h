/* Watching over what runs in a sandbox: its log streamed on, its limits kept. */
#ifndef ARTEL_BUILDER_WATCH_H
#define ARTEL_BUILDER_WATCH_H

#include <stdint.h>

#include "base/sandbox.h"
#include "wire/conn.h"

struct err;
struct guard;

struct watch {
	struct conn *conn;		/* where the log streams to; NULL: nowhere */
	int64_t streamed;		/* tick_ms() of the last time */
	int file;			/* where it is kept */
	struct guard *guard;		/* asked now and then */
	int64_t deadline;		/* tick_ms() */
	uint64_t output;		/* bytes so far */
};

/*
 * Run until all that writes to the log has ended, then wait for the sandbox. 0 and err unset: fn
 * succeeded; WATCH_LIMIT: a limit was passed (err says which) and all of it was killed;
 * -1: fn's error.
 */
enum { WATCH_LIMIT = 1 };
int watch_run(struct watch *w, const struct sandbox *s, sandbox_fn *fn, void *arg, struct err *err);
/* A line of our own into the log. */
void watch_say(struct watch *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
