#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "scheduler/order.h"
#include "scheduler/stage.h"
#include "schema/acl.h"
#include "schema/event.h"
#include "schema/repository.h"
#include "schema/store.h"
#include "wire/job.h"

/* Everything about a task that a stage looks at. */
struct stage {
	struct store *s;
	struct task *t;
	struct subtask_list subs;
	struct job_list jobs;
	struct repository repository;
};

static void
stage_fini(struct stage *g)
{
	subtask_list_fini(&g->subs);
	job_list_fini(&g->jobs);
	repository_fini(&g->repository);
}
AUTO_DEFINE_EMBEDDED(struct stage, stage_fini);

static int
stage_load(struct stage *g, struct store *s, struct task *t, struct err *err)
{
	*g = (struct stage){.s = s, .t = t};
	if (subtask_find(s, t->id, &g->subs, err) < 0 || job_of_task(s, t->id, &g->jobs, err) < 0 ||
	    repository_get(s, t->repository, &g->repository, err))
		return -1;
	return 0;
}

static int
add_job(struct stage *g, int subtask, const char *arch, enum job_kind kind, enum job_state state, int64_t *id, struct err *err)
{
	const struct job j = {.task = g->t->id, .subtask = subtask, .arch = (char *)arch, .kind = kind, .state = state,
	    .queued = now_ms()};

	if (job_add(g->s, &j, id, err) < 0)
		return -1;
	return state == JOB_QUEUED ? event_add(g->s, "job", g->t->id, *id, "queued", err, "#%lld %s queued",
	    (long long)g->t->id, job_kind_name(kind)) : 0;
}

/* Stop the jobs of a task that need not run any more; the scheduler's loop tells the builders. */
static int
cancel_open(struct stage *g, struct err *err)
{
	for (size_t i = 0; i < g->jobs.n; i++) {
		struct job *j = &g->jobs.p[i];

		if (j->state > JOB_RUNNING)
			continue;
		j->state = JOB_CANCELLED;
		j->finished = now_ms();
		if (job_save(g->s, j, err) < 0 ||
		    event_add(g->s, "job", g->t->id, j->id, "cancelled", err, "#%lld job cancelled", (long long)g->t->id) < 0)
			return -1;
	}
	return 0;
}

static int
end_failed(struct stage *g, const char *why, struct err *err)
{
	if (cancel_open(g, err) < 0)
		return -1;
	return task_move(g->s, g->t, TASK_FAILED, why, err) < 0 ? -1 : 0;
}

/* Starting. */

/*
 * What the task is built on: its unmerged dependencies and theirs. 0; or 1 with the reason
 * why it must wait.
 */
static int
gather_on(struct store *s, int64_t task, struct task_on **on, size_t *n, char **why, struct err *err)
{
	VEC(struct task_on) v = {0};
	AUTO(free) int64_t *deps = NULL;
	size_t n_deps = 0;
	int r = task_deps(s, task, &deps, &n_deps, err);

	for (size_t i = 0; i < n_deps && r == 0; i++) {
		AUTO(task_fini) struct task dep = {0};
		AUTO(free) struct task_on *below = NULL;
		size_t n_below = 0;

		r = task_get(s, deps[i], &dep, err);
		if (r == TASK_ABSENT)
			*why = xasprintf("waits for task #%lld, which does not exist: `task deps %lld del %lld`",
			    (long long)deps[i], (long long)task, (long long)deps[i]);
		if (r || dep.state == TASK_DONE)
			continue;
		if (dep.state != TASK_BUILT && dep.state != TASK_MERGING) {
			*why = xasprintf("waits for task #%lld, which is %s", (long long)dep.id, task_state_name(dep.state));
			r = 1;
			continue;
		}
		r = task_on_find(s, dep.id, &below, &n_below, err);
		for (size_t k = 0; k < n_below && r == 0; k++) {
			AUTO(task_fini) struct task deeper = {0};

			if ((r = task_get(s, below[k].dep, &deeper, err)) == 0 && deeper.state != TASK_DONE)
				vec_push(&v, below[k]);
		}
		vec_push(&v, ((struct task_on){dep.id, dep.try, dep.iter}));
	}
	/* Two dependencies may share one: keep the first mention of each. */
	for (size_t i = 0; i < v.n; i++)
		for (size_t k = i + 1; k < v.n; k++)
			if (v.p[k].dep == v.p[i].dep)
				v.p[k--] = v.p[--v.n];
	*on = v.p;
	*n = v.n;
	return r;
}

static int
copy_outputs(struct stage *g, const struct subtask *t, struct err *err)
{
	AUTO(source_fini) struct source src = {0};
	int r = source_get(g->s, t->copy_from, t->package, &src, err);

	if (r == SOURCE_ABSENT)
		return err_set(err, ENOENT, "%s has no source %s to copy", t->copy_from, t->package);
	for (size_t a = 0; a < g->repository.arches.n && r == 0; a++) {
		AUTO(member_list_fini) struct member_list l = {0};
		const char *arch = g->repository.arches.p[a];

		r = member_find(g->s, t->copy_from, arch, t->package, &l, err);
		for (size_t i = 0; i < l.n && r == 0; i++) {
			const struct output o = {t->id, (char *)arch, (char *)"rpm", l.p[i].file, l.p[i].sha256, l.p[i].facts};

			r = output_add(g->s, g->t->id, &o, err);
		}
	}
	return r;
}

static int
first_jobs(struct stage *g, struct err *err)
{
	int64_t id;

	for (size_t i = 0; i < g->subs.n; i++) {
		const struct subtask *t = &g->subs.p[i];

		if (t->kind == SUBTASK_COPY && copy_outputs(g, t, err) < 0)
			return -1;
		if (subtask_builds(t) && add_job(g, t->id, "", JOB_SRPM, JOB_QUEUED, &id, err) < 0)
			return -1;
	}
	return 0;
}

static int
begin(struct stage *g, const struct task_on *on, size_t n, struct err *err)
{
	struct task *t = g->t;

	t->started = now_ms();
	t->base = g->repository.serial;
	t->build_ms = t->test_ms = t->merge_ms = -1;
	if (job_forget(g->s, t->id, err) < 0 || task_on_set(g->s, t->id, on, n, err) < 0 || task_save(g->s, t, err) < 0)
		return -1;
	if (task_move(g->s, t, TASK_BUILDING, NULL, err) || first_jobs(g, err) < 0)
		return -1;
	return 0;
}

static int
start_in(struct store *s, struct task *t, struct err *err)
{
	AUTO(stage_fini) struct stage g = {0};
	AUTO(free) struct task_on *on = NULL;
	AUTO(free) char *cycle = NULL;
	AUTO(free) char *why = NULL;
	size_t n = 0;
	int r = task_dep_cycle(s, t->id, &cycle, err);

	if (r > 0) {
		why = xasprintf("dependencies form a cycle: %s; break it with `task deps`", cycle);
		return task_move(s, t, TASK_FAILED, why, err) < 0 ? -1 : 0;
	}
	if (r == 0)
		r = gather_on(s, t->id, &on, &n, &why, err);
	if (r > 0 && t->state == TASK_POSTPONED)
		return 0;
	if (r > 0)
		return task_move(s, t, TASK_POSTPONED, why, err) < 0 ? -1 : 0;
	if (r < 0 || (t->state == TASK_POSTPONED && task_move(s, t, TASK_AWAITING, NULL, err)))
		return -1;
	if (stage_load(&g, s, t, err) < 0)
		return -1;
	if (begin(&g, on, n, err) < 0)
		return -1;
	return stage_step(s, t, err);
}

int
stage_start(struct store *s, struct task *t, struct err *err)
{
	AUTO(task_fini) struct task now = {0};
	int r;

	if (store_begin(s, err) < 0)
		return -1;
	/* It may have been aborted since it was read. */
	r = task_get(s, t->id, &now, err);
	if (r >= 0 && (r == TASK_ABSENT || (now.state != TASK_AWAITING && now.state != TASK_POSTPONED)))
		return store_commit(s, err);
	if (r < 0 || start_in(s, &now, err) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

/* From SRPMs to builds. */

/* What the SRPM job of each building subtask said of its names. */
struct named {
	size_t n;
	int *subtask;
	struct wire_result *result;
	char **label;
};

static void
named_fini(struct named *n)
{
	for (size_t i = 0; i < n->n; i++) {
		wire_result_fini(&n->result[i]);
		free(n->label[i]);
	}
	free(n->subtask);
	free(n->result);
	free(n->label);
}
AUTO_DEFINE_EMBEDDED(struct named, named_fini);

static int
load_names(struct stage *g, struct named *out, struct err *err)
{
	out->subtask = xcalloc(g->jobs.n, sizeof(*out->subtask));
	out->result = xcalloc(g->jobs.n, sizeof(*out->result));
	out->label = xcalloc(g->jobs.n, sizeof(*out->label));
	for (size_t i = 0; i < g->jobs.n; i++) {
		const struct job *j = &g->jobs.p[i];
		size_t k = out->n++;

		out->subtask[k] = j->subtask;
		out->label[k] = xstrdup("");
		if (wire_result_unpack(j->result.p, j->result.n, &out->result[k], err) < 0)
			return -1;
		free(out->label[k]);
		out->label[k] = xasprintf("%o %s", (unsigned)j->subtask, out->result[k].package);
	}
	return 0;
}

/*
 * Why a source is not built for an architecture; NULL if it is (malloc'ed). As rpm has it, but that noarch, which
 * lets packages be noarch, is no architecture: alone it excludes none.
 */
static char *
left_out(const struct wire_result *r, const char *arch)
{
	const struct strs *only = &r->exclusive, *not = &r->excluded;
	AUTO(free) char *list = NULL;

	if (strs_has(not, arch)) {
		list = strs_join(not, " ");
		return xasprintf("ExcludeArch: %s", list);
	}
	if (only->n == (size_t)strs_has(only, "noarch") || strs_has(only, arch))
		return NULL;
	list = strs_join(only, " ");
	return xasprintf("ExclusiveArch: %s", list);
}

static bool
arch_allowed(const struct wire_result *r, const char *arch)
{
	AUTO(free) char *why = left_out(r, arch);

	return !why;
}

/* Say which architectures a source is left out of; 1 and the last reason if none of them is left. */
static int
note_left_out(struct stage *g, int subtask, const struct wire_result *r, char **reason, struct err *err)
{
	size_t left = 0;

	for (size_t a = 0; a < g->repository.arches.n; a++) {
		const char *arch = g->repository.arches.p[a];
		AUTO(free) char *why = left_out(r, arch);

		if (!why) {
			left++;
			continue;
		}
		if (event_add(g->s, "job", g->t->id, 0, "", err, "[%s] #%lld.%o %s: left out: %s", arch,
		    (long long)g->t->id, (unsigned)subtask, r->package, why) < 0)
			return -1;
		free(*reason);
		*reason = STEAL(why);
	}
	return left ? 0 : 1;
}

static int
add_builds(struct stage *g, const struct named *n, const char *arch, const bool *needs, struct err *err)
{
	AUTO(free) int64_t *ids = xcalloc(n->n, sizeof(*ids));

	for (size_t i = 0; i < n->n; i++) {
		bool free_to_go = true;

		for (size_t k = 0; k < n->n; k++)
			free_to_go &= !needs[i * n->n + k] || !arch_allowed(&n->result[k], arch);
		if (arch_allowed(&n->result[i], arch) && add_job(g, n->subtask[i], arch, JOB_BUILD,
		    free_to_go ? JOB_QUEUED : JOB_WAITING, &ids[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < n->n; i++)
		for (size_t k = 0; k < n->n; k++)
			if (ids[i] && ids[k] && needs[i * n->n + k] && job_needs_add(g->s, ids[i], ids[k], err) < 0)
				return -1;
	return 0;
}

static int
make_builds(struct stage *g, struct err *err)
{
	AUTO(named_fini) struct named n = {0};
	AUTO(free) struct order_item *items = xcalloc(g->jobs.n, sizeof(*items));
	AUTO(free) bool *needs = xcalloc(g->jobs.n * g->jobs.n, sizeof(*needs));
	AUTO(free) char *cycle = NULL;

	if (load_names(g, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(n.result[i].package, n.result[k].package) == 0) {
				AUTO(free) char *why = xasprintf("two subtasks give the source %s", n.result[i].package);

				return end_failed(g, why, err);
			}
		items[i] = (struct order_item){n.label[i], &n.result[i].provides, &n.result[i].requires};
	}
	if (order_builds(items, n.n, needs, &cycle)) {
		AUTO(free) char *why = xasprintf("the subtasks need each other to be built first: %s", cycle);

		return end_failed(g, why, err);
	}
	for (size_t i = 0; i < n.n; i++) {
		AUTO(free) char *reason = NULL;
		int none = note_left_out(g, n.subtask[i], &n.result[i], &reason, err);

		if (none) {
			AUTO(free) char *arches = strs_join(&g->repository.arches, " ");
			AUTO(free) char *why = xasprintf("%s: %s leaves none of the architectures of %s (%s)", n.label[i],
			    reason ? reason : "", g->t->repository, arches);

			return none < 0 ? -1 : end_failed(g, why, err);
		}
	}
	for (size_t a = 0; a < g->repository.arches.n; a++)
		if (add_builds(g, &n, g->repository.arches.p[a], needs, err) < 0)
			return -1;
	return 0;
}

/* The end of builds, and of tests. */

static int
by_start(const void *a, const void *b)
{
	const struct job *const *x = a, *const *y = b;

	return (*x)->started < (*y)->started ? -1 : (*x)->started > (*y)->started;
}

/* For how long at least one job of these kinds (bits) ran: waiting for a builder does not count. */
static int64_t
busy_ms(const struct stage *g, unsigned kinds)
{
	AUTO(free) const struct job **p = xcalloc(g->jobs.n, sizeof(*p));
	int64_t sum = 0, until = 0;
	size_t n = 0;

	for (size_t i = 0; i < g->jobs.n; i++)
		if (kinds & 1u << g->jobs.p[i].kind && g->jobs.p[i].started && g->jobs.p[i].finished)
			p[n++] = &g->jobs.p[i];
	if (n)
		qsort(p, n, sizeof(*p), by_start);
	for (size_t i = 0; i < n; i++) {
		int64_t from = p[i]->started > until ? p[i]->started : until;

		sum += p[i]->finished > from ? p[i]->finished - from : 0;
		until = p[i]->finished > until ? p[i]->finished : until;
	}
	return sum;
}

static int
end_passed(struct stage *g, struct err *err)
{
	AUTO(free) char *why = NULL;
	int r;

	g->t->test_ms = busy_ms(g, 1u << JOB_TEST);
	if (task_save(g->s, g->t, err) < 0)
		return -1;
	if (g->t->test_only)
		return task_move(g->s, g->t, TASK_TESTED, NULL, err) < 0 ? -1 : 0;
	r = acl_task(g->s, g->t->id, g->t->repository, &why, err);
	if (r < 0)
		return -1;
	return task_move(g->s, g->t, r == ACL_DENIED ? TASK_EPERM : TASK_BUILT, why, err) < 0 ? -1 : 0;
}

static const struct job *
first_failed(const struct stage *g)
{
	for (size_t i = 0; i < g->jobs.n; i++)
		if (g->jobs.p[i].state == JOB_FAILED)
			return &g->jobs.p[i];
	return NULL;
}

/* Jobs of a kind in any of these states (bits), of one architecture or (NULL) of all. */
static size_t
count(const struct stage *g, enum job_kind kind, unsigned states, const char *arch)
{
	size_t n = 0;

	for (size_t i = 0; i < g->jobs.n; i++) {
		const struct job *j = &g->jobs.p[i];

		n += j->kind == kind && states & 1u << j->state && (!arch || strcmp(j->arch, arch) == 0);
	}
	return n;
}

static const struct subtask *
subtask_of(const struct stage *g, int id)
{
	for (size_t i = 0; i < g->subs.n; i++)
		if (g->subs.p[i].id == id)
			return &g->subs.p[i];
	return NULL;
}

static char *
failure_text(const struct stage *g, const struct job *j)
{
	const struct subtask *t = subtask_of(g, j->subtask);

	if (!t)
		return xasprintf("test on %s: %s", j->arch, j->reason);
	return xasprintf("%o %s%s%s: %s: %s", (unsigned)t->id, *t->package ? t->package : t->dir, *j->arch ? " " : "",
	    j->arch, job_kind_name(j->kind), j->reason);
}

/* The database's trouble is not the task's. */
int
stage_begin(struct store *s, struct task *t, struct err *err)
{
	int r = stage_start(s, t, err);

	if (r == 0 || (err->code != ENOENT && err->code != EINVAL && err->code != EBADMSG))
		return r;
	AUTO(task_fini) struct task now = {0};
	if (task_get(s, t->id, &now, err))
		return -1;
	return (now.state == TASK_AWAITING || now.state == TASK_POSTPONED) && task_move(s, &now, TASK_FAILED, err->msg, err) < 0 ? -1 : 0;
}

int
stage_wake(struct store *s, int64_t task, struct err *err)
{
	AUTO(free) int64_t *waiting = NULL;
	size_t n = 0;

	if (task_waiting_on(s, task, &waiting, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO(task_fini) struct task t = {0};

		if (task_get(s, waiting[i], &t, err) || stage_begin(s, &t, err) < 0)
			return -1;
	}
	return 0;
}

/* 1: there were some. */
static int
release(struct stage *g, struct job_list *ready, struct err *err)
{
	for (size_t i = 0; i < ready->n; i++) {
		struct job *j = &ready->p[i];

		j->state = JOB_QUEUED;
		j->queued = now_ms();
		if (job_save(g->s, j, err) < 0 ||
		    event_add(g->s, "job", g->t->id, j->id, "queued", err, "#%lld build queued", (long long)g->t->id) < 0)
			return -1;
	}
	return ready->n > 0;
}

static int
release_ready(struct stage *g, struct err *err)
{
	AUTO(job_list_fini) struct job_list ready = {0};

	return job_ready(g->s, g->t->id, &ready, err) < 0 ? -1 : release(g, &ready, err);
}

/* The builds of one architecture have ended, well: its test, whatever others are at. 1: there are new ones. */
static int
make_tests(struct stage *g, struct err *err)
{
	const unsigned active = 1u << JOB_QUEUED | 1u << JOB_RUNNING, open = active | 1u << JOB_WAITING;
	const unsigned bad = 1u << JOB_FAILED | 1u << JOB_CANCELLED;
	int64_t id;
	int made = 0;

	for (size_t a = 0; a < g->repository.arches.n; a++) {
		const char *arch = g->repository.arches.p[a];

		if (count(g, JOB_BUILD, open | bad, arch) || count(g, JOB_TEST, ~0u, arch))
			continue;
		if (add_job(g, 0, arch, JOB_TEST, JOB_QUEUED, &id, err) < 0)
			return -1;
		made = 1;
	}
	if (count(g, JOB_BUILD, active, NULL) || g->t->build_ms >= 0)
		return made;
	g->t->build_ms = busy_ms(g, 1u << JOB_SRPM | 1u << JOB_BUILD);
	return task_save(g->s, g->t, err) < 0 ? -1 : made;
}

/* Failing late: what does not need a failed build is still built, and an architecture without one is still tested. */
static int
step_in(struct stage *g, struct err *err)
{
	const unsigned active = 1u << JOB_QUEUED | 1u << JOB_RUNNING;
	const struct job *bad = first_failed(g);
	AUTO(free) char *why = bad ? failure_text(g, bad) : NULL;
	size_t builds = 0;
	int made, freed;

	if (bad && g->t->fail_early)
		return end_failed(g, why, err);
	if (count(g, JOB_SRPM, active, NULL))
		return 0;
	if (bad && bad->kind == JOB_SRPM)
		return end_failed(g, why, err);
	for (size_t i = 0; i < g->subs.n; i++)
		builds += subtask_builds(&g->subs.p[i]);
	if (builds && !count(g, JOB_BUILD, ~0u, NULL) && !count(g, JOB_TEST, ~0u, NULL))
		return make_builds(g, err);
	made = make_tests(g, err);
	freed = made < 0 ? -1 : release_ready(g, err);
	if (freed < 0)
		return -1;
	if (made || freed || count(g, JOB_BUILD, active, NULL) || count(g, JOB_TEST, active, NULL))
		return 0;
	return bad ? end_failed(g, why, err) : end_passed(g, err);
}

int
stage_step(struct store *s, struct task *t, struct err *err)
{
	AUTO(stage_fini) struct stage g = {0};

	if (t->state != TASK_BUILDING)
		return 0;
	if (stage_load(&g, s, t, err) < 0)
		return -1;
	if (store_begin(s, err) < 0)
		return -1;
	if (step_in(&g, err) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

/* As long as others of its kind and architecture are under way, or now can be, no stage has ended. */
int
stage_after(struct store *s, struct task *t, int64_t job, struct err *err)
{
	AUTO(job_list_fini) struct job_list freed = {0};
	struct stage g = {.s = s, .t = t};
	bool more = false;

	if (t->state != TASK_BUILDING)
		return 0;
	if (job_peers(s, t->id, job, &more, err) < 0 || job_freed(s, job, &freed, err) < 0)
		return -1;
	if (more || freed.n)
		return release(&g, &freed, err) < 0 ? -1 : 0;
	return stage_step(s, t, err);
}
