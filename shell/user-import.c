/*
 * `user import`: people and their SSH keys out of a text, a line for each thing. All of it is read, and the keys looked at,
 * before the database is touched; then all of it is done, or nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/login.h"
#include "schema/user.h"
#include "shell/context.h"
#include "shell/user.h"

enum what { ADD_USER, ADD_MAIL, ADD_LOGIN, ADD_SIGN, WHATS };
static const struct {
	const char *name, *form;
	size_t least, most;	/* words after the user's name */
} forms[WHATS] = {
	[ADD_USER] = {"user", "user NAME [admin]", 0, 1},
	[ADD_MAIL] = {"mail", "mail NAME ADDRESS", 1, 1},
	[ADD_LOGIN] = {"login", "login NAME TYPE BASE64 [COMMENT...], as in a .pub file", 2, SIZE_MAX},
	[ADD_SIGN] = {"sign", "sign NAME TYPE BASE64 [COMMENT...], as in a .pub file", 2, SIZE_MAX},
};

struct entry {
	int line;
	enum what what;
	char *name;
	char *value;		/* "admin" or ""; the address; the key */
	char *fingerprint;	/* of a key */
};

struct entries {
	struct entry *p;
	size_t n, cap;
};

static void
entries_fini(struct entries *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->p[i].name);
		free(l->p[i].value);
		free(l->p[i].fingerprint);
	}
	vec_fini(l);
}
AUTO_DEFINE_EMBEDDED(struct entries, entries_fini);

static int
parse_key(struct entry *e, const struct strs *words, struct err *err)
{
	AUTO(str_fini) struct str fingerprint = {0};
	enum key_kind kind;

	e->value = xasprintf("%s %s\n", words->p[2], words->p[3]);
	if (signature_key_parse(e->value, &kind, &fingerprint, err) < 0)
		return -1;
	e->fingerprint = str_steal(&fingerprint);
	return 0;
}

static int
parse_line(struct entry *e, const struct strs *words, struct err *err)
{
	enum what w = 0;

	while (w < WHATS && strcmp(forms[w].name, words->p[0]) != 0)
		w++;
	if (w == WHATS)
		return err_set(err, EINVAL, "`%.40s`: a line begins with user, mail, login, sign or #", words->p[0]);
	if (words->n < 2 + forms[w].least || words->n - 2 > forms[w].most)
		return err_set(err, EINVAL, "not %s", forms[w].form);
	if (w == ADD_USER && words->n == 3 && strcmp(words->p[2], "admin") != 0)
		return err_set(err, EINVAL, "not %s", forms[w].form);
	e->what = w;
	e->name = xstrdup(words->p[1]);
	if (w == ADD_LOGIN || w == ADD_SIGN)
		return parse_key(e, words, err);
	e->value = xstrdup(words->n > 2 ? words->p[2] : "");
	return 0;
}

static int
parse(const char *text, struct entries *out, struct err *err)
{
	int number = 1;

	for (const char *line = text; *line; number++) {
		size_t n = strcspn(line, "\n");
		AUTO(free) char *copy = xstrndup(line, n);
		AUTO(strs_fini) struct strs words = {0};

		line += n + (line[n] == '\n');
		strs_split(&words, copy, " \t\r");
		if (words.n == 0 || words.p[0][0] == '#')
			continue;
		vec_push(out, (struct entry){.line = number});
		if (parse_line(&out->p[out->n - 1], &words, err) < 0)
			return err_ctx(err, "line %d", number);
	}
	return 0;
}

enum { THERE = 1 };

static int
add_person(struct context *c, const struct entry *e, struct err *err)
{
	bool admin = *e->value;
	struct err none = {0};
	struct user u;
	int r = user_get(c->store, e->name, &u, &none);

	if (r < 0) {
		*err = none;
		return -1;
	}
	if (r == USER_ABSENT)
		return user_name_check(e->name, err) < 0 ? -1 : user_add(c->store, e->name, admin, err);
	return u.admin == admin ? THERE : err_set(err, EEXIST, "%s is here already, and is %s administrator: see `user admin`",
	    e->name, u.admin ? "an" : "no");
}

static int
add_mail(struct context *c, const struct entry *e, struct err *err)
{
	AUTO(str_fini) struct str now = {0};

	if (user_mail_get(c->store, e->name, &now, err) < 0)
		return -1;
	return strcmp(str_c(&now), e->value) == 0 ? THERE : user_mail_set(c->store, e->name, e->value, err);
}

static int
add_key(struct context *c, const struct entry *e, struct err *err)
{
	bool login = e->what == ADD_LOGIN;
	int r = user_key_has(c->store, e->name, login, e->fingerprint, err);

	return r ? r < 0 ? -1 : THERE : user_key_give(c, e->name, login, KEY_SSH, e->fingerprint, e->value, err);
}

/* 0, THERE if it is so already, -1. */
static int
add_one(struct context *c, const struct entry *e, struct err *err)
{
	struct user u;

	if (e->what == ADD_USER)
		return add_person(c, e, err);
	if (user_get(c->store, e->name, &u, err))
		return -1;
	return e->what == ADD_MAIL ? add_mail(c, e, err) : add_key(c, e, err);
}

/* In a transaction. */
static int
add_all(struct context *c, const struct entries *l, size_t *there, struct err *err)
{
	for (size_t i = 0; i < l->n; i++) {
		int r = add_one(c, &l->p[i], err);

		if (r < 0)
			return err_ctx(err, "line %d", l->p[i].line);
		*there += r == THERE;
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->p[i].what == ADD_USER && user_home_make(c, l->p[i].name, err) < 0)
			return -1;
	return 0;
}

int
user_import(struct context *c, struct err *err)
{
	const char *file = context_need(c, "a file", err);
	AUTO(entries_fini) struct entries l = {0};
	AUTO(str_fini) struct str text = {0};
	size_t there = 0;

	if (!file || context_end(c, err) < 0 || context_open(c, err) < 0 || context_input(c, file, USER_IMPORT_MAX, &text, err) < 0 ||
	    (strlen(str_c(&text)) != text.n && err_set(err, EINVAL, "a NUL byte")) || parse(str_c(&text), &l, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (add_all(c, &l, &there, err) < 0)
		return store_rollback(c->store);
	if (store_commit(c->store, err) < 0)
		return -1;
	printf("import: %zu added, %zu there already\n", l.n - there, there);
	return 0;
}
