/*
 * One thread, one epoll. A result is packed when its job comes, into memory that its slot keeps, so that a message
 * costs no allocation. What is due later is in a heap; who has something to be sent is in a list, and is sent it once
 * a turn. A slot is named by its number for ever; the heap also knows the attempt, as the slot may have another by then.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/pack.h"
#include "base/text.h"
#include "base/vec.h"
#include "bench/fake-builder.h"

enum { BEAT_MS = 2000, SILENT_MS = 15000, FULL_MS = 1, EVENTS = 512, JOB_MAX = 1 << 26, WHOLE = -1 };

/* slot WHOLE: the builder goes away. */
struct turn {
	double at;
	uint32_t fake;
	int32_t slot;
	struct wire_ref ref;
};

/* The heap. */

static void
turn_add(struct load *l, struct turn t)
{
	size_t i = l->heap.n;

	vec_push(&l->heap, t);
	for (; i > 0 && l->heap.p[(i - 1) / 2].at > t.at; i = (i - 1) / 2)
		l->heap.p[i] = l->heap.p[(i - 1) / 2];
	l->heap.p[i] = t;
}

static struct turn
turn_take(struct load *l)
{
	struct turn first = l->heap.p[0], last = l->heap.p[--l->heap.n];
	size_t i = 0, k;

	for (; (k = 2 * i + 1) < l->heap.n; i = k) {
		if (k + 1 < l->heap.n && l->heap.p[k + 1].at < l->heap.p[k].at)
			k++;
		if (l->heap.p[k].at >= last.at)
			break;
		l->heap.p[i] = l->heap.p[k];
	}
	l->heap.p[i] = last;
	return first;
}

/* Sending. */

static void
soil(struct load *l, uint32_t i)
{
	if (!l->fakes[i].dirty)
		vec_push(&l->dirty, i);
	l->fakes[i].dirty = true;
}

static void
put(struct load *l, uint32_t i, enum wire_type type, const struct str *payload)
{
	conn_send(&l->fakes[i].conn, type, payload);
	l->out++;
	soil(l, i);
}

static void
disconnect(struct load *l, uint32_t i)
{
	struct fake *f = &l->fakes[i];

	if (f->conn.fd < 0)
		return;
	l->connected--;
	l->welcome -= f->welcome;
	l->lost += f->welcome;
	f->welcome = f->cut = f->writing = false;
	f->n_answered = 0;
	conn_fini(&f->conn);
}

static void
flush(struct load *l, uint32_t i)
{
	struct fake *f = &l->fakes[i];
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
	struct err err;
	bool left;

	f->dirty = false;
	if (f->conn.fd < 0)
		return;
	if (f->cut || conn_flush(&f->conn, &err)) {
		l->vanished += f->cut;
		disconnect(l, i);
		return;
	}
	left = f->conn.out.n > 0;
	if (left != f->writing) {
		e.events |= left ? EPOLLOUT : 0;
		epoll_ctl(l->epoll, EPOLL_CTL_MOD, f->conn.fd, &e);
	}
	f->writing = left;
}

static void
flush_all(struct load *l)
{
	for (size_t i = 0; i < l->dirty.n; i++)
		flush(l, l->dirty.p[i]);
	l->dirty.n = 0;
}

static void
gather_refs(struct load *l, const struct fake *f)
{
	l->refs.n = 0;
	for (size_t i = 0; i < f->slots.n; i++)
		if (f->slots.p[i].ref.job)
			vec_push(&l->refs, f->slots.p[i].ref);
}

static void
say_hello(struct load *l, uint32_t i)
{
	const struct fake_conf *c = l->conf;
	struct wire_hello h = {.version = WIRE_VERSION, .role = WIRE_CONTROL, .clock = now_ms(), .slots = c->slots, .memory = c->memory};

	gather_refs(l, &l->fakes[i]);
	h.running = l->refs.p;
	h.n_running = l->refs.n;
	snprintf(h.name, sizeof(h.name), "%s-%u", c->prefix, i);
	snprintf(h.arches, sizeof(h.arches), "%s", c->arches);
	snprintf(h.features, sizeof(h.features), "%s", c->features);
	snprintf(h.origin, sizeof(h.origin), "%s", l->origin);
	str_clear(&l->payload);
	wire_hello_pack(&l->payload, &h);
	put(l, i, WIRE_HELLO, &l->payload);
}

static void
send_result(struct load *l, uint32_t i, struct fake_slot *s)
{
	struct fake *f = &l->fakes[i];
	const unsigned size = l->conf->slots;

	put(l, i, WIRE_RESULT, &s->result);
	if (s->sent)
		return;
	s->sent = true;
	f->open--;
	l->open--;
	l->all.results++;
	l->part.results++;
	f->answered[(f->oldest + f->n_answered) % size] = sample_now_ms();
	if (f->n_answered < size)
		f->n_answered++;
	else
		f->oldest = (f->oldest + 1) % size;
}

/* Jobs. */

static uint32_t
slot_new(struct fake *f)
{
	if (f->idle.n == 0) {
		vec_push(&f->slots, (struct fake_slot){0});
		return (uint32_t)f->slots.n - 1;
	}
	return f->idle.p[--f->idle.n];
}

static void
slot_free(struct load *l, struct fake *f, struct fake_slot *s)
{
	const uint32_t n = (uint32_t)(s - f->slots.p);

	f->open -= !s->sent;
	l->open -= !s->sent;
	s->ref.job = 0;
	vec_push(&f->idle, n);
}

static struct fake_slot *
slot_find(struct fake *f, struct wire_ref ref)
{
	for (size_t k = 0; k < f->slots.n; k++) {
		size_t i = (f->cursor + k) % f->slots.n;
		struct fake_slot *s = &f->slots.p[i];

		if (s->ref.job != ref.job || s->ref.attempt != ref.attempt)
			continue;
		f->cursor = i + 1;
		return s;
	}
	return NULL;
}

static bool
percent(struct load *l, unsigned n)
{
	return n && sample_dice(&l->seed, 100) < n;
}

static unsigned
draw_ms(struct load *l)
{
	const struct fake_conf *c = l->conf;

	return c->time_min + (c->time_max > c->time_min ? sample_dice(&l->seed, c->time_max - c->time_min + 1) : 0);
}

static struct fake_slot *
begin_job(struct load *l, uint32_t i, const struct fake_job *j, unsigned ms)
{
	struct fake *f = &l->fakes[i];
	const uint32_t n = slot_new(f);
	struct fake_slot *s = &f->slots.p[n];
	const struct usage usage = {.elapsed_ms = ms, .cpu_ms = ms, .memory_bytes = (64ull + sample_dice(&l->seed, 448)) << 20, .disk_bytes = 256 << 20};
	enum wire_outcome outcome = percent(l, l->conf->infra) ? WIRE_INFRA : percent(l, l->conf->fail) ? WIRE_FAILED : WIRE_OK;

	s->ref = j->ref;
	s->outcome = outcome;
	s->due = s->sent = false;
	str_clear(&s->result);
	fake_job_result(j, outcome, &usage, &s->result);
	f->open++;
	l->open++;
	return s;
}

static void
plan_job(struct load *l, uint32_t i, struct fake_slot *s, unsigned ms, double now)
{
	struct fake *f = &l->fakes[i];
	struct turn t = {now + ms, i, (int32_t)(s - f->slots.p), s->ref};
	bool vanish = percent(l, l->conf->vanish);

	if (vanish && ms)
		turn_add(l, (struct turn){.at = now + ms / 2.0, .fake = i, .slot = WHOLE});
	f->cut |= vanish && !ms;
	if (l->conf->hold)
		return;
	if (ms) {
		turn_add(l, t);
		return;
	}
	s->due = true;
	send_result(l, i, s);
}

/* An attempt is given once, and later ones have higher numbers. */
static int
note_given(struct load *l, const struct wire_ref *ref, struct err *err)
{
	if (ref->job <= 0 || ref->job >= JOB_MAX)
		return err_set(err, ERANGE, "job %lld: too high a number to be remembered", (long long)ref->job);
	while (l->attempts.n <= (size_t)ref->job)
		vec_push(&l->attempts, 0);
	if (l->attempts.p[ref->job] >= ref->attempt)
		l->doubled++;
	l->attempts.p[ref->job] = ref->attempt;
	vec_push(&l->given, *ref);
	return 0;
}

static void
tally_job(struct tally *t, double now, double turn)
{
	if (t->jobs++ == 0)
		t->first = now;
	t->last = now;
	if (turn >= 0)
		samples_add(&t->turns, turn);
}

static void
note(struct load *l, uint32_t i, const struct wire_ref *ref, bool acked, enum wire_outcome outcome)
{
	if (l->conf->notes)
		vec_push(&l->notes, ((struct fake_note){*ref, i, acked, outcome}));
}

static int
take_job(struct load *l, uint32_t i, const struct wire_frame *frame, double now, struct err *err)
{
	struct fake *f = &l->fakes[i];
	struct fake_job j;
	double turn = -1;
	unsigned ms = draw_ms(l);

	if (fake_job_read(frame, &j, err) < 0 || note_given(l, &j.ref, err) < 0)
		return -1;
	note(l, i, &j.ref, false, WIRE_OK);
	if (f->open >= l->conf->slots)
		l->overbooked++;
	if (f->n_answered) {
		turn = now - f->answered[f->oldest];
		f->oldest = (f->oldest + 1) % l->conf->slots;
		f->n_answered--;
	}
	tally_job(&l->all, now, turn);
	tally_job(&l->part, now, turn);
	plan_job(l, i, begin_job(l, i, &j, ms), ms, now);
	return 0;
}

int
load_resume(struct load *l, unsigned i, const struct fake_job *j, struct err *err)
{
	unsigned ms = draw_ms(l);

	if (note_given(l, &j->ref, err) < 0)
		return -1;
	plan_job(l, i, begin_job(l, i, j, ms), ms ? ms : 1, sample_now_ms());
	return 0;
}

static int
take_refs(struct load *l, uint32_t i, const struct wire_frame *frame, struct err *err)
{
	struct fake *f = &l->fakes[i];
	struct unpack u = unpack_begin(frame->payload, frame->n);
	uint32_t n = unpack_count(&u, sizeof(uint64_t) + sizeof(uint32_t));

	for (; n > 0; n--) {
		struct wire_ref ref = {.job = (int64_t)unpack_u64(&u)};
		struct fake_slot *s;

		ref.attempt = unpack_u32(&u);
		s = slot_find(f, ref);
		if (frame->type == WIRE_CANCEL) {
			l->all.cancels += s != NULL;
			l->part.cancels += s != NULL;
		} else {
			l->all.acks += s != NULL;
			l->part.acks += s != NULL;
			l->stray += !s || !s->sent;
			if (s)
				note(l, i, &ref, true, s->outcome);
		}
		if (s)
			slot_free(l, f, s);
	}
	return unpack_end(&u, wire_type_name(frame->type), err);
}

static void
take_welcome(struct load *l, uint32_t i, double now)
{
	struct fake *f = &l->fakes[i];

	f->welcome = true;
	if (++l->welcome == l->conf->builders && l->welcomed == 0)
		l->welcomed = now;
	for (size_t k = 0; k < f->slots.n; k++)
		if (f->slots.p[k].ref.job && f->slots.p[k].due)
			send_result(l, i, &f->slots.p[k]);
}

static int
take_refusal(struct load *l, const struct wire_frame *frame, double now, struct err *err)
{
	char why[512];

	if (wire_text_unpack(frame, why, sizeof(why), err) < 0)
		return -1;
	if (l->refused++ == 0)
		log_at(LOG_WARN, "refused: %s", why);
	l->next_try = now + l->conf->retry_ms;
	return 0;
}

static int
take(struct load *l, uint32_t i, const struct wire_frame *f, double now, struct err *err)
{
	l->in++;
	switch ((int)f->type) {
	case WIRE_WELCOME:
		take_welcome(l, i, now);
		return 0;
	case WIRE_JOB:
		l->fakes[i].jobs++;
		return take_job(l, i, f, now, err);
	case WIRE_CANCEL:
	case WIRE_RESULT_ACK:
		return take_refs(l, i, f, err);
	case WIRE_BEAT_ACK:
		return 0;
	case WIRE_REFUSE:
		return take_refusal(l, f, now, err);
	default:
		return err_set(err, EPROTO, "unexpected %s", wire_type_name(f->type));
	}
}

static int
on_conn(struct load *l, uint32_t i, struct err *err)
{
	struct fake *f = &l->fakes[i];
	struct wire_frame frame;
	double now = sample_now_ms();
	int r = conn_fill(&f->conn, err), taken;

	f->heard = now;
	while ((taken = conn_take(&f->conn, &frame, err)) > 0)
		if (take(l, i, &frame, now, err) < 0)
			return -1;
	if (taken < 0)
		return -1;
	if (r)
		disconnect(l, i);
	else
		soil(l, i);
	return 0;
}

/* What is done at its time. */

static void
connect_all(struct load *l, double now)
{
	for (uint32_t i = 0; i < l->conf->builders; i++) {
		struct fake *f = &l->fakes[i];
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
		struct err err = {0};

		if (f->conn.fd >= 0)
			continue;
		if (conn_open(&f->conn, l->conf->root, &err) < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, f->conn.fd, &e) < 0) {
			/* A full backlog is gone at once. */
			l->next_try = now + (err.code == EAGAIN ? FULL_MS : l->conf->retry_ms);
			conn_fini(&f->conn);
			return;
		}
		l->connected++;
		f->heard = now;
		say_hello(l, i);
	}
}

static void
beat(struct load *l, double now)
{
	const unsigned n = l->conf->builders;
	const uint64_t due = (uint64_t)((now - l->begin) / BEAT_MS * n);

	/* Who stood still does not make up for it. */
	if (due - l->beats > n)
		l->beats = due - n;
	for (; l->beats < due; l->beats++) {
		const uint32_t i = (uint32_t)(l->beats % n);
		struct fake *f = &l->fakes[i];

		if (f->welcome && now - f->heard > SILENT_MS) {
			l->silent++;
			disconnect(l, i);
		}
		if (!f->welcome)
			continue;
		gather_refs(l, f);
		str_clear(&l->payload);
		wire_beat_pack(&l->payload, f->jobs, l->refs.p, l->refs.n);
		put(l, i, WIRE_BEAT, &l->payload);
	}
}

static void
take_turns(struct load *l, double now)
{
	while (l->heap.n && l->heap.p[0].at <= now) {
		struct turn t = turn_take(l);
		struct fake *f = &l->fakes[t.fake];
		struct fake_slot *s = t.slot == WHOLE ? NULL : &f->slots.p[t.slot];

		if (!s) {
			f->cut = f->conn.fd >= 0;
			soil(l, t.fake);
			continue;
		}
		if (s->ref.job != t.ref.job || s->ref.attempt != t.ref.attempt)
			continue;
		s->due = true;
		if (f->welcome)
			send_result(l, t.fake, s);
	}
}

static int
pause_ms(const struct load *l, double now, double wait_ms)
{
	const unsigned n = l->conf->builders;
	double until = now + wait_ms, next = l->begin + (double)(l->beats + 1) * BEAT_MS / n;

	if (l->welcome && next < until)
		until = next;
	if (l->heap.n && l->heap.p[0].at < until)
		until = l->heap.p[0].at;
	if (l->connected < n && l->next_try < until)
		until = l->next_try;
	return until > now ? (int)ceil(until - now) : 0;
}

int
load_turn(struct load *l, double wait_ms, struct err *err)
{
	struct epoll_event events[EVENTS];
	double now = sample_now_ms();
	int n;

	if (l->connected < l->conf->builders && now >= l->next_try)
		connect_all(l, now);
	beat(l, now);
	take_turns(l, now);
	flush_all(l);
	n = epoll_wait(l->epoll, events, EVENTS, pause_ms(l, now, wait_ms));
	if (n < 0 && errno != EINTR)
		return err_sys(err, "epoll_wait");
	for (int i = 0; i < n; i++)
		if (l->fakes[events[i].data.u32].conn.fd >= 0 && on_conn(l, events[i].data.u32, err) < 0)
			return err_ctx(err, "%s-%u", l->conf->prefix, events[i].data.u32);
	flush_all(l);
	return 0;
}

void
load_split(struct load *l)
{
	const struct samples kept = {l->part.turns.p, 0, l->part.turns.cap};

	l->part = (struct tally){.turns = kept};
}

int
load_init(struct load *l, const struct fake_conf *conf, struct err *err)
{
	AUTO(free) char *origin = xasprintf("%s %s", conf->root, conf->prefix);

	*l = (struct load){.conf = conf, .seed = conf->seed, .begin = sample_now_ms()};
	memcpy(l->origin, hash_bytes(origin, strlen(origin)).hex, sizeof(l->origin));
	l->fakes = xcalloc(conf->builders, sizeof(*l->fakes));
	for (unsigned i = 0; i < conf->builders; i++) {
		l->fakes[i].conn = (struct conn)CONN_INIT;
		l->fakes[i].answered = xcalloc(conf->slots, sizeof(double));
	}
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll < 0 ? err_sys(err, "epoll_create1") : 0;
}

void
load_fini(struct load *l)
{
	for (unsigned i = 0; l->fakes && i < l->conf->builders; i++) {
		struct fake *f = &l->fakes[i];

		conn_fini(&f->conn);
		for (size_t k = 0; k < f->slots.n; k++)
			str_fini(&f->slots.p[k].result);
		vec_fini(&f->slots);
		vec_fini(&f->idle);
		free(f->answered);
	}
	free(l->fakes);
	vec_fini(&l->attempts);
	vec_fini(&l->given);
	vec_fini(&l->notes);
	vec_fini(&l->heap);
	vec_fini(&l->dirty);
	vec_fini(&l->refs);
	str_fini(&l->payload);
	samples_fini(&l->all.turns);
	samples_fini(&l->part.turns);
	if (l->epoll > 0)
		close(l->epoll);
	*l = (struct load){0};
}
