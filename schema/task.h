/*
 * A task (transaction): its states and the arrows between them, its subtasks,
 * its dependencies. All that changes a task goes through here.
 */
#ifndef ARTEL_SCHEMA_TASK_H
#define ARTEL_SCHEMA_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"

struct err;
struct store;
struct strs;

enum task_state {
	TASK_NEW,
	TASK_AWAITING,
	TASK_POSTPONED,		/* waits for what it depends on */
	TASK_BUILDING,
	TASK_FAILED,
	TASK_BUILT,
	TASK_MERGING,
	TASK_DONE,
	TASK_TESTED,		/* passed, test-only */
	TASK_EPERM,		/* passed, but someone must approve */
	TASK_CANCELLED,
	TASK_STATES
};

enum task_class { CLASS_URGENT, CLASS_NORMAL, CLASS_BACKGROUND, TASK_CLASSES };
const char *task_class_name(enum task_class k);
/* TASK_CLASSES if there is none of this name. */
enum task_class task_class_find(const char *name);

struct task {
	int64_t id;
	char *repository;
	char *owner;
	enum task_state state;
	int try, iter;
	bool shared, fail_early, test_only;
	bool keep_root;					/* of jobs that fail, on their builders */
	enum task_class class;
	char *message;
	char *reason;
	char *hold;					/* why none of its jobs is handed out; "": it is not held */
	int64_t created, changed, submitted, started;	/* ms; 0: not yet */
	int64_t base;					/* serial */
	int64_t build_ms, test_ms, merge_ms;		/* -1: not yet */
};

void task_fini(struct task *t);
AUTO_DEFINE_EMBEDDED(struct task, task_fini);

const char *task_state_name(enum task_state s);
/* TASK_STATES if there is no such state; PENDING and COMMITTING are taken for BUILT and MERGING. */
enum task_state task_state_find(const char *name);
bool task_may_move(enum task_state from, enum task_state to);

enum { TASK_ABSENT = 1, TASK_MOVED = 2 };

/* TASK_ABSENT (with err set to a sentence) if there is none. */
int task_get(struct store *s, int64_t id, struct task *out, struct err *err);
/* A new task of the store's user; *id is its number. */
int task_create(struct store *s, const char *repository, const char *owner, int64_t *id, struct err *err);
/* Store the options: shared, fail_early, test_only, keep_root, class, message, submitted, started, base and times. */
int task_save(struct store *s, const struct task *t, struct err *err);
/* Hold it, with the reason, or release it (""). Jobs that run go on. */
int task_hold(struct store *s, struct task *t, const char *why, struct err *err);
int task_remove(struct store *s, int64_t id, struct err *err);
/*
 * Compare and set: from t->state to `to`, with try and iter as in t, and the reason (NULL: "").
 * Also updates t. TASK_MOVED if the task was not in t->state any more. The arrow must exist.
 */
int task_move(struct store *s, struct task *t, enum task_state to, const char *reason, struct err *err);

struct task_list {
	struct task *p;
	size_t n, cap;
};
void task_list_fini(struct task_list *l);
AUTO_DEFINE_EMBEDDED(struct task_list, task_list_fini);

/*
 * Tasks, newest first (or oldest first): of these states (bits 1 << state; 0: any), of this
 * repository and owner (NULL: any), at most `limit` (0: all).
 */
struct task_filter {
	unsigned states;
	const char *repository, *owner;
	bool oldest_first;
	int64_t limit;
};
int task_find(struct store *s, const struct task_filter *f, struct task_list *out, struct err *err);
/* The newest `limit` of one state, appended: by an index, however many tasks there are of other states. */
int task_of_state(struct store *s, enum task_state state, const char *repository, const char *owner, int64_t limit,
	struct task_list *out, struct err *err);

enum subtask_kind { SUBTASK_REPO, SUBTASK_SRPM, SUBTASK_COPY, SUBTASK_REBUILD, SUBTASK_DELETE, SUBTASK_KINDS };
const char *subtask_kind_name(enum subtask_kind k);

struct subtask {
	int64_t task;
	int id;			/* shown in octal; steps of 0100 */
	enum subtask_kind kind;
	char *user, *dir, *tag_name, *tag_id, *tag_author, *commit;
	int64_t epoch_s;	/* SOURCE_DATE_EPOCH */
	char *package;		/* source package; "" until known */
	char *srpm_file, *srpm, *tree, *copy_from, *inherit_ok;
	char *inherited;	/* head of the record that commit was seen to descend from; "" not looked at */
};

struct subtask_list {
	struct subtask *p;
	size_t n, cap;
};
void subtask_list_fini(struct subtask_list *l);
AUTO_DEFINE_EMBEDDED(struct subtask_list, subtask_list_fini);
void subtask_fini(struct subtask *t);
AUTO_DEFINE_EMBEDDED(struct subtask, subtask_fini);

/* Whether a subtask makes packages by building. */
bool subtask_builds(const struct subtask *t);
int subtask_find(struct store *s, int64_t task, struct subtask_list *out, struct err *err);
/* Which one it is, for the journal: "/people/joe/packages/one.git 1.0-1 1234567890ab", "delete one". malloc'ed. */
char *subtask_text(const struct subtask *t);
/* Whether all that is stored of them is the same. */
bool subtask_list_same(const struct subtask_list *a, const struct subtask_list *b);
/* Insert or replace. Empty strings may be NULL. */
int subtask_save(struct store *s, const struct subtask *t, struct err *err);
/* The source package of one; "" (malloc'ed) if it is not known, or there is no such subtask. */
int subtask_package(struct store *s, int64_t task, int id, char **package, struct err *err);
/* Its SRPM was made: what every architecture builds. */
int subtask_built(struct store *s, int64_t task, int id, const char *package, const char *srpm, const char *srpm_file,
	struct err *err);
int subtask_remove(struct store *s, int64_t task, int id, struct err *err);
/* The id for a new subtask: the end, or the midpoint in front of `before`; 0 if there is no room. */
int subtask_new_id(const struct subtask_list *l, int before);

int task_deps(struct store *s, int64_t task, int64_t **deps, size_t *n, struct err *err);
int task_dep_add(struct store *s, int64_t task, int64_t dep, struct err *err);
int task_dep_del(struct store *s, int64_t task, int64_t dep, struct err *err);
/*
 * Follow dependencies from `task`: 1 and the cycle as "#3 -> #4 -> #3" if it is on one, else 0.
 */
int task_dep_cycle(struct store *s, int64_t task, char **cycle, struct err *err);
/* Tasks in state POSTPONED that depend on this one. */
int task_waiting_on(struct store *s, int64_t dep, int64_t **tasks, size_t *n, struct err *err);

/* What an iteration was built on: see the table task_on. */
struct task_on {
	int64_t dep;
	int try, iter;
};
int task_on_find(struct store *s, int64_t task, struct task_on **on, size_t *n, struct err *err);
int task_on_set(struct store *s, int64_t task, const struct task_on *on, size_t n, struct err *err);

/* Sources whose requirements the last test found unmet. */
int task_unmet_set(struct store *s, int64_t task, const struct strs *sources, struct err *err);
int task_unmet_find(struct store *s, int64_t task, struct strs *sources, struct err *err);

#endif
