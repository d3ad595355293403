/*
 * A job is a slot: the child's pid, the message, and a temporary file into which
 * the child packs its result. A result is kept and repeated, also over a new
 * connection, until the scheduler acknowledges it. When the builder dies its
 * children die too (PDEATHSIG): the scheduler learns from the next HELLO, or
 * from the lease, that nobody works on them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/spawn.h"
#include "base/text.h"
#include "base/vec.h"
#include "builder/cgroup.h"
#include "builder/clean.h"
#include "builder/daemon.h"
#include "builder/roots.h"
#include "builder/sweep.h"
#include "package/partial.h"
#include "wire/conn.h"

enum { BEAT_MS = 2000, RETRY_MS = 500, RETRY_MAX_MS = 4000, REFUSED_MS = 10000, WELCOME_MS = 10000, SWEEP_MIN_MS = 1000,
	SILENT_MIN_MS = 7000, SILENT_MS = 15000, RESULT_MAX = WIRE_MAX - WIRE_HEADER };

struct slot {
	struct wire_job job;
	size_t place;			/* while it runs: the lowest that was free */
	pid_t pid;			/* 0: ended */
	int64_t since;			/* Unix ms */
	int file;			/* memfd with the packed result */
	struct str result;		/* packed; empty while running */
	bool cancelled;
	bool cleaning;			/* pid is that of the child which removes what the job left */
	struct loop_watch *watch;
	struct daemon *daemon;
};

struct daemon {
	const struct daemon_conf *conf;
	struct loop *loop;
	struct conn conn;
	struct loop_watch *watch;
	bool welcome;
	struct job_slot *places;	/* ids, twice as many as slots: those that are being killed have theirs still */
	size_t n_places;
	int64_t since;			/* tick_ms() of the connection */
	char *told;			/* base roots, as they were told last */
	int64_t heard;			/* of the last that came over it */
	int64_t silent_ms;		/* so long without an answer to BEATs, and the farm is gone */
	int64_t beat;			/* of the last BEAT */
	uint64_t jobs;			/* JOB read on this connection */
	int64_t looked;			/* of the last turn of the timer */
	int64_t pause_ms, not_before;	/* before the next connection: longer each time that there was no WELCOME */
	char refused[512];		/* why, the last time */
	pid_t sweeper;			/* 0: none runs */
	bool unswept;			/* something may have come into the cache since */
	int64_t sweep_since, sweep_next;	/* tick_ms() of the last one's start, and before which there is none */
	VEC(struct slot *) slots;
};

static void on_conn(void *arg, uint32_t events);

static void
drop_slot(struct daemon *d, struct slot *s)
{
	for (size_t i = 0; i < d->slots.n; i++)
		if (d->slots.p[i] == s)
			d->slots.p[i--] = d->slots.p[--d->slots.n];
	wire_job_fini(&s->job);
	str_fini(&s->result);
	if (s->file >= 0)
		close(s->file);
	free(s);
}

static struct slot *
find_slot(struct daemon *d, struct wire_ref ref)
{
	for (size_t i = 0; i < d->slots.n; i++)
		if (d->slots.p[i]->job.ref.job == ref.job && d->slots.p[i]->job.ref.attempt == ref.attempt)
			return d->slots.p[i];
	return NULL;
}

static void
disconnect(struct daemon *d, const char *why)
{
	if (d->conn.fd < 0)
		return;
	if (why)
		log_at(LOG_NOTE, "connection to the scheduler lost: %s; trying again", why);
	loop_drop(d->loop, d->watch);
	d->pause_ms = d->welcome ? 0 : d->pause_ms ? 2 * d->pause_ms : RETRY_MS;
	if (d->pause_ms > RETRY_MAX_MS)
		d->pause_ms = RETRY_MAX_MS;
	d->not_before = tick_ms() + d->pause_ms;
	d->watch = NULL;
	d->welcome = false;
	conn_fini(&d->conn);
}

static void
flush(struct daemon *d)
{
	struct err err;
	int r = d->conn.fd < 0 ? 0 : conn_flush(&d->conn, &err);

	if (r)
		disconnect(d, r == CONN_CLOSED ? "closed" : err.msg);
	else if (d->watch)
		loop_set(d->loop, d->watch, EPOLLIN | (d->conn.out.n ? EPOLLOUT : 0));
}

/* What is worked on, or has a result that nobody has acknowledged. */
static struct wire_ref *
refs(struct daemon *d, size_t *n)
{
	struct wire_ref *r = xcalloc(d->slots.n, sizeof(*r));

	*n = 0;
	for (size_t i = 0; i < d->slots.n; i++)
		if (!d->slots.p[i]->cancelled)
			r[(*n)++] = d->slots.p[i]->job.ref;
	return r;
}

static void
send_result(struct daemon *d, struct slot *s)
{
	if (d->welcome && s->result.n)
		conn_send(&d->conn, WIRE_RESULT, &s->result);
}

/* Which base roots are here, if that is news; asked when a job has ended. */
static void
tell_roots(struct daemon *d)
{
	AUTO(str_fini) struct str payload = {0};
	AUTO(strs_fini) struct strs roots = {0};
	AUTO(free) char *now = NULL;
	struct err err;

	if (!d->welcome)
		return;
	if (roots_list(d->conf->job.dir, &roots, &err) < 0) {
		log_at(LOG_WARN, "%s", err.msg);
		return;
	}
	now = strs_join(&roots, " ");
	if (d->told && strcmp(d->told, now) == 0)
		return;
	wire_roots_pack(&payload, &roots);
	conn_send(&d->conn, WIRE_ROOTS, &payload);
	free(d->told);
	d->told = STEAL(now);
}

/* Sweeping, in a process of its own: folders of any size are removed. */

static void
on_swept(void *arg, uint32_t events)
{
	struct daemon *d = arg;
	struct ended e = {ENDED_EXIT, 1};
	struct err err;

	spawn_wait(d->sweeper, 0, &e, &err);
	d->sweeper = 0;
	/* It takes a hundredth of the time at most. */
	d->sweep_next = tick_ms() + SWEEP_MIN_MS + 100 * (tick_ms() - d->sweep_since);
	tell_roots(d);
	flush(d);
}

/* A child ends with us, hears signals again, and does not hold the scheduler's connection open. */
static void
begin_child(struct daemon *d, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (d->conn.fd >= 0)
		close(d->conn.fd);
}

static void __attribute__((noreturn))
sweep_child(struct daemon *d, int64_t jobs_since, pid_t parent)
{
	const struct sandbox box = {.ids = d->conf->job.ids, .dir = d->conf->job.state};
	const struct sweep s = {.dir = d->conf->job.dir, .box = &box, .limit = d->conf->cache, .jobs_since = jobs_since};
	struct swept done = {0};
	struct err err = {0};
	int r;

	begin_child(d, parent);
	r = partial_sweep(s.dir, PARTIAL_MAX_S, PARTIAL_MAX_S, &err);
	if (r == 0)
		r = sweep_cache(&s, &done, &err);
	if (r < 0)
		log_at(LOG_WARN, "sweep: %s", err.msg);
	if (done.roots || done.artefacts)
		log_at(LOG_INFO, "swept %zu artefacts and %zu base roots, %llu MB of %llu", done.artefacts, done.roots,
		    (unsigned long long)(done.before - done.after) >> 20, (unsigned long long)done.before >> 20);
	_exit(r < 0);
}

static void
sweep_if_due(struct daemon *d)
{
	int64_t since = now_ms();
	pid_t parent = getpid();
	struct err err;

	if (d->sweeper || !d->unswept || tick_ms() < d->sweep_next)
		return;
	for (size_t i = 0; i < d->slots.n; i++)
		if (d->slots.p[i]->pid > 0 && d->slots.p[i]->since < since)
			since = d->slots.p[i]->since;
	d->unswept = false;
	d->sweep_since = tick_ms();
	d->sweeper = fork();
	if (d->sweeper == 0)
		sweep_child(d, since, parent);
	if (d->sweeper < 0 || !loop_child(d->loop, d->sweeper, on_swept, d, &err)) {
		log_at(LOG_WARN, "sweep: %s", strerror(errno));
		if (d->sweeper > 0)
			kill(d->sweeper, SIGKILL);
		d->sweeper = 0;
	}
}

static void
say_hello(struct daemon *d)
{
	struct wire_hello h = {.version = WIRE_VERSION, .role = WIRE_CONTROL, .clock = now_ms(), .slots = (uint32_t)d->conf->slots,
	    .memory = d->conf->memory};
	AUTO(str_fini) struct str payload = {0};

	h.running = refs(d, &h.n_running);
	snprintf(h.name, sizeof(h.name), "%s", d->conf->job.name);
	snprintf(h.arches, sizeof(h.arches), "%s", d->conf->arches);
	snprintf(h.features, sizeof(h.features), "%s", d->conf->features);
	snprintf(h.origin, sizeof(h.origin), "%s", d->conf->origin);
	wire_hello_pack(&payload, &h);
	wire_hello_fini(&h);
	conn_send(&d->conn, WIRE_HELLO, &payload);
	flush(d);
}

static void
try_connect(struct daemon *d)
{
	struct err err = {0};
	int r = d->conf->job.connect ? conn_command(&d->conn, d->conf->job.connect, &err) :
	    conn_open(&d->conn, d->conf->job.root, &err);

	if (r < 0) {
		log_at(LOG_DEBUG, "%s", err.msg);
		conn_fini(&d->conn);
		return;
	}
	d->watch = loop_fd(d->loop, d->conn.fd, EPOLLIN, on_conn, d, &err);
	d->since = d->heard = tick_ms();
	d->jobs = 0;
	if (d->watch)
		say_hello(d);
	else
		conn_fini(&d->conn);
}

/* In the child: run the job and leave the packed result in the file. */
static void __attribute__((noreturn))
child(struct daemon *d, struct slot *s, pid_t parent)
{
	AUTO(str_fini) struct str packed = {0};
	struct wire_result result;
	struct err err;

	begin_child(d, parent);
	setpgid(0, 0);
	job_run(&d->conf->job, &d->places[s->place], &s->job, &result);
	wire_result_pack(&packed, &result);
	_exit(file_write_fd(s->file, packed.p, packed.n, &err) < 0);
}

static void
take_result(struct slot *s, struct ended e)
{
	struct wire_result result = {.ref = s->job.ref, .outcome = WIRE_INFRA};
	AUTO(str_fini) struct str why = {0};
	struct err err;

	lseek(s->file, 0, SEEK_SET);
	if (e.how == ENDED_EXIT && e.code == 0 && !s->cancelled) {
		char buf[65536];
		ssize_t n;

		while ((n = read(s->file, buf, sizeof(buf))) > 0)
			str_put(&s->result, buf, (size_t)n);
		if (s->result.n > RESULT_MAX) {
			result.outcome = WIRE_FAILED;
			result.reason = xstrdup("its result is too long to be sent");
			str_clear(&s->result);
			wire_result_pack(&s->result, &result);
			wire_result_fini(&result);
			return;
		}
		if (wire_result_unpack(s->result.p, s->result.n, &result, &err) == 0) {
			wire_result_fini(&result);
			return;
		}
		wire_result_fini(&result);
		result = (struct wire_result){.ref = s->job.ref, .outcome = WIRE_INFRA};
	}
	ended_text(e, &why);
	result.reason = xasprintf("the job's process ended: %s", s->cancelled ? "cancelled" : str_c(&why));
	str_clear(&s->result);
	wire_result_pack(&s->result, &result);
	wire_result_fini(&result);
}

/* The slot is free: what came of it goes to the scheduler, unless nobody wants it any more. */
static void
close_slot(struct slot *s)
{
	struct daemon *d = s->daemon;

	s->pid = 0;
	d->unswept = true;
	if (s->cancelled) {
		drop_slot(d, s);
		return;
	}
	tell_roots(d);
	send_result(d, s);
	flush(d);
}

static void
on_clean(void *arg, uint32_t events)
{
	struct slot *s = arg;
	struct ended e;
	struct err err;

	spawn_wait(s->pid, 0, &e, &err);
	s->watch = NULL;
	close_slot(s);
}

/* In a child: a large tree takes long to remove, and the loop must go on. */
static void
clean(struct slot *s)
{
	struct daemon *d = s->daemon;
	struct err err = {0};
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		begin_child(d, parent);
		if (clean_job(&d->conf->job, &d->places[s->place], s->job.ref, &err) < 0)
			log_at(LOG_WARN, "job %s: %s", s->job.label, err.msg);
		_exit(0);
	}
	s->cleaning = pid > 0;
	s->pid = pid;
	if (pid > 0)
		s->watch = loop_child(d->loop, pid, on_clean, s, &err);
	if (pid < 0 || !s->watch) {
		log_at(LOG_WARN, "job %s: is not cleaned up: %s", s->job.label, pid < 0 ? strerror(errno) : err.msg);
		close_slot(s);
	}
}

static void
on_child(void *arg, uint32_t events)
{
	struct slot *s = arg;
	struct ended e = {ENDED_EXIT, 1};
	struct err err;

	spawn_wait(s->pid, 0, &e, &err);
	s->watch = NULL;
	take_result(s, e);
	log_at(LOG_INFO, "job %s: ended", s->job.label);
	if (e.how == ENDED_EXIT && e.code == 0)
		close_slot(s);
	else
		clean(s);
}

/* The lowest that no process has; d->n_places if there is none. */
static size_t
free_place(const struct daemon *d)
{
	size_t place = 0;
	bool taken = true;

	while (place < d->n_places && taken) {
		taken = false;
		for (size_t i = 0; i < d->slots.n && !taken; i++)
			taken = d->slots.p[i]->place == place && d->slots.p[i]->pid > 0;
		place += taken;
	}
	return place;
}

static void
start_job(struct daemon *d, const struct wire_frame *f)
{
	struct slot *s = xcalloc(1, sizeof(*s));
	pid_t parent = getpid();
	struct err err;

	s->daemon = d;
	s->file = -1;
	if (wire_job_unpack(f, &s->job, &err) < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		drop_slot(d, s);
		disconnect(d, err.msg);
		return;
	}
	s->place = free_place(d);
	if (s->place == d->n_places) {
		drop_slot(d, s);
		disconnect(d, "more jobs than there are slots");
		return;
	}
	s->since = now_ms();
	s->file = memfd_create("result", MFD_CLOEXEC);
	s->pid = s->file < 0 ? -1 : fork();
	if (s->pid == 0)
		child(d, s, parent);
	if (s->pid > 0)
		setpgid(s->pid, s->pid);
	if (s->pid < 0 || !(s->watch = loop_child(d->loop, s->pid, on_child, s, &err))) {
		log_at(LOG_ERROR, "cannot start job %s: %s", s->job.label, strerror(errno));
		if (s->pid > 0)
			kill(-s->pid, SIGKILL);
		drop_slot(d, s);
		return;
	}
	vec_push(&d->slots, s);
	log_at(LOG_INFO, "job %s: started", s->job.label);
}

static void
cancel(struct daemon *d, const struct wire_frame *f)
{
	AUTO(free) struct wire_ref *r = NULL;
	struct err err;
	size_t n = 0;

	if (wire_refs_unpack(f, &r, &n, &err) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct slot *s = find_slot(d, r[i]);

		if (!s)
			continue;
		s->cancelled = true;
		log_at(LOG_INFO, "job %s: cancelled", s->job.label);
		if (s->pid > 0 && !s->cleaning)
			kill(-s->pid, SIGKILL);
		else if (s->pid == 0)
			drop_slot(d, s);
	}
}

static void
acknowledged(struct daemon *d, const struct wire_frame *f)
{
	AUTO(free) struct wire_ref *r = NULL;
	struct err err;
	size_t n = 0;

	if (wire_refs_unpack(f, &r, &n, &err) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct slot *s = find_slot(d, r[i]);

		if (s && s->pid == 0)
			drop_slot(d, s);
	}
}

/* Nothing changes soon: once in the log is enough, and now and then is often enough to ask. */
static void
refused(struct daemon *d, const struct wire_frame *f)
{
	char why[sizeof(d->refused)];
	struct err err;

	if (wire_text_unpack(f, why, sizeof(why), &err) < 0)
		strcpy(why, "without a reason that can be read");
	if (strcmp(why, d->refused) != 0)
		log_at(LOG_ERROR, "the scheduler refuses: %s", why);
	memcpy(d->refused, why, sizeof(why));
	disconnect(d, NULL);
	d->not_before = tick_ms() + REFUSED_MS;
}

static void
handle(struct daemon *d, const struct wire_frame *f)
{
	switch ((int)f->type) {
	case WIRE_WELCOME:
		d->welcome = true;
		d->refused[0] = '\0';
		log_at(LOG_NOTE, "connected to the scheduler");
		free(d->told);
		d->told = NULL;
		tell_roots(d);
		for (size_t i = 0; i < d->slots.n; i++)
			send_result(d, d->slots.p[i]);
		break;
	case WIRE_REFUSE:
		refused(d, f);
		break;
	case WIRE_BEAT_ACK:
		break;
	case WIRE_JOB:
		d->jobs++;
		start_job(d, f);
		break;
	case WIRE_CANCEL:
		cancel(d, f);
		break;
	case WIRE_RESULT_ACK:
		acknowledged(d, f);
		break;
	default:
		disconnect(d, "unexpected message");
	}
}

static void
on_conn(void *arg, uint32_t events)
{
	struct daemon *d = arg;
	struct wire_frame f;
	struct err err = {0};
	int r = conn_fill(&d->conn, &err), taken = 0;

	d->heard = tick_ms();
	while (d->conn.fd >= 0 && (taken = conn_take(&d->conn, &f, &err)) > 0)
		handle(d, &f);
	if (d->conn.fd >= 0 && (r || taken < 0))
		disconnect(d, r == CONN_CLOSED ? "closed" : err.msg);
	flush(d);
}

static void
on_timer(void *arg, uint32_t events)
{
	struct daemon *d = arg;
	AUTO(str_fini) struct str payload = {0};
	AUTO(free) struct wire_ref *r = NULL;
	int64_t now = tick_ms();
	size_t n;

	/* When it was this process that stood still, the answers wait unread. */
	if (now - d->looked > RETRY_MS + BEAT_MS)
		d->heard += now - d->looked;
	d->looked = now;
	sweep_if_due(d);
	if (d->conn.fd >= 0 && !d->welcome && now - d->since > WELCOME_MS)
		disconnect(d, "no WELCOME");
	if (d->welcome && now - d->heard > d->silent_ms)
		disconnect(d, "it is silent");
	if (d->conn.fd < 0 && now >= d->not_before)
		try_connect(d);
	if (!d->welcome || now - d->beat < BEAT_MS)
		return;
	d->beat = now;
	r = refs(d, &n);
	wire_beat_pack(&payload, d->jobs, r, n);
	conn_send(&d->conn, WIRE_BEAT, &payload);
	flush(d);
}

static void
on_stop(void *arg, uint32_t events)
{
	struct daemon *d = arg;

	log_at(LOG_NOTE, "stopping");
	loop_stop(d->loop);
}

/*
 * As root each place has a range of ids of its own, and sees the base roots by an id-mapped mount. Otherwise, or where
 * the file system has no such mounts, all share the one that the base roots belong to.
 */
static int
make_places(struct daemon *d, struct err *err)
{
	const struct job_conf *c = &d->conf->job;
	AUTO(free) char *roots = xasprintf("%s/roots", c->state);
	bool own = geteuid() == 0;

	if (!own)
		log_at(LOG_NOTE, "not root: jobs share one range of ids");
	d->n_places = 2 * (size_t)d->conf->slots;
	d->places = xcalloc(d->n_places, sizeof(*d->places));
	for (size_t i = 0; i < d->n_places; i++) {
		struct job_slot *p = &d->places[i];

		p->ids = c->ids;
		if (!own)
			continue;
		p->ids.first += (unsigned)(i + 1) * c->ids.count;
		p->idmap = sandbox_idmap(c->ids.first, &p->ids, err);
		if (p->idmap < 0)
			return -1;
		if (i > 0 || sandbox_idmap_try(roots, p->idmap, err) == 0)
			continue;
		log_at(LOG_WARN, "%s: jobs share one range of ids", err->msg);
		close(p->idmap);
		*p = (struct job_slot){.ids = c->ids};
		own = false;
	}
	return 0;
}

static int
set_up(struct daemon *d, struct err *err)
{
	d->loop = loop_new(err);
	if (!d->loop || !loop_timer(d->loop, RETRY_MS, on_timer, d, err) ||
	    loop_signal(d->loop, SIGTERM, on_stop, d, err) < 0 || loop_signal(d->loop, SIGINT, on_stop, d, err) < 0)
		return -1;
	if (job_sweep(&d->conf->job, err) < 0 || make_places(d, err) < 0)
		return -1;
	return job_probe(&d->conf->job, &d->places[0], err);
}

/* Their groups go with them; their folders when the next builder starts. */
static void
end_jobs(struct daemon *d)
{
	struct ended e;
	struct err err;

	for (size_t i = 0; i < d->slots.n; i++)
		if (d->slots.p[i]->pid > 0)
			kill(d->slots.p[i]->cleaning ? d->slots.p[i]->pid : -d->slots.p[i]->pid, SIGKILL);
	for (size_t i = 0; i < d->slots.n; i++)
		if (d->slots.p[i]->pid > 0)
			spawn_wait(d->slots.p[i]->pid, 0, &e, &err);
	if (d->conf->job.groups)
		cgroups_sweep(d->conf->job.groups, "");
}

int
daemon_run(const struct daemon_conf *conf, struct err *err)
{
	struct daemon d = {.conf = conf, .conn = CONN_INIT, .silent_ms = conf->job.stall_ms, .unswept = true};
	int r = set_up(&d, err);

	/* Before the lease of its jobs is over, after three lost heartbeats. */
	if (d.silent_ms > SILENT_MS)
		d.silent_ms = SILENT_MS;
	if (d.silent_ms < SILENT_MIN_MS)
		d.silent_ms = SILENT_MIN_MS;
	if (r == 0) {
		try_connect(&d);
		r = loop_run(d.loop, err);
	}
	end_jobs(&d);
	while (d.slots.n)
		drop_slot(&d, d.slots.p[0]);
	vec_fini(&d.slots);
	for (size_t i = 0; i < d.n_places; i++)
		if (d.places[i].idmap)
			close(d.places[i].idmap);
	free(d.places);
	free(d.told);
	conn_fini(&d.conn);
	loop_free(d.loop);
	return r;
}
