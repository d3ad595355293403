/* `quota`: what somebody has of what they may have; `user quota`: what they may have. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/quota.h"
#include "schema/user.h"
#include "shell/context.h"
#include "shell/json.h"
#include "shell/people.h"
#include "shell/table.h"
#include "shell/user.h"
#include "wire/limits.h"

enum { NUMBER_MAX = 1000000000 };
static const char everybody[] = "@everybody";

/* What is used of one; -1 in *used: it is not counted. */
static int
measure(struct context *c, const char *user, enum quota q, int64_t *used, struct err *err)
{
	switch (q) {
	case QUOTA_DISK:
		return people_usage(c->store, user, used, err);
	case QUOTA_SESSIONS:
		*used = -1;
		return 0;
	default:
		return quota_used(c->store, user, q, used, err);
	}
}

/* A number; for people bytes with their unit. */
static void
put_number(struct table *t, enum quota q, int64_t n, const char *none)
{
	AUTO(str_fini) struct str text = {0};

	if (n < 0 || (n == 0 && *none != '-'))
		str_puts(&text, none);
	else if (quota_is_bytes(q) && isatty(STDOUT_FILENO))
		limits_put_bytes(&text, (uint64_t)n);
	else
		str_add(&text, "%lld", (long long)n);
	table_cell(t, str_c(&text));
}

/* With a head and in columns on a terminal; else lines, their columns separated by tabs. */
static void
print(const struct table *t)
{
	AUTO(str_fini) struct str out = {0};

	if (isatty(STDOUT_FILENO))
		table_print(t, table_width(), table_colour(), &out);
	else
		for (size_t i = t->columns; i < t->cells.n; i++)
			str_add(&out, "%s%c", t->cells.p[i], (i + 1) % t->columns ? '\t' : '\n');
	fputs(str_c(&out), stdout);
}

static json_t *
quota_json(enum quota q, int64_t used, int64_t limit)
{
	json_t *o = json_object();

	json_object_set_new(o, "what", json_string(quota_name(q)));
	json_object_set_new(o, "used", used < 0 ? json_null() : json_integer(used));
	json_object_set_new(o, "limit", limit ? json_integer(limit) : json_null());
	return o;
}

int
quota_print(struct context *c, const char *user, bool as_json, struct err *err)
{
	AUTO(table_fini) struct table t;
	json_t *all = json_array();
	int64_t used, limit;
	bool explain = isatty(STDOUT_FILENO);

	table_init(&t, explain ? 4 : 3);
	for (size_t i = 0; i < t.columns; i++)
		table_cell(&t, ((const char *const[]){"WHAT", "USED", "LIMIT", "MEANING"})[i]);
	for (enum quota q = 0; q < QUOTAS; q++) {
		if (measure(c, user, q, &used, err) < 0 || quota_get(c->store, user, q, &limit, err) < 0) {
			json_decref(all);
			return -1;
		}
		table_cell(&t, quota_name(q));
		put_number(&t, q, used, "-");
		put_number(&t, q, limit, "none");
		if (explain)
			table_cell(&t, quota_help(q));
		json_array_append_new(all, quota_json(q, used, limit));
	}
	if (as_json) {
		json_print(all);
		return 0;
	}
	json_decref(all);
	print(&t);
	return 0;
}

int
quota_verb(struct context *c, struct err *err)
{
	const char *name = NULL, *word;
	bool as_json = c->json;
	struct user u;

	while ((word = context_next(c)))
		if (strcmp(word, "--json") == 0)
			as_json = true;
		else if (*word == '-' || name)
			return err_set(err, EINVAL, "`%s` is not expected here", word);
		else
			name = word;
	if (context_open(c, err) < 0 || (name && user_own(c, name, err) < 0))
		return -1;
	name = name ? name : c->user;
	return user_get(c->store, name, &u, err) ? -1 : quota_print(c, name, as_json, err);
}

/* The value of WHAT=VALUE: "none" is 0, "default" -1. */
static int
parse_value(enum quota q, const char *value, int64_t *out, struct err *err)
{
	AUTO(free) char *disk = xasprintf("disk=%s", value);
	struct limits l = {0};

	*out = strcmp(value, "default") == 0 ? -1 : 0;
	if (*out < 0 || strcmp(value, "none") == 0)
		return 0;
	if (quota_is_bytes(q) && limits_parse(&l, disk, err) < 0)
		return err_set(err, EINVAL, "%s: a number of bytes, with K, M, G or T, none or default; not `%s`", quota_name(q), value);
	*out = quota_is_bytes(q) ? (int64_t)l.disk_bytes : text_number(value, NUMBER_MAX);
	return *out > 0 ? 0 : err_set(err, EINVAL, "%s: a number from 1 to %d, none or default; not `%s`", quota_name(q),
	    (int)NUMBER_MAX, value);
}

static int
set(struct context *c, const char *user, const char *word, struct err *err)
{
	const char *eq = strchr(word, '=');
	AUTO(free) char *name = eq ? xstrndup(word, (size_t)(eq - word)) : NULL;
	enum quota q = name ? quota_find(name) : QUOTAS;
	int64_t value;

	if (!eq)
		return err_set(err, EINVAL, "`%s`: not WHAT=NUMBER, WHAT=none or WHAT=default", word);
	if (q == QUOTAS)
		return err_set(err, EINVAL, "no quota of `%s`: tasks, jobs, disk, rate or sessions", name);
	if (parse_value(q, eq + 1, &value, err) < 0)
		return -1;
	return value < 0 ? quota_unset(c->store, user, q, err) : quota_set(c->store, user, q, value, err);
}

/* What is said of a user, or of everybody: not what holds for an administrator. */
static int
print_lines(struct context *c, const char *user, struct err *err)
{
	AUTO(table_fini) struct table t;
	int64_t value;
	int r;

	table_init(&t, 3);
	for (size_t i = 0; i < 3; i++)
		table_cell(&t, ((const char *const[]){"WHAT", "LIMIT", "FROM"})[i]);
	for (enum quota q = 0; q < QUOTAS; q++) {
		const char *from = *user ? user : everybody;

		r = quota_line(c->store, user, q, &value, err);
		if (r == QUOTA_UNSET && *user) {
			from = everybody;
			r = quota_line(c->store, "", q, &value, err);
		}
		if (r < 0)
			return -1;
		table_cell(&t, quota_name(q));
		put_number(&t, q, value, "none");
		table_cell(&t, r == QUOTA_UNSET ? "default" : from);
	}
	print(&t);
	return 0;
}

int
user_quota_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name, or @everybody,", err), *user, *word;
	struct user u;

	if (!name || context_open(c, err) < 0)
		return -1;
	user = strcmp(name, everybody) == 0 ? "" : name;
	if (*user && user_get(c->store, user, &u, err))
		return -1;
	if (!context_peek(c))
		return print_lines(c, user, err);
	if (store_begin(c->store, err) < 0)
		return -1;
	while ((word = context_next(c)))
		if (set(c, user, word, err) < 0)
			return store_rollback(c->store);
	return store_commit(c->store, err);
}
