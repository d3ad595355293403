#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/store.h"
#include "tests/soak/check.h"

/* Cycles: Tarjan's strongly connected components, among tasks that have dependencies. */

struct walk {
	struct past *p;
	uint32_t *order, *low;		/* by task; order 0: not seen */
	bool *open;			/* on the stack */
	VEC(int64_t) stack;
	uint32_t n;
};

static void
check_cycle(struct past *p, const int64_t *ids, size_t n)
{
	int64_t closed = 0;

	for (size_t i = 0; i < n; i++)
		if (p->tasks.p[ids[i]].wired > closed)
			closed = p->tasks.p[ids[i]].wired;
	for (size_t i = 0; i < n; i++)
		if (p->tasks.p[ids[i]].begun > closed)
			wrong_add(p->wrongs, RULE_CYCLE, "event %lld: task #%lld begins, one of %zu that depend on each other",
			    (long long)p->tasks.p[ids[i]].begun, (long long)ids[i], n);
}

static int visit(struct walk *w, int64_t task, struct err *err);

static int
visit_deps(struct walk *w, int64_t task, bool *itself, struct err *err)
{
	AUTO(free) int64_t *deps = NULL;
	size_t n = 0;

	if (task_deps(w->p->s, task, &deps, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		*itself |= deps[i] == task;
		if (!past_task(w->p, deps[i]))
			continue;
		if (!w->order[deps[i]] && visit(w, deps[i], err) < 0)
			return -1;
		if (w->open[deps[i]] && w->low[deps[i]] < w->low[task])
			w->low[task] = w->low[deps[i]];
	}
	return 0;
}

static int
visit(struct walk *w, int64_t task, struct err *err)
{
	size_t from = w->stack.n;
	bool itself = false;

	w->order[task] = w->low[task] = ++w->n;
	w->open[task] = true;
	vec_push(&w->stack, task);
	if (w->p->tasks.p[task].wired && visit_deps(w, task, &itself, err) < 0)
		return -1;
	if (w->low[task] != w->order[task])
		return 0;
	if (itself || w->stack.n - from > 1)
		check_cycle(w->p, w->stack.p + from, w->stack.n - from);
	for (size_t i = from; i < w->stack.n; i++)
		w->open[w->stack.p[i]] = false;
	w->stack.n = from;
	return 0;
}

static int
check_cycles(struct past *p, struct err *err)
{
	AUTO(free) uint32_t *order = xcalloc(p->tasks.n + 1, sizeof(*order));
	AUTO(free) uint32_t *low = xcalloc(p->tasks.n + 1, sizeof(*low));
	AUTO(free) bool *open = xcalloc(p->tasks.n + 1, sizeof(*open));
	struct walk w = {.p = p, .order = order, .low = low, .open = open};
	int r = 0;

	for (size_t i = 1; i < p->tasks.n && r == 0; i++)
		if (p->tasks.p[i].wired && p->tasks.p[i].known && !order[i])
			r = visit(&w, (int64_t)i, err);
	vec_fini(&w.stack);
	return r;
}

/* The tables. */

/* Call fn for each row of a query. */
static int
each_row(struct past *p, const char *sql, void (*fn)(struct past *p, sqlite3_stmt *q), struct err *err)
{
	sqlite3_stmt *q = NULL;
	int r;

	if (sqlite3_prepare_v2(p->s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return err_set(err, EIO, "%s", sqlite3_errmsg(p->s->db));
	while ((r = store_row(p->s, q, err)) > 0)
		fn(p, q);
	sqlite3_finalize(q);
	return r;
}

/* One that waits for others may do so for ever, if one of them is not there and not coming. */
static bool
waits_in_vain(struct past *p, int64_t task)
{
	AUTO(free) int64_t *deps = NULL;
	bool vain = false;
	struct err err;
	size_t n = 0;

	if (task_deps(p->s, task, &deps, &n, &err) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct past_task *d = past_task(p, deps[i]);

		vain |= !d || d->gone || (d->state != TASK_BUILT && d->state != TASK_MERGING && d->state != TASK_DONE);
	}
	return vain;
}

static void
check_task(struct past *p, sqlite3_stmt *q)
{
	static const unsigned resting = 1u << TASK_NEW | 1u << TASK_FAILED | 1u << TASK_DONE | 1u << TASK_TESTED |
	    1u << TASK_EPERM | 1u << TASK_CANCELLED;
	const int64_t id = store_int(q, 0);
	const enum task_state state = task_state_find(store_text(q, 1));
	struct past_task *t = past_task(p, id);

	if (!t || t->gone || t->state != state)
		wrong_add(p->wrongs, RULE_TABLE, "task #%lld is %s, in the journal %s", (long long)id, store_text(q, 1),
		    !t ? "it was never made" : t->gone ? "it was removed" : task_state_name(t->state));
	if (!(resting & 1u << state) && (state != TASK_POSTPONED || !waits_in_vain(p, id)))
		wrong_add(p->wrongs, RULE_REST, "task #%lld has come to rest as %s: %s", (long long)id, store_text(q, 1), store_text(q, 2));
}

/* What a task's end cancels is told by the task's event. */
static void
check_job(struct past *p, sqlite3_stmt *q)
{
	const long long id = store_int(q, 0), task = store_int(q, 1);
	const char *state = store_text(q, 2);
	const struct past_job *j = past_job(p, id);
	const uint32_t starts = j && j->last ? p->attempts.p[j->last - 1].number : 0;
	bool cancelled = strcmp(state, "cancelled") == 0;

	if (strcmp(state, "waiting") == 0 || strcmp(state, "queued") == 0 || strcmp(state, "running") == 0)
		wrong_add(p->wrongs, RULE_LEFT_OVER, "job %lld of task #%lld is still %s", id, task, state);
	if (!j && !cancelled)
		wrong_add(p->wrongs, RULE_TABLE, "job %lld of task #%lld is %s, and not in the journal", id, task, state);
	if (!j)
		return;
	if (cancelled ? j->done : strcmp(job_state_name(j->state), state) != 0)
		wrong_add(p->wrongs, RULE_TABLE, "job %lld of task #%lld is %s, in the journal %s", id, task, state, job_state_name(j->state));
	if (store_int(q, 3) != starts)
		wrong_add(p->wrongs, RULE_TABLE, "job %lld of task #%lld is at attempt %lld, in the journal at %u", id, task,
		    (long long)store_int(q, 3), starts);
}

static void
check_integrity(struct past *p, sqlite3_stmt *q)
{
	if (strcmp(store_text(q, 0), "ok") != 0)
		wrong_add(p->wrongs, RULE_DATABASE, "%s", store_text(q, 0));
}

static void
check_reference(struct past *p, sqlite3_stmt *q)
{
	wrong_add(p->wrongs, RULE_DATABASE, "row %lld of %s refers to nothing in %s", (long long)store_int(q, 1), store_text(q, 0),
	    store_text(q, 2));
}

static int
check_tables(struct past *p, struct err *err)
{
	if (each_row(p, "SELECT id, state, reason FROM task", check_task, err) < 0 ||
	    each_row(p, "SELECT id, task, state, attempt FROM job", check_job, err) < 0 ||
	    each_row(p, "PRAGMA integrity_check", check_integrity, err) < 0 ||
	    each_row(p, "PRAGMA foreign_key_check", check_reference, err) < 0)
		return -1;
	return 0;
}

/* What builders noted: that they were given a job, that its result was acknowledged. */

static void
check_given(struct past *p, const struct past_attempt *a, const char *builder, int64_t event)
{
	if (strcmp(p->builder_names.key[a->builder].text, builder) != 0)
		wrong_add(p->wrongs, RULE_GIVEN, "job %lld attempt %u was given to %s, in the journal to %s", (long long)a->job, a->number,
		    builder, p->builder_names.key[a->builder].text);
	if (a->began > event)
		wrong_add(p->wrongs, RULE_GIVEN, "job %lld attempt %u was given at event %lld, before event %lld said so", (long long)a->job,
		    a->number, (long long)event, (long long)a->began);
}

/* A result that came too late is acknowledged too: its attempt had ended by then. */
static void
check_acked(struct past *p, const struct past_attempt *a, const char *outcome, int64_t event)
{
	if (a->how == ATTEMPT_RUNS || a->ended > event)
		wrong_add(p->wrongs, RULE_ACKED, "job %lld attempt %u was acknowledged at event %lld, and %s", (long long)a->job, a->number,
		    (long long)event, a->how == ATTEMPT_RUNS ? "never ended" : "ended later");
	else if ((a->how == ATTEMPT_DONE && strcmp(outcome, "ok") != 0) || (a->how == ATTEMPT_FAILED && strcmp(outcome, "ok") == 0))
		wrong_add(p->wrongs, RULE_ACKED, "job %lld attempt %u was %s, in the journal it is %s", (long long)a->job, a->number, outcome,
		    a->how == ATTEMPT_DONE ? "done" : "failed");
}

static void
check_note(struct past *p, const struct strs *w)
{
	const int64_t job = w->n == 5 ? text_number(w->p[1], INT64_MAX) : -1;
	const int64_t number = w->n == 5 ? text_number(w->p[2], UINT32_MAX) : -1;
	const struct past_attempt *a = past_attempt(p, job, (uint32_t)number);
	const int64_t event = w->n == 5 ? text_number(w->p[4], INT64_MAX) : -1;

	if (!a)
		wrong_add(p->wrongs, RULE_GIVEN, "job %lld attempt %lld is not in the journal", (long long)job, (long long)number);
	else if (strcmp(w->p[0], "given") == 0)
		check_given(p, a, w->p[3], event);
	else
		check_acked(p, a, w->p[3], event);
}

/* Of a file that was being written when its writer was killed the last line may be half there. */
static int
check_notes(struct past *p, unsigned file, struct err *err)
{
	AUTO(free) char *path = xasprintf("notes.%u", file);
	AUTO(str_fini) struct str text = {0};
	int r = file_read(p->s->dir, path, SIZE_MAX, &text, err);
	char *line = text.p, *end;

	if (r)
		return r == FILE_ABSENT ? 0 : -1;
	for (; line && (end = strchr(line, '\n')); line = end + 1) {
		AUTO(strs_fini) struct strs words = {0};

		*end = '\0';
		strs_split(&words, line, " ");
		check_note(p, &words);
	}
	return 0;
}

int
check_farm(struct past *p, struct store *s, unsigned notes, struct wrongs *w, struct err *err)
{
	if (past_read(p, s, w, err) < 0 || check_cycles(p, err) < 0 || check_tables(p, err) < 0)
		return -1;
	for (unsigned i = 0; i < notes; i++)
		if (check_notes(p, i, err) < 0)
			return -1;
	return 0;
}
