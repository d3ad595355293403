#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/builder.h"
#include "schema/event.h"
#include "schema/store.h"

static const char *const modes[BUILDER_MODES] = {
	[BUILDER_ENABLED] = "enabled", [BUILDER_DRAINING] = "draining", [BUILDER_DISABLED] = "disabled",
};

void
builder_fini(struct builder *b)
{
	free(b->name);
	free(b->arches);
	free(b->features);
	free(b->why);
	*b = (struct builder){0};
}

void
builder_list_fini(struct builder_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		builder_fini(&l->p[i]);
	vec_fini(l);
}

const char *
builder_mode_name(enum builder_mode m)
{
	return modes[m];
}

static struct builder
from_row(sqlite3_stmt *q)
{
	struct builder b = {
		.name = xstrdup(store_text(q, 0)),
		.arches = xstrdup(store_text(q, 1)),
		.features = xstrdup(store_text(q, 2)),
		.slots = (int)store_int(q, 3),
		.memory = store_int(q, 4),
		.seen = store_int(q, 5),
		.online = store_int(q, 6),
		.why = xstrdup(store_text(q, 8)),
	};

	while (b.mode < BUILDER_MODES - 1 && strcmp(modes[b.mode], store_text(q, 7)) != 0)
		b.mode++;
	return b;
}

int
builder_find(struct store *s, struct builder_list *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_BUILDER_FIND, err, "");
	int r;

	while ((r = store_row(s, q, err)) > 0) {
		vec_push(out, from_row(q));
		out->p[out->n - 1].running = (int)store_int(q, 9);
	}
	return r;
}

int
builder_get(struct store *s, const char *name, struct builder *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_BUILDER_GET, err, "s", name);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = from_row(q);
	store_done(q);
	if (r == 0)
		err_set(err, ENOENT, "no builder %s; `builder ls` lists them", name);
	return r < 0 ? -1 : r ? 0 : BUILDER_ABSENT;
}

int
builder_seen(struct store *s, const struct builder *b, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_BUILDER_SEEN, err, "sssiiii", b->name, b->arches, b->features, (int64_t)b->slots, b->memory,
	    now_ms(), (int64_t)b->online) < 0 ||
	    event_add(s, "builder", 0, 0, b->online ? "online" : "offline", err, "builder %s %s", b->name,
	    b->online ? "connected" : "disconnected") < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
builder_all_offline(struct store *s, struct err *err)
{
	return store_run(s, STMT_BUILDER_OFFLINE, err, "");
}

int
builder_set_mode(struct store *s, const char *name, enum builder_mode mode, const char *why, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_BUILDER_MODE, err, "sss", modes[mode], why, name) < 0 ||
	    event_add(s, "builder", 0, 0, modes[mode], err, "builder %s %s%s%s", name, modes[mode], *why ? ": " : "", why) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
builder_remove(struct store *s, const char *name, struct err *err)
{
	AUTO(builder_fini) struct builder b = {0};
	int r;

	if (store_begin(s, err) < 0)
		return -1;
	r = builder_get(s, name, &b, err);
	if (r == 0 && b.online && b.mode != BUILDER_DISABLED)
		r = err_set(err, EBUSY, "builder %s is connected; stop it, or `builder disable %s` first", name, name);
	if (r || store_run(s, STMT_BUILDER_REMOVE, err, "s", name) < 0 ||
	    event_add(s, "builder", 0, 0, "removed", err, "builder %s removed", name) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}
