#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "bisect/settle.h"
#include "merger/batch.h"
#include "merger/commit.h"
#include "merger/cycle.h"
#include "repo/check.h"
#include "repo/state.h"
#include "schema/store.h"

struct cycle {
	struct store *s;
	struct repository repository;
	struct batch batch;
	struct repo *repos;		/* one an architecture */
	struct baseline *baselines;
	size_t n_arches;
	size_t testers;
	int64_t started;
};

static void
cycle_fini(struct cycle *c)
{
	for (size_t a = 0; a < c->n_arches; a++) {
		repo_fini(&c->repos[a]);
		baseline_fini(&c->baselines[a]);
	}
	free(c->repos);
	free(c->baselines);
	batch_fini(&c->batch);
	repository_fini(&c->repository);
}
AUTO_DEFINE_EMBEDDED(struct cycle, cycle_fini);

static int
load(struct cycle *c, struct err *err)
{
	c->n_arches = c->repository.arches.n;
	c->repos = xcalloc(c->n_arches, sizeof(*c->repos));
	c->baselines = xcalloc(c->n_arches, sizeof(*c->baselines));
	for (size_t a = 0; a < c->n_arches; a++) {
		if (state_load(c->s, &c->repository, c->repository.arches.p[a], &c->repos[a], err) < 0)
			return -1;
		baseline_take(&c->baselines[a], &c->repos[a]);
	}
	return 0;
}

/* In a forked child: does this set pass on every architecture? The report is the findings, a line each. */
static int
evaluate(void *arg, const size_t *items, size_t n, struct str *out)
{
	struct cycle *c = arg;
	bool broken = false;

	for (size_t a = 0; a < c->n_arches; a++) {
		AUTO(free) struct change **changes = xcalloc(n, sizeof(*changes));
		AUTO(report_fini) struct report report = {0};
		struct err err = {0};

		for (size_t i = 0; i < n; i++)
			changes[i] = &c->batch.items.p[items[i]].changes[a];
		if (check_changes(&c->repos[a], &c->baselines[a], changes, n, &report, &err) < 0)
			strs_add(&report.broken, err.msg);
		for (size_t i = 0; i < report.broken.n; i++)
			str_add(out, "%s%s", out->n ? "\n" : "", report.broken.p[i]);
		broken |= report.broken.n > 0;
	}
	return broken;
}

static bool
needs(void *arg, size_t a, size_t b)
{
	const struct cycle *c = arg;
	const struct candidate *x = &c->batch.items.p[a];

	for (size_t i = 0; i < x->n_deps; i++)
		if (x->deps[i] == c->batch.items.p[b].task.id)
			return true;
	return false;
}

/* The first findings of a report as one line. */
static char *
summary(const struct str *report)
{
	const char *text = str_c(report);
	size_t first = strcspn(text, "\n"), more = 0;

	for (const char *p = text + first; *p; p++)
		more += *p == '\n';
	return more ? xasprintf("%.*s (and %zu more)", (int)first, text, more) : xasprintf("%.*s", (int)first, text);
}

/*
 * Tasks that could not go with the others. One that was tested on an older state may do on
 * this one, built and tested anew: AWAITING. One that was tested on this very state: FAILED.
 */
static int
send_back(struct cycle *c, struct settled *d, struct cycle_sum *sum, struct err *err)
{
	for (size_t i = 0; i < d->n; i++) {
		struct candidate *cand = &c->batch.items.p[i];
		AUTO(free) char *what = NULL;
		AUTO(free) char *why = NULL;
		bool stale = cand->task.base < c->repository.serial;

		if (d->state[i] != SETTLED_ASIDE)
			continue;
		what = summary(&d->report[i]);
		why = stale ? xasprintf("cannot go together with what is merged up to state %lld: %s",
		    (long long)c->repository.serial, what) : xasprintf("merge: %s", what);
		if (batch_send(c->s, cand, stale ? TASK_AWAITING : TASK_FAILED, why, err) < 0)
			return -1;
		*(cand->task.state == TASK_AWAITING ? &sum->sent_back : &sum->failed) += 1;
		log_at(LOG_NOTE, "task #%lld %s: %s", (long long)cand->task.id, task_state_name(cand->task.state), why);
	}
	return 0;
}

/* One fold. 1: something changed, look again; 0: nothing to do. */
static int
fold(struct cycle *c, struct cycle_sum *sum, struct err *err)
{
	const struct settle s = {.testers = c->testers, .fn = evaluate, .needs = needs, .arg = c};
	AUTO(settled_fini) struct settled done = {0};
	struct settle job = s;
	int r;

	if (batch_collect(c->s, &c->repository, &c->batch, err) < 0)
		return -1;
	sum->deferred = c->batch.deferred;
	if (c->batch.items.n == 0)
		return 0;
	if (load(c, err) < 0)
		return -1;
	job.n = c->batch.items.n;
	if (settle(&job, &done, err) < 0)
		return -1;
	sum->rounds += done.rounds;
	sum->attempts += done.attempts;
	if (done.n_accepted) {
		r = commit_batch(c->s, &c->repository, &c->batch, done.order, done.n_accepted, c->repos, c->started, err);
		if (r)
			return r == COMMIT_MOVED ? 1 : -1;
		sum->merged += done.n_accepted;
	}
	return send_back(c, &done, sum, err) < 0 ? -1 : 1;
}

static int
locked_cycle(struct store *s, const char *repository, size_t testers, struct cycle_sum *sum, struct err *err)
{
	int r = 1;

	while (r > 0) {
		AUTO(cycle_fini) struct cycle c = {.s = s, .testers = testers, .started = now_ms()};

		if (repository_get(s, repository, &c.repository, err) || commit_recover(s, &c.repository, err) < 0)
			return -1;
		r = fold(&c, sum, err);
		sum->serial = c.repository.serial;
	}
	return r;
}

int
cycle_run(struct store *s, const char *repository, size_t testers, struct cycle_sum *sum, struct err *err)
{
	AUTO(free) char *lock = xasprintf("run/merger.%s", repository);
	AUTO(close) int fd = -1;
	int r = file_lock(s->dir, lock, &fd, err);

	if (r)
		return r == FILE_BUSY ? CYCLE_BUSY : -1;
	if (locked_cycle(s, repository, testers, sum, err) < 0)
		return err_ctx(err, "merge %s", repository);
	return 0;
}
