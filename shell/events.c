/*
 * `events`: the journal, and what is added to it.
 *
 * Events are read some at a time, into memory; the statement has ended before the first is printed. So whoever does
 * not read our output, or stops us, holds up nobody but us: the database's log is emptied all the same.
 *
 * A follower looks anew a few times a second. The ids of events rise in the order of commits, so that what comes after
 * the last one seen is all that is new. To be told by the file system that the log was written costs the writer
 * something for each one who waits, and comes before the commit; a look costs only us. Where there is not enough
 * processor for all, those who only look come last.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "schema/event.h"
#include "schema/event-json.h"
#include "shell/farm.h"
#include "shell/user.h"

enum { AT_ONCE = 256, LOOK_MS = 200 };

struct events_options {
	bool follow, json;
	bool far;		/* with where it came from */
	int64_t since;		/* -1: not said */
	int64_t task;		/* 0: all */
	int64_t limit;		/* how many to print; 0: all */
	const char *kind;	/* NULL: all */
	const char *user;	/* NULL: all */
	const char *own;	/* of whose events it is told where they came from; NULL: of all */
};

static int
take_kind(const char *value, struct events_options *o, struct err *err)
{
	for (size_t i = 0; event_kinds[i]; i++)
		if (strcmp(event_kinds[i], value) == 0) {
			o->kind = event_kinds[i];
			return 0;
		}
	return err_set(err, EINVAL, "--kind is task, job, merge, repo, builder, user or farm");
}

static int
take_option(struct context *c, const char *word, struct events_options *o, struct err *err)
{
	const char *value;

	if (strcmp(word, "--follow") == 0 || strcmp(word, "-f") == 0)
		return o->follow = true, 0;
	if (strcmp(word, "--long") == 0)
		return o->far = true, 0;
	if (strcmp(word, "--json") == 0)
		return o->json = true, 0;
	if ((value = context_value(c, word, "--since", "a number", err)))
		return (o->since = text_number(value, INT64_MAX)) < 0 ? err_set(err, EINVAL, "--since wants the number of an event") : 0;
	if (!err->code && (value = context_value(c, word, "--task", "a task id", err)))
		return (o->task = context_id(value)) < 1 ? err_set(err, EINVAL, "`%s` is not a task id", value) : 0;
	if (!err->code && (value = context_value(c, word, "--limit", "a number", err)))
		return (o->limit = text_number(value, INT64_MAX)) < 1 ? err_set(err, EINVAL, "--limit wants a number") : 0;
	if (!err->code && (value = context_value(c, word, "--kind", "a kind", err)))
		return take_kind(value, o, err);
	if (!err->code && (value = context_value(c, word, "--user", "a user", err)))
		return o->user = value, 0;
	return err->code ? -1 : err_set(err, EINVAL, "`%s` is not expected here", word);
}

static void
put_column(struct str *out, const char *text)
{
	str_putc(out, '\t');
	text_printable(out, *text ? text : "-");
}

static void
put_event(const struct event *e, const struct events_options *o, struct str *out)
{
	struct event told = *e;

	if (o->own && strcmp(o->own, e->user) != 0)
		told.origin = "";
	if (o->json) {
		event_json(&told, out);
		return;
	}
	str_add(out, "%lld\t%lld", (long long)e->id, (long long)e->at);
	put_column(out, e->kind);
	str_add(out, "\t%lld", (long long)e->task);
	put_column(out, e->user);
	put_column(out, e->state);
	if (o->far)
		put_column(out, told.origin);
	str_putc(out, '\t');
	text_printable(out, e->text);
	str_putc(out, '\n');
}

static bool
is_wanted(const struct event *e, const struct events_options *o)
{
	return (!o->kind || strcmp(o->kind, e->kind) == 0) && (!o->user || strcmp(o->user, e->user) == 0);
}

static int
read_some(struct context *c, const struct events_options *o, struct event_list *l, struct err *err)
{
	return o->user && !o->task ? event_read_user(c->store, o->since, o->user, AT_ONCE, l, err) :
	    event_read(c->store, o->since, o->task, AT_ONCE, l, err);
}

/* Print what is wanted of them. 1: as many as were wanted are out, or nobody reads any more. */
static int
put_events(const struct event_list *l, struct events_options *o, struct err *err)
{
	AUTO(str_fini) struct str out = {0};
	bool enough = false;

	for (size_t i = 0; i < l->n && !enough; i++)
		if (is_wanted(&l->p[i], o)) {
			put_event(&l->p[i], o, &out);
			enough = o->limit && --o->limit == 0;
		}
	if (fwrite(str_c(&out), 1, out.n, stdout) != out.n || fflush(stdout))
		return errno == EPIPE ? 1 : err_sys(err, "write");
	return enough;
}

/* Until the next look; false: nobody reads any more. */
static bool
rest(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return poll(&out, 1, LOOK_MS) <= 0 || !(out.revents & (POLLERR | POLLHUP | POLLNVAL));
}

static int
begin(struct context *c, struct events_options *o, struct err *err)
{
	int64_t last = event_last(c->store, err);

	if (last < 0)
		return -1;
	if (o->since > last)
		return err_set(err, ERANGE, "the journal ends with %lld, before %lld: that number is of another farm, or the "
		    "database is an older copy", (long long)last, (long long)o->since);
	if (o->since < 0)
		o->since = o->follow ? last : 0;
	return 0;
}

int
farm_events(struct context *c, struct err *err)
{
	struct events_options o = {.since = -1, .json = c->json};
	const char *word;
	bool all, more = true;

	while ((word = context_next(c)))
		if (take_option(c, word, &o, err) < 0)
			return -1;
	if (context_open(c, err) < 0 || user_sees_all(c, &all, err) < 0 || begin(c, &o, err) < 0)
		return -1;
	o.own = all ? NULL : c->user;
	if (o.follow)
		context_give_way();
	while (more) {
		AUTO(event_list_fini) struct event_list l = {0};
		int r;

		if (read_some(c, &o, &l, err) < 0)
			return -1;
		if (l.n) {
			o.since = l.p[l.n - 1].id;
			if ((r = put_events(&l, &o, err)))
				return r < 0 ? -1 : 0;
		}
		more = l.n == AT_ONCE || (o.follow && rest());
	}
	return 0;
}
