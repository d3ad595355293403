#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "scheduler/assign.h"
#include "schema/repository.h"
#include "schema/store.h"
#include "schema/task.h"

struct assign {
	struct store *s;
	const struct job *job;
	struct task task;
	struct repository repository;
	struct wire_job *out;
	const struct strs *arches;	/* of its builder */
	struct strs sources;		/* of each package of the overlay */
	const char *arch;		/* the job's, or one of those for one without */
};

static void
assign_fini(struct assign *a)
{
	task_fini(&a->task);
	repository_fini(&a->repository);
	strs_fini(&a->sources);
}
AUTO_DEFINE_EMBEDDED(struct assign, assign_fini);

static int
state_file(struct assign *a, const char *kind, char **out, struct err *err)
{
	int r = state_file_get(a->s, a->repository.name, a->task.base, a->arch, kind, out, err);

	return r == STATE_FILE_ABSENT ? err_set(err, ENOENT, "%s %s: state %lld is incomplete", a->repository.name,
	    a->arch, (long long)a->task.base) : r;
}

/* The sources that a task takes away, its own from the moment that something of them was built here; and, its own, what it says of them. */
static void
take_sources(struct assign *a, int64_t task, const struct subtask_list *subs, const struct output_list *outs, struct strs *gone)
{
	for (size_t i = 0; i < subs->n; i++) {
		const struct subtask *t = &subs->p[i];
		bool built = t->kind == SUBTASK_DELETE;

		for (size_t k = 0; k < outs->n && !built; k++)
			built = outs->p[k].subtask == t->id && strcmp(outs->p[k].kind, "rpm") == 0 &&
			    (task != a->task.id || a->job->kind == JOB_TEST || strcmp(outs->p[k].arch, a->arch) == 0);
		if (built && *t->package && !strs_has(gone, t->package))
			strs_add(gone, t->package);
		if (task == a->task.id)
			strs_add(t->kind == SUBTASK_DELETE ? &a->out->deletes : &a->out->builds, t->package);
	}
}

/* Packages of tasks before this one leave with their sources, as those of the base do. */
static void
drop_sources(struct assign *a, const struct strs *gone)
{
	struct wire_files *l = &a->out->overlay;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (strs_has(gone, a->sources.p[i])) {
			free(l->p[i].sha256);
			free(l->p[i].name);
			free(l->p[i].facts);
			free(l->p[i].identity);
			free(a->sources.p[i]);
			continue;
		}
		l->p[n] = l->p[i];
		a->sources.p[n++] = a->sources.p[i];
	}
	l->n = a->sources.n = n;
}

static const char *
source_of(const struct subtask_list *subs, int subtask)
{
	for (size_t i = 0; i < subs->n; i++)
		if (subs->p[i].id == subtask)
			return subs->p[i].package;
	return "";
}

/* The RPMs of a task for this architecture, and the sources that it takes away. */
static int
add_task(struct assign *a, int64_t task, size_t *n, struct strs *removed, struct err *err)
{
	AUTO(output_list_fini) struct output_list outs = {0};
	AUTO(subtask_list_fini) struct subtask_list subs = {0};
	AUTO(strs_fini) struct strs gone = {0};

	if (output_find(a->s, task, &outs, err) < 0 || subtask_find(a->s, task, &subs, err) < 0)
		return -1;
	take_sources(a, task, &subs, &outs, &gone);
	/* A test compares the task with what was there before it. */
	if (task != a->task.id || a->job->kind != JOB_TEST)
		drop_sources(a, &gone);
	for (size_t i = 0; i < outs.n; i++)
		if (strcmp(outs.p[i].kind, "rpm") == 0 && strcmp(outs.p[i].arch, a->arch) == 0) {
			wire_files_add(&a->out->overlay, outs.p[i].sha256, outs.p[i].file, outs.p[i].facts, outs.p[i].identity);
			strs_add(&a->sources, source_of(&subs, outs.p[i].subtask));
			++*n;
		}
	for (size_t i = 0; i < gone.n; i++)
		if (!strs_has(removed, gone.p[i]))
			strs_add(removed, gone.p[i]);
	return 0;
}

/* Whether a task depends on one of on[from..n]. */
static int
depends_on_later(struct assign *a, int64_t task, const struct task_on *on, size_t from, size_t n, struct err *err)
{
	AUTO(free) int64_t *deps = NULL;
	size_t n_deps = 0;

	if (task_deps(a->s, task, &deps, &n_deps, err) < 0)
		return -1;
	for (size_t i = 0; i < n_deps; i++)
		for (size_t k = from; k < n; k++)
			if (on[k].dep == deps[i])
				return 1;
	return 0;
}

/* Put the tasks in an order in which each stands behind those it depends on. */
static int
order_on(struct assign *a, struct task_on *on, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct task_on first;
		size_t k = i;
		int r = 1;

		for (; k < n && (r = depends_on_later(a, on[k].dep, on, i, n, err)) > 0; k++)
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
add_overlay(struct assign *a, struct err *err)
{
	AUTO(free) struct task_on *on = NULL;
	size_t n = 0, ignored = 0;

	if (task_on_find(a->s, a->task.id, &on, &n, err) < 0 || order_on(a, on, n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO(task_fini) struct task dep = {0};
		int r = task_get(a->s, on[i].dep, &dep, err);

		if (r < 0)
			return -1;
		if (r || dep.try != on[i].try || dep.iter != on[i].iter)
			return err_set(err, ESTALE, "task #%lld, which this one is built on, has changed", (long long)on[i].dep);
		if (add_task(a, on[i].dep, &ignored, &a->out->on_removed, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < a->out->on_removed.n; i++)
		strs_add(&a->out->removed, a->out->on_removed.p[i]);
	return add_task(a, a->task.id, &a->out->n_own, &a->out->removed, err);
}

static int
add_source(struct assign *a, struct err *err)
{
	AUTO(subtask_list_fini) struct subtask_list subs = {0};
	struct wire_job *out = a->out;

	if (subtask_find(a->s, a->task.id, &subs, err) < 0)
		return -1;
	for (size_t i = 0; i < subs.n; i++) {
		const struct subtask *t = &subs.p[i];
		bool tree = a->job->kind == JOB_SRPM && t->kind == SUBTASK_REPO;

		if (t->id != a->job->subtask)
			continue;
		out->source.sha256 = xstrdup(tree ? t->tree : t->srpm);
		out->source.name = xstrdup(tree ? "tree.tar" : t->srpm_file);
		out->source.facts = xstrdup("");
		out->source.identity = xstrdup("");
		out->source_date_epoch = t->epoch_s;
		return hash_valid(out->source.sha256) ? 0 : err_set(err, ENOENT, "subtask %o has no source", (unsigned)t->id);
	}
	return err_set(err, ENOENT, "subtask %o is gone", (unsigned)a->job->subtask);
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
 * its repository says, so that somebody can raise what has become too little.
 */
static int
set_limits(struct assign *a, struct err *err)
{
	enum { TIMES = 10, TIME_FLOOR_MS = 1800000, MEMORY_TIMES = 4 };
	static const uint64_t space_floor = 2ull << 30;
	AUTO(subtask_list_fini) struct subtask_list subs = {0};
	struct limits *l = &a->out->limits;
	const char *package = "";
	struct used peak = {0};
	int r;

	if (subtask_find(a->s, a->task.id, &subs, err) < 0)
		return -1;
	for (size_t i = 0; i < subs.n; i++)
		if (subs.p[i].id == a->job->subtask)
			package = subs.p[i].package;
	r = *package ? usage_peak(a->s, package, a->job->arch, a->job->kind, &peak, err) : USAGE_NONE;
	if (r < 0)
		return -1;
	if (r == 0) {
		l->time_ms = (int64_t)tighten((uint64_t)l->time_ms, (uint64_t)peak.elapsed_ms, TIMES, TIME_FLOOR_MS);
		l->memory_bytes = tighten(l->memory_bytes, (uint64_t)peak.memory, MEMORY_TIMES, space_floor);
		l->disk_bytes = tighten(l->disk_bytes, (uint64_t)peak.disk, TIMES, space_floor);
	}
	return limits_parse(l, a->repository.limits, err);
}

/* A builder names its own architecture first. */
static const char *
common_arch(const struct assign *a)
{
	for (size_t i = 0; i < a->arches->n; i++)
		if (strs_has(&a->repository.arches, a->arches->p[i]))
			return a->arches->p[i];
	return a->repository.arches.p[0];
}

static bool
is_noarch(const struct output *o)
{
	static const char suffix[] = ".noarch.rpm";
	size_t n = strlen(o->file), m = sizeof(suffix) - 1;

	return strcmp(o->kind, "rpm") == 0 && n > m && strcmp(o->file + n - m, suffix) == 0;
}

/* noarch packages that an architecture in front of this one has otherwise: so each pair is compared once. */
static int
add_others(struct assign *a, struct err *err)
{
	AUTO(output_list_fini) struct output_list outs = {0};

	if (output_find(a->s, a->task.id, &outs, err) < 0)
		return -1;
	for (size_t i = 0; i < outs.n; i++) {
		const struct output *o = &outs.p[i];
		bool same = false;

		if (!is_noarch(o) || strcmp(o->arch, a->arch) >= 0)
			continue;
		for (size_t k = 0; k < outs.n; k++)
			same |= strcmp(outs.p[k].arch, a->arch) == 0 && strcmp(outs.p[k].sha256, o->sha256) == 0;
		if (same)
			continue;
		wire_files_add(&a->out->others, o->sha256, o->file, o->facts, o->identity);
		strs_add(&a->out->other_arches, o->arch);
	}
	return 0;
}

static int
fill(struct assign *a, struct err *err)
{
	struct wire_job *out = a->out;

	if (task_get(a->s, a->job->task, &a->task, err) || repository_get(a->s, a->task.repository, &a->repository, err))
		return -1;
	a->arch = *a->job->arch ? a->job->arch : common_arch(a);
	out->kind = a->job->kind == JOB_SRPM ? WIRE_JOB_SRPM : a->job->kind == JOB_BUILD ? WIRE_JOB_BUILD : WIRE_JOB_TEST;
	out->label = a->job->subtask ? xasprintf("#%lld.%o %s %s", (long long)a->task.id, (unsigned)a->job->subtask,
	    a->arch, job_kind_name(a->job->kind)) : xasprintf("#%lld %s test", (long long)a->task.id, a->arch);
	out->arch = xstrdup(a->arch);
	out->repository = xstrdup(a->repository.name);
	out->task = a->task.id;
	out->base_group = xstrdup(a->repository.base_group);
	if (state_file(a, "index", &out->index, err) < 0 ||
	    state_file_get(a->s, a->repository.name, a->task.base, a->arch, "changes", &out->changes, err) < 0)
		return -1;
	out->allow = xstrdup(a->repository.allow);
	out->sanity = xstrdup(a->repository.sanity);
	out->network = a->repository.network;
	out->keep = a->task.keep_root;
	if (add_overlay(a, err) < 0)
		return -1;
	if ((a->job->kind == JOB_TEST ? add_others(a, err) : add_source(a, err)) < 0)
		return -1;
	return set_limits(a, err);
}

int
assign_job(struct store *s, const struct job *job, const struct strs *arches, const struct limits *limits,
	struct wire_job *out, struct err *err)
{
	AUTO(assign_fini) struct assign a = {.s = s, .job = job, .arches = arches, .out = out};

	*out = (struct wire_job){.ref = {job->id, (uint32_t)job->attempt}, .limits = *limits};
	if (fill(&a, err) < 0)
		return err_ctx(err, "job of task #%lld", (long long)job->task);
	for (size_t i = 0; i < 2; i++) {
		char **text = (char **[]){&out->index, &out->changes}[i];

		if (!*text)
			*text = xstrdup("");
	}
	if (!out->source.sha256)
		out->source = (struct wire_file){xstrdup(""), xstrdup(""), xstrdup(""), xstrdup("")};
	return 0;
}
