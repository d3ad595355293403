#include "base/alloc.h"
#include "notify/cursor.h"
#include "schema/store.h"

enum { AHEAD = 64 };

void
cursor_fini(struct cursor *l)
{
	free(l->name);
	event_list_fini(&l->ahead);
}

int
cursor_open(struct cursor *l, struct store *s, const char *name, struct err *err)
{
	*l = (struct cursor){.name = xstrdup(name)};
	if (reader_get(s, name, &l->done, err) < 0)
		return -1;
	l->saved = l->done;
	if (l->done >= 0)
		return 0;
	l->done = event_last(s, err);
	return l->done < 0 ? -1 : cursor_save(l, s, err);
}

const struct event *
cursor_next(struct cursor *l, struct store *s, int64_t last, int *r, struct err *err)
{
	*r = 0;
	if (l->at == l->ahead.n && l->done < last) {
		event_list_fini(&l->ahead);
		l->at = 0;
		*r = event_read(s, l->done, 0, AHEAD, &l->ahead, err);
	}
	return *r == 0 && l->at < l->ahead.n && l->ahead.p[l->at].id <= last ? &l->ahead.p[l->at] : NULL;
}

void
cursor_pass(struct cursor *l)
{
	l->done = l->ahead.p[l->at++].id;
}

int
cursor_save(struct cursor *l, struct store *s, struct err *err)
{
	if (l->saved == l->done)
		return 0;
	if (reader_set(s, l->name, l->done, err) < 0)
		return -1;
	l->saved = l->done;
	return 0;
}
