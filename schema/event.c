#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "schema/event.h"
#include "schema/store.h"

int
event_add(struct store *s, const char *kind, int64_t task, int64_t job, const char *state,
	struct err *err, const char *text, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, text);
	vsnprintf(line, sizeof(line), text, ap);
	va_end(ap);
	s->ring = true;
	return store_run(s, STMT_EVENT_ADD, err, "isiissss", now_ms(), kind, task, job,
	    s->user, s->origin, state, line);
}

int
event_each(struct store *s, int64_t since, int64_t task,
	int (*fn)(void *arg, const struct event *e), void *arg, struct err *err)
{
	sqlite3_stmt *q = store_query(s, task ? STMT_EVENT_OF_TASK : STMT_EVENT_SINCE, err,
	    task ? "ii" : "i", since, task);
	int r;

	while ((r = store_row(s, q, err)) > 0) {
		struct event e = {.id = store_int(q, 0), .at = store_int(q, 1), .kind = store_text(q, 2),
		    .task = store_int(q, 3), .job = store_int(q, 4), .user = store_text(q, 5),
		    .origin = store_text(q, 6), .state = store_text(q, 7), .text = store_text(q, 8)};

		if ((r = fn(arg, &e)) != 0) {
			store_done(q);
			return r;
		}
	}
	return r;
}

int64_t
event_last(struct store *s, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_EVENT_LAST, err, "");
	int64_t id = 0;
	int r = store_row(s, q, err);

	if (r > 0)
		id = store_int(q, 0);
	store_done(q);
	return r < 0 ? -1 : id;
}
