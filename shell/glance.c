#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/doorbell.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/store.h"
#include "shell/glance.h"

enum { DAY_MS = 86400000, HOUR_MS = 3600000 };

void
glance_fini(struct glance *g)
{
	for (size_t i = 0; i < g->queues.n; i++)
		free(g->queues.p[i].arch);
	for (size_t i = 0; i < g->running.n; i++) {
		struct glance_job *j = &g->running.p[i];

		free(j->arch);
		free(j->builder);
		free(j->owner);
		free(j->repository);
		free(j->package);
	}
	for (size_t i = 0; i < g->merges.n && g->members; i++)
		free(g->members[i].p);
	free(g->members);
	vec_fini(&g->queues);
	vec_fini(&g->running);
	builder_list_fini(&g->builders);
	task_list_fini(&g->tasks);
	strs_fini(&g->progress);
	task_list_fini(&g->ended);
	merge_list_fini(&g->merges);
	*g = (struct glance){0};
}

/* Reading. */

static int
read_states(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err)
{
	sqlite3_stmt *q = f->repository || f->owner ? store_query(s, STMT_GLANCE_STATES, err, "ss", f->repository, f->owner) :
	    store_query(s, STMT_GLANCE_STATES_ALL, err, "");
	int r;

	while ((r = store_row(s, q, err)) > 0) {
		enum task_state state = task_state_find(store_text(q, 0));

		if (state < TASK_STATES)
			out->states[state] = store_int(q, 1);
	}
	return r;
}

static int
read_done(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_GLANCE_DONE, err, "ssii", f->repository, f->owner, out->at - DAY_MS, out->at - HOUR_MS);
	int r = store_row(s, q, err);

	if (r > 0) {
		out->done_day = store_int(q, 0);
		out->done_hour = store_int(q, 1);
	}
	store_done(q);
	return r < 0 ? -1 : 0;
}

static int
read_queues(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_GLANCE_QUEUES, err, "ss", f->repository, f->owner);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(&out->queues, ((struct glance_queue){(enum task_class)store_int(q, 0), xstrdup(store_text(q, 1)),
		    store_int(q, 2), store_int(q, 3), store_int(q, 4), store_int(q, 5), store_int(q, 6)}));
	return r;
}

static int
read_running(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_GLANCE_RUNNING, err, "ss", f->repository, f->owner);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(&out->running, ((struct glance_job){
			.id = store_int(q, 0),
			.task = store_int(q, 1),
			.subtask = (int)store_int(q, 2),
			.arch = xstrdup(store_text(q, 3)),
			.kind = job_kind_find(store_text(q, 4)),
			.builder = xstrdup(store_text(q, 5)),
			.started = store_int(q, 6),
			.attempt = (int)store_int(q, 7),
			.owner = xstrdup(store_text(q, 8)),
			.repository = xstrdup(store_text(q, 9)),
			.class = (enum task_class)store_int(q, 10),
			.package = xstrdup(store_text(q, 11)),
			.expected_ms = store_int(q, 12),
		}));
	return r;
}

/* What a building task is at. */
static int
read_progress(struct store *s, const struct task *t, struct strs *out, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	sqlite3_stmt *q;
	int r = 0;

	if (t->state == TASK_BUILDING) {
		q = store_query(s, STMT_GLANCE_PROGRESS, err, "i", t->id);
		while ((r = store_row(s, q, err)) > 0)
			str_add(&text, "%s%s %d/%d", text.n ? ", " : "", store_text(q, 0), (int)store_int(q, 1), (int)store_int(q, 2));
	}
	strs_take(out, str_steal(&text));
	return r;
}

static int
newest_first(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return (x->id < y->id) - (x->id > y->id);
}

/* The newest tasks of some states. */
static int
of_states(struct store *s, const struct glance_filter *f, unsigned states, struct task_list *l, struct err *err)
{
	for (enum task_state state = 0; state < TASK_STATES; state++)
		if (states & 1u << state && task_of_state(s, state, f->repository, f->owner, f->tasks, l, err) < 0)
			return -1;
	if (l->n)
		qsort(l->p, l->n, sizeof(*l->p), newest_first);
	return 0;
}

static int
read_tasks(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err)
{
	const struct task_filter all = {.repository = f->repository, .owner = f->owner, .oldest_first = true, .limit = f->tasks,
	    .states = (1u << TASK_STATES) - 1};

	out->every = f->every;
	if (f->every ? task_find(s, &all, &out->tasks, err) < 0 : of_states(s, f, GLANCE_OPEN, &out->tasks, err) < 0 ||
	    of_states(s, f, GLANCE_ENDED, &out->ended, err) < 0)
		return -1;
	for (size_t i = 0; i < out->tasks.n; i++)
		if (read_progress(s, &out->tasks.p[i], &out->progress, err) < 0)
			return -1;
	return 0;
}

static int
read_merges(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err)
{
	if (merge_find(s, f->repository, f->merges, &out->merges, err) < 0)
		return -1;
	out->members = xcalloc(out->merges.n, sizeof(*out->members));
	for (size_t i = 0; i < out->merges.n; i++)
		if (merge_tasks(s, out->merges.p[i].id, &out->members[i].p, &out->members[i].n, err) < 0)
			return -1;
	return 0;
}

/* Those first that somebody may have to look after. */
static int
builder_rank(const struct builder *b)
{
	static const int ranks[BUILDER_MODES] = {[BUILDER_DISABLED] = 1, [BUILDER_DRAINING] = 2, [BUILDER_ENABLED] = 3};

	return b->online ? ranks[b->mode] : 0;
}

static int
by_rank(const void *a, const void *b)
{
	const struct builder *x = a, *y = b;
	int d = builder_rank(x) - builder_rank(y);

	return d ? d : strcmp(x->name, y->name);
}

static int
read_builders(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err)
{
	if (builder_find(s, &out->builders, err) < 0)
		return -1;
	if (out->builders.n)
		qsort(out->builders.p, out->builders.n, sizeof(*out->builders.p), by_rank);
	return 0;
}

int
glance_read(struct store *s, const struct glance_filter *f, struct glance *out, struct err *err)
{
	static int (*const parts[])(struct store *, const struct glance_filter *, struct glance *, struct err *) = {
		read_builders, read_states, read_done, read_queues, read_running, read_tasks, read_merges,
	};
	int r = 0;

	out->at = now_ms();
	out->scheduler = doorbell_heard(s->root);
	if (store_read(s, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = parts[i](s, f, out, err);
	store_read_end(s);
	glance_sort(out, out->at);
	return r;
}

/* What follows from it. */

struct glance_sum
glance_sum(const struct glance *g)
{
	struct glance_sum sum = {0};

	for (size_t i = 0; i < g->queues.n; i++) {
		sum.queued += g->queues.p[i].queued;
		sum.held += g->queues.p[i].held;
		sum.waiting += g->queues.p[i].waiting;
		sum.running += g->queues.p[i].running;
	}
	for (size_t i = 0; i < g->builders.n; i++) {
		const struct builder *b = &g->builders.p[i];
		bool open = b->online && b->mode == BUILDER_ENABLED;

		sum.online += b->online;
		sum.offline += !b->online;
		sum.closed += b->online && !open;
		sum.busy += open ? b->running : 0;
		sum.slots += open ? b->slots : 0;
	}
	return sum;
}

int64_t
glance_late(const struct glance_job *j, int64_t now)
{
	return j->expected_ms ? now - j->started - j->expected_ms : 0;
}

/* Those that are late by how much; then those that run longest. */
static int
by_lateness(const void *a, const void *b, void *now)
{
	const struct glance_job *x = a, *y = b;
	int64_t lx = glance_late(x, *(int64_t *)now), ly = glance_late(y, *(int64_t *)now);

	lx = lx > 0 ? lx : 0;
	ly = ly > 0 ? ly : 0;
	if (lx != ly)
		return lx > ly ? -1 : 1;
	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

void
glance_sort(struct glance *g, int64_t now)
{
	if (g->running.n)
		qsort_r(g->running.p, g->running.n, sizeof(*g->running.p), by_lateness, &now);
}
