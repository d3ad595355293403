/*
 *                       .----------------------- edit --------------------------.
 *                       v                                                       |
 *   NEW --run--> AWAITING --> BUILDING --> BUILT --> MERGING --> DONE           |
 *    |  \           ^  ^         |  \  \      \         |                       |
 *    |   `-> POSTPONED |         |   \  `-> TESTED --.   `--> FAILED, AWAITING, |
 *    |         (deps)  |         |    `---> EPERM ---+-run-> BUILT   BUILT      |
 *    |                 `---------+-- infrastructure, or built on what changed   |
 *    |                           `--> FAILED -----------------------------------+
 *    |                                  `--requeue--> BUILDING                  |
 *    `--- abort, from all that is not MERGING or DONE --> CANCELLED ------------'
 *
 * Jobs are put back by hand (schema/requeue.h) in the same try and iter.
 * FAILED, TESTED, EPERM and CANCELLED run again to AWAITING or POSTPONED. BUILT goes
 * straight to FAILED or AWAITING when the merger finds, before it commits to
 * anything, that the task cannot be in the next state of the repository.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/event.h"
#include "schema/store.h"
#include "schema/task.h"

#define BIT(s) (1u << TASK_##s)

static const struct {
	const char *name;
	unsigned next;
} states[TASK_STATES] = {
	[TASK_NEW]       = {"NEW", BIT(NEW) | BIT(AWAITING) | BIT(POSTPONED) | BIT(FAILED) | BIT(CANCELLED)},
	[TASK_AWAITING]  = {"AWAITING", BIT(BUILDING) | BIT(POSTPONED) | BIT(FAILED) | BIT(CANCELLED)},
	[TASK_POSTPONED] = {"POSTPONED", BIT(AWAITING) | BIT(FAILED) | BIT(CANCELLED)},
	[TASK_BUILDING]  = {"BUILDING", BIT(BUILT) | BIT(TESTED) | BIT(EPERM) | BIT(FAILED) | BIT(AWAITING) | BIT(CANCELLED)},
	[TASK_FAILED]    = {"FAILED", BIT(NEW) | BIT(AWAITING) | BIT(POSTPONED) | BIT(BUILDING) | BIT(CANCELLED)},
	[TASK_BUILT]     = {"BUILT", BIT(MERGING) | BIT(FAILED) | BIT(AWAITING) | BIT(EPERM) | BIT(CANCELLED)},
	[TASK_MERGING]   = {"MERGING", BIT(DONE) | BIT(FAILED) | BIT(AWAITING) | BIT(BUILT)},
	[TASK_DONE]      = {"DONE", 0},
	[TASK_TESTED]    = {"TESTED", BIT(NEW) | BIT(AWAITING) | BIT(POSTPONED) | BIT(BUILT) | BIT(EPERM) | BIT(CANCELLED)},
	[TASK_EPERM]     = {"EPERM", BIT(NEW) | BIT(AWAITING) | BIT(POSTPONED) | BIT(BUILT) | BIT(CANCELLED)},
	[TASK_CANCELLED] = {"CANCELLED", BIT(NEW) | BIT(AWAITING) | BIT(POSTPONED)},
};

static const char *const classes[TASK_CLASSES] = {
	[CLASS_URGENT] = "urgent", [CLASS_NORMAL] = "normal", [CLASS_BACKGROUND] = "background",
};

static const char *const kinds[SUBTASK_KINDS] = {
	[SUBTASK_REPO] = "repo", [SUBTASK_SRPM] = "srpm", [SUBTASK_COPY] = "copy",
	[SUBTASK_REBUILD] = "rebuild", [SUBTASK_DELETE] = "delete",
};

void
task_fini(struct task *t)
{
	free(t->repository);
	free(t->owner);
	free(t->message);
	free(t->reason);
	free(t->hold);
	*t = (struct task){0};
}

void
task_list_fini(struct task_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		task_fini(&l->p[i]);
	vec_fini(l);
}

const char *
task_state_name(enum task_state s)
{
	return states[s].name;
}

enum task_state
task_state_find(const char *name)
{
	int s = 0;

	if (strcmp(name, "PENDING") == 0)
		return TASK_BUILT;
	if (strcmp(name, "COMMITTING") == 0)
		return TASK_MERGING;
	while (s < TASK_STATES && strcmp(name, states[s].name) != 0)
		s++;
	return s;
}

const char *
task_class_name(enum task_class k)
{
	return classes[k];
}

enum task_class
task_class_find(const char *name)
{
	int k = 0;

	while (k < TASK_CLASSES && strcmp(name, classes[k]) != 0)
		k++;
	return k;
}

bool
task_may_move(enum task_state from, enum task_state to)
{
	return states[from].next & 1u << to;
}

static int64_t
or_none(sqlite3_stmt *q, int column)
{
	return sqlite3_column_type(q, column) == SQLITE_NULL ? -1 : store_int(q, column);
}

static struct task
from_row(sqlite3_stmt *q)
{
	return (struct task){
		.id = store_int(q, 0),
		.repository = xstrdup(store_text(q, 1)),
		.owner = xstrdup(store_text(q, 2)),
		.state = task_state_find(store_text(q, 3)),
		.try = (int)store_int(q, 4),
		.iter = (int)store_int(q, 5),
		.shared = store_int(q, 6),
		.fail_early = store_int(q, 7),
		.test_only = store_int(q, 8),
		.class = (enum task_class)store_int(q, 9),
		.message = xstrdup(store_text(q, 10)),
		.reason = xstrdup(store_text(q, 11)),
		.created = store_int(q, 12),
		.changed = store_int(q, 13),
		.submitted = store_int(q, 14),
		.started = store_int(q, 15),
		.base = store_int(q, 16),
		.build_ms = or_none(q, 17),
		.test_ms = or_none(q, 18),
		.merge_ms = or_none(q, 19),
		.keep_root = store_int(q, 20),
		.hold = xstrdup(store_text(q, 21)),
	};
}

int
task_get(struct store *s, int64_t id, struct task *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_TASK_GET, err, "i", id);
	int r = store_row(s, q, err);

	if (r < 0)
		return -1;
	if (r == 0) {
		err_set(err, ENOENT, "task #%lld: no such task; `task ls --user=ALL` lists them", (long long)id);
		return TASK_ABSENT;
	}
	*out = from_row(q);
	store_done(q);
	return 0;
}

int
task_create(struct store *s, const char *repository, const char *owner, int64_t *id, struct err *err)
{
	int64_t now = now_ms();

	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_TASK_ADD, err, "ssii", repository, owner, now, now) < 0)
		return store_rollback(s);
	*id = sqlite3_last_insert_rowid(s->db);
	if (event_add(s, "task", *id, 0, "NEW", err, "new task #%lld: owner=%s repo=%s",
	    (long long)*id, owner, repository) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
task_save(struct store *s, const struct task *t, struct err *err)
{
	return store_run(s, STMT_TASK_SAVE, err, "iiiisiiiiiiii", (int64_t)t->shared, (int64_t)t->fail_early,
	    (int64_t)t->test_only, (int64_t)t->class, t->message, t->submitted, t->started, t->base,
	    t->build_ms, t->test_ms, t->merge_ms, (int64_t)t->keep_root, t->id);
}

int
task_hold(struct store *s, struct task *t, const char *why, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_TASK_HOLD, err, "si", why, t->id) < 0 ||
	    event_add(s, "task", t->id, 0, *why ? "held" : "released", err, "task #%lld %s%s%s", (long long)t->id,
	    *why ? "held" : "released", *why ? ": " : "", why) < 0)
		return store_rollback(s);
	free(t->hold);
	t->hold = xstrdup(why);
	return store_commit(s, err);
}

int
task_remove(struct store *s, int64_t id, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_TASK_REMOVE, err, "i", id) < 0 ||
	    event_add(s, "task", id, 0, "REMOVED", err, "task #%lld removed", (long long)id) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
task_move(struct store *s, struct task *t, enum task_state to, const char *reason, struct err *err)
{
	assert(task_may_move(t->state, to));
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_TASK_MOVE, err, "siisiis", states[to].name, (int64_t)t->try, (int64_t)t->iter,
	    reason ? reason : "", now_ms(), t->id, states[t->state].name) < 0)
		return store_rollback(s);
	if (store_changes(s) == 0) {
		err_set(err, EAGAIN, "task #%lld is not %s any more", (long long)t->id, states[t->state].name);
		store_commit(s, err);
		return TASK_MOVED;
	}
	if (event_add(s, "task", t->id, 0, states[to].name, err, "task #%lld for %s %s%s%s", (long long)t->id,
	    t->repository, states[to].name, reason && *reason ? ": " : "", reason ? reason : "") < 0)
		return store_rollback(s);
	t->state = to;
	free(t->reason);
	t->reason = xstrdup(reason ? reason : "");
	return store_commit(s, err);
}

static void
state_list(unsigned bits, struct str *out)
{
	str_putc(out, ' ');
	for (int i = 0; i < TASK_STATES; i++)
		if (!bits || bits & 1u << i)
			str_add(out, "%s ", states[i].name);
}

int
task_find(struct store *s, const struct task_filter *f, struct task_list *out, struct err *err)
{
	AUTO(str_fini) struct str wanted = {0};
	sqlite3_stmt *q;
	int r;

	state_list(f->states, &wanted);
	q = store_query(s, f->oldest_first ? STMT_TASK_OLDEST : STMT_TASK_NEWEST, err, "sssi",
	    str_c(&wanted), f->repository, f->owner, f->limit ? f->limit : INT64_MAX);
	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, from_row(q));
	return r;
}

int
task_of_state(struct store *s, enum task_state state, const char *repository, const char *owner, int64_t limit,
	struct task_list *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_TASK_OF_STATE, err, "sssi", repository, owner, states[state].name, limit);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, from_row(q));
	return r;
}

/* Subtasks. */

void
subtask_fini(struct subtask *t)
{
	char **all[] = {&t->user, &t->dir, &t->tag_name, &t->tag_id, &t->tag_author, &t->commit, &t->package,
	    &t->srpm_file, &t->srpm, &t->tree, &t->copy_from, &t->inherit_ok, &t->inherited};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		free(*all[i]);
	*t = (struct subtask){0};
}

void
subtask_list_fini(struct subtask_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		subtask_fini(&l->p[i]);
	vec_fini(l);
}

const char *
subtask_kind_name(enum subtask_kind k)
{
	return kinds[k];
}

bool
subtask_builds(const struct subtask *t)
{
	return t->kind == SUBTASK_REPO || t->kind == SUBTASK_SRPM || t->kind == SUBTASK_REBUILD;
}

static enum subtask_kind
kind_find(const char *name)
{
	int k = 0;

	while (k < SUBTASK_KINDS - 1 && strcmp(kinds[k], name) != 0)
		k++;
	return k;
}

int
subtask_find(struct store *s, int64_t task, struct subtask_list *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_SUBTASK_FIND, err, "i", task);
	int r;

	while ((r = store_row(s, q, err)) > 0) {
		struct subtask t = {.task = task, .id = (int)store_int(q, 0), .kind = kind_find(store_text(q, 1)),
		    .epoch_s = store_int(q, 2)};
		char **text[] = {&t.user, &t.dir, &t.tag_name, &t.tag_id, &t.tag_author, &t.commit, &t.package,
		    &t.srpm_file, &t.srpm, &t.tree, &t.copy_from, &t.inherit_ok, &t.inherited};

		for (size_t i = 0; i < ARRAY_SIZE(text); i++)
			*text[i] = xstrdup(store_text(q, (int)i + 3));
		vec_push(out, t);
	}
	return r;
}

static const char *
or_empty(const char *s)
{
	return s ? s : "";
}

int
subtask_save(struct store *s, const struct subtask *t, struct err *err)
{
	return store_run(s, STMT_SUBTASK_SAVE, err, "iisisssssssssssss", t->task, (int64_t)t->id, kinds[t->kind],
	    t->epoch_s, or_empty(t->user), or_empty(t->dir), or_empty(t->tag_name), or_empty(t->tag_id),
	    or_empty(t->tag_author), or_empty(t->commit), or_empty(t->package), or_empty(t->srpm_file),
	    or_empty(t->srpm), or_empty(t->tree), or_empty(t->copy_from), or_empty(t->inherit_ok),
	    or_empty(t->inherited));
}

static bool
same(const struct subtask *a, const struct subtask *b)
{
	const char *const x[] = {a->user, a->dir, a->tag_name, a->tag_id, a->tag_author, a->commit, a->package, a->srpm_file,
	    a->srpm, a->tree, a->copy_from, a->inherit_ok, a->inherited};
	const char *const y[] = {b->user, b->dir, b->tag_name, b->tag_id, b->tag_author, b->commit, b->package, b->srpm_file,
	    b->srpm, b->tree, b->copy_from, b->inherit_ok, b->inherited};

	for (size_t i = 0; i < ARRAY_SIZE(x); i++)
		if (strcmp(or_empty(x[i]), or_empty(y[i])) != 0)
			return false;
	return a->task == b->task && a->id == b->id && a->kind == b->kind && a->epoch_s == b->epoch_s;
}

char *
subtask_text(const struct subtask *t)
{
	if (t->kind == SUBTASK_REPO)
		return xasprintf("%s %s %.12s", t->dir, t->tag_name, t->tag_id);
	return xasprintf("%s %s", subtask_kind_name(t->kind), t->kind == SUBTASK_SRPM ? t->srpm_file : t->package);
}

bool
subtask_list_same(const struct subtask_list *a, const struct subtask_list *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (!same(&a->p[i], &b->p[i]))
			return false;
	return a->n == b->n;
}

int
subtask_package(struct store *s, int64_t task, int id, char **package, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_SUBTASK_PACKAGE, err, "ii", task, (int64_t)id);
	int r = store_row(s, q, err);

	*package = xstrdup(r > 0 ? store_text(q, 0) : "");
	store_done(q);
	return r < 0 ? -1 : 0;
}

int
subtask_built(struct store *s, int64_t task, int id, const char *package, const char *srpm, const char *srpm_file,
	struct err *err)
{
	return store_run(s, STMT_SUBTASK_BUILT, err, "sssii", package, srpm, srpm_file, task, (int64_t)id);
}

int
subtask_remove(struct store *s, int64_t task, int id, struct err *err)
{
	/* What was approved was this change, not whatever gets its number next. */
	if (store_run(s, STMT_APPROVAL_FORGET, err, "ii", task, (int64_t)id) < 0)
		return -1;
	return store_run(s, STMT_SUBTASK_REMOVE, err, "ii", task, (int64_t)id);
}

int
subtask_new_id(const struct subtask_list *l, int before)
{
	int low = 0, mid;

	if (!before)
		return l->n ? (l->p[l->n - 1].id / 0100 + 1) * 0100 : 0100;
	for (size_t i = 0; i < l->n; i++)
		if (l->p[i].id < before)
			low = l->p[i].id;
	mid = low + (before - low) / 2;
	return mid > low ? mid : 0;
}

/* Dependencies. */

static int
ids(struct store *s, sqlite3_stmt *q, int64_t **out, size_t *n, struct err *err)
{
	VEC(int64_t) v = {0};
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(&v, store_int(q, 0));
	*out = v.p;
	*n = v.n;
	return r;
}

int
task_deps(struct store *s, int64_t task, int64_t **deps, size_t *n, struct err *err)
{
	return ids(s, store_query(s, STMT_DEP_FIND, err, "i", task), deps, n, err);
}

int
task_dep_add(struct store *s, int64_t task, int64_t dep, struct err *err)
{
	return store_run(s, STMT_DEP_ADD, err, "ii", task, dep);
}

int
task_dep_del(struct store *s, int64_t task, int64_t dep, struct err *err)
{
	return store_run(s, STMT_DEP_DEL, err, "ii", task, dep);
}

int
task_waiting_on(struct store *s, int64_t dep, int64_t **tasks, size_t *n, struct err *err)
{
	return ids(s, store_query(s, STMT_DEP_WAITING, err, "i", dep), tasks, n, err);
}

struct walk {
	int64_t task;
	size_t from;		/* index of the step before */
};

static char *
walk_text(const struct walk *w, size_t last, int64_t task)
{
	AUTO(free) char *tail = xasprintf("#%lld", (long long)task);

	for (size_t i = last;; i = w[i].from) {
		char *longer = xasprintf("#%lld -> %s", (long long)w[i].task, tail);

		free(tail);
		tail = longer;
		if (i == 0)
			return STEAL(tail);
	}
}

/* Breadth first, every task once: the first way back to the start is a shortest cycle. */
int
task_dep_cycle(struct store *s, int64_t task, char **cycle, struct err *err)
{
	VEC(struct walk) w = {0};
	int r = 0;

	vec_push(&w, ((struct walk){task, 0}));
	for (size_t at = 0; at < w.n && r == 0; at++) {
		AUTO(free) int64_t *deps = NULL;
		size_t n = 0;

		r = task_deps(s, w.p[at].task, &deps, &n, err);
		for (size_t i = 0; i < n && r == 0; i++) {
			size_t seen = 1;

			if (deps[i] == task) {
				*cycle = walk_text(w.p, at, task);
				r = 1;
			}
			while (seen < w.n && w.p[seen].task != deps[i])
				seen++;
			if (seen == w.n)
				vec_push(&w, ((struct walk){deps[i], at}));
		}
	}
	vec_fini(&w);
	return r;
}

int
task_on_find(struct store *s, int64_t task, struct task_on **on, size_t *n, struct err *err)
{
	VEC(struct task_on) v = {0};
	sqlite3_stmt *q = store_query(s, STMT_ON_FIND, err, "i", task);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(&v, ((struct task_on){store_int(q, 0), (int)store_int(q, 1), (int)store_int(q, 2)}));
	*on = v.p;
	*n = v.n;
	return r;
}

int
task_on_set(struct store *s, int64_t task, const struct task_on *on, size_t n, struct err *err)
{
	if (store_run(s, STMT_ON_CLEAR, err, "i", task) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (store_run(s, STMT_ON_ADD, err, "iiii", task, on[i].dep, (int64_t)on[i].try, (int64_t)on[i].iter) < 0)
			return -1;
	return 0;
}

int
task_unmet_set(struct store *s, int64_t task, const struct strs *sources, struct err *err)
{
	if (store_run(s, STMT_UNMET_CLEAR, err, "i", task) < 0)
		return -1;
	for (size_t i = 0; i < sources->n; i++)
		if (store_run(s, STMT_UNMET_ADD, err, "is", task, sources->p[i]) < 0)
			return -1;
	return 0;
}

int
task_unmet_find(struct store *s, int64_t task, struct strs *sources, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_UNMET_FIND, err, "i", task);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		strs_add(sources, store_text(q, 0));
	return r;
}
