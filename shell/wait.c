/* What is needed is read first; the queue is asked, and run forward, when nothing is open in the database any more. */
#include <string.h>

#include "base/alloc.h"
#include "base/doorbell.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "queue/forecast.h"
#include "queue/load.h"
#include "schema/acl.h"
#include "schema/builder.h"
#include "schema/merge.h"
#include "schema/setting.h"
#include "schema/store.h"
#include "schema/user.h"
#include "shell/wait.h"

void
waits_fini(struct waits *w)
{
	for (size_t i = 0; i < w->jobs.n; i++) {
		struct wait_job *j = &w->jobs.p[i];

		for (size_t k = 0; k < j->groups.n; k++) {
			free(j->groups.p[k].what);
			strs_fini(&j->groups.p[k].builders);
		}
		vec_fini(&j->groups);
		free(j->needs);
		job_fini(&j->job);
	}
	for (size_t i = 0; i < w->deps.n; i++)
		task_fini(&w->deps.p[i].task);
	vec_fini(&w->jobs);
	vec_fini(&w->deps);
	task_fini(&w->task);
	free(w->held_by);
	free(w->denied);
	*w = (struct waits){0};
}

/* Jobs. */

static int
read_needs(struct store *s, struct wait_job *j, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_WAIT_NEEDS, err, "i", j->job.id);
	VEC(int64_t) v = {0};
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(&v, store_int(q, 0));
	j->needs = v.p;
	j->n_needs = v.n;
	return r;
}

static int
read_jobs(struct store *s, struct waits *w, struct err *err)
{
	AUTO(job_list_fini) struct job_list l = {0};

	if (job_of_task(s, w->task.id, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		vec_push(&w->jobs, (struct wait_job){.job = l.p[i]});
		l.p[i] = (struct job){0};
		if (w->jobs.p[i].job.state == JOB_WAITING && read_needs(s, &w->jobs.p[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Why a builder is closed. */
static char *
closed(const struct builder_list *builders, const char *name)
{
	for (size_t i = 0; i < builders->n; i++) {
		const struct builder *b = &builders->p[i];

		if (strcmp(b->name, name) == 0 && b->mode != BUILDER_ENABLED)
			return xasprintf("%s%s%s", builder_mode_name(b->mode), *b->why ? " " : "", b->why);
	}
	return xstrdup("offline");
}

struct look {
	const struct queue *q;
	const struct live *l;
	const struct builder_list *builders;
	struct wait_job *j;
};

static void
add_host(void *arg, const struct host *h)
{
	struct look *k = arg;
	AUTO(free) char *detail = NULL;
	AUTO(free) char *what = NULL;
	enum exclude e = why_not(k->q, k->l, h, &detail);
	struct wait_group *g = NULL;

	if (e == EXCLUDE_NOTHING)
		return;
	what = e == EXCLUDE_CLOSED ? closed(k->builders, h->name) : xstrdup(detail ? detail : "");
	for (size_t i = 0; i < k->j->groups.n && !g; i++)
		if (k->j->groups.p[i].exclude == e && strcmp(k->j->groups.p[i].what, what) == 0)
			g = &k->j->groups.p[i];
	if (!g) {
		vec_push(&k->j->groups, ((struct wait_group){.exclude = e, .what = STEAL(what)}));
		g = &k->j->groups.p[k->j->groups.n - 1];
	}
	strs_add(&g->builders, h->name);
}

static struct wait_job *
find_job(struct waits *w, int64_t id)
{
	for (size_t i = 0; i < w->jobs.n; i++)
		if (w->jobs.p[i].job.id == id)
			return &w->jobs.p[i];
	return NULL;
}

static int
on_forecast(void *arg, const struct forecast *f)
{
	struct waits *w = arg;
	struct wait_job *j = f->job->task == w->task.id ? find_job(w, f->job->job) : NULL;

	if (j) {
		j->place = j->job.state == JOB_QUEUED ? f->place + 1 : 0;
		j->start = f->start;
		j->end = f->end;
	}
	return 0;
}

/* What the queue says of the jobs; it is used up. */
static void
ask_queue(struct queue *q, const struct builder_list *builders, struct waits *w)
{
	w->queued = queue_count(q).queued;
	for (size_t i = 0; i < w->jobs.n; i++) {
		struct wait_job *j = &w->jobs.p[i];
		const struct live *l = queue_find(q, j->job.id);
		struct look k = {q, l, builders, j};

		if (!l)
			continue;
		j->known = true;
		j->why = why_waits(q, l, w->at);
		j->expected_ms = l->expected_ms;
		if (j->job.state == JOB_QUEUED)
			why_hosts(q, add_host, &k);
	}
	if (w->scheduler)
		forecast_run(q, w->at, on_forecast, w);
}

static int
read_limits(struct store *s, struct waits *w, struct err *err)
{
	static const enum setting of_class[] = {SETTING_LIMIT_URGENT, SETTING_LIMIT_NORMAL, SETTING_LIMIT_BACKGROUND};
	struct user u = {0};
	struct err absent;
	int64_t owner, class;

	if (setting_get(s, SETTING_OWNER_LIMIT, &owner, err) < 0 || setting_get(s, of_class[w->task.class], &class, err) < 0 ||
	    user_get(s, w->task.owner, &u, &absent) < 0)
		return -1;
	w->owner_limit = u.max_running ? u.max_running : (int)owner;
	w->class_limit = (int)class;
	return 0;
}

/* The task. */

static int
read_hold(struct store *s, struct waits *w, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_WAIT_HELD, err, "i", w->task.id);
	int r = store_row(s, q, err);

	w->held_by = xstrdup(r > 0 ? store_text(q, 0) : "");
	w->held_at = r > 0 ? store_int(q, 1) : 0;
	store_done(q);
	return r < 0 ? -1 : 0;
}

static int
read_deps(struct store *s, struct waits *w, struct err *err)
{
	AUTO(free) int64_t *ids = NULL;
	size_t n = 0;

	if (task_deps(s, w->task.id, &ids, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct wait_dep d = {.id = ids[i]};
		int r = task_get(s, ids[i], &d.task, err);

		if (r < 0)
			return -1;
		d.absent = r == TASK_ABSENT;
		if (d.absent || d.task.state != TASK_DONE)
			vec_push(&w->deps, d);
		else
			task_fini(&d.task);
	}
	return 0;
}

/* Its place as by_order() of the merger has it. */
static int
read_batch(struct store *s, struct waits *w, struct err *err)
{
	AUTO(merge_list_fini) struct merge_list l = {0};
	sqlite3_stmt *q = store_query(s, STMT_WAIT_BATCH, err, "i", w->task.id);
	int r = store_row(s, q, err);

	if (r > 0) {
		w->batch = store_int(q, 0);
		w->batch_place = store_int(q, 1);
	}
	store_done(q);
	if (r < 0 || merge_find(s, w->task.repository, 2, &l, err) < 0)
		return -1;
	for (size_t i = l.n; i-- > 0;)
		if (l.p[i].finished) {
			w->merged = l.p[i].finished;
			w->serial = l.p[i].serial;
		} else {
			w->merging = l.p[i].started;
			w->merging_serial = l.p[i].serial;
		}
	return 0;
}

static int
read_all(struct store *s, struct queue *q, struct builder_list *builders, struct waits *w, struct err *err)
{
	if (read_deps(s, w, err) < 0 || (*w->task.hold && read_hold(s, w, err) < 0))
		return -1;
	switch (w->task.state) {
	case TASK_BUILDING:
		return read_jobs(s, w, err) < 0 || read_limits(s, w, err) < 0 || load_queue(s, q, w->at, w->at, err) < 0 ||
		    builder_find(s, builders, err) < 0 ? -1 : 0;
	case TASK_BUILT:
	case TASK_MERGING:
		return read_batch(s, w, err);
	case TASK_EPERM:
		return acl_task(s, w->task.id, w->task.repository, &w->denied, err) < 0 ? -1 : 0;
	default:
		return 0;
	}
}

int
waits_read(struct store *s, struct task *t, struct waits *out, struct err *err)
{
	AUTO(builder_list_fini) struct builder_list builders = {0};
	AUTO(queue_destroy) struct queue *q = queue_new();
	int r;

	out->at = now_ms();
	out->scheduler = doorbell_heard(s->root);
	out->task = *t;
	*t = (struct task){0};
	if (store_read(s, err) < 0)
		return -1;
	r = read_all(s, q, &builders, out, err);
	store_read_end(s);
	if (r == 0)
		ask_queue(q, &builders, out);
	return r;
}
