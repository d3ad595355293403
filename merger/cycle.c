/*
 * What is accepted is only ever a set that was tried, whole, and passed: the
 * checks run in forked children over the parent's copy of the repository, and
 * what they report names tasks, so that most culprits are known after one attempt.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "base/vec.h"
#include "merger/commit.h"
#include "merger/cycle.h"
#include "merger/fold.h"
#include "repo/state.h"
#include "schema/merge.h"
#include "schema/store.h"

/* A set that failed, kept until it can be written down. */
struct learnt {
	struct sha256 members;
	struct str report;
};

struct cycle {
	struct store *s;
	const struct cycle_options *how;
	struct repository repository;
	struct allow allow;
	struct batch batch;
	struct state *states;		/* one an architecture */
	size_t n_arches;
	struct {
		struct learnt *p;
		size_t n, cap;
	} learnt;
	int64_t started;
};

static void
cycle_fini(struct cycle *c)
{
	for (size_t a = 0; c->states && a < c->n_arches; a++)
		state_fini(&c->states[a]);
	free(c->states);
	for (size_t i = 0; i < c->learnt.n; i++)
		str_fini(&c->learnt.p[i].report);
	vec_fini(&c->learnt);
	allow_fini(&c->allow);
	batch_fini(&c->batch);
	repository_fini(&c->repository);
}
AUTO_DEFINE_EMBEDDED(struct cycle, cycle_fini);

static int
load(struct cycle *c, struct err *err)
{
	if (allow_parse(&c->allow, c->repository.allow, err) < 0)
		return err_ctx(err, "what %s allows", c->repository.name);
	c->n_arches = c->repository.arches.n;
	c->states = xcalloc(c->n_arches, sizeof(*c->states));
	for (size_t a = 0; a < c->n_arches; a++)
		if (state_load(c->s, c->repository.name, c->repository.arches.p[a], c->repository.serial, &c->states[a], err) < 0)
			return -1;
	return 0;
}

/* Failures are remembered: the same tasks as they were built, in this order, on this base, by these checks. */

static struct sha256
identify(const struct cycle *c, const size_t *items, size_t n)
{
	AUTO(str_fini) struct str text = {0};

	str_puts(&text, c->repository.allow);
	for (size_t i = 0; i < n; i++) {
		const struct task *t = &c->batch.items.p[items[i]].task;

		str_add(&text, "\n#%lld.%d.%d", (long long)t->id, t->try, t->iter);
	}
	return hash_bytes(str_c(&text), text.n);
}

static int
known(void *arg, const size_t *items, size_t n, struct str *report)
{
	struct cycle *c = arg;
	struct err err = {0};

	/* That it cannot be looked up costs an attempt, no more. */
	return attempt_find(c->s, c->repository.name, c->repository.serial, CHECKER_VERSION, identify(c, items, n).hex,
	    report, &err) == 0;
}

static void
learn(void *arg, const size_t *items, size_t n, const struct str *report)
{
	struct cycle *c = arg;
	struct learnt l = {.members = identify(c, items, n)};

	str_put(&l.report, report->p, report->n);
	vec_push(&c->learnt, l);
}

static int
write_down(struct cycle *c, struct err *err)
{
	if (c->learnt.n == 0 || c->how->dry)
		return 0;
	if (store_begin(c->s, err) < 0)
		return -1;
	for (size_t i = 0; i < c->learnt.n; i++)
		if (attempt_add(c->s, c->repository.name, c->repository.serial, CHECKER_VERSION, c->learnt.p[i].members.hex,
		    &c->learnt.p[i].report, err) < 0)
			return store_rollback(c->s);
	return store_commit(c->s, err);
}

/* Those with which this task cannot be: merged by now, so it is built again on top of them. */
static int
record_deps(struct cycle *c, const struct settled *d, const struct candidate *cand, const struct report *report, struct err *err)
{
	for (size_t k = 0; k < report->broken.n; k++) {
		const struct finding *f = &report->broken.p[k];
		int64_t other = f->by == cand->task.id ? f->other_by : f->other_by == cand->task.id ? f->by : 0;

		for (size_t i = 0; other > 0 && other != cand->task.id && i < d->n_accepted; i++)
			if (c->batch.items.p[d->order[i]].task.id == other &&
			    task_dep_add(c->s, cand->task.id, other, err) < 0)
				return -1;
	}
	return 0;
}

/*
 * A task that could not go with the others. One that was tested on an older state may do on
 * this one, built and tested anew: AWAITING. One that was tested on this very state: FAILED.
 */
static int
send_one(struct cycle *c, const struct settled *d, size_t i, struct cycle_sum *sum, struct err *err)
{
	struct candidate *cand = &c->batch.items.p[i];
	bool stale = cand->task.base < c->repository.serial + (c->how->dry && d->n_accepted);
	AUTO(report_fini) struct report report = {0};
	AUTO(str_fini) struct str what = {0};
	AUTO(free) char *why = NULL;

	if (report_unpack(d->report[i].p, d->report[i].n, &report, err) < 0)
		return -1;
	report_summary(&report, &what);
	why = stale ? xasprintf("cannot go together with what is merged up to state %lld: %s",
	    (long long)c->repository.serial, str_c(&what)) : xasprintf("merge: %s", str_c(&what));
	if (stale && !c->how->dry && record_deps(c, d, cand, &report, err) < 0)
		return -1;
	if (batch_send(c->s, &c->batch, cand, stale ? TASK_AWAITING : TASK_FAILED, why, err) < 0)
		return -1;
	*(stale && (c->how->dry || cand->task.state == TASK_AWAITING) ? &sum->sent_back : &sum->failed) += 1;
	if (!c->how->dry)
		log_at(LOG_NOTE, "task #%lld %s: %s", (long long)cand->task.id, task_state_name(cand->task.state), why);
	return 0;
}

static int
send_back(struct cycle *c, const struct settled *d, struct cycle_sum *sum, struct err *err)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->state[i] == SETTLED_ASIDE && send_one(c, d, i, sum, err) < 0)
			return -1;
	return 0;
}

/* Say what would become of each. */
static void
tell(struct cycle *c, const struct settled *d, const struct cycle_sum *sum)
{
	for (size_t i = 0; sum->tell && i < d->n_accepted; i++)
		sum->tell(sum->arg, c->batch.items.p[d->order[i]].task.id, TASK_DONE, "");
	for (size_t i = 0; sum->tell && i < d->n; i++)
		if (d->state[i] == SETTLED_NEEDS_ASIDE)
			sum->tell(sum->arg, c->batch.items.p[i].task.id, TASK_BUILT, "waits: what it depends on cannot be merged now");
	for (size_t i = 0; sum->tell && i < c->batch.verdicts.n; i++)
		sum->tell(sum->arg, c->batch.verdicts.p[i].task, c->batch.verdicts.p[i].to, c->batch.verdicts.p[i].reason);
}

static int
settle_batch(struct cycle *c, struct settled *done, struct err *err)
{
	AUTO(free) struct fold_item *items = xcalloc(c->batch.items.n, sizeof(*items));
	AUTO(free) struct repo **repos = xcalloc(c->n_arches, sizeof(*repos));
	const struct fold f = {.repos = repos, .n_arches = c->n_arches, .allow = &c->allow, .items = items, .n = c->batch.items.n,
	    .testers = c->how->testers, .strategy = c->how->strategy, .known = known, .learn = learn, .arg = c};

	for (size_t a = 0; a < c->n_arches; a++)
		repos[a] = &c->states[a].repo;
	for (size_t i = 0; i < f.n; i++) {
		const struct candidate *cand = &c->batch.items.p[i];

		items[i] = (struct fold_item){cand->task.id, cand->changes, cand->deps, cand->n_deps};
	}
	return fold_settle(&f, done, err);
}

/* One fold. 1: something changed, look again; 0: nothing to do. */
static int
fold(struct cycle *c, struct cycle_sum *sum, struct err *err)
{
	AUTO(settled_fini) struct settled done = {0};
	size_t n;
	int r;

	if (batch_collect(c->s, &c->repository, &c->batch, err) < 0)
		return -1;
	sum->deferred = c->batch.deferred;
	n = c->batch.items.n;
	if (n && (load(c, err) < 0 || settle_batch(c, &done, err) < 0 || write_down(c, err) < 0))
		return -1;
	sum->rounds += done.rounds + done.closing_rounds;
	sum->attempts += done.attempts + done.closing_attempts;
	if (done.n_accepted && !c->how->dry) {
		r = commit_batch(c->s, &c->repository, &c->batch, done.order, done.n_accepted, c->states, c->started, err);
		if (r)
			return r == COMMIT_MOVED ? 1 : -1;
	}
	sum->merged += done.n_accepted;
	if (n && send_back(c, &done, sum, err) < 0)
		return -1;
	if (c->how->dry)
		tell(c, &done, sum);
	return n && !c->how->dry;
}

/* An index that this program cannot read is made anew. */
static int
renew(struct store *s, const struct repository *repository, struct err *err)
{
	size_t n = 0;

	if (state_renew(s, repository, &n, err) < 0)
		return -1;
	if (n)
		log_at(LOG_NOTE, "%s: the index of state %lld was made anew", repository->name, (long long)repository->serial);
	return 0;
}

static int
locked_cycle(struct store *s, const char *repository, const struct cycle_options *how, struct cycle_sum *sum, struct err *err)
{
	int r = 1;

	while (r > 0) {
		AUTO(cycle_fini) struct cycle c = {.s = s, .how = how, .batch.dry = how->dry, .started = now_ms()};

		if (repository_get(s, repository, &c.repository, err) || (!how->dry && commit_recover(s, &c.repository, err) < 0))
			return -1;
		if (!how->dry && renew(s, &c.repository, err) < 0)
			return -1;
		r = fold(&c, sum, err);
		sum->serial = c.repository.serial;
	}
	return r;
}

int
cycle_run(struct store *s, const char *repository, const struct cycle_options *how, struct cycle_sum *sum, struct err *err)
{
	AUTO(repository_fini) struct repository known = {0};
	AUTO(close) int fd = -1;
	int r = repository_get(s, repository, &known, err) ? -1 : state_lock(s, repository, &fd, err);

	if (r)
		return r == STATE_BUSY ? CYCLE_BUSY : r;
	if (locked_cycle(s, repository, how, sum, err) < 0)
		return err_ctx(err, "merge %s", repository);
	return 0;
}
