/* What builders say, and what they are told. A builder speaks for its own jobs only. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "scheduler/inside.h"
#include "scheduler/result.h"
#include "scheduler/serve.h"
#include "schema/builder.h"
#include "schema/store.h"

enum { MAX_OUT = 64 << 20 };

/* Connections. */

void
talk_unsent(struct daemon *d, struct peer *p)
{
	if (p->unsent)
		return;
	p->unsent = true;
	vec_push(&d->unsent, p);
}

void
talk_flush(struct daemon *d, struct peer *p)
{
	struct err err = {0};
	int r;

	if (p->dead)
		return;
	r = conn_flush(&p->conn, &err);
	if (r || p->conn.out.n > MAX_OUT)
		talk_close(d, p, r == CONN_CLOSED ? "disconnected" : r < 0 ? err.msg : "does not read");
	else if (p->waits_to_write != (p->conn.out.n > 0)) {
		p->waits_to_write = p->conn.out.n > 0;
		loop_set(d->loop, p->watch, EPOLLIN | (p->waits_to_write ? EPOLLOUT : 0));
	}
}

static void
send_refs(struct daemon *d, struct peer *p, enum wire_type type, struct wire_ref ref)
{
	peer_send_refs(p, type, &ref, 1);
	talk_unsent(d, p);
}

void
talk_cancel(struct daemon *d, const struct host *h, struct wire_ref ref)
{
	if (h->arg)
		send_refs(d, h->arg, WIRE_CANCEL, ref);
}

/* The database's trouble is found again by the next who needs it. */
static void
tell_seen(struct daemon *d, const struct peer *p, bool online)
{
	AUTO(free) char *arches = strs_join(&p->arches, " ");
	AUTO(free) char *features = strs_join(&p->features, " ");
	const struct builder b = {.name = (char *)p->name, .arches = arches, .features = features, .slots = p->slots,
	    .memory = p->memory, .online = online};
	struct err err;

	if (round_begin(d, &err) < 0 || builder_seen(d->s, &b, &err) < 0)
		log_at(LOG_ERROR, "%s", err.msg);
}

void
talk_close(struct daemon *d, struct peer *p, const char *why)
{
	if (p->dead)
		return;
	p->dead = d->died = true;
	loop_drop(d->loop, p->watch);
	if (!p->host)
		return;
	shutdown(p->conn.fd, SHUT_RDWR);
	log_at(LOG_NOTE, "builder %s: %s", p->name, why);
	queue_set_open(d->queue, p->host, false);
	p->host->arg = NULL;
	tell_seen(d, p, false);
}

static void
refuse(struct daemon *d, struct peer *p, const char *why)
{
	peer_refuse(p, why);
	talk_flush(d, p);
	talk_close(d, p, "refused");
}

int
talk_open(struct daemon *d, struct peer *p, struct err *err)
{
	AUTO(builder_fini) struct builder b = {0};
	int r;

	if (p->dead || !p->host)
		return 0;
	r = builder_get(d->s, p->name, &b, err);
	if (r < 0)
		return -1;
	p->enabled = r == 0 && b.mode == BUILDER_ENABLED;
	queue_set_open(d->queue, p->host, p->enabled && !peer_quiet(p));
	if (r == 0 && b.mode != BUILDER_DISABLED)
		return 0;
	/* Its jobs go back at once; the builder hears of it as they are followed. */
	while (p->host->running) {
		struct live *l = p->host->running;
		struct wire_ref ref = {l->job, l->attempt};

		if (result_taken_back(d->s, l->job, l->attempt, r ? "its builder was removed" : "its builder was disabled", err) < 0)
			return -1;
		queue_drop(d->queue, queue_find(d->queue, ref.job), now_ms());
		talk_cancel(d, p->host, ref);
		follow_job(d, ref.job);
	}
	/* It may come back, and is a new one then. */
	if (r == BUILDER_ABSENT)
		refuse(d, p, "it was removed from the farm");
	return 0;
}

/* Jobs. */

int
talk_lost(struct daemon *d, struct live *l, const char *why, struct err *err)
{
	log_at(LOG_NOTE, "job %lld of task #%lld: %s", (long long)l->job, (long long)l->task, why);
	if (round_begin(d, err) < 0)
		return -1;
	/* Once: it is followed soon. */
	l->lease = INT64_MAX;
	l->sent = UINT64_MAX;
	follow_job(d, l->job);
	return result_lost(d->s, l->job, l->attempt, why, d->conf->tries, err) < 0 ? -1 : 0;
}

static bool
names_it(const struct wire_ref *refs, size_t n, const struct live *l)
{
	for (size_t i = 0; i < n; i++)
		if (refs[i].job == l->job && refs[i].attempt == l->attempt)
			return true;
	return false;
}

/* The live job that this builder was given as this attempt; NULL: it is not its any more. */
static struct live *
live_of(struct daemon *d, const char *builder, const struct wire_ref *ref)
{
	struct live *l = queue_find(d->queue, ref->job);

	return l && l->state == LIVE_RUNNING && l->attempt == ref->attempt && strcmp(l->host->name, builder) == 0 ? l : NULL;
}

/*
 * What a builder says it works on, against what we think: named ones get their lease renewed, ours that it does not name
 * are lost, but for those whose JOB it had not read by then; others are cancelled.
 */
static int
reconcile(struct daemon *d, struct peer *p, const struct wire_ref *refs, size_t n, uint64_t jobs, struct err *err)
{
	int64_t now = tick_ms();

	for (struct live *l = p->host->running, *next; l; l = next) {
		next = l->next;
		if (names_it(refs, n, l))
			l->lease = now + d->conf->lease_ms;
		else if (l->sent <= jobs &&
		    talk_lost(d, l, "its builder does not work on it any more", err) < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (!live_of(d, p->name, &refs[i]))
			send_refs(d, p, WIRE_CANCEL, refs[i]);
	return 0;
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
	struct err err;

	if (h->n_running != 1 || !live_of(d, h->name, &h->running[0])) {
		refuse(d, p, "this attempt at the job is not wanted any more");
		return;
	}
	welcome(p);
	p->conn.stall_ms = d->conf->stall_ms;
	/* The builder tries again. */
	if (serve_start(d->server, &p->conn, h->running[0], &err) < 0)
		log_at(LOG_ERROR, "%s", err.msg);
	talk_close(d, p, "handed over");
}

static void
become_builder(struct daemon *d, struct peer *p, const struct wire_hello *h)
{
	snprintf(p->name, sizeof(p->name), "%s", h->name);
	snprintf(p->origin, sizeof(p->origin), "%s", h->origin);
	strs_split(&p->arches, h->arches, " ");
	strs_split(&p->features, h->features, " ");
	p->slots = (int)h->slots;
	p->memory = (int64_t)h->memory;
	p->host = queue_host(d->queue, p->name);
	p->host->arg = p;
	/* What it had from a connection before it knows of, or never will. */
	for (struct live *l = p->host->running; l; l = l->next)
		l->sent = 0;
	queue_set_host(d->queue, p->host, &p->arches, &p->features, p->slots, p->memory);
	log_at(LOG_NOTE, "builder %s: %s, %d slots", p->name, h->arches, p->slots);
	if (peer_clock_off(h))
		log_at(LOG_WARN, "builder %s: its clock is off by %lld s", p->name, (long long)peer_clock_off(h));
}

static int
take_hello(struct daemon *d, struct peer *p, const struct wire_frame *f, struct err *err)
{
	AUTO(wire_hello_fini) struct wire_hello h = {0};
	AUTO(free) char *objection = NULL;
	const struct host *known;
	struct peer *old;

	if (f->type != WIRE_HELLO || wire_hello_unpack(f, &h, err) < 0) {
		refuse(d, p, f->type != WIRE_HELLO ? "say HELLO first" : err->msg);
		return 0;
	}
	if (h.role == WIRE_EXCHANGE) {
		hand_over(d, p, &h);
		return 0;
	}
	known = queue_known(d->queue, h.name);
	old = known ? known->arg : NULL;
	objection = peer_objection(&h, old);
	if (objection) {
		log_at(LOG_WARN, "builder %s: refused: %s", text_is_name(h.name) ? h.name : "?", objection);
		refuse(d, p, objection);
		return 0;
	}
	welcome(p);
	talk_unsent(d, p);
	if (old)
		talk_close(d, old, "replaced by a newer connection");
	become_builder(d, p, &h);
	tell_seen(d, p, true);
	return round_begin(d, err) < 0 || reconcile(d, p, h.running, h.n_running, 0, err) < 0 || talk_open(d, p, err) < 0 ? -1 : 0;
}

static int
take_result(struct daemon *d, struct peer *p, const struct wire_frame *f, struct err *err)
{
	AUTO(wire_result_fini) struct wire_result r = {0};
	struct live *l;
	int rc = RESULT_STALE;

	if (wire_result_unpack(f->payload, f->n, &r, err) < 0)
		return TALK_BROKEN;
	l = live_of(d, p->name, &r.ref);
	if (l) {
		if (strlen(r.root) == WIRE_ROOT_ID)
			queue_root(d->queue, l->lane, r.root);
		if (round_begin(d, err) < 0 || (rc = result_take(d->s, &r, d->conf->tries, err)) < 0)
			return -1;
		follow_job(d, r.ref.job);
	}
	if (rc == RESULT_STALE)
		log_at(LOG_NOTE, "builder %s: a result of job %lld attempt %u, which is not wanted any more", p->name,
		    (long long)r.ref.job, r.ref.attempt);
	send_refs(d, p, WIRE_RESULT_ACK, r.ref);
	return 0;
}

static int
take_beat(struct daemon *d, struct peer *p, const struct wire_frame *f, struct err *err)
{
	AUTO(free) struct wire_ref *refs = NULL;
	uint64_t jobs;
	size_t n = 0;

	if (wire_beat_unpack(f, &jobs, &refs, &n, err) < 0)
		return TALK_BROKEN;
	if (n > PEER_REFS_MAX) {
		err_set(err, EPROTO, "a heartbeat names %zu jobs", n);
		return TALK_BROKEN;
	}
	if (reconcile(d, p, refs, n, jobs, err) < 0)
		return -1;
	conn_send(&p->conn, WIRE_BEAT_ACK, &(struct str){0});
	talk_unsent(d, p);
	return 0;
}

static int
take_roots(struct daemon *d, struct peer *p, const struct wire_frame *f, struct err *err)
{
	struct strs roots = {0};

	if (wire_roots_unpack(f, &roots, err) < 0) {
		strs_fini(&roots);
		return TALK_BROKEN;
	}
	queue_set_roots(d->queue, p->host, &roots);
	return 0;
}

int
talk_message(struct daemon *d, struct peer *p, const struct wire_frame *f, struct err *err)
{
	if (!p->host)
		return take_hello(d, p, f, err);
	switch ((int)f->type) {
	case WIRE_BEAT:
		return take_beat(d, p, f, err);
	case WIRE_RESULT:
		return take_result(d, p, f, err);
	case WIRE_ROOTS:
		return take_roots(d, p, f, err);
	default:
		err_set(err, EPROTO, "unexpected %s", wire_type_name(f->type));
		return TALK_BROKEN;
	}
}
