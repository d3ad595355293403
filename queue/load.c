#include "queue/load.h"
#include <string.h>
#include "base/alloc.h"
#include "schema/build.h"
#include "schema/builder.h"
#include "schema/repository.h"
#include "schema/store.h"
#include "schema/task.h"
int load_limits(struct store *s, struct queue *q, struct err *err) { return 0; }
int load_owners(struct store *s, struct queue *q, struct err *err) { return 0; }
int load_hosts(struct store *s, struct queue *q, struct err *err) { return 0; }
static int one(struct store *s, struct queue *q, const struct job *j, const struct task *t, int64_t now, int64_t lease, struct err *err)
{
	struct live *l = queue_find(q, j->id);
	AUTO(strs_fini) struct strs arches = {0};
	AUTO(repository_fini) struct repository r = {0};
	bool open = t->state == TASK_BUILDING && (j->state == JOB_QUEUED || j->state == JOB_RUNNING);
	if (!open || (l && l->state == LIVE_RUNNING && j->state != JOB_RUNNING)) {
		if (l) queue_drop(q, l, now);
		if (!open) return 0;
		l = NULL;
	}
	if (l) { queue_hold(q, l, *t->hold, now); return 0; }
	if (*j->arch) strs_add(&arches, j->arch);
	else { if (repository_get(s, t->repository, &r, err)) return -1; arches = r.arches; r.arches = (struct strs){0}; }
	l = queue_add(q, &(struct ask){.job = j->id, .task = t->id, .owner = t->owner, .repository = t->repository, .arches = &arches,
	    .submitted = t->submitted, .queued = j->queued, .not_before = j->not_before, .class = (int)t->class, .attempt = (uint32_t)j->attempt,
	    .held = *t->hold, .failed_on = j->tries ? j->builder : NULL}, now);
	if (j->state == JOB_RUNNING) { queue_start(q, l, queue_host(q, j->builder), j->started); l->lease = lease; }
	return 0;
}
int load_job(struct store *s, struct queue *q, int64_t job, int64_t now, struct err *err)
{
	AUTO(job_fini) struct job j = {0};
	AUTO(task_fini) struct task t = {0};
	int r = job_get(s, job, &j, err);
	if (r == JOB_ABSENT) { struct live *l = queue_find(q, job); if (l) queue_drop(q, l, now); return 0; }
	if (r < 0 || task_get(s, j.task, &t, err)) return -1;
	return one(s, q, &j, &t, now, 0, err);
}
int load_task(struct store *s, struct queue *q, int64_t task, int64_t now, struct err *err)
{
	AUTO(job_list_fini) struct job_list l = {0};
	AUTO(task_fini) struct task t = {0};
	int r = task_get(s, task, &t, err);
	if (r) return r < 0 ? -1 : 0;
	if (job_of_task(s, task, &l, err) < 0) return -1;
	for (size_t i = 0; i < l.n; i++) if (one(s, q, &l.p[i], &t, now, 0, err) < 0) return -1;
	return 0;
}
int load_queue(struct store *s, struct queue *q, int64_t now, int64_t lease, struct err *err)
{
	AUTO(job_list_fini) struct job_list l = {0};
	if (job_open(s, &l, err) < 0) return -1;
	for (size_t i = 0; i < l.n; i++) {
		AUTO(task_fini) struct task t = {0};
		if (task_get(s, l.p[i].task, &t, err) || one(s, q, &l.p[i], &t, now, lease, err) < 0) return -1;
	}
	return 0;
}
