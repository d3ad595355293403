#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/event.h"
#include "schema/store.h"

const char *const event_kinds[] = {"task", "job", "merge", "repo", "builder", "user", "farm", NULL};

int
event_add(struct store *s, const char *kind, int64_t task, int64_t job, const char *state,
	struct err *err, const char *text, ...)
{
	AUTO(free) char *longer = NULL;
	char buf[1024], *line = buf;
	va_list ap;
	int n;

	va_start(ap, text);
	n = vsnprintf(buf, sizeof(buf), text, ap);
	va_end(ap);
	if (n >= (int)sizeof(buf)) {
		line = longer = xcalloc((size_t)n + 1, 1);
		va_start(ap, text);
		vsnprintf(longer, (size_t)n + 1, text, ap);
		va_end(ap);
	}
	s->ring = true;
	if (store_run(s, STMT_EVENT_ADD, err, "isiissss", now_ms(), kind, task, job, s->user, s->origin, state, line) < 0)
		return -1;
	if (s->on_event)
		s->on_event(s->on_event_arg, &(struct event){.id = sqlite3_last_insert_rowid(s->db), .kind = kind, .task = task,
		    .job = job, .user = s->user, .origin = s->origin, .state = state, .text = line});
	return 0;
}

static int
each(struct store *s, sqlite3_stmt *q, int (*fn)(void *arg, const struct event *e), void *arg, struct err *err)
{
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

int
event_each(struct store *s, int64_t since, int64_t task,
	int (*fn)(void *arg, const struct event *e), void *arg, struct err *err)
{
	return each(s, task ? store_query(s, STMT_EVENT_OF_TASK, err, "iii", since, task, (int64_t)-1) :
	    store_query(s, STMT_EVENT_SINCE, err, "i", since), fn, arg, err);
}

void
event_list_fini(struct event_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct event *e = &l->p[i];
		const char *owned[] = {e->kind, e->user, e->origin, e->state, e->text};

		for (size_t k = 0; k < ARRAY_SIZE(owned); k++)
			free((char *)owned[k]);
	}
	vec_fini(l);
}

static int
keep(void *arg, const struct event *e)
{
	struct event_list *l = arg;

	vec_push(l, ((struct event){.id = e->id, .at = e->at, .kind = xstrdup(e->kind), .task = e->task, .job = e->job,
	    .user = xstrdup(e->user), .origin = xstrdup(e->origin), .state = xstrdup(e->state), .text = xstrdup(e->text)}));
	return 0;
}

int
event_read(struct store *s, int64_t since, int64_t task, int64_t limit, struct event_list *out, struct err *err)
{
	return each(s, task ? store_query(s, STMT_EVENT_OF_TASK, err, "iii", since, task, limit) :
	    store_query(s, STMT_EVENT_NEXT, err, "ii", since, limit), keep, out, err);
}

int
event_read_user(struct store *s, int64_t since, const char *user, int64_t limit, struct event_list *out, struct err *err)
{
	if (strcmp(user, "scheduler") == 0)
		return event_read(s, since, 0, limit, out, err);
	return each(s, store_query(s, STMT_EVENT_OF_USER, err, "isi", since, user, limit), keep, out, err);
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

int
event_bears_on_acl(struct store *s, int64_t since, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_EVENT_ACL, err, "i", since);
	int r = store_row(s, q, err);

	store_done(q);
	return r;
}

int
reader_get(struct store *s, const char *name, int64_t *event, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_READER_GET, err, "s", name);
	int r = store_row(s, q, err);

	*event = r > 0 ? store_int(q, 0) : -1;
	store_done(q);
	return r < 0 ? -1 : 0;
}

int
reader_set(struct store *s, const char *name, int64_t event, struct err *err)
{
	return store_run(s, STMT_READER_SET, err, "si", name, event);
}
