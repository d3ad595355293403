#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/vec.h"
#include "merger/batch.h"
#include "package/artefact.h"
#include "package/evr.h"
#include "schema/acl.h"
#include "schema/event.h"
#include "schema/store.h"
#include "source/inherit.h"
#include "source/record.h"
#include "source/record-graph.h"
#include "wire/job.h"

void
candidate_fini(struct candidate *c)
{
	for (size_t i = 0; i < c->n_changes; i++)
		change_fini(&c->changes[i]);
	for (size_t i = 0; c->evr && i < c->subs.n; i++)
		free(c->evr[i]);
	free(c->evr);
	free(c->changes);
	free(c->deps);
	output_list_fini(&c->outputs);
	subtask_list_fini(&c->subs);
	task_fini(&c->task);
}

void
batch_fini(struct batch *b)
{
	for (size_t i = 0; i < b->items.n; i++)
		candidate_fini(&b->items.p[i]);
	vec_fini(&b->items);
	for (size_t i = 0; i < b->verdicts.n; i++)
		free(b->verdicts.p[i].reason);
	vec_fini(&b->verdicts);
}

int
batch_send(struct store *s, struct batch *b, struct candidate *c, enum task_state to, const char *reason, struct err *err)
{
	int r;

	if (b->dry) {
		vec_push(&b->verdicts, ((struct batch_verdict){c->task.id, to, xstrdup(reason)}));
		return 0;
	}
	if (to == TASK_AWAITING) {
		c->task.iter++;
		if (c->task.iter > BATCH_MAX_ITER + 1) {
			AUTO(free) char *why = xasprintf("sent back %d times; look at it, then `task run %lld`. Last: %s",
			    (int)BATCH_MAX_ITER, (long long)c->task.id, reason);

			c->task.iter--;
			r = task_move(s, &c->task, TASK_FAILED, why, err);
			return r < 0 ? -1 : 0;
		}
	}
	r = task_move(s, &c->task, to, reason, err);
	return r < 0 ? -1 : 0;
}

/* Another task may have published this tag's name with another id since it was looked up. 1: *why. */
static int
check_tag_name(git_repository *record, const struct subtask *t, char **why, struct err *err)
{
	struct tag tag = {.name = t->tag_name};
	int r;

	snprintf(tag.id, sizeof(tag.id), "%s", t->tag_id);
	r = record_check_tag(record, &tag, err);
	if (r > 0)
		*why = xstrdup(err->msg);
	return r;
}

/* The EVR of a source may not decrease; of one that was imported without its SRPM the epoch is not known. 1: *why. */
static int
check_source_evr(struct store *s, const struct repository *repository, const struct candidate *c, size_t i, char **why,
	struct err *err)
{
	AUTO(source_fini) struct source src = {0};
	int r, bad;

	if (!c->evr[i])
		return 0;
	r = source_get(s, repository->name, c->subs.p[i].package, &src, err);
	if (r || (!src.task && !*src.srpm) || evr_cmp(src.evr, c->evr[i], &bad) <= 0)
		return r < 0 ? -1 : 0;
	*why = xasprintf("subtask %o: source %s-%s is older than %s in %s: raise its version or release",
	    (unsigned)c->subs.p[i].id, src.name, c->evr[i], src.evr, repository->name);
	return 1;
}

/* Deleting what is not there any more is refused: 1 and *why. */
static int
check_delete(struct store *s, const struct repository *repository, const struct subtask *t, char **why, struct err *err)
{
	AUTO(source_fini) struct source src = {0};
	int r = source_get(s, repository->name, t->package, &src, err);

	if (r == SOURCE_ABSENT)
		*why = xasprintf("subtask %o: %s has no source package %s any more", (unsigned)t->id, repository->name, t->package);
	return r;
}

/* An RPM is of the source whose subtask built it; any other claim would replace what is not the task's. */
static int
check_sources(const struct candidate *c, char **why)
{
	for (size_t a = 0; a < c->n_changes; a++)
		for (size_t i = 0; i < c->changes[a].packages.n; i++) {
			const struct facts *f = &c->changes[a].packages.p[i].facts;

			if (!strs_has(&c->changes[a].builds, f->source)) {
				*why = xasprintf("package %s says that it comes from %s, which the task does not build", f->name, f->source);
				return 1;
			}
		}
	return 0;
}

/* A plan that contradicts itself. */
static int
check_plans(const struct candidate *c, char **why)
{
	struct err refused;

	for (size_t a = 0; a < c->n_changes; a++)
		if (plan_check(&c->changes[a], &refused) < 0) {
			*why = xstrdup(refused.msg);
			return 1;
		}
	return 0;
}

/* 0: may merge; 1: *why says why not. */
static int
check_inheritance(struct store *s, const struct repository *repository, const struct subtask *t, char **why, struct err *err)
{
	AUTO(git_repository_free) git_repository *record = NULL;
	char head[GIT_HEX + 1];
	int r = record_open(s->root, t->package, false, &record, err);

	if (r)
		return r == RECORD_ABSENT ? 0 : -1;
	if (t->kind == SUBTASK_REPO && (r = check_tag_name(record, t, why, err)) != 0)
		return r;
	r = record_head(record, repository->name, head, err);
	if (r)
		return r == RECORD_ABSENT ? 0 : -1;
	if (t->kind == SUBTASK_SRPM) {
		*why = xasprintf("%s is kept in git here (branch %s): build it from a tag, not from an SRPM",
		    t->package, repository->name);
		return 1;
	}
	/* The walk was done when the task was submitted; again only if the branch has moved since. */
	if (t->kind != SUBTASK_REPO || strcmp(t->inherit_ok, head) == 0 || strcmp(t->inherited, head) == 0)
		return 0;
	r = record_inherits(record, head, t->commit, err);
	if (r == INHERIT_NOT)
		*why = xasprintf("subtask %o: %s: tag %s is not a descendant of %s, which is published in %s now: "
		    "merge that commit and tag again, or `task check-git-inheritance %lld %o disable %s`", (unsigned)t->id, t->package,
		    t->tag_name, head, repository->name, (long long)t->task, (unsigned)t->id, head);
	return r;
}

static int
load_change(struct store *s, const struct candidate *c, const char *arch, struct change *out, struct err *err)
{
	out->task = c->task.id;
	for (size_t i = 0; i < c->subs.n; i++)
		strs_add(c->subs.p[i].kind == SUBTASK_DELETE ? &out->deletes : &out->builds, c->subs.p[i].package);
	for (size_t i = 0; i < c->outputs.n; i++) {
		const struct output *o = &c->outputs.p[i];
		AUTO(str_fini) struct str raw = {0};
		AUTO(facts_fini) struct facts f = {0};

		if (strcmp(o->kind, "rpm") != 0 || strcmp(o->arch, arch) != 0)
			continue;
		if (artefact_read(s->dir, o->facts, FACTS_MAX, &raw, err) < 0 ||
		    facts_unpack(raw.p, raw.n, &f, err) < 0)
			return err_ctx(err, "task #%lld: facts of %s", (long long)c->task.id, o->file);
		change_add(out, &f, o->facts);
	}
	return 0;
}

/* The builders' tests have compared what they built; copies come together only here. */
static int
check_noarch(const struct candidate *c, char **why)
{
	for (size_t a = 0; a < c->n_changes; a++)
		for (size_t b = a + 1; b < c->n_changes; b++)
			for (size_t i = 0; i < c->changes[b].packages.n; i++)
				if (plan_noarch_differs(&c->changes[a], &c->changes[b].packages.p[i].facts, why))
					return 1;
	return 0;
}

static int
load_changes(struct store *s, const struct repository *repository, struct candidate *c, struct err *err)
{
	c->n_changes = repository->arches.n;
	c->changes = xcalloc(c->n_changes, sizeof(*c->changes));
	for (size_t a = 0; a < c->n_changes; a++)
		if (load_change(s, c, repository->arches.p[a], &c->changes[a], err) < 0)
			return -1;
	return 0;
}

/* Whether what the task was built on is still what will be merged: 0, or 1 with the reason. */
static int
check_on(struct store *s, const struct candidate *c, char **why, struct err *err)
{
	AUTO(free) struct task_on *on = NULL;
	size_t n = 0;

	if (task_on_find(s, c->task.id, &on, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO(task_fini) struct task dep = {0};
		int r = task_get(s, on[i].dep, &dep, err);

		if (r < 0)
			return -1;
		if (r == 0 && dep.try == on[i].try && dep.iter == on[i].iter &&
		    (dep.state == TASK_BUILT || dep.state == TASK_MERGING || dep.state == TASK_DONE))
			continue;
		*why = xasprintf("it was built on task #%lld, which has changed since", (long long)on[i].dep);
		return 1;
	}
	return 0;
}

static bool
database_trouble(const struct err *err)
{
	static const int codes[] = {ENOSPC, ENOMEM, EIO, EMFILE, ENFILE, EACCES, EROFS, EDQUOT};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (err->code == codes[i])
			return true;
	return strstr(err->msg, "database: ") != NULL;
}

/* Reasons that need no check of packages. 0 stays in the batch, 1 moved away, -1. */
static int
refuse(struct store *s, struct batch *b, struct candidate *c, struct err *err)
{
	const struct repository *repository = b->repository;
	AUTO(free) char *why = NULL;
	int r = acl_task(s, c->task.id, repository->name, &why, err);

	if (r == ACL_DENIED)
		return batch_send(s, b, c, TASK_EPERM, why, err) < 0 ? -1 : 1;
	if (r == 0 && (r = check_on(s, c, &why, err)) > 0)
		return batch_send(s, b, c, TASK_AWAITING, why, err) < 0 ? -1 : 1;
	for (size_t i = 0; i < c->subs.n && r == 0; i++)
		r = c->subs.p[i].kind == SUBTASK_DELETE ? check_delete(s, repository, &c->subs.p[i], &why, err) :
		    check_inheritance(s, repository, &c->subs.p[i], &why, err);
	for (size_t i = 0; i < c->subs.n && r == 0; i++)
		r = check_source_evr(s, repository, c, i, &why, err);
	if (r == 0 && (r = check_sources(c, &why)) == 0)
		r = check_plans(c, &why);
	if (r == 0)
		r = check_noarch(c, &why);
	/* What is wrong with one task's git record is that task's failure, not the merger's. */
	if (r < 0 && !database_trouble(err)) {
		why = xstrdup(err->msg);
		r = 1;
	}
	if (r > 0)
		return batch_send(s, b, c, TASK_FAILED, why, err) < 0 ? -1 : 1;
	return r;
}

enum { FOLLOWS_NOT = 1 };

/* Whether the later subtask of a source may be merged right behind the earlier: 0 or FOLLOWS_NOT. */
static int
follows(struct store *s, const struct candidate *a, size_t i, const struct candidate *c, size_t k, struct err *err)
{
	const struct subtask *earlier = &a->subs.p[i], *later = &c->subs.p[k];
	AUTO(git_repository_free) git_repository *record = NULL;
	int r, bad;

	if (earlier->kind != SUBTASK_REPO || later->kind != SUBTASK_REPO)
		return FOLLOWS_NOT;
	if (a->evr[i] && c->evr[k] && evr_cmp(a->evr[i], c->evr[k], &bad) > 0)
		return FOLLOWS_NOT;
	r = record_open(s->root, later->package, false, &record, err);
	if (r == 0)
		r = record_inherits(record, earlier->commit, later->commit, err);
	/* Whatever is wrong with the record is said of the task that it is wrong for, when its turn comes. */
	return r < 0 && database_trouble(err) ? -1 : r ? FOLLOWS_NOT : 0;
}

static void
depend_on(struct candidate *c, int64_t task)
{
	for (size_t d = 0; d < c->n_deps; d++)
		if (c->deps[d] == task)
			return;
	c->deps = xrealloc(c->deps, (c->n_deps + 1) * sizeof(*c->deps));
	c->deps[c->n_deps++] = task;
}

/* An earlier task of the batch with a source of this one: 0 if there is none or it follows, FOLLOWS_NOT. */
static int
behind(struct store *s, const struct candidate *a, struct candidate *c, struct err *err)
{
	for (size_t i = 0; i < a->subs.n; i++)
		for (size_t k = 0; k < c->subs.n; k++) {
			int r;

			if (strcmp(a->subs.p[i].package, c->subs.p[k].package) != 0)
				continue;
			r = follows(s, a, i, c, k, err);
			if (r)
				return r;
			depend_on(c, a->task.id);
		}
	return 0;
}

static bool
in_batch(const struct batch *b, int64_t task)
{
	for (size_t i = 0; i < b->items.n; i++)
		if (b->items.p[i].task.id == task)
			return true;
	return false;
}

/*
 * Whether it can be tried in this round: what it depends on is done or in the batch,
 * and it follows what is in the batch of its sources.
 */
static int
may_join(struct store *s, const struct batch *b, struct candidate *c, bool *yes, struct err *err)
{
	int r;

	*yes = false;
	for (size_t i = 0; i < b->items.n; i++)
		if ((r = behind(s, &b->items.p[i], c, err)) != 0)
			return r < 0 ? -1 : 0;
	for (size_t d = 0; d < c->n_deps; d++) {
		AUTO(task_fini) struct task dep = {0};

		r = task_get(s, c->deps[d], &dep, err);
		if (r < 0)
			return -1;
		if (r == 0 && dep.state != TASK_DONE && !in_batch(b, c->deps[d]))
			return 0;
	}
	*yes = true;
	return 0;
}

/* What the SRPM jobs said. */
static int
load_evrs(struct store *s, struct candidate *c, struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};

	c->evr = xcalloc(c->subs.n, sizeof(*c->evr));
	if (job_of_task(s, c->task.id, &jobs, err) < 0)
		return -1;
	for (size_t k = 0; k < jobs.n; k++) {
		AUTO(wire_result_fini) struct wire_result r = {0};

		if (jobs.p[k].kind != JOB_SRPM)
			continue;
		if (wire_result_unpack(jobs.p[k].result.p, jobs.p[k].result.n, &r, err) < 0)
			return -1;
		for (size_t i = 0; i < c->subs.n; i++)
			if (c->subs.p[i].id == jobs.p[k].subtask && !c->evr[i])
				c->evr[i] = xstrdup(r.evr);
	}
	return 0;
}

int
candidate_load(struct store *s, const struct repository *repository, struct task *t, struct candidate *c, struct err *err)
{
	c->task = *t;
	*t = (struct task){0};
	if (subtask_find(s, c->task.id, &c->subs, err) < 0 || output_find(s, c->task.id, &c->outputs, err) < 0 ||
	    task_deps(s, c->task.id, &c->deps, &c->n_deps, err) < 0 || load_evrs(s, c, err) < 0)
		return -1;
	return load_changes(s, repository, c, err);
}

static int
by_order(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	if (x->class != y->class)
		return (int)x->class - (int)y->class;
	if (x->submitted != y->submitted)
		return x->submitted < y->submitted ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int
consider(struct store *s, struct batch *b, struct task *t, bool *joined, struct err *err)
{
	struct candidate c = {0};
	int r = candidate_load(s, b->repository, t, &c, err);

	*joined = false;
	if (r < 0 && !database_trouble(err)) {
		AUTO(free) char *why = xstrdup(err->msg);

		r = batch_send(s, b, &c, TASK_FAILED, why, err);
		*joined = r == 0;
		candidate_fini(&c);
		return r;
	}
	if (r == 0)
		r = may_join(s, b, &c, joined, err);
	if (r == 0 && *joined)
		r = refuse(s, b, &c, err);
	if (r == 0 && *joined) {
		vec_push(&b->items, c);
		return 0;
	}
	if (r == 0)
		*t = c.task, c.task = (struct task){0};
	*joined |= r == 1;
	candidate_fini(&c);
	return r < 0 ? -1 : 0;
}

/* Those that did not join wait for another round; but one in a circle of dependencies would wait for ever. */
static int
leave_waiting(struct store *s, struct batch *b, struct task_list *tasks, struct err *err)
{
	for (size_t i = 0; i < tasks->n; i++) {
		struct candidate c = {.task = tasks->p[i]};
		AUTO(free) char *cycle = NULL;
		AUTO(free) char *why = NULL;
		int r;

		if (!c.task.id)
			continue;
		r = task_dep_cycle(s, c.task.id, &cycle, err);
		if (r < 0)
			return -1;
		if (!cycle) {
			b->deferred++;
			if (b->dry)
				vec_push(&b->verdicts, ((struct batch_verdict){c.task.id, TASK_BUILT,
				    xstrdup("waits for another task with the same source, or one that it depends on")}));
			continue;
		}
		why = xasprintf("its dependencies go round in a circle: %s", cycle);
		r = batch_send(s, b, &c, TASK_FAILED, why, err);
		tasks->p[i] = c.task;
		if (r < 0)
			return -1;
	}
	return 0;
}

int
batch_collect(struct store *s, struct repository *repository, struct batch *out, struct err *err)
{
	AUTO(task_list_fini) struct task_list tasks = {0};
	const struct task_filter f = {.states = 1u << TASK_BUILT, .repository = repository->name, .oldest_first = true};
	bool again = true, joined;

	out->repository = repository;
	if ((out->event = event_last(s, err)) < 0 || task_find(s, &f, &tasks, err) < 0)
		return -1;
	if (tasks.n)
		qsort(tasks.p, tasks.n, sizeof(*tasks.p), by_order);
	/* A task whose dependency stands behind it in the order joins in the next pass. */
	while (again) {
		again = false;
		for (size_t i = 0; i < tasks.n; i++) {
			if (!tasks.p[i].id)
				continue;
			if (consider(s, out, &tasks.p[i], &joined, err) < 0)
				return -1;
			again |= joined;
		}
	}
	return leave_waiting(s, out, &tasks, err);
}
