/* Parts of the task verbs that `build` uses too. */
#ifndef ARTEL_SHELL_TASK_H
#define ARTEL_SHELL_TASK_H

#include "schema/task.h"
#include "shell/context.h"

struct err;

/* Append one instruction (repo, NAME.git=TAG, srpm, del, rebuild, copy, ...) from the next words. */
int task_add_words(struct context *c, struct task *t, int before, struct err *err);

/* A new task of the user, if they may have one more. */
int task_make(struct context *c, const char *repository, int64_t *id, struct err *err);

/* Read the task again, inside the transaction that changes it: someone may have run it meanwhile. */
int task_reread(struct context *c, struct task *t, struct err *err);

/* The next two words: a task and a subtask of it that exists, 0 for `all`. With `write` it must be theirs to change. */
int task_need_subtask(struct context *c, bool write, struct task *t, int *sub, struct err *err);

struct task_run_options {
	const char *message;	/* NULL: unchanged */
	bool dry_run;
	int fail_early;		/* -1 unchanged, 0, 1 */
	int test_only;		/* -1 unchanged, 0, 1 */
	enum task_class class;	/* TASK_CLASSES: unchanged */
	bool keep_root;		/* of this run's jobs that fail; not said: no */
};
/* Take "-m word" and the long options off the front. 1 if one was taken, 0 if none is there. */
int task_run_option(struct context *c, struct task_run_options *o, struct str *message, struct err *err);
int task_run_now(struct context *c, struct task *t, const struct task_run_options *o, struct err *err);

/* Verbs. */
int task_new(struct context *c, struct err *err);
int task_add(struct context *c, struct err *err);
int task_delsub(struct context *c, struct err *err);
int task_run(struct context *c, struct err *err);
int task_ls(struct context *c, struct err *err);
int task_show(struct context *c, struct err *err);
int task_abort(struct context *c, struct err *err);
int task_rm(struct context *c, struct err *err);
int task_share(struct context *c, struct err *err);
int task_deps_verb(struct context *c, struct err *err);
int task_approve(struct context *c, struct err *err);
int task_disapprove(struct context *c, struct err *err);
int task_hold_verb(struct context *c, struct err *err);
int task_release(struct context *c, struct err *err);
int task_requeue_verb(struct context *c, struct err *err);
int task_class_verb(struct context *c, struct err *err);
int task_inheritance(struct context *c, struct err *err);
int task_why(struct context *c, struct err *err);
int build_verb(struct context *c, struct err *err);
int acl_verb(struct context *c, struct err *err);

#endif
