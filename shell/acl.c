/*
 * Who may change what, and what they say of others' changes. A command about a list is the same whether it comes as the
 * words of one call or as a line among many on standard input; those are one transaction.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/acl.h"
#include "schema/approval.h"
#include "schema/repository.h"
#include "shell/task.h"

enum { COMMANDS_MAX = 4 << 20, COMMANDS_MOST = 500, LISTS_MAX = 16 << 20, TEXT_MAX = 4096 };

/* One command about one list. */
struct order {
	struct context *c;
	const char *repository, *item;
	struct strs who;		/* borrowed words */
	struct str *out, *told;		/* for stdout, and for stderr */
	bool denied;			/* a check said no */
};

static int
order_show(struct order *o, struct err *err)
{
	AUTO(strs_fini) struct strs members = {0};
	AUTO(free) char *all = NULL;

	if (o->who.n)
		return err_set(err, EINVAL, "`%s` is not expected here", o->who.p[0]);
	if (acl_find(o->c->store, o->repository, o->item, &members, err) < 0)
		return -1;
	all = strs_join(&members, " ");
	if (members.n)
		str_add(o->out, "%s\t%s\n", o->item, all);
	return 0;
}

static int
order_check(struct order *o, struct err *err)
{
	const char *user = o->who.n ? o->who.p[0] : o->c->user;
	AUTO(strs_fini) struct strs members = {0};
	const struct acl_rule *rule = NULL;
	int r;

	if (o->who.n > 1)
		return err_set(err, EINVAL, "`%s` is not expected here", o->who.p[1]);
	if (acl_is_group(o->item)) {
		if (acl_find(o->c->store, o->repository, o->item, &members, err) < 0)
			return -1;
		if (members.n == 0)
			return err_set(err, ENOENT, "no group %s in %s", o->item, o->repository);
	}
	r = acl_may(o->c->store, o->repository, o->item, user, &rule, err);
	if (r < 0)
		return -1;
	o->denied = r == ACL_DENIED;
	str_add(o->told, "access to %s %s for %s: %s\n", o->item, r ? "DENIED" : "ALLOWED", user, rule->text);
	return 0;
}

/* Why not, and who could. */
static int
refuse(struct order *o, enum acl_action a, const struct acl_rule *rule, struct err *err)
{
	AUTO(strs_fini) struct strs members = {0};
	bool led;

	if (acl_find(o->c->store, o->repository, o->item, &members, err) < 0)
		return -1;
	led = members.n && strcmp(members.p[0], ACL_NOBODY) != 0;
	return err_set(err, EACCES, "%s may not use `%s` on the list of %s in %s: %s; ask %s%san administrator", o->c->user,
	    acl_action_name(a), o->item, o->repository, rule->text, led ? members.p[0] : "", led ? " or " : "");
}

/* In a transaction. */
static int
order_change(struct order *o, enum acl_action a, struct err *err)
{
	struct context *c = o->c;
	const struct acl_rule *rule = NULL;
	int r = c->local ? 0 : acl_may_list(c->store, o->repository, o->item, c->user, a, &o->who, &rule, err);

	if (r == ACL_DENIED)
		return refuse(o, a, rule, err);
	if (r == 0)
		r = acl_change(c->store, o->repository, o->item, a, &o->who, err);
	if (r == ACL_SAME)
		str_add(o->told, "%s: nothing changes\n", o->item);
	return r < 0 ? -1 : 0;
}

/* ITEM ACTION WHO... */
static int
obey(struct order *o, const struct strs *words, struct err *err)
{
	enum acl_action a;
	const char *how;

	o->item = words->p[0];
	if (acl_item_check(o->item, err) < 0)
		return -1;
	if (words->n < 2)
		return err_set(err, EINVAL, "what of %s? show, check, add, del, leader, replace, create or delete", o->item);
	how = words->p[1];
	o->who = (struct strs){.p = words->p + 2, .n = words->n - 2};
	if (strcmp(how, "show") == 0)
		return order_show(o, err);
	if (strcmp(how, "check") == 0)
		return order_check(o, err);
	a = acl_action_find(how);
	return a < ACL_ACTIONS ? order_change(o, a, err) :
	    err_set(err, EINVAL, "`%s`: not show, check, add, del, leader, replace, create or delete", how);
}

static int
obey_lines(struct order *o, const char *text, bool *denied, struct err *err)
{
	size_t number = 1, most = o->c->local ? SIZE_MAX : COMMANDS_MOST;

	for (const char *p = text; *p; number++) {
		size_t n = strcspn(p, "\n");
		AUTO(strs_fini) struct strs words = {0};
		AUTO(free) char *line = xstrndup(p, n);

		line[strcspn(line, "#")] = '\0';
		strs_split(&words, line, " \t\r");
		p += n + (p[n] == '\n');
		/* Each writes its list anew, and others wait for the end of all of it. */
		if (number > most)
			return err_set(err, EINVAL, "more than %d lines at once; give them in parts", (int)COMMANDS_MOST);
		if (words.n && obey(o, &words, err) < 0)
			return err_ctx(err, "line %zu", number);
		*denied |= o->denied;
	}
	return 0;
}

/* The words that are left, or without any the lines of standard input: all or nothing. */
static int
orders(struct context *c, const char *repository, struct err *err)
{
	AUTO(str_fini) struct str out = {0};
	AUTO(str_fini) struct str told = {0};
	AUTO(str_fini) struct str text = {0};
	const struct strs words = {.p = c->args.p + c->at, .n = c->args.n - c->at};
	struct order o = {.c = c, .repository = repository, .out = &out, .told = &told};
	bool denied = false;
	int r;

	if (words.n == 0 && context_stdin(&text, COMMANDS_MAX, err) < 0)
		return -1;
	if (store_begin(c->store, err) < 0)
		return -1;
	r = words.n ? obey(&o, &words, err) : obey_lines(&o, str_c(&text), &denied, err);
	if (r < 0)
		return store_rollback(c->store);
	if (store_commit(c->store, err) < 0)
		return -1;
	fputs(str_c(&out), stdout);
	fputs(str_c(&told), stderr);
	return denied || o.denied ? VERB_FAILED : VERB_OK;
}

static int
import(struct context *c, const char *repository, struct err *err)
{
	const char *file = context_need(c, "a file, or - for standard input,", err);
	AUTO(str_fini) struct str text = {0};
	struct acl_counts n = {0};

	if (!file || context_end(c, err) < 0 || (!c->local && context_admin(c, "import lists", err) < 0) ||
	    context_input(c, file, LISTS_MAX, &text, err) < 0 || acl_import(c->store, repository, str_c(&text), &n, err) < 0)
		return -1;
	fprintf(stderr, "%zu lists imported, %zu of them changed\n", n.lists, n.changed);
	return 0;
}

static int
export(struct context *c, const char *repository, struct err *err)
{
	AUTO(str_fini) struct str out = {0};

	if (acl_export(c->store, repository, &out, err) < 0)
		return -1;
	fputs(str_c(&out), stdout);
	return 0;
}

/* `import show` is about a package of that name. */
static bool
is_about_item(const struct context *c)
{
	const char *next = c->at + 1 < c->args.n ? c->args.p[c->at + 1] : "";

	return strcmp(next, "show") == 0 || strcmp(next, "check") == 0 || acl_action_find(next) < ACL_ACTIONS;
}

int
acl_verb(struct context *c, struct err *err)
{
	const char *repository = context_need(c, "a repository", err), *word = context_peek(c);
	AUTO(repository_fini) struct repository r = {0};

	if (repository && strcmp(repository, "--rules") == 0) {
		AUTO(str_fini) struct str out = {0};

		acl_rules_print(&out);
		return context_end(c, err) < 0 ? -1 : (fputs(str_c(&out), stdout), 0);
	}
	if (!repository || context_open(c, err) < 0 || repository_get(c->store, repository, &r, err))
		return -1;
	if (word && !is_about_item(c) && (strcmp(word, "import") == 0 || strcmp(word, "export") == 0)) {
		context_next(c);
		if (*word == 'i')
			return import(c, repository, err);
		return context_end(c, err) < 0 ? -1 : export(c, repository, err);
	}
	return orders(c, repository, err);
}

/* Approvals. */

/* What somebody says, as one printable line. */
static int
read_text(struct str *out, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(strs_fini) struct strs words = {0};
	AUTO(free) char *line = NULL;

	if (context_text(&raw, TEXT_MAX, err) < 0)
		return -1;
	strs_split(&words, str_c(&raw), " \t\n");
	line = strs_join(&words, " ");
	str_puts(out, line);
	return text_has_letter(str_c(out)) ? 0 : err_set(err, EINVAL, "say why, on standard input: a text with a letter in it");
}

static int
say_one(struct context *c, const struct subtask *t, const char *verdict, const char *text, struct err *err)
{
	AUTO(free) char *what = subtask_text(t);
	int r = text ? approval_set(c->store, t->task, t->id, what, c->user, verdict, text, err) :
	    approval_revoke(c->store, t->task, t->id, c->user, verdict, err);

	if (r == APPROVAL_NONE)
		fprintf(stderr, "task #%lld subtask %o: %s has not %sd it\n", (long long)t->task, (unsigned)t->id, c->user, verdict);
	return r < 0 ? -1 : 0;
}

static int
say_verdict(struct context *c, const char *verdict, struct err *err)
{
	bool revoke = context_peek(c) && strcmp(context_peek(c), "--revoke") == 0;
	AUTO(subtask_list_fini) struct subtask_list was = {0};
	AUTO(subtask_list_fini) struct subtask_list l = {0};
	AUTO(task_fini) struct task t = {0};
	AUTO(str_fini) struct str text = {0};
	int sub;

	if (revoke)
		context_next(c);
	if (task_need_subtask(c, false, &t, &sub, err) < 0 || context_end(c, err) < 0 || context_user(c, err) < 0 ||
	    subtask_find(c->store, t.id, &was, err) < 0)
		return -1;
	if (!revoke && read_text(&text, err) < 0)
		return -1;
	if (store_begin(c->store, err) < 0)
		return -1;
	if (subtask_find(c->store, t.id, &l, err) < 0)
		return store_rollback(c->store);
	/* The text may be long in coming. */
	if (!subtask_list_same(&was, &l)) {
		err_set(err, EAGAIN, "task #%lld was changed meanwhile: look at it again", (long long)t.id);
		return store_rollback(c->store);
	}
	for (size_t i = 0; i < l.n; i++)
		if ((!sub || l.p[i].id == sub) && say_one(c, &l.p[i], verdict, revoke ? NULL : str_c(&text), err) < 0)
			return store_rollback(c->store);
	return store_commit(c->store, err);
}

int
task_approve(struct context *c, struct err *err)
{
	return say_verdict(c, "approve", err);
}

int
task_disapprove(struct context *c, struct err *err)
{
	return say_verdict(c, "disapprove", err);
}
