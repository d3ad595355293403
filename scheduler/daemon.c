/*
 * Start-up is recovery: the queue is rebuilt from the database, running jobs get a
 * fresh lease during which their builders may come back and name them.
 *
 * Each turn: look at the events since the last turn (tasks that were run, aborted,
 * merged), then hand out jobs in one transaction, then send. A job that is sent but
 * whose message is lost is named by no heartbeat and comes back.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/doorbell.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "scheduler/daemon.h"
#include "scheduler/peer.h"
#include "scheduler/queue.h"
#include "scheduler/result.h"
#include "scheduler/serve.h"
#include "scheduler/stage.h"
#include "schema/builder.h"
#include "schema/event.h"
#include "schema/store.h"

enum { TICK_MS = 1000, HELLO_MS = 10000, UNNAMED_MS = 6000, MAX_PEERS = 20000, MAX_OUT = 64 << 20 };

struct daemon {
	struct store *s;
	const struct scheduler_conf *conf;
	struct loop *loop;
	struct queue queue;
	VEC(struct peer *) peers;
	int doorbell, wire;
	int64_t seen;			/* the last event looked at */
	int64_t ticked;			/* tick_ms() of the last tick */
	int64_t swept;			/* of the last look for transfers that nobody goes on with */
};

static void turn(struct daemon *d);

/* Peers. */

static void
tell_seen(struct daemon *d, const struct peer *p, bool online)
{
	AUTO(free) char *arches = strs_join(&p->arches, " ");
	AUTO(free) char *features = strs_join(&p->features, " ");
	const struct builder b = {.name = (char *)p->name, .arches = arches, .features = features, .slots = p->slots,
	    .memory = p->memory, .online = online};
	struct err err;

	if (builder_seen(d->s, &b, &err) < 0)
		log_at(LOG_ERROR, "%s", err.msg);
}

static void
peer_close(struct daemon *d, struct peer *p, const char *why)
{
	if (p->dead)
		return;
	p->dead = true;
	loop_drop(d->loop, p->watch);
	if (!p->hello)
		return;
	shutdown(p->conn.fd, SHUT_RDWR);
	log_at(LOG_NOTE, "builder %s: %s", p->name, why);
	tell_seen(d, p, false);
}

static void
bury_peers(struct daemon *d)
{
	for (size_t i = 0; i < d->peers.n; i++)
		if (d->peers.p[i]->dead) {
			peer_free(d->peers.p[i]);
			d->peers.p[i--] = d->peers.p[--d->peers.n];
		}
}

static void
peer_flush(struct daemon *d, struct peer *p)
{
	struct err err = {0};
	int r = p->dead ? 0 : conn_flush(&p->conn, &err);

	if (p->dead)
		return;
	if (r || p->conn.out.n > MAX_OUT)
		peer_close(d, p, r == CONN_CLOSED ? "disconnected" : r < 0 ? err.msg : "does not read");
	else
		loop_set(d->loop, p->watch, EPOLLIN | (p->conn.out.n ? EPOLLOUT : 0));
}

static struct peer *
peer_find(struct daemon *d, const char *name)
{
	for (size_t i = 0; i < d->peers.n; i++)
		if (!d->peers.p[i]->dead && d->peers.p[i]->hello && strcmp(d->peers.p[i]->name, name) == 0)
			return d->peers.p[i];
	return NULL;
}

/* Live jobs. */

static void
count_busy(struct daemon *d)
{
	for (size_t i = 0; i < d->peers.n; i++)
		d->peers.p[i]->busy = 0;
	for (size_t i = 0; i < d->queue.all.n; i++) {
		const struct live *l = d->queue.all.p[i];
		struct peer *p = l->running ? peer_find(d, l->builder) : NULL;

		if (p)
			p->busy++;
	}
}

static void
send_cancel(struct daemon *d, const struct live *l)
{
	struct peer *p = peer_find(d, l->builder);
	const struct wire_ref ref = {l->job, l->attempt};

	if (!p)
		return;
	peer_send_refs(p, WIRE_CANCEL, &ref, 1);
	peer_flush(d, p);
}

/* Bring the live jobs of one task to what the database says. */
static int
sync_task(struct daemon *d, int64_t task, struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};
	AUTO(task_fini) struct task t = {0};
	int r = task_get(d->s, task, &t, err);

	if (r < 0 || (r == 0 && job_of_task(d->s, task, &jobs, err) < 0))
		return -1;
	if (t.state != TASK_BUILDING && stage_close(d->s, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < d->queue.all.n; i++) {
		struct live *l = d->queue.all.p[i];
		bool open = false;

		for (size_t k = 0; k < jobs.n; k++)
			open |= jobs.p[k].id == l->job && (jobs.p[k].state == JOB_QUEUED || jobs.p[k].state == JOB_RUNNING);
		if (l->task != task || (open && t.state == TASK_BUILDING))
			continue;
		if (l->running)
			send_cancel(d, l);
		queue_drop(&d->queue, l);
		i--;
	}
	for (size_t k = 0; k < jobs.n && t.state == TASK_BUILDING; k++) {
		const struct job *j = &jobs.p[k];
		struct live *l = queue_find(&d->queue, j->id);
		struct strs arches = {0};

		if (l && l->running && j->state == JOB_QUEUED)
			queue_requeue(&d->queue, l, j->queued, j->not_before);
		if (l || (j->state != JOB_QUEUED && j->state != JOB_RUNNING))
			continue;
		if (stage_arches(d->s, &t, j, &arches, err) < 0)
			return -1;
		queue_add(&d->queue, &(struct live){.job = j->id, .task = task, .owner = xstrdup(t.owner),
		    .repository = xstrdup(t.repository),
		    .arches = arches, .class = (int)t.class, .submitted = t.submitted, .queued = j->queued,
		    .not_before = j->not_before, .running = j->state == JOB_RUNNING, .attempt = (uint32_t)j->attempt,
		    .builder = xstrdup(j->builder), .lease = tick_ms() + d->conf->lease_ms});
	}
	return 0;
}

/* A task changed: do what its state asks for. */
static int
look_at(struct daemon *d, int64_t task, struct err *err)
{
	AUTO(task_fini) struct task t = {0};
	int r = task_get(d->s, task, &t, err);

	if (r < 0)
		return -1;
	if (r == 0 && (t.state == TASK_AWAITING || t.state == TASK_POSTPONED))
		r = stage_begin(d->s, &t, err);
	else if (r == 0 && (t.state == TASK_BUILT || t.state == TASK_DONE))
		r = stage_wake(d->s, task, err);
	return r < 0 ? -1 : sync_task(d, task, err);
}

struct touched {
	VEC(int64_t) tasks;
	int64_t last;
};

static int
note_event(void *arg, const struct event *e)
{
	struct touched *t = arg;

	t->last = e->id;
	if (e->task && (t->tasks.n == 0 || t->tasks.p[t->tasks.n - 1] != e->task))
		vec_push(&t->tasks, e->task);
	return 0;
}

static int
tail(struct daemon *d, struct err *err)
{
	struct touched t = {.last = d->seen};
	int r = event_each(d->s, d->seen, 0, note_event, &t, err);

	for (size_t i = 0; i < t.tasks.n && r == 0; i++)
		r = look_at(d, t.tasks.p[i], err);
	if (r == 0)
		d->seen = t.last;
	vec_fini(&t.tasks);
	return r;
}

/* Handing out. */

static int
assign(struct daemon *d, struct peer *p, struct live *l, struct err *err)
{
	AUTO(wire_job_fini) struct wire_job w = {0};
	AUTO(job_fini) struct job j = {0};
	AUTO(str_fini) struct str payload = {0};

	if (job_get(d->s, l->job, &j, err) || j.state != JOB_QUEUED)
		return err->code ? -1 : err_set(err, ESTALE, "job %lld is not queued any more", (long long)l->job);
	j.attempt++;
	if (assign_job(d->s, &j, &p->arches, &d->conf->limits, &w, err) < 0)
		return -1;
	j.state = JOB_RUNNING;
	j.started = now_ms();
	j.lease = j.started + d->conf->lease_ms;
	free(j.builder);
	j.builder = xstrdup(p->name);
	if (job_save(d->s, &j, err) < 0 || event_add(d->s, "job", j.task, j.id, "running", err, "%s on %s", w.label, p->name) < 0)
		return -1;
	wire_job_pack(&payload, &w);
	conn_send(&p->conn, WIRE_JOB, &payload);
	queue_start(&d->queue, l, p->name, (uint32_t)j.attempt, tick_ms() + d->conf->lease_ms);
	p->busy++;
	return 0;
}

/* A job that cannot even be described fails, with the reason, and its task with it. */
static int
give_up(struct daemon *d, struct live *l, const char *why, struct err *err)
{
	AUTO(task_fini) struct task t = {0};
	AUTO(job_fini) struct job j = {0};

	if (job_get(d->s, l->job, &j, err) == 0 && j.state == JOB_QUEUED) {
		j.state = JOB_FAILED;
		j.finished = now_ms();
		free(j.reason);
		j.reason = xstrdup(why);
		if (job_save(d->s, &j, err) < 0 || task_get(d->s, j.task, &t, err) || stage_step(d->s, &t, err) < 0)
			return -1;
	}
	return sync_task(d, l->task, err);
}

/*
 * The next job and its builder: the emptiest that can run any, and of those that are as empty one that has a root for
 * it. Only so many of them are asked. NULL: none.
 */
static struct peer *
next_pair(struct daemon *d, struct live **job)
{
	enum { ASKED = 64 };
	struct peer *best = NULL;
	bool warm = false;
	int asked = 0;

	for (size_t i = 0; i < d->peers.n; i++) {
		struct peer *p = d->peers.p[i];
		struct live *l;
		bool fits;

		if (p->dead || !p->hello || peer_quiet(p) || p->busy >= p->slots || (best && best->busy < p->busy) ||
		    (best && best->busy == p->busy && (warm || ++asked > ASKED)))
			continue;
		l = queue_next(&d->queue, &p->arches, &p->roots, now_ms());
		fits = l && queue_warm(&d->queue, l, &p->roots);
		if (!l || (best && best->busy == p->busy && !fits))
			continue;
		best = p;
		warm = fits;
		*job = l;
	}
	return best;
}

/* Fill the free slots. The caller holds a transaction. */
static int
hand_out(struct daemon *d, struct err *err)
{
	for (;;) {
		struct live *job = NULL;
		struct peer *best = next_pair(d, &job);

		if (!best)
			return 0;
		err->code = 0;
		if (assign(d, best, job, err) < 0) {
			AUTO(free) char *why = xstrdup(err->msg);

			log_at(LOG_ERROR, "%s", why);
			if (err->code == EIO || err->code == ENOSPC || err->code == EBUSY || give_up(d, job, why, err) < 0)
				return -1;
		}
	}
}

static int
dispatch(struct daemon *d, struct err *err)
{
	count_busy(d);
	if (queue_queued(&d->queue) == 0)
		return 0;
	if (store_begin(d->s, err) < 0)
		return -1;
	if (hand_out(d, err) < 0)
		return store_rollback(d->s);
	if (store_commit(d->s, err) < 0)
		return -1;
	fault("dispatched");
	for (size_t i = 0; i < d->peers.n; i++)
		if (d->peers.p[i]->conn.out.n)
			peer_flush(d, d->peers.p[i]);
	return 0;
}

/* Whatever happened: look, hand out. Our own confusion is death and restart. */
static void
turn(struct daemon *d)
{
	struct err err = {0};

	if (tail(d, &err) < 0 || dispatch(d, &err) < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		exit(1);
	}
}

/* Messages. */

static void
lost(struct daemon *d, struct live *l, const char *why)
{
	struct err err = {0};

	log_at(LOG_NOTE, "job %lld of task #%lld: %s", (long long)l->job, (long long)l->task, why);
	if (result_lost(d->s, l->job, l->attempt, why, d->conf->tries, &err) < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		exit(1);
	}
}

static bool
names_it(const struct wire_ref *refs, size_t n, const struct live *l)
{
	for (size_t i = 0; i < n; i++)
		if (refs[i].job == l->job && refs[i].attempt == l->attempt)
			return true;
	return false;
}

/*
 * What a builder says it works on, against what we think: named ones get their lease renewed, ours
 * that it does not name are lost (after a moment, for messages under way), others are cancelled.
 */
static void
reconcile(struct daemon *d, struct peer *p, const struct wire_ref *refs, size_t n, bool at_once)
{
	VEC(struct live *) gone = {0};

	for (size_t i = 0; i < d->queue.all.n; i++) {
		struct live *l = d->queue.all.p[i];
		int64_t sent = l->lease - d->conf->lease_ms;

		if (!l->running || strcmp(l->builder, p->name) != 0)
			continue;
		if (names_it(refs, n, l))
			l->lease = tick_ms() + d->conf->lease_ms;
		else if (at_once || tick_ms() - sent > UNNAMED_MS)
			vec_push(&gone, l);
	}
	for (size_t i = 0; i < n; i++) {
		struct live *l = queue_find(&d->queue, refs[i].job);

		if (!l || !l->running || l->attempt != refs[i].attempt || strcmp(l->builder, p->name) != 0)
			peer_send_refs(p, WIRE_CANCEL, &refs[i], 1);
	}
	for (size_t i = 0; i < gone.n; i++)
		lost(d, gone.p[i], "its builder does not work on it any more");
	vec_fini(&gone);
}

static void
refuse(struct daemon *d, struct peer *p, const char *why)
{
	peer_refuse(p, why);
	peer_flush(d, p);
	peer_close(d, p, "refused");
}

static void
welcome(struct peer *p)
{
	AUTO(str_fini) struct str payload = {0};

	wire_text_pack(&payload, "artel");
	conn_send(&p->conn, WIRE_WELCOME, &payload);
}

/* Transfers are for a job that its builder works on: an attempt that was given up learns it here. */
static void
hand_over(struct daemon *d, struct peer *p, const struct wire_hello *h)
{
	const struct live *l = h->n_running == 1 ? queue_find(&d->queue, h->running[0].job) : NULL;
	struct err err;

	if (!l || !l->running || l->attempt != h->running[0].attempt || strcmp(l->builder, h->name) != 0) {
		refuse(d, p, "this attempt at the job is not wanted any more");
		return;
	}
	welcome(p);
	p->conn.stall_ms = d->conf->stall_ms;
	if (serve_start(&p->conn, d->s->dir, h->running[0], &err) < 0)
		log_at(LOG_ERROR, "%s", err.msg);
	peer_close(d, p, "handed over");
}

static void
take_hello(struct daemon *d, struct peer *p, const struct wire_frame *f)
{
	AUTO(wire_hello_fini) struct wire_hello h = {0};
	AUTO(free) char *objection = NULL;
	struct peer *old;
	struct err err;

	if (f->type != WIRE_HELLO || wire_hello_unpack(f, &h, &err) < 0) {
		refuse(d, p, f->type != WIRE_HELLO ? "say HELLO first" : err.msg);
		return;
	}
	if (h.role == WIRE_EXCHANGE) {
		hand_over(d, p, &h);
		return;
	}
	old = peer_find(d, h.name);
	objection = peer_objection(&h, old);
	if (objection) {
		log_at(LOG_WARN, "builder %s: refused: %s", text_is_name(h.name) ? h.name : "?", objection);
		refuse(d, p, objection);
		return;
	}
	welcome(p);
	if (old)
		peer_close(d, old, "replaced by a newer connection");
	snprintf(p->name, sizeof(p->name), "%s", h.name);
	snprintf(p->origin, sizeof(p->origin), "%s", h.origin);
	strs_split(&p->arches, h.arches, " ");
	strs_split(&p->features, h.features, " ");
	p->slots = (int)h.slots;
	p->memory = (int64_t)h.memory;
	p->hello = true;
	log_at(LOG_NOTE, "builder %s: %s, %d slots", p->name, h.arches, p->slots);
	if (peer_clock_off(&h))
		log_at(LOG_WARN, "builder %s: its clock is off by %lld s", p->name, (long long)peer_clock_off(&h));
	tell_seen(d, p, true);
	reconcile(d, p, h.running, h.n_running, true);
}

static int
take_result(struct daemon *d, struct peer *p, const struct wire_frame *f, struct err *err)
{
	AUTO(wire_result_fini) struct wire_result r = {0};
	const struct live *l;
	int rc;

	if (wire_result_unpack(f->payload, f->n, &r, err) < 0)
		return -1;
	l = queue_find(&d->queue, r.ref.job);
	/* A builder speaks for its own jobs only. */
	if (l && l->running && strlen(r.root) == WIRE_ROOT_ID)
		warm_note(&d->queue.warm, l->repository, &l->arches, r.root);
	rc = !l || !l->running || strcmp(l->builder, p->name) != 0 ? RESULT_STALE : result_take(d->s, &r, d->conf->tries, err);
	if (rc < 0) {
		log_at(LOG_ERROR, "%s", err->msg);
		exit(1);
	}
	if (rc == RESULT_STALE)
		log_at(LOG_NOTE, "builder %s: a result of job %lld attempt %u, which is not wanted any more", p->name,
		    (long long)r.ref.job, r.ref.attempt);
	peer_send_refs(p, WIRE_RESULT_ACK, &r.ref, 1);
	return 0;
}

static int
take_message(struct daemon *d, struct peer *p, const struct wire_frame *f, struct err *err)
{
	AUTO(free) struct wire_ref *refs = NULL;
	size_t n = 0;

	if (!p->hello) {
		take_hello(d, p, f);
		return 0;
	}
	switch ((int)f->type) {
	case WIRE_BEAT:
		if (wire_refs_unpack(f, &refs, &n, err) < 0)
			return -1;
		reconcile(d, p, refs, n, false);
		conn_send(&p->conn, WIRE_BEAT_ACK, &(struct str){0});
		return 0;
	case WIRE_RESULT:
		return take_result(d, p, f, err);
	case WIRE_ROOTS:
		strs_fini(&p->roots);
		return wire_roots_unpack(f, &p->roots, err);
	default:
		return err_set(err, EPROTO, "unexpected %s", wire_type_name(f->type));
	}
}

static void
on_peer(void *arg, uint32_t events)
{
	struct peer *p = arg;
	struct daemon *d = p->daemon;
	struct wire_frame f;
	struct err err = {0};
	int r, taken = 0;

	if (p->dead)
		return;
	r = conn_fill(&p->conn, &err);
	p->heard = tick_ms();
	while (!p->dead && (taken = conn_take(&p->conn, &f, &err)) > 0)
		if (take_message(d, p, &f, &err) < 0) {
			taken = -1;
			break;
		}
	if (!p->dead && (r || taken < 0))
		peer_close(d, p, r == CONN_CLOSED ? "disconnected" : err.msg);
	peer_flush(d, p);
	turn(d);
}

static void
on_accept(void *arg, uint32_t events)
{
	struct daemon *d = arg;
	struct peer *p;
	struct err err;
	int fd;

	while ((fd = accept4(d->wire, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (d->peers.n >= MAX_PEERS) {
			close(fd);
			continue;
		}
		p = peer_new(fd);
		p->daemon = d;
		p->watch = loop_fd(d->loop, fd, EPOLLIN, on_peer, p, &err);
		if (p->watch)
			vec_push(&d->peers, p);
		else
			peer_free(p);
	}
}

static void
on_doorbell(void *arg, uint32_t events)
{
	struct daemon *d = arg;

	doorbell_drain(d->doorbell);
	turn(d);
}

/* A connection whose other end is gone without a word looks like any other: only silence tells. */
static void
close_silent(struct daemon *d, int64_t now, int64_t stood_still)
{
	for (size_t i = 0; i < d->peers.n; i++) {
		struct peer *p = d->peers.p[i];

		p->heard += stood_still;
		if (!p->dead && ((!p->hello && now - p->since > HELLO_MS) || (p->hello && now - p->heard > d->conf->lease_ms)))
			peer_close(d, p, "silent");
	}
}

static void
on_tick(void *arg, uint32_t events)
{
	struct daemon *d = arg;
	VEC(struct live *) gone = {0};
	int64_t now = tick_ms(), gap = d->ticked ? now - d->ticked - TICK_MS : 0;

	/* When it was this process that stood still, the heartbeats wait unread: nobody's lease counts that time. */
	d->ticked = now;
	for (size_t i = 0; i < d->queue.all.n && gap > TICK_MS; i++)
		d->queue.all.p[i]->lease += gap;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	close_silent(d, now, gap > TICK_MS ? gap : 0);
	serve_sweep(d->s->dir, &d->swept);
	for (size_t i = 0; i < d->queue.all.n; i++)
		if (d->queue.all.p[i]->running && d->queue.all.p[i]->lease < now)
			vec_push(&gone, d->queue.all.p[i]);
	for (size_t i = 0; i < gone.n; i++)
		lost(d, gone.p[i], "its lease ran out");
	vec_fini(&gone);
	bury_peers(d);
	turn(d);
}

static void
on_stop(void *arg, uint32_t events)
{
	struct daemon *d = arg;

	log_at(LOG_NOTE, "stopping");
	loop_stop(d->loop);
}

/* Every task that is on its way, wherever it was left. */
static int
recover(struct daemon *d, struct err *err)
{
	const struct task_filter f = {.states = 1u << TASK_AWAITING | 1u << TASK_POSTPONED | 1u << TASK_BUILDING,
	    .oldest_first = true};
	AUTO(task_list_fini) struct task_list tasks = {0};
	AUTO(job_list_fini) struct job_list open = {0};

	d->seen = event_last(d->s, err);
	if (d->seen < 0 || builder_all_offline(d->s, err) < 0 || task_find(d->s, &f, &tasks, err) < 0)
		return -1;
	for (size_t i = 0; i < tasks.n; i++)
		if ((tasks.p[i].state == TASK_BUILDING && stage_step(d->s, &tasks.p[i], err) < 0) ||
		    look_at(d, tasks.p[i].id, err) < 0)
			return -1;
	if (job_open(d->s, &open, err) < 0)
		return -1;
	/* Jobs of tasks that were aborted while nobody looked. */
	for (size_t i = 0; i < open.n; i++)
		if (sync_task(d, open.p[i].task, err) < 0)
			return -1;
	log_at(LOG_NOTE, "%zu tasks on their way, %zu jobs queued", tasks.n, queue_queued(&d->queue));
	return 0;
}

static int
set_up(struct daemon *d, struct err *err)
{
	if ((d->doorbell = doorbell_open(d->s->root, err)) < 0 || (d->wire = conn_listen(d->s->root, err)) < 0 ||
	    !(d->loop = loop_new(err)))
		return -1;
	if (!loop_fd(d->loop, d->doorbell, EPOLLIN, on_doorbell, d, err) ||
	    !loop_fd(d->loop, d->wire, EPOLLIN, on_accept, d, err) || !loop_timer(d->loop, TICK_MS, on_tick, d, err) ||
	    loop_signal(d->loop, SIGTERM, on_stop, d, err) < 0 || loop_signal(d->loop, SIGINT, on_stop, d, err) < 0)
		return -1;
	return recover(d, err);
}

int
scheduler_run(struct store *s, const struct scheduler_conf *conf, struct err *err)
{
	struct daemon d = {.s = s, .conf = conf, .doorbell = -1, .wire = -1};
	AUTO(close) int lock = -1;
	int r = file_lock(s->dir, "run/scheduler", &lock, err);

	if (r)
		return r == FILE_BUSY ? SCHEDULER_BUSY : -1;
	r = set_up(&d, err);
	if (r == 0)
		r = loop_run(d.loop, err);
	for (size_t i = 0; i < d.peers.n; i++)
		peer_free(d.peers.p[i]);
	vec_fini(&d.peers);
	queue_fini(&d.queue);
	loop_free(d.loop);
	if (d.doorbell >= 0)
		close(d.doorbell);
	if (d.wire >= 0)
		close(d.wire);
	return r;
}
