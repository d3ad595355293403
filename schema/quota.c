#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "schema/event.h"
#include "schema/quota.h"
#include "schema/store.h"
#include "schema/user.h"

enum { HOUR_MS = 3600000, ADMIN_SESSIONS = 2 };

static const struct {
	const char *name, *help;
	int64_t builtin;
	bool bytes;
} quotas[QUOTAS] = {
	[QUOTA_TASKS] = {"tasks", "tasks that are neither DONE nor CANCELLED", 2000, false},
	[QUOTA_JOBS] = {"jobs", "their jobs that have not ended, and those to be expected", 20000, false},
	[QUOTA_DISK] = {"disk", "git repositories and uploads, in bytes", 16ll << 30, true},
	[QUOTA_RATE] = {"rate", "runs of tasks an hour", 1000, false},
	[QUOTA_SESSIONS] = {"sessions", "commands over ssh at the same time", 16, false},
};

const char *
quota_name(enum quota q)
{
	return quotas[q].name;
}

const char *
quota_help(enum quota q)
{
	return quotas[q].help;
}

bool
quota_is_bytes(enum quota q)
{
	return quotas[q].bytes;
}

enum quota
quota_find(const char *name)
{
	enum quota q = 0;

	while (q < QUOTAS && strcmp(quotas[q].name, name) != 0)
		q++;
	return q;
}

int
quota_get(struct store *s, const char *user, enum quota q, int64_t *out, struct err *err)
{
	sqlite3_stmt *row = store_query(s, STMT_QUOTA_GET, err, "ssi", user, quotas[q].name, quotas[q].builtin);
	int r = store_row(s, row, err);

	if (r > 0) {
		bool admin = store_int(row, 1);

		*out = !admin ? store_int(row, 0) : q == QUOTA_SESSIONS ? ADMIN_SESSIONS * store_int(row, 0) : 0;
	}
	store_done(row);
	return r < 0 ? -1 : 0;
}

int
quota_line(struct store *s, const char *user, enum quota q, int64_t *out, struct err *err)
{
	sqlite3_stmt *row = store_query(s, STMT_QUOTA_LINE, err, "ss", user, quotas[q].name);
	int r = store_row(s, row, err);

	*out = r > 0 ? store_int(row, 0) : quotas[q].builtin;
	store_done(row);
	return r < 0 ? -1 : r ? 0 : QUOTA_UNSET;
}

/* In a transaction. value: -1 takes the line away. */
static int
change(struct store *s, const char *user, enum quota q, int64_t value, struct err *err)
{
	AUTO(free) char *text = value < 0 ? xstrdup("the default") : value ? xasprintf("%lld", (long long)value) : xstrdup("none");
	struct user u;
	int64_t was;
	int r;

	if (*user && user_get(s, user, &u, err))
		return -1;
	r = quota_line(s, user, q, &was, err);
	if (r < 0)
		return -1;
	if (r == QUOTA_UNSET ? value < 0 : value == was)
		return 0;
	r = value < 0 ? store_run(s, STMT_QUOTA_DEL, err, "ss", user, quotas[q].name) :
	    store_run(s, STMT_QUOTA_SET, err, "ssi", user, quotas[q].name, value);
	return r < 0 ? -1 : event_add(s, "user", 0, 0, "quota", err, "%s%s: limit of %s is %s", *user ? "user " : "everybody",
	    user, quotas[q].name, text);
}

int
quota_set(struct store *s, const char *user, enum quota q, int64_t value, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (change(s, user, q, value, err) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
quota_unset(struct store *s, const char *user, enum quota q, struct err *err)
{
	return quota_set(s, user, q, -1, err);
}

static int
count(struct store *s, enum statement id, const char *user, int64_t *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, id, err, "s", user);
	int r = store_row(s, q, err);

	*out = r > 0 ? store_int(q, 0) : 0;
	store_done(q);
	return r < 0 ? -1 : 0;
}

/* What one run costs, so that `rate` of them are never less than an hour. */
static int64_t
run_cost(int64_t rate)
{
	return (HOUR_MS + rate - 1) / rate;
}

static int
used_rate(struct store *s, const char *user, int64_t *used, struct err *err)
{
	int64_t rate, spent, now = now_ms(), ahead;

	if (quota_get(s, user, QUOTA_RATE, &rate, err) < 0 || count(s, STMT_USER_SPENT, user, &spent, err) < 0)
		return -1;
	ahead = spent - now;
	*used = rate == 0 || ahead <= 0 ? 0 : ahead > rate * run_cost(rate) ? rate : (ahead + run_cost(rate) - 1) / run_cost(rate);
	return 0;
}

int
quota_used(struct store *s, const char *user, enum quota q, int64_t *used, struct err *err)
{
	*used = 0;
	switch (q) {
	case QUOTA_TASKS:
		return count(s, STMT_QUOTA_TASKS, user, used, err);
	case QUOTA_JOBS:
		return count(s, STMT_QUOTA_JOBS, user, used, err);
	case QUOTA_RATE:
		return used_rate(s, user, used, err);
	default:
		return 0;
	}
}

int
quota_check_task(struct store *s, const char *user, struct err *err)
{
	int64_t limit, used;

	if (quota_get(s, user, QUOTA_TASKS, &limit, err) < 0)
		return -1;
	if (limit == 0)
		return 0;
	if (quota_used(s, user, QUOTA_TASKS, &used, err) < 0)
		return -1;
	return used < limit ? 0 : err_set(err, EDQUOT, "%s has %lld unfinished tasks, and the limit is %lld: `task rm` or `task abort` "
	    "some, or ask an administrator for more", user, (long long)used, (long long)limit);
}

/* How many jobs a run of the task may make, and whose they are (appended). */
static int
expect(struct store *s, int64_t task, int64_t *more, struct str *owner, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_QUOTA_EXPECT, err, "i", task);
	int r = store_row(s, q, err);

	if (r > 0) {
		*more = store_int(q, 0);
		str_puts(owner, store_text(q, 1));
	}
	store_done(q);
	return r < 0 ? -1 : 0;
}

int
quota_check_jobs(struct store *s, const char *user, int64_t task, struct err *err)
{
	AUTO(str_fini) struct str owner = {0};
	int64_t limit, used, more = 0;

	if (quota_get(s, user, QUOTA_JOBS, &limit, err) < 0)
		return -1;
	if (limit == 0)
		return 0;
	if (expect(s, task, &more, &owner, err) < 0 || quota_get(s, str_c(&owner), QUOTA_JOBS, &limit, err) < 0 ||
	    quota_used(s, str_c(&owner), QUOTA_JOBS, &used, err) < 0)
		return -1;
	return limit == 0 || used + more <= limit ? 0 : err_set(err, EDQUOT, "%s has %lld jobs that have not ended, this may need %lld "
	    "more (an estimate), and the limit is %lld: wait, `task abort` some, make it smaller, or ask an administrator for more",
	    str_c(&owner), (long long)used, (long long)more, (long long)limit);
}

int64_t
quota_take_run(int64_t rate, int64_t now, int64_t *spent)
{
	int64_t cost = run_cost(rate), ahead = *spent > now ? *spent - now : 0, most = rate * cost;

	/* Further ahead than a run ever puts it: the clock was set back, or the rate was another one. */
	if (ahead > most)
		ahead = most - cost;
	if (ahead + cost > most)
		return ahead + cost - most;
	*spent = now + ahead + cost;
	return 0;
}

int
quota_spend_run(struct store *s, const char *user, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	int64_t rate, spent, wait;

	if (quota_get(s, user, QUOTA_RATE, &rate, err) < 0)
		return -1;
	if (rate == 0)
		return 0;
	if (count(s, STMT_USER_SPENT, user, &spent, err) < 0)
		return -1;
	wait = quota_take_run(rate, now_ms(), &spent);
	if (wait == 0)
		return store_run(s, STMT_USER_SPEND, err, "is", spent, user);
	text_duration(&text, wait);
	return err_set(err, EDQUOT, "%s has run %lld tasks in short order, and the limit is %lld an hour: the next may be run in %s; or "
	    "ask an administrator for more", user, (long long)rate, (long long)rate, str_c(&text));
}
