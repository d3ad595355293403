/*
 * Every change of state is an event, our own changes too: those are noted as they are appended, those of others are read
 * when a transaction begins, so that inside it the queue is never behind the database.
 */
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "queue/load.h"
#include "scheduler/inside.h"
#include "scheduler/stage.h"
#include "schema/event.h"
#include "schema/store.h"

static void
note(struct todo *t, int64_t number)
{
	if (t->at == t->n)
		t->at = t->n = 0;
	if (t->n == t->at || t->p[t->n - 1] != number)
		vec_push(t, number);
}

static bool
take(struct todo *t, int64_t *number)
{
	if (t->at == t->n)
		return false;
	*number = t->p[t->at++];
	return true;
}

void
follow_job(struct daemon *d, int64_t job)
{
	note(&d->jobs, job);
}

void
follow_task(struct daemon *d, int64_t task)
{
	note(&d->ended, task);
}

void
follow_note(struct daemon *d, const struct event *e, bool own)
{
	bool ours = own && (strcmp(e->state, "BUILDING") == 0 || strcmp(e->state, "POSTPONED") == 0);

	d->seen = e->id;
	if (strcmp(e->kind, "task") == 0 && e->task && !ours)
		note(strcmp(e->state, "AWAITING") == 0 ? &d->begun : &d->ended, e->task);
	else if (strcmp(e->kind, "job") == 0 && e->job && strcmp(e->state, "running") != 0)
		note(&d->jobs, e->job);
	else if (own)
		return;
	else if (strcmp(e->kind, "builder") == 0)
		d->hosts = true;
	else if (strcmp(e->kind, "user") == 0)
		d->owners = true;
	else if (strcmp(e->kind, "farm") == 0)
		d->limits = true;
}

static int
note_other(void *arg, const struct event *e)
{
	follow_note(arg, e, false);
	return 0;
}

int
follow_others(struct daemon *d, struct err *err)
{
	return event_each(d->s, d->seen, 0, note_other, d, err);
}

/* What a builder works on, to see later whether it still should. */
struct work {
	struct wire_ref ref;
	const struct host *host;
};

static bool
is_work(struct daemon *d, int64_t job, struct work *out)
{
	const struct live *l = queue_find(d->queue, job);

	if (!l || l->state != LIVE_RUNNING)
		return false;
	*out = (struct work){{job, l->attempt}, l->host};
	return true;
}

static void
cancel_unless_same(struct daemon *d, const struct work *was)
{
	struct work is;

	if (!is_work(d, was->ref.job, &is) || is.ref.attempt != was->ref.attempt)
		talk_cancel(d, was->host, was->ref);
}

static int
sync_job(struct daemon *d, int64_t job, struct err *err)
{
	struct work was;
	bool work = is_work(d, job, &was);

	if (load_job(d->s, d->queue, job, now_ms(), err) < 0)
		return -1;
	if (work)
		cancel_unless_same(d, &was);
	return 0;
}

static int
sync_task(struct daemon *d, int64_t task, struct err *err)
{
	sqlite3_stmt *q = store_query(d->s, STMT_JOB_IDS, err, "i", task);
	VEC(struct work) work = {0};
	int r;

	while ((r = store_row(d->s, q, err)) > 0) {
		struct work w;

		if (is_work(d, store_int(q, 0), &w))
			vec_push(&work, w);
	}
	if (r == 0)
		r = load_task(d->s, d->queue, task, now_ms(), err);
	for (size_t i = 0; i < work.n && r == 0; i++)
		cancel_unless_same(d, &work.p[i]);
	vec_fini(&work);
	return r;
}

/* A task changed: do what its state asks for. Jobs of a run that is over end first: the next run forgets them. */
static int
look_at(struct daemon *d, int64_t task, struct err *err)
{
	AUTO(task_fini) struct task t = {0};
	int r = task_get(d->s, task, &t, err);

	if (r < 0 || (r == 0 && t.state != TASK_BUILDING && job_close(d->s, task, err) < 0) || sync_task(d, task, err) < 0)
		return -1;
	if (r == 0 && (t.state == TASK_AWAITING || t.state == TASK_POSTPONED))
		return stage_begin(d->s, &t, err);
	if (r == 0 && (t.state == TASK_BUILT || t.state == TASK_DONE))
		return stage_wake(d->s, task, err);
	return 0;
}

static int
look_around(struct daemon *d, struct err *err)
{
	if (d->limits && load_limits(d->s, d->queue, err) < 0)
		return -1;
	if (d->owners && load_owners(d->s, d->queue, err) < 0)
		return -1;
	if (d->hosts && load_forget_hosts(d->s, d->queue, err) < 0)
		return -1;
	for (size_t i = 0; i < d->peers.n && d->hosts; i++)
		if (talk_open(d, d->peers.p[i], err) < 0)
			return -1;
	d->limits = d->owners = d->hosts = false;
	return 0;
}

/* One of each: thousands of tasks to be begun do not hold up the end of one. 1: nothing is left. */
static int
follow_some(struct daemon *d, struct err *err)
{
	int64_t ended, job, begun;
	bool is_ended = take(&d->ended, &ended), is_job = take(&d->jobs, &job), is_begun = take(&d->begun, &begun);

	if ((is_ended && look_at(d, ended, err) < 0) || (is_job && sync_job(d, job, err) < 0) ||
	    (is_begun && look_at(d, begun, err) < 0))
		return -1;
	return !is_ended && !is_job && !is_begun;
}

int
follow_noted(struct daemon *d, struct err *err)
{
	if (look_around(d, err) < 0)
		return -1;
	while (!round_is_long(d)) {
		int r = follow_some(d, err);

		if (r)
			return r < 0 ? -1 : 0;
	}
	/* The rest in the next round. */
	d->look = true;
	return 0;
}
