/* Verbs about people: who they are, by which keys they are known, how much of the farm is theirs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/login.h"
#include "schema/user.h"
#include "shell/context.h"
#include "shell/table.h"
#include "source/signature.h"

enum { KEY_MAX = 1 << 20 };

static int
add(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *word = context_next(c);
	AUTO(free) char *home = NULL;
	struct user u;
	int r;

	if (!name || context_end(c, err) < 0)
		return -1;
	if (word && strcmp(word, "--admin") != 0)
		return err_set(err, EINVAL, "`%s`: not --admin", word);
	if (!text_is_name(name))
		return err_set(err, EINVAL, "`%.40s`: a user's name is at most 128 letters, digits and ._+-, begins with a letter or "
		    "digit, and has no ..", name);
	if (context_open(c, err) < 0)
		return -1;
	r = user_get(c->store, name, &u, err);
	if (r != USER_ABSENT)
		return r < 0 ? -1 : err_set(err, EEXIST, "there is a user %s already", name);
	home = xasprintf("people/%s/packages", name);
	if (file_mkdirs(c->store->dir, home, err) < 0)
		return -1;
	return user_add(c->store, name, word != NULL, err);
}

static int
key(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *word = name ? context_need(c, "a file with a public key", err) : NULL;
	bool login = word && strcmp(word, "--login") == 0;
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str fingerprint = {0};
	enum key_kind kind;
	struct user u;

	if (login)
		word = context_need(c, "a file with a public key", err);
	if (!word || context_end(c, err) < 0 || context_open(c, err) < 0 || user_get(c->store, name, &u, err) ||
	    context_input(c, word, KEY_MAX, &text, err) < 0 ||
	    signature_key_parse(str_c(&text), &kind, &fingerprint, err) < 0)
		return -1;
	if (!login)
		return user_key_add(c->store, name, kind == KEY_GPG ? "gpg" : "ssh", str_c(&fingerprint), str_c(&text), err);
	if (kind != KEY_SSH)
		return err_set(err, EINVAL, "a GPG key signs tags; to come in by ssh takes an SSH key");
	return login_add(c->store, name, str_c(&fingerprint), str_c(&text), err);
}

enum { WEIGHT_MAX = 1000, LIMIT_MAX = 1000000 };

static int
share_option(const char *value, bool weight, struct user *u, struct err *err)
{
	int64_t n = text_number(value, weight ? WEIGHT_MAX : LIMIT_MAX);

	if (n < weight)
		return err_set(err, EINVAL, "%s: a number, %d to %d, not `%s`", weight ? "--weight" : "--limit",
		    (int)weight, weight ? (int)WEIGHT_MAX : (int)LIMIT_MAX, value);
	*(weight ? &u->weight : &u->max_running) = (int)n;
	return 0;
}

/* In a transaction: what is not said stays. */
static int
share(struct context *c, const char *name, struct err *err)
{
	const char *word = context_need(c, "--weight N or --limit N", err), *value;
	struct user u, was;

	if (!word || user_get(c->store, name, &u, err))
		return -1;
	was = u;
	for (; word; word = context_next(c)) {
		bool weight = (value = context_value(c, word, "--weight", "a number", err)) != NULL;

		if (!value && !err->code)
			value = context_value(c, word, "--limit", "a number", err);
		if (!value)
			return err->code ? -1 : err_set(err, EINVAL, "`%s`: not --weight or --limit", word);
		if (share_option(value, weight, &u, err) < 0)
			return -1;
	}
	if (u.weight == was.weight && u.max_running == was.max_running)
		return 0;
	return user_share(c->store, name, &u, err);
}

static int
share_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err);

	if (!name || context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (share(c, name, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

static int
mail(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *address = context_next(c);
	AUTO(str_fini) struct str now = {0};
	struct user u;

	if (!name || context_end(c, err) < 0 || context_open(c, err) < 0 || user_get(c->store, name, &u, err))
		return -1;
	if (address)
		return user_mail_set(c->store, name, strcmp(address, "-") == 0 ? "" : address, err);
	if (user_mail_get(c->store, name, &now, err) < 0)
		return -1;
	if (now.n)
		puts(str_c(&now));
	return 0;
}

static int
list(struct context *c, struct err *err)
{
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};
	sqlite3_stmt *q;
	int r;

	table_init(&t, 6);
	table_cell(&t, "USER");
	table_cell(&t, "ADMIN");
	table_cell(&t, "DISABLED");
	table_cell(&t, "KEYS");
	table_cell(&t, "WEIGHT");
	table_cell(&t, "LIMIT");
	if (context_end(c, err) < 0 || context_open(c, err) < 0)
		return -1;
	q = store_query(c->store, STMT_USER_FIND, err, "");
	while ((r = store_row(c->store, q, err)) > 0) {
		table_cell(&t, store_text(q, 0));
		table_cell(&t, store_int(q, 1) ? "yes" : "no");
		table_cell(&t, store_int(q, 2) ? "yes" : "no");
		table_cell(&t, store_text(q, 3));
		table_cell(&t, store_text(q, 4));
		table_cell(&t, store_int(q, 5) ? store_text(q, 5) : "-");
	}
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
	return r;
}

const struct verb user_verbs[] = {
	{"user add", "NAME [--admin]", "Add a user", add, REACH_ADMIN},
	{"user key", "NAME [--login] FILE|-", "Add a public key that the user signs tags with (GPG or SSH), or comes in by (SSH)", key, REACH_ADMIN},
	{"user share", "NAME [--weight N] [--limit N]", "How much of the farm is theirs: a share of the slots, jobs at once", share_verb, REACH_ADMIN},
	{"user mail", "NAME [ADDRESS|-]", "Where the ends of the user's tasks are mailed to; -: nowhere", mail, REACH_ADMIN},
	{"user ls", "", "List users", list, REACH_USER},
};
const size_t n_user_verbs = ARRAY_SIZE(user_verbs);
