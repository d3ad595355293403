/* Verbs about a task's place in the queue: hold, release, requeue, class. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "schema/event.h"
#include "schema/requeue.h"
#include "shell/choice.h"
#include "shell/task.h"

/* In a transaction. Only what has jobs yet to come can be held. */
static int
hold(struct context *c, struct task *t, const char *why, struct err *err)
{
	static const unsigned states = 1u << TASK_NEW | 1u << TASK_AWAITING | 1u << TASK_POSTPONED | 1u << TASK_BUILDING;

	if (task_reread(c, t, err) < 0)
		return -1;
	if (*why && !(states & 1u << t->state))
		return err_set(err, EBUSY, "task #%lld is %s: only one that is NEW, AWAITING, POSTPONED or BUILDING can be held",
		    (long long)t->id, task_state_name(t->state));
	return strcmp(t->hold, why) == 0 ? 0 : task_hold(c->store, t, why, err);
}

static int
set_hold(struct context *c, const char *id, const char *why, struct err *err)
{
	AUTO(task_fini) struct task t = {0};

	if (context_task(c, id, true, &t, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (hold(c, &t, why, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

int
task_hold_verb(struct context *c, struct err *err)
{
	const char *id = context_need(c, "a task id", err);
	AUTO(free) char *why = id ? context_reason(c, err) : NULL;

	return why ? set_hold(c, id, why, err) : -1;
}

int
task_release(struct context *c, struct err *err)
{
	const char *id = context_need(c, "a task id", err);

	return id && context_end(c, err) == 0 ? set_hold(c, id, "", err) : -1;
}

static bool
is_chosen(const void *arg, const struct job *j)
{
	return choice_has(arg, j);
}

int
task_requeue_verb(struct context *c, struct err *err)
{
	const char *word = context_need(c, "a task id", err);
	AUTO(choice_fini) struct choice ch = {0};
	size_t n;

	if (!word || context_end(c, err) < 0 || choice_parse(c, word, &ch, err) < 0 || context_may_write(c, &ch.task, err) < 0 ||
	    task_requeue(c->store, ch.task.id, &(struct job_choice){is_chosen, &ch}, &n, err) < 0)
		return -1;
	fprintf(stderr, "task #%lld: %zu job%s put back\n", (long long)ch.task.id, n, n == 1 ? "" : "s");
	return 0;
}

static int
set_class(struct context *c, struct task *t, enum task_class class, struct err *err)
{
	if (task_reread(c, t, err) < 0)
		return -1;
	if (t->state == TASK_DONE || t->state == TASK_MERGING)
		return err_set(err, EBUSY, "task #%lld is %s: it waits for nothing any more", (long long)t->id, task_state_name(t->state));
	if (t->class == class)
		return 0;
	t->class = class;
	if (task_save(c->store, t, err) < 0)
		return -1;
	return event_add(c->store, "task", t->id, 0, "", err, "task #%lld: class %s", (long long)t->id, task_class_name(class));
}

int
task_class_verb(struct context *c, struct err *err)
{
	const char *id = context_need(c, "a task id", err), *word = id ? context_need(c, "urgent, normal or background", err) : NULL;
	enum task_class class = word ? task_class_find(word) : TASK_CLASSES;
	AUTO(task_fini) struct task t = {0};

	if (!word || context_end(c, err) < 0)
		return -1;
	if (class == TASK_CLASSES)
		return err_set(err, EINVAL, "`%s`: not urgent, normal or background", word);
	if (context_task(c, id, true, &t, err) < 0 || (class == CLASS_URGENT && context_admin(c, "make a task urgent", err) < 0) ||
	    store_begin(c->store, err) < 0)
		return -1;
	if (set_class(c, &t, class, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}
