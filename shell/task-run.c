/* `task run`: what is cheap is checked first; then the farm has it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/text.h"
#include "schema/acl.h"
#include "schema/event.h"
#include "schema/quota.h"
#include "schema/repository.h"
#include "shell/source-check.h"
#include "shell/task.h"
#include "source/record.h"

enum { MESSAGE_MAX = 4096 };

/* What follows -m; the last one counts. */
static int
take_message(struct context *c, struct str *message, struct err *err)
{
	const char *word = context_need(c, "the message after -m", err);

	str_clear(message);
	if (!word)
		return -1;
	if (strcmp(word, "-") == 0)
		return context_text(message, MESSAGE_MAX, err);
	str_puts(message, word);
	if (message->n > MESSAGE_MAX || !text_is_printable(word))
		return err_set(err, EINVAL, "a message is at most %d bytes of printable UTF-8", (int)MESSAGE_MAX);
	return 0;
}

int
task_run_option(struct context *c, struct task_run_options *o, struct str *message, struct err *err)
{
	const char *word = context_peek(c);

	if (!word || word[0] != '-')
		return 0;
	context_next(c);
	if (strcmp(word, "-m") == 0) {
		if (take_message(c, message, err) < 0)
			return -1;
		o->message = str_c(message);
	} else if (strcmp(word, "--dry-run") == 0) {
		o->dry_run = true;
	} else if (strcmp(word, "--keep-root") == 0) {
		o->keep_root = true;
	} else if (strcmp(word, "--fail-early") == 0 || strcmp(word, "--fail-late") == 0) {
		o->fail_early = word[7] == 'e';
	} else if (strcmp(word, "--test-only") == 0 || strcmp(word, "--commit") == 0) {
		o->test_only = word[2] == 't';
	} else if (strncmp(word, "--", 2) == 0 && task_class_find(word + 2) != TASK_CLASSES) {
		o->class = task_class_find(word + 2);
	} else {
		return err_set(err, EINVAL, "no option `%s`", word);
	}
	return 1;
}

/* The source named by a delete, copy or rebuild must still be there. */
static int
check_named(struct context *c, const struct task *t, const struct subtask *sub, struct err *err)
{
	const char *where = *sub->copy_from ? sub->copy_from : t->repository;
	AUTO(source_fini) struct source src = {0};
	int r = source_get(c->store, where, sub->package, &src, err);

	return r == SOURCE_ABSENT ? err_set(err, ENOENT, "%s has no source package %s any more", where, sub->package) : r;
}

/* A bare SRPM may not replace what is kept in git. */
static int
check_srpm(struct context *c, const struct task *t, const struct subtask *sub, struct err *err)
{
	AUTO(git_repository_free) git_repository *record = NULL;
	char head[GIT_HEX + 1];
	int r = record_open(c->root, sub->package, false, &record, err);

	if (r)
		return r == RECORD_ABSENT ? 0 : -1;
	r = record_head(record, t->repository, head, err);
	if (r == 0)
		return err_set(err, EINVAL, "%s is kept in git here (branch %s): build it from a tag, not from an SRPM",
		    sub->package, t->repository);
	return r < 0 ? -1 : 0;
}

static int
check_subtask(struct context *c, const struct task *t, const struct repository *r, struct subtask *sub, struct err *err)
{
	if (sub->kind == SUBTASK_REPO) {
		if (source_prepare(c, r, sub, err) < 0)
			return -1;
		free(sub->srpm);
		free(sub->srpm_file);
		sub->srpm = xstrdup("");
		sub->srpm_file = xstrdup("");
		return 0;
	}
	return sub->kind == SUBTASK_SRPM ? check_srpm(c, t, sub, err) : check_named(c, t, sub, err);
}

/* Two subtasks of one source, or a source both built and deleted. */
static int
check_pairs(const struct subtask_list *l, struct err *err)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(l->p[i].package, l->p[k].package) == 0)
				return err_set(err, EINVAL, "subtasks %o and %o are both about the source %s",
				    (unsigned)l->p[k].id, (unsigned)l->p[i].id, l->p[i].package);
	return 0;
}

static void
set_options(struct task *t, const struct task_run_options *o)
{
	if (o->message) {
		free(t->message);
		t->message = xstrdup(o->message);
	}
	t->fail_early = o->fail_early >= 0 ? o->fail_early : t->fail_early;
	t->test_only = o->test_only >= 0 ? o->test_only : t->test_only;
	t->class = o->class != TASK_CLASSES ? o->class : t->class;
	t->keep_root = o->keep_root;
}

/* In the transaction that acts: the task as it is now, which they still may run. */
static int
look_again(struct context *c, struct task *t, const struct task_run_options *o, struct err *err)
{
	enum task_state was = t->state;

	if (task_reread(c, t, err) < 0 || context_may_write(c, t, err) < 0)
		return -1;
	set_options(t, o);
	return t->state == was ? 0 : err_set(err, EAGAIN, "it is %s by now: run it again", task_state_name(t->state));
}

/* The subtasks as they are now, which must be what they were: an approval is of what will be run. */
static int
check_same(struct context *c, const struct task *t, const struct subtask_list *was, struct subtask_list *now, struct err *err)
{
	if (subtask_find(c->store, t->id, now, err) < 0)
		return -1;
	return subtask_list_same(was, now) ? 0 : err_set(err, EAGAIN, "its subtasks were changed while they were checked: run it again");
}

/* `was` are the subtasks as they are stored, l what becomes of them. */
static int
check_all(struct context *c, struct task *t, struct subtask_list *was, struct subtask_list *l, struct err *err)
{
	AUTO(repository_fini) struct repository r = {0};

	if (subtask_find(c->store, t->id, was, err) < 0 || check_same(c, t, was, l, err) < 0 ||
	    repository_get(c->store, t->repository, &r, err))
		return -1;
	if (l->n == 0)
		return err_set(err, EINVAL, "it is empty; `task add` gives it something to do");
	for (size_t i = 0; i < l->n; i++)
		if (check_subtask(c, t, &r, &l->p[i], err) < 0)
			return err_ctx(err, "subtask %o", (unsigned)l->p[i].id);
	return check_pairs(l, err);
}

/* What is said for a run, and was not so before: it belongs in the journal. In the transaction that stores it. */
static int
note_options(struct context *c, const struct task *t, struct err *err)
{
	AUTO(task_fini) struct task was = {0};
	AUTO(str_fini) struct str said = {0};

	if (task_get(c->store, t->id, &was, err))
		return -1;
	if (t->fail_early != was.fail_early)
		str_puts(&said, t->fail_early ? " fail-early" : " fail-late");
	if (t->test_only != was.test_only)
		str_puts(&said, t->test_only ? " test-only" : " commit");
	if (t->class != was.class)
		str_add(&said, " %s", task_class_name(t->class));
	if (t->keep_root != was.keep_root)
		str_puts(&said, t->keep_root ? " keep-root" : " keep-no-root");
	if (strcmp(t->message, was.message) != 0)
		str_puts(&said, " message");
	return said.n ? event_add(c->store, "task", t->id, 0, "", err, "task #%lld: options:%s", (long long)t->id, str_c(&said)) : 0;
}

/* Tested and now permitted: straight to BUILT, without building again. 1 if so. */
static int
take_result(struct context *c, struct task *t, const struct task_run_options *o, struct err *err)
{
	AUTO(free) char *why = NULL;
	int r;

	if ((t->state != TASK_EPERM && t->state != TASK_TESTED) || t->test_only)
		return 0;
	if (store_begin(c->store, err) < 0)
		return -1;
	r = look_again(c, t, o, err);
	if (r == 0)
		r = acl_task(c->store, t->id, t->repository, &why, err);
	if (r == ACL_DENIED)
		err_set(err, EACCES, "%s", why);
	if (r || note_options(c, t, err) < 0 || task_save(c->store, t, err) < 0 || task_move(c->store, t, TASK_BUILT, NULL, err))
		return store_rollback(c->store);
	return store_commit(c->store, err) < 0 ? -1 : 1;
}

static int
submit(struct context *c, struct task *t, const struct task_run_options *o, const struct subtask_list *was,
	struct subtask_list *l, struct err *err)
{
	AUTO(subtask_list_fini) struct subtask_list now = {0};

	if (look_again(c, t, o, err) < 0 || check_same(c, t, was, &now, err) < 0 ||
	    quota_check_jobs(c->store, c->user, t->id, err) < 0 || quota_spend_run(c->store, c->user, err) < 0)
		return -1;
	t->submitted = now_ms();
	for (size_t i = 0; i < l->n; i++)
		if (subtask_save(c->store, &l->p[i], err) < 0)
			return -1;
	if (note_options(c, t, err) < 0 || task_save(c->store, t, err) < 0)
		return -1;
	t->try++;
	t->iter = 1;
	return task_move(c->store, t, TASK_AWAITING, NULL, err) ? -1 : 0;
}

static int
start(struct context *c, struct task *t, const struct task_run_options *o, struct err *err)
{
	AUTO(subtask_list_fini) struct subtask_list was = {0};
	AUTO(subtask_list_fini) struct subtask_list l = {0};
	int r;

	if (!task_may_move(t->state, TASK_AWAITING) || t->state == TASK_BUILDING || t->state == TASK_BUILT ||
	    t->state == TASK_POSTPONED || t->state == TASK_MERGING)
		return err_set(err, EBUSY, "it is %s already", task_state_name(t->state));
	if (!o->dry_run && (r = take_result(c, t, o, err)) != 0)
		return r < 0 ? -1 : 0;
	if (check_all(c, t, &was, &l, err) < 0)
		return -1;
	if (o->dry_run)
		return 0;
	fault("task-checked");
	if (store_begin(c->store, err) < 0)
		return -1;
	if (submit(c, t, o, &was, &l, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

int
task_run_now(struct context *c, struct task *t, const struct task_run_options *o, struct err *err)
{
	if (o->class == CLASS_URGENT && context_admin(c, "make a task urgent", err) < 0)
		return -1;
	set_options(t, o);
	if (start(c, t, o, err) < 0)
		return err_ctx(err, "task #%lld", (long long)t->id);
	if (o->dry_run)
		fprintf(stderr, "task #%lld would run\n", (long long)t->id);
	else
		fprintf(stderr, "task #%lld: try #%d is %s\n", (long long)t->id, t->try, task_state_name(t->state));
	if (*t->hold && !o->dry_run)
		fprintf(stderr, "task #%lld is held: `task release %lld` lets it go\n", (long long)t->id, (long long)t->id);
	return 0;
}

int
task_run(struct context *c, struct err *err)
{
	struct task_run_options o = {.fail_early = -1, .test_only = -1, .class = TASK_CLASSES};
	AUTO(str_fini) struct str message = {0};
	AUTO(task_fini) struct task t = {0};
	const char *id;
	int r;

	while ((r = task_run_option(c, &o, &message, err)) > 0)
		;
	id = r < 0 ? NULL : context_next(c);
	if (r < 0 || context_end(c, err) < 0 || context_task(c, id, true, &t, err) < 0)
		return -1;
	return task_run_now(c, &t, &o, err);
}
