#include <errno.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "scheduler/inside.h"
#include "scheduler/stage.h"
#include "schema/event.h"
#include "schema/store.h"

/* JOB_GONE: it is not queued in the database. */
enum { JOB_GONE = 1 };

/* Fails, but for the database's own trouble, before it has changed anything. */
static int
start(struct daemon *d, struct live *l, struct host *h, struct err *err)
{
	AUTO(wire_job_fini) struct wire_job w = {0};
	AUTO(str_fini) struct str payload = {0};
	struct peer *p = h->arg;
	int64_t now = now_ms();
	int r = assign_job(d->assign, &(struct wire_ref){l->job, l->attempt + 1}, &h->arches, &w, err);

	if (r)
		return r < 0 ? -1 : JOB_GONE;
	if (store_run(d->s, STMT_JOB_START, err, "isiii", (int64_t)w.ref.attempt, h->name, now + d->conf->lease_ms, now, l->job) < 0)
		return -1;
	if (event_add(d->s, "job", l->task, l->job, "running", err, "%s on %s", w.label, h->name) < 0)
		return -1;
	wire_job_pack(&payload, &w);
	conn_send(&p->conn, WIRE_JOB, &payload);
	talk_unsent(d, p);
	queue_start(d->queue, l, h, now);
	l->attempt = w.ref.attempt;
	l->sent = ++p->jobs;
	l->lease = tick_ms() + d->conf->lease_ms;
	return 0;
}

/* A job that cannot even be described fails, with the reason, and its task with it. */
static int
give_up(struct daemon *d, const struct live *l, const char *why, struct err *err)
{
	AUTO(task_fini) struct task t = {0};
	AUTO(job_fini) struct job j = {0};
	int r = job_get(d->s, l->job, &j, err);

	/* Another job of its task may have failed in this round, for the same reason. */
	if (r || j.state != JOB_QUEUED)
		return r < 0 ? -1 : 0;
	j.state = JOB_FAILED;
	j.finished = now_ms();
	free(j.reason);
	j.reason = xstrdup(why);
	if (job_save(d->s, &j, err) < 0 || event_add(d->s, "job", j.task, j.id, "failed", err, "%s", why) < 0)
		return -1;
	return task_get(d->s, j.task, &t, err) || stage_step(d->s, &t, err) < 0 ? -1 : 0;
}

static int
start_or_fail(struct daemon *d, struct live *l, struct host *h, struct err *err)
{
	int64_t job = l->job;
	int r;

	err->code = 0;
	r = start(d, l, h, err);
	if (r == 0)
		return 0;
	if (r < 0) {
		AUTO(free) char *why = xstrdup(err->msg);

		log_at(LOG_ERROR, "%s", why);
		if (err->code == EIO || err->code == ENOSPC || err->code == EBUSY || give_up(d, l, why, err) < 0)
			return -1;
	}
	/* Out of the way: whatever the database says of it is followed next. */
	d->look = true;
	queue_drop(d->queue, l, now_ms());
	follow_job(d, job);
	return 0;
}

int
hand_out(struct daemon *d, struct err *err)
{
	struct live *l;
	struct host *h;

	assign_forget(d->assign);
	while (queue_next(d->queue, now_ms(), &l, &h)) {
		if (round_is_long(d)) {
			d->look = true;
					return 0;
		}
		if (start_or_fail(d, l, h, err) < 0)
			return -1;
	}
	return 0;
}
