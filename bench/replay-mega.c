/*
 * Merging as this farm does: all that is BUILT in one mega-transaction. Which of it may go together is found by the
 * merger's own code, settle() with the strategy auto, over verdicts that are made up: a set fails if a fault shows in it.
 * A batch is collected by the rules of merger/batch.c, as far as a trace can follow them: in order of submission; what is
 * stale goes back; of two tasks with one package the later is merged behind the earlier or not at all, if it descends
 * from it. Else it waits, and is stale once the earlier is merged. Here a task may be sent back any number of times.
 */
#include <stdlib.h>

#include "base/vec.h"
#include "bench/replay-farm.h"
#include "bisect/settle.h"

enum { TESTERS = 7 };

struct fold {
	struct replay *r;
	const size_t *batch;		/* tasks */
};

/* Whether it shows in the set that is marked, on what is merged. */
static bool
shows(const struct replay *r, const struct replay_fault *f, size_t task)
{
	size_t other = f->a == task ? f->b : f->a;

	return r->in[other] || (r->tasks[other].state == REPLAY_DONE && r->tasks[other].merged > r->tasks[task].base);
}

static void
mark(const struct fold *f, const size_t *items, size_t n, bool in)
{
	for (size_t i = 0; i < n; i++)
		f->r->in[f->batch[items[i]]] = in;
}

static bool
any_shows(const struct replay *r, size_t task, bool named_only)
{
	const struct replay_task *t = &r->tasks[task];

	for (size_t i = 0; i < t->faults.n; i++) {
		const struct replay_fault *f = &r->faults.p[t->faults.p[i]];

		if (shows(r, f, task) && (f->named || !named_only))
			return true;
	}
	return false;
}

static int
judge(void *arg, const size_t *items, size_t n, struct str *report)
{
	struct fold *f = arg;
	int failed = 0;

	mark(f, items, n, true);
	for (size_t i = 0; i < n && !failed; i++)
		failed = any_shows(f->r, f->batch[items[i]], false);
	mark(f, items, n, false);
	return failed;
}

static void
suspects(void *arg, const size_t *items, size_t n, const struct str *report, bool *suspect)
{
	struct fold *f = arg;

	mark(f, items, n, true);
	for (size_t i = 0; i < n; i++)
		suspect[i] = any_shows(f->r, f->batch[items[i]], true);
	mark(f, items, n, false);
}

static int
by_number(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static bool
needs(void *arg, size_t a, size_t b)
{
	const struct fold *f = arg;
	const struct replay_task *t = &f->r->tasks[f->batch[a]];

	for (size_t i = 0; i < t->n_needs; i++)
		if (f->r->needs.p[t->first_need + i] == f->batch[b])
			return true;
	return false;
}

/* Whether it may join the batch: none of its packages is in it, or it follows those. Its packages are in it then. */
static bool
joins(struct replay *r, size_t task)
{
	struct replay_task *t = &r->tasks[task];
	const struct trace_package *p = &r->trace->packages.p[t->what->first];
	uint32_t batch = (uint32_t)r->sum->merges;

	for (size_t i = 0; i < t->what->n; i++)
		if (r->batch_of[p[i].name] == batch && !t->descends)
			return false;
	t->first_need = r->needs.n;
	for (size_t i = 0; i < t->what->n; i++) {
		if (r->batch_of[p[i].name] == batch)
			vec_push(&r->needs, r->batch_task[p[i].name]);
		r->batch_of[p[i].name] = batch;
		r->batch_task[p[i].name] = task;
	}
	t->n_needs = r->needs.n - t->first_need;
	return true;
}

/* Who is left in r->built waits for the next one. */
static void
collect(struct replay *r)
{
	size_t left = 0;

	r->needs.n = 0;
	qsort(r->built.p, r->built.n, sizeof(*r->built.p), by_number);
	for (size_t i = 0; i < r->built.n; i++) {
		size_t task = r->built.p[i];

		if (replay_stale(r, &r->tasks[task], r->state))
			vec_push(&r->back, task);
		else if (joins(r, task))
			vec_push(&r->merging, task);
		else
			r->built.p[left++] = task;
	}
	r->built.n = left;
}

/* r->merging becomes what is accepted. */
static int
fold(struct replay *r, struct err *err)
{
	AUTO(settled_fini) struct settled done = {0};
	struct fold f = {.r = r, .batch = r->merging.p};
	const struct settle job = {.n = r->merging.n, .testers = TESTERS, .run = runner_inline, .fn = judge, .needs = needs,
	    .suspects = suspects, .arg = &f};
	size_t left = 0, attempts;

	if (job.n && settle(&job, &done, err) < 0)
		return -1;
	attempts = done.attempts + done.closing_attempts;
	r->sum->attempts += attempts;
	r->merge_end = r->now + r->how->mega_merge + (int64_t)done.n_accepted * r->how->mega_task +
	    (attempts ? (int64_t)attempts - 1 : 0) * r->how->mega_attempt;
	for (size_t i = 0; i < done.n; i++) {
		size_t task = r->merging.p[i];

		/* What only lacks another one waits for what becomes of that. */
		if (done.state[i] == SETTLED_NEEDS_ASIDE) {
			vec_push(&r->built, task);
			continue;
		}
		r->tasks[task].state = REPLAY_MERGING;
		if (done.state[i] == SETTLED_ACCEPTED)
			r->merging.p[left++] = task;
		else
			vec_push(&r->back, task);
	}
	r->merging.n = left;
	return 0;
}

static int
step(struct replay *r, int64_t *due, struct err *err)
{
	int64_t tick = (r->now + r->how->period - 1) / r->how->period * r->how->period;

	if (r->busy && r->now >= r->merge_end) {
		r->busy = false;
		if (r->merging.n && replay_commit(r, err) < 0)
			return -1;
		for (size_t i = 0; i < r->back.n; i++)
			replay_build(r, r->back.p[i]);
		r->sum->sent_back += r->back.n;
		r->back.n = 0;
	}
	if (!r->busy && r->built.n && tick == r->now) {
		r->busy = true;
		r->sum->merges++;
		collect(r);
		if (fold(r, err) < 0)
			return -1;
	}
	*due = r->busy ? r->merge_end : r->built.n ? tick : INT64_MAX;
	return 0;
}

const struct replay_model replay_mega = {"mega", step};
