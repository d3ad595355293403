/* `user ls` and `user show`. Over ssh, users who are no administrators are told of others only what work needs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/user.h"
#include "shell/context.h"
#include "shell/json.h"
#include "shell/table.h"
#include "shell/user.h"

/* Columns of STMT_USER_LIST. */
enum { NAME, ADMIN, DISABLED, KEYS, LOGINS, WEIGHT, LIMIT, WHY, MAIL, CREATED };

int
user_sees_all(struct context *c, bool *all, struct err *err)
{
	struct user u;

	*all = c->local;
	if (c->local)
		return 0;
	if (user_get(c->store, c->user, &u, err))
		return -1;
	*all = u.admin;
	return 0;
}

static json_t *
user_json(sqlite3_stmt *q, bool all)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", json_text(store_text(q, NAME)));
	json_object_set_new(o, "admin", json_boolean(store_int(q, ADMIN)));
	json_object_set_new(o, "disabled", json_boolean(store_int(q, DISABLED)));
	json_object_set_new(o, "keys", json_integer(store_int(q, KEYS)));
	json_object_set_new(o, "logins", json_integer(store_int(q, LOGINS)));
	json_object_set_new(o, "weight", json_integer(store_int(q, WEIGHT)));
	json_object_set_new(o, "limit", json_integer(store_int(q, LIMIT)));
	if (all) {
		json_object_set_new(o, "why", json_text(store_text(q, WHY)));
		json_object_set_new(o, "mail", json_text(store_text(q, MAIL)));
		json_object_set_new(o, "created", json_integer(store_int(q, CREATED)));
	}
	return o;
}

static void
put_row(struct table *t, sqlite3_stmt *q, bool all)
{
	table_cell(t, store_text(q, NAME));
	table_cell(t, store_int(q, ADMIN) ? "yes" : "no");
	table_cell(t, store_int(q, DISABLED) ? "yes" : "no");
	table_cell(t, store_text(q, KEYS));
	table_cell(t, store_text(q, WEIGHT));
	table_cell(t, store_int(q, LIMIT) ? store_text(q, LIMIT) : "-");
	table_cell(t, store_text(q, LOGINS));
	table_cell(t, all && *store_text(q, WHY) ? store_text(q, WHY) : "-");
}

int
user_list(struct context *c, struct err *err)
{
	static const char *const head[] = {"USER", "ADMIN", "DISABLED", "KEYS", "WEIGHT", "LIMIT", "LOGINS", "REASON"};
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};
	const char *word = context_peek(c);
	bool all, as_json = c->json || (word && strcmp(word, "--json") == 0);
	json_t *users;
	sqlite3_stmt *q;
	int r;

	table_init(&t, ARRAY_SIZE(head));
	for (size_t i = 0; i < ARRAY_SIZE(head); i++)
		table_cell(&t, head[i]);
	if (word && as_json)
		context_next(c);
	if (context_end(c, err) < 0 || context_open(c, err) < 0 || user_sees_all(c, &all, err) < 0)
		return -1;
	users = json_array();
	q = store_query(c->store, STMT_USER_LIST, err, "s", NULL);
	while ((r = store_row(c->store, q, err)) > 0)
		if (as_json)
			json_array_append_new(users, user_json(q, all));
		else
			put_row(&t, q, all);
	if (as_json && r == 0) {
		json_print(users);
		return 0;
	}
	json_decref(users);
	if (r < 0)
		return -1;
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
	return 0;
}

static void
put_person(sqlite3_stmt *q)
{
	AUTO(str_fini) struct str why = {0};
	AUTO(str_fini) struct str mail = {0};
	const time_t at = store_int(q, CREATED) / 1000;
	char when[32];
	struct tm tm;

	text_printable(&why, store_text(q, WHY));
	text_printable(&mail, store_text(q, MAIL));
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", gmtime_r(&at, &tm));
	printf("user\t%s\n", store_text(q, NAME));
	printf("admin\t%s\n", store_int(q, ADMIN) ? "yes" : "no");
	printf("disabled\t%s%s%s\n", store_int(q, DISABLED) ? "yes" : "no", why.n ? ", " : "", str_c(&why));
	printf("added\t%s\n", when);
	printf("mail\t%s\n", mail.n ? str_c(&mail) : "-");
	printf("weight\t%s\n", store_text(q, WEIGHT));
	printf("limit\t%s\n", store_int(q, LIMIT) ? store_text(q, LIMIT) : "-");
}

int
user_show(struct context *c, struct err *err)
{
	const char *name = context_next(c);
	sqlite3_stmt *q;
	struct user u;
	int r;

	if (context_end(c, err) < 0 || context_open(c, err) < 0)
		return -1;
	name = name ? name : c->user;
	if (user_own(c, name, err) < 0 || user_get(c->store, name, &u, err))
		return -1;
	q = store_query(c->store, STMT_USER_LIST, err, "s", name);
	r = store_row(c->store, q, err);
	if (r > 0)
		put_person(q);
	store_done(q);
	if (r < 0)
		return -1;
	puts("\nkeys: user, use, kind, fingerprint, added");
	if (user_keys_print(c, name, err) < 0)
		return -1;
	puts("\nquota: what, used, limit");
	return quota_print(c, name, false, err);
}
