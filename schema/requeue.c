/*
 * A job that is put back keeps its number and its attempt, which goes on rising: a late result of the old attempt is
 * refused as ever. It becomes `waiting`, and `queued` at once if all that it needs is done. The event tells the
 * scheduler, which takes the jobs of a BUILDING task as they are.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/build.h"
#include "schema/event.h"
#include "schema/repository.h"
#include "schema/requeue.h"
#include "schema/store.h"
#include "schema/task.h"

struct requeue {
	struct store *s;
	const struct job_choice *choice;
	struct task task;
	struct job_list jobs;
	int64_t now;
	size_t n;
};

static void
requeue_fini(struct requeue *q)
{
	task_fini(&q->task);
	job_list_fini(&q->jobs);
}
AUTO_DEFINE_EMBEDDED(struct requeue, requeue_fini);

static bool
meant(const struct requeue *q, const struct job *j)
{
	return !q->choice->fn || q->choice->fn(q->choice->arg, j);
}

static int
put_back(struct requeue *q, struct job *j, struct err *err)
{
	char **texts[] = {&j->builder, &j->reason, &j->log, &j->root};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		free(*texts[i]);
		*texts[i] = NULL;
	}
	str_clear(&j->result);
	j->reason = xasprintf("put back by %s", q->s->user ? q->s->user : "hand");
	j->state = JOB_WAITING;
	j->tries = 0;
	j->lease = j->not_before = j->started = j->finished = 0;
	j->queued = q->now;
	j->used = (struct used){0};
	q->n++;
	return job_save(q->s, j, err);
}

static int
tell(struct requeue *q, const struct job *j, struct err *err)
{
	return event_add(q->s, "job", j->task, j->id, job_state_name(j->state), err, "%s%s%s#%lld.%o %s: %s",
	    *j->arch ? "[" : "", j->arch, *j->arch ? "] " : "", (long long)j->task, (unsigned)j->subtask,
	    job_kind_name(j->kind), j->reason);
}

/* Those that nothing has to be waited for are queued. */
static int
queue_ready(struct requeue *q, struct err *err)
{
	AUTO(job_list_fini) struct job_list ready = {0};

	if (job_ready(q->s, q->task.id, &ready, err) < 0)
		return -1;
	for (size_t i = 0; i < ready.n; i++) {
		ready.p[i].state = JOB_QUEUED;
		ready.p[i].queued = q->now;
		if (job_save(q->s, &ready.p[i], err) < 0 || tell(q, &ready.p[i], err) < 0)
			return -1;
	}
	return 0;
}

/* A task may be FAILED before any job of its present try or iteration was made: then those there are belong to another. */
static int
check_began(struct requeue *q, struct err *err)
{
	long long id = q->task.id;
	sqlite3_stmt *query = store_query(q->s, STMT_TASK_BEGAN, err, "i", q->task.id);
	int r = store_row(q->s, query, err);
	bool began = r > 0 && store_int(query, 0);

	store_done(query);
	if (r < 0)
		return -1;
	return began ? 0 : err_set(err, ENOENT, "task #%lld failed before it had jobs (%s); `task run %lld` runs it again", id,
	    q->task.reason, id);
}

static int
check_base(struct requeue *q, struct err *err)
{
	AUTO(repository_fini) struct repository r = {0};
	long long id = q->task.id, base = q->task.base;

	if (repository_get(q->s, q->task.repository, &r, err))
		return -1;
	for (size_t i = 0; i < r.arches.n; i++) {
		AUTO(free) char *sha256 = NULL;
		int found = state_file_get(q->s, r.name, base, r.arches.p[i], "index", &sha256, err);

		if (found < 0)
			return -1;
		if (found == STATE_FILE_ABSENT)
			return err_set(err, ESTALE, "task #%lld was built on state %lld of %s, which is gone: `task run %lld` "
			    "builds it on the present one", id, base, r.name, id);
	}
	return 0;
}

static int
check_on(struct requeue *q, struct err *err)
{
	AUTO(free) struct task_on *on = NULL;
	long long id = q->task.id;
	size_t n = 0;

	if (task_on_find(q->s, q->task.id, &on, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO(task_fini) struct task dep = {0};
		int r = task_get(q->s, on[i].dep, &dep, err);

		if (r < 0)
			return -1;
		if (r == TASK_ABSENT || dep.try != on[i].try || dep.iter != on[i].iter ||
		    (dep.state != TASK_BUILT && dep.state != TASK_MERGING && dep.state != TASK_DONE))
			return err_set(err, ESTALE, "task #%lld was built on task #%lld, which has changed since: `task run %lld` "
			    "builds it again", id, (long long)on[i].dep, id);
	}
	return 0;
}

/* With one of its failed jobs left as it is the task could only fail again. */
static int
check_chosen(struct requeue *q, struct err *err)
{
	const struct job *left = NULL;
	long long id = q->task.id;
	size_t failed = 0, chosen = 0;

	for (size_t i = 0; i < q->jobs.n; i++) {
		const struct job *j = &q->jobs.p[i];

		if (j->state != JOB_FAILED)
			continue;
		failed++;
		if (meant(q, j))
			chosen++;
		else
			left = j;
	}
	if (!failed)
		return err_set(err, ENOENT, "task #%lld: none of its jobs failed (%s); `task run %lld` runs it again", id,
		    q->task.reason, id);
	if (!chosen)
		return err_set(err, ENOENT, "task #%lld: no such job of it failed; `task requeue %lld` takes all that did", id, id);
	return left ? err_set(err, EINVAL, "task #%lld: %o %s%s%s failed too, and it would fail by that again; "
	    "`task requeue %lld` takes all that did", id, (unsigned)left->subtask, job_kind_name(left->kind),
	    *left->arch ? " " : "", left->arch, id) : 0;
}

static int
from_failed(struct requeue *q, struct err *err)
{
	AUTO(free) char *why = xasprintf("put back by %s", q->s->user ? q->s->user : "hand");

	if (check_began(q, err) < 0 || check_chosen(q, err) < 0 || check_base(q, err) < 0 || check_on(q, err) < 0)
		return -1;
	for (size_t i = 0; i < q->jobs.n; i++)
		if ((q->jobs.p[i].state == JOB_FAILED || q->jobs.p[i].state == JOB_CANCELLED) &&
		    put_back(q, &q->jobs.p[i], err) < 0)
			return -1;
	if (task_move(q->s, &q->task, TASK_BUILDING, why, err))
		return -1;
	return queue_ready(q, err);
}

static int
from_building(struct requeue *q, struct err *err)
{
	for (size_t i = 0; i < q->jobs.n; i++) {
		struct job *j = &q->jobs.p[i];
		bool pause = j->state == JOB_QUEUED && j->not_before > q->now;

		if (meant(q, j) && (pause || j->state == JOB_FAILED) && put_back(q, j, err) < 0)
			return -1;
	}
	return q->n ? queue_ready(q, err) : err_set(err, ENOENT, "task #%lld is BUILDING, and no such job of it failed or "
	    "waits after a failure", (long long)q->task.id);
}

static int
requeue(struct requeue *q, int64_t task, struct err *err)
{
	if (task_get(q->s, task, &q->task, err) || job_of_task(q->s, task, &q->jobs, err) < 0)
		return -1;
	if (q->task.state == TASK_FAILED)
		return from_failed(q, err);
	if (q->task.state == TASK_BUILDING)
		return from_building(q, err);
	return err_set(err, EBUSY, "task #%lld is %s: only jobs of one that is BUILDING or FAILED can be put back", (long long)task,
	    task_state_name(q->task.state));
}

int
task_requeue(struct store *s, int64_t task, const struct job_choice *choice, size_t *n, struct err *err)
{
	AUTO(requeue_fini) struct requeue q = {.s = s, .choice = choice, .now = now_ms()};

	if (store_begin(s, err) < 0)
		return -1;
	if (requeue(&q, task, err) < 0)
		return store_rollback(s);
	*n = q.n;
	return store_commit(s, err);
}
