/* Keys of people: those that they sign tags with, and those that let them in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "schema/login.h"
#include "schema/user.h"
#include "shell/context.h"
#include "shell/gate.h"
#include "shell/program.h"
#include "shell/user.h"

int
user_key_give(struct context *c, const char *name, bool login, enum key_kind kind, const char *fingerprint, const char *text,
	struct err *err)
{
	if (!login)
		return user_key_add(c->store, name, kind == KEY_GPG ? "gpg" : "ssh", fingerprint, text, err);
	if (kind != KEY_SSH)
		return err_set(err, EINVAL, "a GPG key signs tags; to come in by ssh takes an SSH key");
	return login_add(c->store, name, fingerprint, text, err);
}

static int
give(struct context *c, const char *name, bool login, const char *file, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str fingerprint = {0};
	enum key_kind kind;

	if (context_input(c, file, USER_KEY_MAX, &text, err) < 0 || signature_key_parse(str_c(&text), &kind, &fingerprint, err) < 0)
		return -1;
	return user_key_give(c, name, login, kind, str_c(&fingerprint), str_c(&text), err);
}

/* Whoever comes over ssh by their last key would not come again. */
static int
keeps_one(struct context *c, const char *name, struct err *err)
{
	int64_t left = login_count(c->store, name, err);

	if (left < 0)
		return -1;
	return c->local || left > 0 || strcmp(name, c->user) != 0 ? 0 : err_set(err, EPERM, "that is the last key that lets you in: "
	    "add another one first, with `user key %s --login -`", name);
}

/* In a transaction: *was gets the uses that it had. */
static int
take_away(struct context *c, const char *name, const char *fingerprint, struct str *was, struct err *err)
{
	int sign = user_key_remove(c->store, name, fingerprint, err), login;

	if (sign < 0 || (login = login_remove(c->store, name, fingerprint, err)) < 0)
		return -1;
	if (sign == USER_ABSENT && login == LOGIN_NONE)
		return err_set(err, ENOENT, "%s has no key `%s`; `user keys %s` lists them", name, fingerprint, name);
	str_puts(was, sign == 0 ? "sign" : "");
	str_puts(was, sign == 0 && login == 0 ? " and login" : login == 0 ? "login" : "");
	return login == 0 ? keeps_one(c, name, err) : 0;
}

static int
remove_key(struct context *c, const char *name, const char *fingerprint, struct err *err)
{
	AUTO(str_fini) struct str was = {0};

	if (store_begin(c->store, err) < 0)
		return -1;
	if (take_away(c, name, fingerprint, &was, err) < 0)
		return store_rollback(c->store);
	if (store_commit(c->store, err) < 0)
		return -1;
	fprintf(stderr, "removed: %s %s\n", str_c(&was), fingerprint);
	return 0;
}

int
user_key_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *word = name ? context_need(c, "a file with a public key", err) : NULL;
	bool login = word && strcmp(word, "--login") == 0, away = word && strcmp(word, "--remove") == 0;
	struct user u;

	if (login || away)
		word = context_need(c, login ? "a file with a public key" : "the fingerprint of a key", err);
	if (!word || context_end(c, err) < 0 || context_open(c, err) < 0 || user_own(c, name, err) < 0 ||
	    user_get(c->store, name, &u, err))
		return -1;
	return away ? remove_key(c, name, word, err) : give(c, name, login, word, err);
}

int
user_keys_print(struct context *c, const char *name, struct err *err)
{
	AUTO(str_fini) struct str out = {0};
	sqlite3_stmt *q = store_query(c->store, STMT_KEY_LIST, err, "s", name);
	int r;

	while ((r = store_row(c->store, q, err)) > 0)
		for (int i = 0; i < 5; i++) {
			text_printable(&out, store_text(q, i));
			str_putc(&out, i < 4 ? '\t' : '\n');
		}
	fputs(str_c(&out), stdout);
	return r;
}

int
user_keys_verb(struct context *c, struct err *err)
{
	const char *name = context_next(c);
	bool all;
	struct user u;

	if (context_end(c, err) < 0 || context_open(c, err) < 0 || user_sees_all(c, &all, err) < 0)
		return -1;
	name = name || all ? name : c->user;
	if (name && (user_own(c, name, err) < 0 || user_get(c->store, name, &u, err)))
		return -1;
	return user_keys_print(c, name, err);
}

struct lines {
	const char *root, *program;
	struct str out;
};

static int
put_line(void *arg, const char *fingerprint, const struct login *l, struct err *err)
{
	struct lines *a = arg;

	gate_line(a->root, a->program, fingerprint, l, &a->out);
	return 0;
}

int
user_authorized_keys(struct context *c, struct err *err)
{
	AUTO(free) char *program = NULL;
	AUTO(free) char *root = NULL;
	struct lines a = {0};
	int r;

	if (context_end(c, err) < 0 || context_open(c, err) < 0 || program_path("shell", &program, err) < 0 ||
	    gate_path(c->root, program, &root, err) < 0)
		return -1;
	a.root = root;
	a.program = program;
	r = login_each(c->store, put_line, &a, err);
	if (r == 0)
		fputs(str_c(&a.out), stdout);
	str_fini(&a.out);
	return r;
}
