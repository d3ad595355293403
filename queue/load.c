/*
 * One statement gives all that the queue wants to know of a job; for all jobs, those of a task, or one it is the same
 * but for its condition. What runs is charged to its owner as it is loaded, so that a restart forgets no more of who
 * had how much than what has ended.
 */
#include <string.h>

#include "base/err.h"
#include "queue/inside.h"
#include "queue/load.h"
#include "schema/build.h"
#include "schema/builder.h"
#include "schema/repository.h"
#include "schema/setting.h"
#include "schema/store.h"
#include "wire/limits.h"

_Static_assert(ARRAY_SIZE(((struct queue *)NULL)->usual_ms) == JOB_KINDS, "one for each kind");

struct loader {
	struct store *s;
	struct queue *q;
	int64_t now, lease;
	struct map repositories;
	VEC(struct strs) arches;	/* of each of them */
};

static void
loader_fini(struct loader *l)
{
	for (size_t i = 0; i < l->arches.n; i++)
		strs_fini(&l->arches.p[i]);
	vec_fini(&l->arches);
	map_fini(&l->repositories);
}
AUTO_DEFINE_EMBEDDED(struct loader, loader_fini);

/* Of a repository; asked for once. */
static int
arches_of(struct loader *l, const char *repository, const struct strs **out, struct err *err)
{
	uint32_t i = map_intern(&l->repositories, repository);
	struct strs arches = {0};
	sqlite3_stmt *q;
	int r = 0;

	if (i == l->arches.n) {
		q = store_query(l->s, STMT_REPO_ARCHES, err, "s", repository);
		while ((r = store_row(l->s, q, err)) > 0)
			strs_add(&arches, store_text(q, 0));
		vec_push(&l->arches, arches);
	}
	*out = &l->arches.p[i];
	return r;
}

/* The columns of LIVE_COLUMNS. */
enum { ID, TASK, ARCH, KIND, STATE, ATTEMPT, TRIES, BUILDER, NOT_BEFORE, QUEUED, STARTED, OWNER, REPOSITORY, CLASS, SUBMITTED, HOLD,
	FEATURES, LIMITS, ELAPSED, MEMORY };

/* What is said of it, or what it took and a quarter. Words that are wrong are for those to tell who hand it out. */
static int64_t
memory_of(sqlite3_stmt *row)
{
	struct limits limits = {0};
	struct err ignored = {0};

	if (limits_parse(&limits, store_text(row, LIMITS), &ignored) == 0 && limits.memory_bytes > 0)
		return limits.memory_bytes < INT64_MAX ? (int64_t)limits.memory_bytes : INT64_MAX;
	return store_int(row, MEMORY) < INT64_MAX / 5 * 4 ? store_int(row, MEMORY) / 4 * 5 : INT64_MAX;
}

/* Whether a job stands as it is asked for, so that it keeps its place. */
static bool
same(struct queue *q, const struct live *l, const struct ask *a)
{
	const char *failed = l->host ? l->host->name : "";

	return l->state != LIVE_RUNNING && l->task == a->task && l->lane == queue_lane(q, a) && l->class == a->class &&
	    strcmp(l->owner->name, a->owner) == 0 && l->submitted == a->submitted && l->queued == a->queued &&
	    l->not_before == a->not_before && l->attempt == a->attempt && strcmp(failed, a->failed_on ? a->failed_on : "") == 0;
}

static void
place(struct loader *ld, const struct ask *a, const char *running_on, int64_t started)
{
	struct live *l = queue_find(ld->q, a->job);

	if (l && (running_on ? l->state == LIVE_RUNNING : same(ld->q, l, a))) {
		l->stale = false;
		queue_hold(ld->q, l, a->held, ld->now);
		return;
	}
	if (l)
		queue_drop(ld->q, l, ld->now);
	l = queue_add(ld->q, a, ld->now);
	if (!running_on)
		return;
	queue_start(ld->q, l, queue_host(ld->q, running_on), started);
	l->lease = ld->lease;
	ld->q->now = ld->now;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int
take_row(struct loader *ld, sqlite3_stmt *row, struct err *err)
{
	AUTO(strs_fini) struct strs features = {0};
	char *arch = (char *)store_text(row, ARCH);
	struct strs one = {.p = &arch, .n = 1};
	int class = (int)store_int(row, CLASS);
	bool running = strcmp(store_text(row, STATE), job_state_name(JOB_RUNNING)) == 0;
	const char *builder = store_text(row, BUILDER);
	struct ask a = {
		.job = store_int(row, ID),
		.task = store_int(row, TASK),
		.owner = store_text(row, OWNER),
		.repository = store_text(row, REPOSITORY),
		.arches = &one,
		.features = &features,
		.memory = memory_of(row),
		.expected_ms = store_int(row, ELAPSED),
		.submitted = store_int(row, SUBMITTED),
		.queued = store_int(row, QUEUED),
		.not_before = earlier(store_int(row, NOT_BEFORE), ld->now + job_backoff_ms((int)store_int(row, TRIES))),
		.class = class < 0 || class >= QUEUE_CLASSES ? QUEUE_NORMAL : class,
		.attempt = (uint32_t)store_int(row, ATTEMPT),
		.held = *store_text(row, HOLD),
		.failed_on = store_int(row, TRIES) > 0 && *builder ? builder : NULL,
	};

	strs_split(&features, store_text(row, FEATURES), " ");
	if (!*arch && arches_of(ld, a.repository, &a.arches, err) < 0)
		return -1;
	if (a.expected_ms == 0)
		a.expected_ms = ld->q->usual_ms[job_kind_find(store_text(row, KIND))];
	place(ld, &a, running ? builder : NULL, store_int(row, STARTED));
	return 0;
}

/* How many rows it gave, or -1. */
static int
take_rows(struct loader *ld, sqlite3_stmt *row, struct err *err)
{
	int r, n = 0;

	for (; (r = store_row(ld->s, row, err)) > 0; n++)
		if (take_row(ld, row, err) < 0) {
			store_done(row);
			return -1;
		}
	return r < 0 ? -1 : n;
}

static int
load_usual(struct store *s, struct queue *q, struct err *err)
{
	sqlite3_stmt *row = store_query(s, STMT_JOB_USUAL, err, "");
	int r;

	while ((r = store_row(s, row, err)) > 0)
		q->usual_ms[job_kind_find(store_text(row, 0))] = store_int(row, 1);
	return r;
}

int
load_queue(struct store *s, struct queue *q, int64_t now, int64_t lease, struct err *err)
{
	AUTO(loader_fini) struct loader ld = {.s = s, .q = q, .now = now, .lease = lease};

	if (load_limits(s, q, err) < 0 || load_owners(s, q, err) < 0 || load_hosts(s, q, err) < 0 ||
	    load_usual(s, q, err) < 0 || take_rows(&ld, store_query(s, STMT_LIVE_ALL, err, ""), err) < 0)
		return err_ctx(err, "load the queue");
	return 0;
}

int
load_job(struct store *s, struct queue *q, int64_t job, int64_t now, struct err *err)
{
	AUTO(loader_fini) struct loader ld = {.s = s, .q = q, .now = now};
	int n = take_rows(&ld, store_query(s, STMT_LIVE_GET, err, "i", job), err);
	struct live *l = queue_find(q, job);

	if (n == 0 && l)
		queue_drop(q, l, now);
	return n < 0 ? -1 : 0;
}

int
load_task(struct store *s, struct queue *q, int64_t task, int64_t now, struct err *err)
{
	AUTO(loader_fini) struct loader ld = {.s = s, .q = q, .now = now};

	for (struct live *l = queue_of_task(q, task); l; l = l->sibling)
		l->stale = true;
	if (take_rows(&ld, store_query(s, STMT_LIVE_OF_TASK, err, "i", task), err) < 0)
		return -1;
	for (struct live *l = queue_of_task(q, task), *next; l; l = next) {
		next = l->sibling;
		if (l->stale)
			queue_drop(q, l, now);
	}
	return 0;
}

int
load_limits(struct store *s, struct queue *q, struct err *err)
{
	static const enum setting class[QUEUE_CLASSES] = {[QUEUE_URGENT] = SETTING_LIMIT_URGENT,
		[QUEUE_NORMAL] = SETTING_LIMIT_NORMAL, [QUEUE_BACKGROUND] = SETTING_LIMIT_BACKGROUND};
	struct queue_limits limits = {0};
	int64_t n = 0;

	if (setting_get(s, SETTING_OWNER_LIMIT, &n, err) < 0)
		return -1;
	limits.owner = (int)n;
	for (int c = 0; c < QUEUE_CLASSES; c++) {
		if (setting_get(s, class[c], &n, err) < 0)
			return -1;
		limits.class[c] = (int)n;
	}
	queue_set_limits(q, &limits);
	return 0;
}

int
load_owners(struct store *s, struct queue *q, struct err *err)
{
	sqlite3_stmt *row = store_query(s, STMT_USER_FIND, err, "");
	int r;

	while ((r = store_row(s, row, err)) > 0)
		queue_set_owner(q, queue_owner(q, store_text(row, 0)), (int)store_int(row, 4), (int)store_int(row, 5));
	return r;
}

int
load_forget_hosts(struct store *s, struct queue *q, struct err *err)
{
	AUTO(builder_list_fini) struct builder_list list = {0};
	AUTO(map_fini) struct map known = {0};
	static const struct strs none;

	if (builder_find(s, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++)
		map_add(&known, list.p[i].name);
	for (size_t i = 0; i < q->fleet.hosts.n; i++) {
		struct host *h = q->fleet.hosts.p[i];

		if (map_find(&known, h->name) != MAP_NONE)
			continue;
		queue_set_open(q, h, false);
		queue_set_host(q, h, &none, &none, 0, 0);
	}
	return 0;
}

int
load_hosts(struct store *s, struct queue *q, struct err *err)
{
	AUTO(builder_list_fini) struct builder_list list = {0};

	if (builder_find(s, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		AUTO(strs_fini) struct strs arches = {0}, features = {0};
		const struct builder *b = &list.p[i];
		struct host *h = queue_host(q, b->name);

		strs_split(&arches, b->arches, " ");
		strs_split(&features, b->features, " ");
		queue_set_host(q, h, &arches, &features, b->slots, b->memory);
		queue_set_open(q, h, b->online && b->mode == BUILDER_ENABLED);
	}
	return load_forget_hosts(s, q, err);
}
