#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/vec.h"
#include "scheduler/assign.h"
#include "schema/build.h"
#include "schema/repository.h"
#include "schema/store.h"
#include "schema/task.h"

enum { TASKS = 256, TASKS_MAX = 1024 };

/* What is known of a task that jobs are built on. */
struct brief {
	struct task task;
	struct subtask_list subs;
	struct output_list outs;
	struct task_on *on;		/* each behind those it depends on */
	size_t n_on;
	bool ordered;			/* `on` was read */
	struct brief *next;		/* of its slot */
};

/* One state of a repository, as one architecture's jobs see it. */
struct base {
	char *repository, *arch, *index, *changes;
	int64_t serial;
};

struct assign {
	struct store *s;
	const struct limits *limits;
	struct brief *tasks[TASKS];
	size_t n_tasks;
	VEC(struct repository) repositories;
	VEC(struct base) bases;
};

/* One call. */
struct call {
	struct assign *a;
	struct store *s;
	struct wire_job *out;
	const struct job_brief *job;
	const struct brief *task;	/* of a layered job, and of a test */
	const struct repository *repository;
	const struct strs *arches;	/* of its builder */
	const char *arch;		/* the job's, or one of those for one without */
	struct strs sources;		/* of each package of the overlay */
};

static void
brief_free(struct brief *b)
{
	task_fini(&b->task);
	subtask_list_fini(&b->subs);
	output_list_fini(&b->outs);
	free(b->on);
	free(b);
}

struct assign *
assign_new(struct store *s, const struct limits *limits)
{
	struct assign *a = xcalloc(1, sizeof(*a));

	a->s = s;
	a->limits = limits;
	return a;
}

void
assign_forget(struct assign *a)
{
	for (size_t i = 0; i < TASKS && a->n_tasks; i++)
		while (a->tasks[i]) {
			struct brief *b = a->tasks[i];

			a->tasks[i] = b->next;
			a->n_tasks--;
			brief_free(b);
		}
	for (size_t i = 0; i < a->repositories.n; i++)
		repository_fini(&a->repositories.p[i]);
	a->repositories.n = 0;
	for (size_t i = 0; i < a->bases.n; i++) {
		struct base *b = &a->bases.p[i];

		free(b->repository);
		free(b->arch);
		free(b->index);
		free(b->changes);
	}
	a->bases.n = 0;
}

void
assign_free(struct assign *a)
{
	if (!a)
		return;
	assign_forget(a);
	vec_fini(&a->repositories);
	vec_fini(&a->bases);
	free(a);
}

static int
brief_of(struct assign *a, int64_t task, const struct brief **out, struct err *err)
{
	struct brief **slot = &a->tasks[(uint64_t)task % TASKS], *b = *slot;
	int r;

	while (b && b->task.id != task)
		b = b->next;
	*out = b;
	if (b)
		return 0;
	b = xcalloc(1, sizeof(*b));
	r = task_get(a->s, task, &b->task, err);
	if (r || subtask_find(a->s, task, &b->subs, err) < 0 || output_find(a->s, task, &b->outs, err) < 0) {
		brief_free(b);
		return -1;
	}
	b->next = *slot;
	*slot = b;
	a->n_tasks++;
	*out = b;
	return 0;
}

static int
repository_of(struct assign *a, const char *name, const struct repository **out, struct err *err)
{
	struct repository r = {0};

	for (size_t i = 0; i < a->repositories.n; i++)
		if (strcmp(a->repositories.p[i].name, name) == 0) {
			*out = &a->repositories.p[i];
			return 0;
		}
	if (repository_get(a->s, name, &r, err))
		return -1;
	vec_push(&a->repositories, r);
	*out = &a->repositories.p[a->repositories.n - 1];
	return 0;
}

static int
base_files(struct call *c, struct err *err)
{
	struct assign *a = c->a;
	const char *name = c->repository->name;
	struct base b = {.serial = c->job->base};
	int r;

	for (size_t i = 0; i < a->bases.n; i++) {
		const struct base *k = &a->bases.p[i];

		if (k->serial != b.serial || strcmp(k->repository, name) != 0 || strcmp(k->arch, c->arch) != 0)
			continue;
		c->out->index = xstrdup(k->index);
		c->out->changes = xstrdup(k->changes);
		return 0;
	}
	r = state_file_get(c->s, name, b.serial, c->arch, "index", &b.index, err);
	if (r == STATE_FILE_ABSENT)
		return err_set(err, ENOENT, "%s %s: state %lld is incomplete", name, c->arch, (long long)b.serial);
	if (r < 0 || state_file_get(c->s, name, b.serial, c->arch, "changes", &b.changes, err) < 0) {
		free(b.index);
		return -1;
	}
	if (!b.changes)
		b.changes = xstrdup("");
	b.repository = xstrdup(name);
	b.arch = xstrdup(c->arch);
	vec_push(&a->bases, b);
	c->out->index = xstrdup(b.index);
	c->out->changes = xstrdup(b.changes);
	return 0;
}

/* The sources that a task takes away, its own from the moment that something of them was built here, all when it is tested; and then what it says of them. */
static void
take_sources(struct call *c, const struct brief *b, struct strs *gone)
{
	bool own = b == c->task;

	for (size_t i = 0; i < b->subs.n; i++) {
		const struct subtask *t = &b->subs.p[i];
		bool built = t->kind == SUBTASK_DELETE || (own && c->job->kind == JOB_TEST);

		for (size_t k = 0; k < b->outs.n && !built; k++)
			built = b->outs.p[k].subtask == t->id && strcmp(b->outs.p[k].kind, "rpm") == 0 &&
			    (!own || strcmp(b->outs.p[k].arch, c->arch) == 0);
		if (built && *t->package && !strs_has(gone, t->package))
			strs_add(gone, t->package);
		if (own && c->job->kind == JOB_TEST)
			strs_add(t->kind == SUBTASK_DELETE ? &c->out->deletes : &c->out->builds, t->package);
	}
}

/* Packages of tasks before this one leave with their sources, as those of the base do. */
static void
drop_sources(struct call *c, const struct strs *gone)
{
	struct wire_files *l = &c->out->overlay;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (strs_has(gone, c->sources.p[i])) {
			free(l->p[i].sha256);
			free(l->p[i].name);
			free(l->p[i].facts);
			free(l->p[i].identity);
			free(c->sources.p[i]);
			continue;
		}
		l->p[n] = l->p[i];
		c->sources.p[n++] = c->sources.p[i];
	}
	l->n = c->sources.n = n;
}

static const struct subtask *
subtask_of(const struct brief *b, int id)
{
	for (size_t i = 0; i < b->subs.n; i++)
		if (b->subs.p[i].id == id)
			return &b->subs.p[i];
	return NULL;
}

/* The RPMs of a task for this architecture, and the sources that it takes away; how many RPMs. */
static size_t
add_task(struct call *c, const struct brief *b, struct strs *removed)
{
	AUTO(strs_fini) struct strs gone = {0};
	size_t n = 0;

	take_sources(c, b, &gone);
	/* A test compares the task with what was there before it. */
	if (b != c->task || c->job->kind != JOB_TEST)
		drop_sources(c, &gone);
	for (size_t i = 0; i < b->outs.n; i++) {
		const struct output *o = &b->outs.p[i];
		const struct subtask *t;

		if (strcmp(o->kind, "rpm") != 0 || strcmp(o->arch, c->arch) != 0)
			continue;
		t = subtask_of(b, o->subtask);
		wire_files_add(&c->out->overlay, o->sha256, o->file, o->facts, o->identity);
		strs_add(&c->sources, t ? t->package : "");
		n++;
	}
	for (size_t i = 0; i < gone.n; i++)
		if (!strs_has(removed, gone.p[i]))
			strs_add(removed, gone.p[i]);
	return n;
}

/* Whether a task depends on one of on[from..n]. */
static int
depends_on_later(struct store *s, int64_t task, const struct task_on *on, size_t from, size_t n, struct err *err)
{
	AUTO(free) int64_t *deps = NULL;
	size_t n_deps = 0;

	if (task_deps(s, task, &deps, &n_deps, err) < 0)
		return -1;
	for (size_t i = 0; i < n_deps; i++)
		for (size_t k = from; k < n; k++)
			if (on[k].dep == deps[i])
				return 1;
	return 0;
}

/* Put the tasks in an order in which each stands behind those it depends on. */
static int
order_on(struct store *s, struct task_on *on, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct task_on first;
		size_t k = i;
		int r = 1;

		for (; k < n && (r = depends_on_later(s, on[k].dep, on, i, n, err)) > 0; k++)
			;
		if (r < 0)
			return -1;
		if (r > 0)
			return err_set(err, ELOOP, "the tasks that this one is built on depend on each other");
		first = on[k];
		memmove(&on[i + 1], &on[i], (k - i) * sizeof(*on));
		on[i] = first;
	}
	return 0;
}

static int
read_on(struct store *s, struct brief *b, struct err *err)
{
	if (b->ordered)
		return 0;
	if (task_on_find(s, b->task.id, &b->on, &b->n_on, err) < 0 || order_on(s, b->on, b->n_on, err) < 0)
		return -1;
	b->ordered = true;
	return 0;
}

static int
add_overlay(struct call *c, struct err *err)
{
	const struct brief *own = c->task;

	if (read_on(c->s, (struct brief *)own, err) < 0)
		return -1;
	for (size_t i = 0; i < own->n_on; i++) {
		const struct task_on *on = &own->on[i];
		const struct brief *dep;

		if (brief_of(c->a, on->dep, &dep, err) < 0)
			return -1;
		if (dep->task.try != on->try || dep->task.iter != on->iter)
			return err_set(err, ESTALE, "task #%lld, which this one is built on, has changed", (long long)on->dep);
		add_task(c, dep, &c->out->on_removed);
	}
	for (size_t i = 0; i < c->out->on_removed.n; i++)
		strs_add(&c->out->removed, c->out->on_removed.p[i]);
	c->out->n_own = add_task(c, own, &c->out->removed);
	return 0;
}

static int
add_source(struct call *c, struct err *err)
{
	const struct job_brief *j = c->job;
	bool tree = j->kind == JOB_SRPM && j->from_tag;
	struct wire_job *out = c->out;

	out->source = (struct wire_file){xstrdup(tree ? j->tree : j->srpm), xstrdup(tree ? "tree.tar" : j->srpm_file),
	    xstrdup(""), xstrdup("")};
	out->source_date_epoch = j->epoch_s;
	return hash_valid(out->source.sha256) ? 0 : err_set(err, ENOENT, "subtask %o has no source", (unsigned)j->subtask);
}

/* `factor` times what was ever used, but neither below a floor nor above what there is; 0 is no limit, or unknown. */
static uint64_t
tighten(uint64_t limit, uint64_t used, unsigned factor, uint64_t floor)
{
	uint64_t own = used * factor > floor ? used * factor : floor;

	return used == 0 || (limit && limit < own) ? limit : own;
}

/*
 * A source that was built before gets no more of the scheduler's limits than many times what it used; over that goes what
 * its repository says, and over that what was set for the package, so that somebody can raise what has become too little.
 */
static int
set_limits(struct call *c, struct err *err)
{
	enum { TIMES = 10, TIME_FLOOR_MS = 1800000, MEMORY_TIMES = 4 };
	static const uint64_t space_floor = 2ull << 30;
	const struct used *peak = &c->job->peak;
	struct limits *l = &c->out->limits;

	l->time_ms = (int64_t)tighten((uint64_t)l->time_ms, (uint64_t)peak->elapsed_ms, TIMES, TIME_FLOOR_MS);
	l->memory_bytes = tighten(l->memory_bytes, (uint64_t)peak->memory, MEMORY_TIMES, space_floor);
	l->disk_bytes = tighten(l->disk_bytes, (uint64_t)peak->disk, TIMES, space_floor);
	return limits_parse(l, c->repository->limits, err) < 0 ? -1 : limits_parse(l, c->job->limits, err);
}

/* A builder names its own architecture first. */
static const char *
common_arch(const struct call *c)
{
	for (size_t i = 0; i < c->arches->n; i++)
		if (strs_has(&c->repository->arches, c->arches->p[i]))
			return c->arches->p[i];
	return c->repository->arches.p[0];
}

static bool
is_noarch(const struct output *o)
{
	static const char suffix[] = ".noarch.rpm";
	size_t n = strlen(o->file), m = sizeof(suffix) - 1;

	return strcmp(o->kind, "rpm") == 0 && n > m && strcmp(o->file + n - m, suffix) == 0;
}

/*
 * noarch packages that another architecture has otherwise. Tests start as soon as the builds of their architecture have
 * ended, so each is compared with the architectures whose test has started before: each pair, once at least.
 */
static int
add_others(struct call *c, struct err *err)
{
	const struct output_list *outs = &c->task->outs;
	AUTO(strs_fini) struct strs tested = {0};

	if (job_tests_started(c->s, c->task->task.id, &tested, err) < 0)
		return -1;
	for (size_t i = 0; i < outs->n; i++) {
		const struct output *o = &outs->p[i];
		bool same = false;

		if (!is_noarch(o) || strcmp(o->arch, c->arch) == 0 || !strs_has(&tested, o->arch))
			continue;
		for (size_t k = 0; k < outs->n; k++)
			same |= strcmp(outs->p[k].arch, c->arch) == 0 && strcmp(outs->p[k].sha256, o->sha256) == 0;
		if (same)
			continue;
		wire_files_add(&c->out->others, o->sha256, o->file, o->facts, o->identity);
		strs_add(&c->out->other_arches, o->arch);
	}
	return 0;
}

static int
fill(struct call *c, struct err *err)
{
	static const enum wire_job_kind kinds[] = {[JOB_SRPM] = WIRE_JOB_SRPM, [JOB_BUILD] = WIRE_JOB_BUILD, [JOB_TEST] = WIRE_JOB_TEST};
	const struct job_brief *j = c->job;
	struct wire_job *out = c->out;

	if (repository_of(c->a, j->repository, &c->repository, err) < 0 ||
	    ((j->layered || j->kind == JOB_TEST) && brief_of(c->a, j->task, &c->task, err) < 0))
		return -1;
	c->arch = *j->arch ? j->arch : common_arch(c);
	out->kind = kinds[j->kind];
	out->label = j->subtask ? xasprintf("#%lld.%o %s %s", (long long)j->task, (unsigned)j->subtask, c->arch, job_kind_name(j->kind)) :
	    xasprintf("#%lld %s test", (long long)j->task, c->arch);
	out->arch = xstrdup(c->arch);
	out->repository = xstrdup(c->repository->name);
	out->task = j->task;
	out->base_group = xstrdup(c->repository->base_group);
	out->allow = xstrdup(c->repository->allow);
	out->sanity = xstrdup(c->repository->sanity);
	out->network = c->repository->network;
	out->keep = j->keep_root;
	if (base_files(c, err) < 0 || (c->task && add_overlay(c, err) < 0))
		return -1;
	if ((j->kind == JOB_TEST ? add_others(c, err) : add_source(c, err)) < 0)
		return -1;
	return set_limits(c, err);
}

int
assign_job(struct assign *a, const struct wire_ref *ref, const struct strs *arches, struct wire_job *out, struct err *err)
{
	AUTO(job_brief_fini) struct job_brief job = {0};
	struct call c = {.a = a, .s = a->s, .out = out, .job = &job, .arches = arches};
	int r = job_brief(a->s, ref->job, &job, err);

	*out = (struct wire_job){.ref = *ref, .limits = *a->limits};
	if (r)
		return r < 0 ? -1 : ASSIGN_GONE;
	if (a->n_tasks > TASKS_MAX)
		assign_forget(a);
	r = fill(&c, err);
	strs_fini(&c.sources);
	if (r < 0)
		return err_ctx(err, "job of task #%lld", (long long)job.task);
	if (!out->source.sha256)
		out->source = (struct wire_file){xstrdup(""), xstrdup(""), xstrdup(""), xstrdup("")};
	return 0;
}
