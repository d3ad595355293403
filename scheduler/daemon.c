/*
 * The loop. Start-up is recovery: the queue is rebuilt from the database, running jobs get a fresh lease during which
 * their builders may come back and name them. A job that is sent but whose message is lost is named by no heartbeat
 * and comes back.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/doorbell.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "queue/load.h"
#include "scheduler/inside.h"
#include "scheduler/serve.h"
#include "scheduler/stage.h"
#include "schema/builder.h"
#include "schema/event.h"
#include "schema/store.h"

enum { TICK_MS = 1000, HELLO_MS = 10000, MAX_PEERS = 20000 };

/* Our own confusion is death and restart. */
static void __attribute__((noreturn))
die(const struct err *err)
{
	log_at(LOG_ERROR, "%s", err->msg);
	exit(1);
}

/* After a round they are named by nothing any more. */
static void
bury_peers(struct daemon *d)
{
	size_t n = 0;

	d->died = false;
	for (size_t i = 0; i < d->late.n; i++)
		if (!d->late.p[i]->dead)
			d->late.p[n++] = d->late.p[i];
	d->late.n = n;
	for (size_t i = 0; i < d->peers.n; i++)
		if (d->peers.p[i]->dead) {
			peer_free(d->peers.p[i]);
			d->peers.p[i--] = d->peers.p[--d->peers.n];
		}
}

static void
read_peer(struct daemon *d, struct peer *p)
{
	struct wire_frame f;
	struct err err = {0};
	int r, taken = 0;

	if (p->dead)
		return;
	r = conn_fill(&p->conn, &err);
	p->heard = tick_ms();
	if (p->host && !p->host->open && p->enabled)
		queue_set_open(d->queue, p->host, true);
	while (!p->dead && (taken = conn_take(&p->conn, &f, &err)) > 0) {
		taken = talk_message(d, p, &f, &err);
		if (taken < 0)
			die(&err);
		if (taken == TALK_BROKEN) {
			taken = -1;
			break;
		}
	}
	if (r || taken < 0)
		talk_close(d, p, r == CONN_CLOSED ? "disconnected" : err.msg);
}

/* What is not read for want of time is no silence. */
static void
on_peer(void *arg, uint32_t events)
{
	struct peer *p = arg;
	struct daemon *d = p->daemon;

	if (p->dead)
		return;
	if (events & EPOLLOUT)
		talk_unsent(d, p);
	if (!round_is_long(d)) {
		read_peer(d, p);
		return;
	}
	p->heard = tick_ms();
	if (p->late)
		return;
	p->late = true;
	vec_push(&d->late, p);
}

static void
read_late(struct daemon *d)
{
	size_t n = 0;

	while (n < d->late.n && !round_is_long(d)) {
		d->late.p[n]->late = false;
		read_peer(d, d->late.p[n++]);
	}
	d->late.n -= n;
	if (d->late.n)
		memmove(d->late.p, d->late.p + n, d->late.n * sizeof(*d->late.p));
	if (n)
		loop_again(d->loop);
}

static void
on_round(void *arg, uint32_t events)
{
	struct daemon *d = arg;
	struct err err = {0};

	if (round_end(d, &err) < 0)
		die(&err);
	if (d->died)
		bury_peers(d);
	read_late(d);
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

	d->asked |= doorbell_drain(d->doorbell);
	d->look = true;
}

/* A connection whose other end is gone without a word looks like any other: only silence tells. */
static void
close_silent(struct daemon *d, int64_t now, int64_t stood_still)
{
	for (size_t i = 0; i < d->peers.n; i++) {
		struct peer *p = d->peers.p[i];

		p->heard += stood_still;
		if (p->dead)
			continue;
		if (p->host && p->host->open && peer_quiet(p))
			queue_set_open(d->queue, p->host, false);
		if ((!p->host && now - p->since > HELLO_MS) || (p->host && now - p->heard > d->conf->lease_ms))
			talk_close(d, p, "silent");
	}
}

struct leases {
	struct daemon *d;
	int64_t now, gap;
	VEC(struct live *) gone;
};

static void
look_at_lease(void *arg, struct live *l)
{
	struct leases *s = arg;

	const struct peer *p = l->host ? l->host->arg : NULL;

	if (l->state != LIVE_RUNNING || l->lease == INT64_MAX)
		return;
	l->lease += s->gap;
	if (l->lease < s->now && !(p && p->late))
		vec_push(&s->gone, l);
}

static void
look_at_backoff(void *arg, struct live *l)
{
	if (l->not_before > now_ms())
		follow_job(arg, l->job);
}

/* A back-off ends by the wall clock: when that was set back, it is put right as it is loaded. */
static void
look_at_clock(struct daemon *d)
{
	int64_t clock = now_ms() - tick_ms();

	if (d->ticked && clock < d->clock - TICK_MS)
		queue_each(d->queue, look_at_backoff, d);
	d->clock = clock;
}

/* When it was this process that stood still, the heartbeats wait unread: nobody's lease counts that time. */
static void
on_tick(void *arg, uint32_t events)
{
	struct daemon *d = arg;
	struct leases s = {.d = d, .now = tick_ms()};
	struct err err = {0};

	s.gap = d->ticked ? s.now - d->ticked - TICK_MS : 0;
	if (s.gap <= TICK_MS)
		s.gap = 0;
	look_at_clock(d);
	d->ticked = s.now;
	d->look = true;
	/* Our one child. */
	if (waitpid(-1, NULL, WNOHANG) > 0) {
		err_set(&err, ECHILD, "the process that serves transfers has ended");
		die(&err);
	}
	close_silent(d, s.now, s.gap);
	serve_sweep(d->s->dir, &d->swept);
	queue_each(d->queue, look_at_lease, &s);
	for (size_t i = 0; i < s.gone.n && !round_is_long(d); i++)
		if (talk_lost(d, s.gone.p[i], "its lease ran out", &err) < 0)
			die(&err);
	vec_fini(&s.gone);
}

static void
on_stop(void *arg, uint32_t events)
{
	struct daemon *d = arg;

	log_at(LOG_NOTE, "stopping");
	loop_stop(d->loop);
}

static void
on_event(void *arg, const struct event *e)
{
	follow_note(arg, e, true);
}

/* Tasks that something remains to be done about, wherever they were left. */
static int
follow_all(struct daemon *d, enum statement which, struct err *err)
{
	sqlite3_stmt *q = store_query(d->s, which, err, "");
	int r;

	while ((r = store_row(d->s, q, err)) > 0)
		follow_task(d, store_int(q, 0));
	return r;
}

static int
step_stalled(struct daemon *d, struct err *err)
{
	sqlite3_stmt *q = store_query(d->s, STMT_TASK_STALLED, err, "");
	VEC(int64_t) ids = {0};
	int r;

	while ((r = store_row(d->s, q, err)) > 0)
		vec_push(&ids, store_int(q, 0));
	for (size_t i = 0; i < ids.n && r == 0; i++) {
		AUTO(task_fini) struct task t = {0};

		r = task_get(d->s, ids.p[i], &t, err) || stage_step(d->s, &t, err) < 0 ? -1 : 0;
	}
	vec_fini(&ids);
	return r;
}

static int
recover(struct daemon *d, struct err *err)
{
	struct queue_counts n;

	d->seen = event_last(d->s, err);
	if (d->seen < 0 || round_begin(d, err) < 0 || builder_all_offline(d->s, err) < 0 || step_stalled(d, err) < 0 ||
	    load_queue(d->s, d->queue, now_ms(), tick_ms() + d->conf->lease_ms, err) < 0 ||
	    follow_all(d, STMT_TASK_LEFTOVER, err) < 0 || follow_all(d, STMT_TASK_IDS, err) < 0 || round_end(d, err) < 0)
		return -1;
	n = queue_count(d->queue);
	log_at(LOG_NOTE, "%zu jobs queued, %zu running, %zu held", n.queued, n.running, n.held);
	return 0;
}

static int
set_up(struct daemon *d, struct err *err)
{
	d->queue = queue_new();
	d->assign = assign_new(d->s, &d->conf->limits);
	d->s->on_event = on_event;
	d->s->on_event_arg = d;
	if ((d->server = serve_open(d->s->dir, err)) < 0 || (d->doorbell = doorbell_open(d->s->root, err)) < 0 ||
	    !(d->loop = loop_new(err)) || recover(d, err) < 0 || (d->wire = conn_listen(d->s->root, err)) < 0)
		return -1;
	if (!loop_fd(d->loop, d->doorbell, EPOLLIN, on_doorbell, d, err) ||
	    !loop_fd(d->loop, d->wire, EPOLLIN, on_accept, d, err) || !loop_timer(d->loop, TICK_MS, on_tick, d, err) ||
	    loop_signal(d->loop, SIGTERM, on_stop, d, err) < 0 || loop_signal(d->loop, SIGINT, on_stop, d, err) < 0)
		return -1;
	loop_after(d->loop, on_round, d);
	return 0;
}

int
scheduler_run(struct store *s, const struct scheduler_conf *conf, struct err *err)
{
	struct daemon d = {.s = s, .conf = conf, .doorbell = -1, .wire = -1, .server = -1};
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
	vec_fini(&d.unsent);
	vec_fini(&d.late);
	vec_fini(&d.ended);
	vec_fini(&d.begun);
	vec_fini(&d.jobs);
	queue_destroy(d.queue);
	assign_free(d.assign);
	loop_free(d.loop);
	for (int i = 0; i < 3; i++)
		if ((int[]){d.doorbell, d.wire, d.server}[i] >= 0)
			close((int[]){d.doorbell, d.wire, d.server}[i]);
	return r;
}
