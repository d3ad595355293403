/*
 * A post is somebody to whom events are brought, one at a time and in order: a hook, or the mail. Each has a cursor of
 * its own (cursor.h), so that no queue grows in memory and a post that is slow, or stuck, delays itself only. Posts run
 * side by side, in turns where there are more than may.
 *
 * Cursors are stored together, once a second and at the end, so that the database is written no more than that however
 * much happens. After a SIGKILL what came since is brought again: at least once, not once.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/spawn.h"
#include "base/text.h"
#include "base/vec.h"
#include "notify/hook.h"
#include "notify/cursor.h"
#include "notify/mail.h"
#include "notify/notify.h"
#include "notify/run.h"
#include "schema/event-json.h"
#include "schema/store.h"
#include "schema/task.h"
#include "schema/user.h"

enum { TICK_MS = 200, SAVE_MS = 1000, PASS_MS = 50, AGAIN_MS = 1000, AGAIN_MAX_MS = 60000 };

#define MAIL "mail"
#define HOOK "hook:"

struct notify;

struct post {
	struct notify *n;
	struct cursor cursor;
	struct run run;
	char *file;		/* of the hook; NULL: mail */
	int64_t event;		/* the one that was last begun with */
	int tries;		/* of it */
	int64_t not_before;	/* of tick_ms() */
	bool gone;		/* there is no such hook any more */
};

struct notify {
	struct store *s;
	const struct notify_conf *conf;
	struct loop *loop;
	VEC(struct post *) posts;
	size_t turn;		/* the post whose turn is next */
	size_t running;
	int64_t last;		/* the newest event there is, as of the last look */
	int64_t saved;		/* when cursors were stored, of tick_ms() */
	struct strs refused;	/* hooks, and told so */
	int folder;		/* of hooks, as it was looked at last; -1: none */
	char *folder_wrong;	/* said about their folder; NULL: nothing */
	bool ending;		/* no more is started */
	bool killed;		/* what ends now was ended by us, and counts for nothing */
	struct err err;		/* of what ended the loop */
};

/* Our own confusion is death and restart. */
static void
give_up(struct notify *n, const struct err *err)
{
	if (!n->err.code)
		n->err = *err;
	loop_stop(n->loop);
}

static void
post_free(struct post *p)
{
	run_fini(&p->run);
	cursor_fini(&p->cursor);
	free(p->file);
	free(p);
}

static struct post *
post_find(struct notify *n, const char *name)
{
	for (size_t i = 0; i < n->posts.n; i++)
		if (strcmp(n->posts.p[i]->cursor.name, name) == 0)
			return n->posts.p[i];
	return NULL;
}

static int
post_add(struct notify *n, const char *name, const char *file, struct err *err)
{
	struct post *p = xcalloc(1, sizeof(*p));

	p->n = n;
	p->run = (struct run)RUN_INIT;
	p->file = file ? xstrdup(file) : NULL;
	vec_push(&n->posts, p);
	return cursor_open(&p->cursor, n->s, name, err);
}

/* Hooks. */

static int
take_hook(struct notify *n, const char *file, struct err *err)
{
	AUTO(free) char *name = xasprintf(HOOK "%s", file);
	struct post *p = post_find(n, name);

	if (p) {
		p->gone = false;
		return 0;
	}
	return post_add(n, name, file, err);
}

static void
tell_refused(struct notify *n, struct strs *refused)
{
	for (size_t i = 0; i < refused->n; i++)
		if (!strs_has(&n->refused, refused->p[i]))
			log_at(LOG_WARN, "hook refused: %s", refused->p[i]);
	strs_fini(&n->refused);
	n->refused = *refused;
	*refused = (struct strs){0};
}

/* A folder that cannot be used is an error while nothing runs yet, later a message: then there is no hook in it. */
static int
find_hooks(struct notify *n, bool starting, struct err *err)
{
	AUTO(hook_list_fini) struct hook_list found = HOOK_LIST_INIT;
	struct err why = {0};

	if (hook_find(n->conf->hooks, &found, &why) < 0) {
		if (starting)
			return *err = why, -1;
		if (!n->folder_wrong || strcmp(n->folder_wrong, why.msg) != 0)
			log_at(LOG_ERROR, "%s", why.msg);
		free(n->folder_wrong);
		n->folder_wrong = xstrdup(why.msg);
	} else {
		free(STEAL(n->folder_wrong));
	}
	for (size_t i = 0; i < n->posts.n; i++)
		n->posts.p[i]->gone = n->posts.p[i]->file != NULL;
	for (size_t i = 0; i < found.run.n; i++)
		if (take_hook(n, found.run.p[i], err) < 0)
			return -1;
	tell_refused(n, &found.refused);
	if (n->folder >= 0)
		close(n->folder);
	n->folder = STEAL_FD(found.dir);
	return 0;
}

/* One event. */

static void
say(const struct post *p, enum log_level level, const char *what)
{
	log_at(level, "%s: event %lld: %s", p->file ? p->file : MAIL, (long long)p->event, what);
}

static void
say_output(const struct post *p)
{
	AUTO(str_fini) struct str note = {0};
	const char *at = str_c(&p->run.output), *end = at + p->run.output.n;

	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at)), *stop = nl ? nl : end;
		AUTO(str_fini) struct str line = {0};

		text_line(&line, at, (size_t)(stop - at));
		say(p, LOG_INFO, str_c(&line));
		at = stop + (nl != NULL);
	}
	if (p->run.lost) {
		str_add(&note, "it said %zu bytes more", p->run.lost);
		say(p, LOG_INFO, str_c(&note));
	}
}

static void
pass(struct post *p)
{
	cursor_pass(&p->cursor);
	p->tries = 0;
	p->not_before = 0;
}

/* It could not be done now: later, unless it was tried often enough. */
static void
again(struct post *p, const char *why)
{
	AUTO(str_fini) struct str what = {0};
	int64_t pause = p->tries < 6 ? (int64_t)AGAIN_MS << p->tries : AGAIN_MAX_MS;

	p->tries++;
	if (p->tries >= p->n->conf->tries) {
		str_add(&what, "%s; given up after %d tries", why, p->tries);
		say(p, LOG_ERROR, str_c(&what));
		pass(p);
		return;
	}
	str_add(&what, "%s; again in %d s", why, (int)(pause / 1000));
	say(p, LOG_WARN, str_c(&what));
	p->not_before = tick_ms() + pause;
}

static void
settle(struct post *p, struct ended e)
{
	AUTO(str_fini) struct str what = {0};
	bool killed = p->run.late || p->run.flood;

	say_output(p);
	if (p->run.flood)
		str_add(&what, "wrote more than %d bytes and was killed", (int)RUN_LOST_MAX);
	else if (p->run.late)
		str_add(&what, "took longer than %d s and was killed", (int)(p->n->conf->limit_ms / 1000));
	else
		ended_text(e, &what);
	if (!killed && e.how == ENDED_EXIT && e.code == EX_TEMPFAIL) {
		again(p, str_c(&what));
		return;
	}
	if (killed || e.how != ENDED_EXIT || e.code != 0)
		say(p, LOG_WARN, str_c(&what));
	pass(p);
}

static void turn(struct notify *n);

static void
on_ended(void *arg, uint32_t events)
{
	struct post *p = arg;
	struct notify *n = p->n;
	struct err err = {0};
	struct ended e;

	n->running--;
	if (run_end(&p->run, &e, &err) < 0)
		give_up(n, &err);
	else if (!n->killed)
		settle(p, e);
	turn(n);
}

static int
start(struct post *p, const char *const *argv, int keep, const struct event *e, const struct str *input, struct err *err)
{
	const char *path = getenv("PATH"), *home = getenv("HOME");
	AUTO(free) char *root = xasprintf("ARTEL_ROOT=%s", p->n->conf->root);
	AUTO(free) char *id = xasprintf("ARTEL_EVENT_ID=%lld", (long long)e->id);
	AUTO(free) char *kind = xasprintf("ARTEL_EVENT_KIND=%s", e->kind);
	AUTO(free) char *state = xasprintf("ARTEL_EVENT_STATE=%s", e->state);
	AUTO(free) char *task = xasprintf("ARTEL_TASK=%lld", (long long)e->task);
	AUTO(free) char *where = xasprintf("PATH=%s", path && *path ? path : "/usr/local/bin:/usr/bin:/bin");
	AUTO(free) char *whose = xasprintf("HOME=%s", home && *home ? home : "/");
	const char *const env[] = {where, whose, root, id, kind, state, task, NULL};
	const struct run_what what = {.argv = argv, .env = env, .input = input, .keep = keep,
	    .limit_ms = p->n->conf->limit_ms, .ended = on_ended, .arg = p};

	p->event = e->id;
	if (run_start(&p->run, p->n->loop, &what, err) < 0)
		return -1;
	p->n->running++;
	return 0;
}

/* By the folder as it was looked at: its path may mean another one meanwhile. The hook, if a script, is opened so too. */
static void
start_hook(struct post *p, const struct event *e)
{
	AUTO(free) char *path = xasprintf("/proc/self/fd/%d/%s", p->n->folder, p->file);
	const char *const argv[] = {path, NULL}, *why = hook_wrong(p->n->folder, p->file);
	AUTO(str_fini) struct str line = {0};
	struct err err = {0};

	event_json(e, &line);
	if (why)
		err_set(&err, EPERM, "refused: %s", why);
	if (why || start(p, argv, p->n->folder, e, &line, &err) < 0)
		again(p, err.msg);
}

/* Mail. */

/* 1: the message is in `out`; 0: none is sent about this event. */
static int
compose(struct notify *n, const struct event *e, struct str *out, struct err *err)
{
	AUTO(task_fini) struct task t = {0};
	AUTO(str_fini) struct str to = {0};
	int r = mail_is_due(e) ? task_get(n->s, e->task, &t, err) : TASK_ABSENT;

	if (r)
		return r < 0 ? -1 : 0;
	if (user_mail_get(n->s, t.owner, &to, err) < 0)
		return -1;
	if (!user_mail_ok(str_c(&to)))
		return 0;
	mail_write(e, &t, n->conf->mail_from, to.p, n->conf->root, out);
	return 1;
}

static void
send_mail(struct post *p, const struct event *e, const struct str *message)
{
	const struct strs *command = &p->n->conf->sendmail;
	VEC(const char *) argv = {0};
	struct err err = {0};

	for (size_t i = 0; i < command->n; i++)
		vec_push(&argv, command->p[i]);
	vec_push(&argv, "-i");
	vec_push(&argv, "-t");
	vec_push(&argv, NULL);
	if (start(p, argv.p, 0, e, message, &err) < 0)
		again(p, err.msg);
	vec_fini(&argv);
}

/* The next mail, past what none is sent about; for so long at a time that other posts are not kept waiting. */
static int
next_mail(struct post *p, struct err *err)
{
	int64_t until = tick_ms() + PASS_MS;
	const struct event *e;
	int r;

	while ((e = cursor_next(&p->cursor, p->n->s, p->n->last, &r, err)) && tick_ms() < until) {
		AUTO(str_fini) struct str message = {0};

		if ((r = compose(p->n, e, &message, err)) < 0)
			return -1;
		if (r) {
			send_mail(p, e, &message);
			return 0;
		}
		pass(p);
	}
	return r;
}

static int
next(struct post *p, struct err *err)
{
	const struct event *e;
	int r;

	if (p->run.pid || p->gone || p->not_before > tick_ms())
		return 0;
	if (!p->file)
		return next_mail(p, err);
	if ((e = cursor_next(&p->cursor, p->n->s, p->n->last, &r, err)))
		start_hook(p, e);
	return r;
}

/* The loop. */

static int
save(struct notify *n, struct err *err)
{
	bool changed = false;

	for (size_t i = 0; i < n->posts.n; i++)
		changed |= n->posts.p[i]->cursor.done != n->posts.p[i]->cursor.saved;
	n->saved = tick_ms();
	if (!changed)
		return 0;
	if (store_begin(n->s, err) < 0)
		return -1;
	for (size_t i = 0; i < n->posts.n; i++)
		if (cursor_save(&n->posts.p[i]->cursor, n->s, err) < 0)
			return store_rollback(n->s);
	return store_commit(n->s, err);
}

/* Hooks that are gone, once they do not run. */
static void
drop_gone(struct notify *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->posts.n; i++) {
		struct post *p = n->posts.p[i];

		if (p->gone && !p->run.pid)
			post_free(p);
		else
			n->posts.p[kept++] = p;
	}
	n->posts.n = kept;
}

/* Whether all that is due was done. */
static bool
all_done(const struct notify *n)
{
	for (size_t i = 0; i < n->posts.n; i++)
		if (n->posts.p[i]->run.pid || n->posts.p[i]->cursor.done < n->last)
			return false;
	return true;
}

/* Start what can be started, each post in its turn. */
static void
turn(struct notify *n)
{
	struct err err = {0};

	for (size_t i = 0; i < n->posts.n && !n->ending && n->running < (size_t)n->conf->parallel; i++)
		if (next(n->posts.p[(n->turn + i) % n->posts.n], &err) < 0) {
			give_up(n, &err);
			return;
		}
	n->turn++;
	if (n->ending ? n->running == 0 : n->conf->once && all_done(n))
		loop_stop(n->loop);
}

/* With `once` what is due is what there was at first: a hook that makes events would have no end. */
static int
look(struct notify *n, struct err *err)
{
	if (!n->conf->once && (n->last = event_last(n->s, err)) < 0)
		return -1;
	if (tick_ms() - n->saved < SAVE_MS)
		return 0;
	if (save(n, err) < 0)
		return -1;
	if (n->conf->once)
		return 0;
	if (find_hooks(n, false, err) < 0)
		return -1;
	drop_gone(n);
	return 0;
}

static void
on_tick(void *arg, uint32_t events)
{
	struct notify *n = arg;
	struct err err = {0};

	for (size_t i = 0; i < n->posts.n; i++)
		run_expire(&n->posts.p[i]->run);
	if (look(n, &err) < 0)
		give_up(n, &err);
	else
		turn(n);
}

/* The first one: what runs may end in its time. The second: it may not. */
static void
on_signal(void *arg, uint32_t events)
{
	struct notify *n = arg;

	n->killed = n->ending;
	n->ending = true;
	for (size_t i = 0; n->killed && i < n->posts.n; i++)
		run_kill(&n->posts.p[i]->run);
	turn(n);
}

static int
begin(struct notify *n, struct err *err)
{
	n->last = event_last(n->s, err);
	if (n->last < 0 || find_hooks(n, true, err) < 0 || (n->conf->sendmail.n && post_add(n, MAIL, NULL, err) < 0))
		return -1;
	n->saved = tick_ms();
	if (loop_signal(n->loop, SIGTERM, on_signal, n, err) < 0 || loop_signal(n->loop, SIGINT, on_signal, n, err) < 0 ||
	    !loop_timer(n->loop, TICK_MS, on_tick, n, err))
		return -1;
	turn(n);
	return 0;
}

/* One on a farm. 0, NOTIFY_BUSY, -1. */
static int
lock(struct store *s, int *fd, struct err *err)
{
	int r = file_lock(s->dir, "run/hooks", fd, err);

	return r == FILE_BUSY ? NOTIFY_BUSY : r;
}

int
notify_skip(struct store *s, const char *reader, struct err *err)
{
	int64_t now = event_last(s, err), was;
	AUTO(close) int fd = -1;
	int r = now < 0 ? -1 : lock(s, &fd, err);

	if (r)
		return r;
	if (reader_get(s, reader, &was, err) < 0)
		return -1;
	if (was < 0)
		return err_set(err, ENOENT, "%s: nothing of this name was here yet: mail, or hook:NAME", reader);
	if (reader_set(s, reader, now, err) < 0)
		return -1;
	log_at(LOG_INFO, "%s: goes on after event %lld, not %lld", reader, (long long)now, (long long)was);
	return 0;
}

int
notify_run(struct store *s, const struct notify_conf *conf, struct err *err)
{
	struct notify n = {.s = s, .conf = conf, .folder = -1};
	AUTO(close) int fd = -1;
	int r = lock(s, &fd, err);

	if (r)
		return r;
	if (!(n.loop = loop_new(err)))
		return -1;
	r = begin(&n, err) < 0 || loop_run(n.loop, err) < 0 ? -1 : 0;
	if (r == 0 && n.err.code) {
		*err = n.err;
		r = -1;
	}
	if (r == 0)
		r = save(&n, err);
	for (size_t i = 0; i < n.posts.n; i++)
		post_free(n.posts.p[i]);
	vec_fini(&n.posts);
	strs_fini(&n.refused);
	free(n.folder_wrong);
	if (n.folder >= 0)
		close(n.folder);
	loop_free(n.loop);
	return r;
}
