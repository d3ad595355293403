#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/build.h"
#include "schema/store.h"

static const char *const kinds[JOB_KINDS] = {[JOB_SRPM] = "srpm", [JOB_BUILD] = "build", [JOB_TEST] = "test"};
static const char *const states[JOB_STATES] = {
	[JOB_WAITING] = "waiting", [JOB_QUEUED] = "queued", [JOB_RUNNING] = "running",
	[JOB_DONE] = "done", [JOB_FAILED] = "failed", [JOB_CANCELLED] = "cancelled",
};

static int
find(const char *const *names, int n, const char *name)
{
	int i = 0;

	while (i < n - 1 && strcmp(names[i], name) != 0)
		i++;
	return i;
}

void
job_fini(struct job *j)
{
	free(j->arch);
	free(j->builder);
	free(j->reason);
	free(j->log);
	free(j->root);
	str_fini(&j->result);
	*j = (struct job){0};
}

void
job_list_fini(struct job_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		job_fini(&l->p[i]);
	vec_fini(l);
}

const char *
job_kind_name(enum job_kind k)
{
	return kinds[k];
}

enum job_kind
job_kind_find(const char *name)
{
	return (enum job_kind)find(kinds, JOB_KINDS, name);
}

const char *
job_state_name(enum job_state s)
{
	return states[s];
}

static struct job
from_row(sqlite3_stmt *q)
{
	struct job j = {
		.id = store_int(q, 0),
		.task = store_int(q, 1),
		.subtask = (int)store_int(q, 2),
		.arch = xstrdup(store_text(q, 3)),
		.kind = job_kind_find(store_text(q, 4)),
		.state = find(states, JOB_STATES, store_text(q, 5)),
		.attempt = (int)store_int(q, 6),
		.tries = (int)store_int(q, 7),
		.builder = xstrdup(store_text(q, 8)),
		.lease = store_int(q, 9),
		.not_before = store_int(q, 10),
		.queued = store_int(q, 11),
		.started = store_int(q, 12),
		.finished = store_int(q, 13),
		.reason = xstrdup(store_text(q, 14)),
		.log = xstrdup(store_text(q, 15)),
		.root = xstrdup(store_text(q, 17)),
		.used = {store_int(q, 18), store_int(q, 19), store_int(q, 20), store_int(q, 21)},
	};

	str_put(&j.result, sqlite3_column_blob(q, 16), (size_t)sqlite3_column_bytes(q, 16));
	return j;
}

static int
collect(struct store *s, sqlite3_stmt *q, struct job_list *out, struct err *err)
{
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, from_row(q));
	return r;
}

int64_t
job_backoff_ms(int tries)
{
	enum { FIRST_MS = 1000, DOUBLED = 6 };

	return tries < 1 ? 0 : (int64_t)FIRST_MS << (tries <= DOUBLED ? tries - 1 : DOUBLED);
}

int
job_get(struct store *s, int64_t id, struct job *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_JOB_GET, err, "i", id);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = from_row(q);
	store_done(q);
	return r < 0 ? -1 : r ? 0 : JOB_ABSENT;
}

void
job_brief_fini(struct job_brief *b)
{
	free(b->arch);
	free(b->repository);
	free(b->package);
	free(b->srpm);
	free(b->srpm_file);
	free(b->tree);
	free(b->limits);
	*b = (struct job_brief){0};
}

int
job_brief(struct store *s, int64_t id, struct job_brief *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_JOB_BRIEF, err, "i", id);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = (struct job_brief){
			.task = store_int(q, 0),
			.subtask = (int)store_int(q, 1),
			.arch = xstrdup(store_text(q, 2)),
			.kind = job_kind_find(store_text(q, 3)),
			.repository = xstrdup(store_text(q, 4)),
			.base = store_int(q, 5),
			.keep_root = store_int(q, 6),
			.package = xstrdup(store_text(q, 7)),
			.from_tag = strcmp(store_text(q, 8), "repo") == 0,
			.srpm = xstrdup(store_text(q, 9)),
			.srpm_file = xstrdup(store_text(q, 10)),
			.tree = xstrdup(store_text(q, 11)),
			.epoch_s = store_int(q, 12),
			.limits = xstrdup(store_text(q, 13)),
			.peak = {store_int(q, 14), store_int(q, 15), store_int(q, 16), store_int(q, 17)},
			.layered = store_int(q, 18),
		};
	store_done(q);
	return r < 0 ? -1 : r ? 0 : JOB_ABSENT;
}

int
job_tests_started(struct store *s, int64_t task, struct strs *arches, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_JOB_TESTED, err, "i", task);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		strs_add(arches, store_text(q, 0));
	return r;
}

int
job_of_task(struct store *s, int64_t task, struct job_list *out, struct err *err)
{
	return collect(s, store_query(s, STMT_JOB_OF_TASK, err, "i", task), out, err);
}

int
job_open(struct store *s, struct job_list *out, struct err *err)
{
	return collect(s, store_query(s, STMT_JOB_OPEN, err, ""), out, err);
}

int
job_ready(struct store *s, int64_t task, struct job_list *out, struct err *err)
{
	return collect(s, store_query(s, STMT_JOB_READY, err, "i", task), out, err);
}

int
job_freed(struct store *s, int64_t by, struct job_list *out, struct err *err)
{
	return collect(s, store_query(s, STMT_JOB_FREED, err, "i", by), out, err);
}

int
job_peers(struct store *s, int64_t task, int64_t job, bool *more, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_JOB_PEERS, err, "ii", task, job);
	int r = store_row(s, q, err);

	*more = r > 0;
	store_done(q);
	return r < 0 ? -1 : 0;
}

int
job_close(struct store *s, int64_t task, struct err *err)
{
	return store_run(s, STMT_JOB_CLOSE, err, "ii", now_ms(), task);
}

int
job_add(struct store *s, const struct job *j, int64_t *id, struct err *err)
{
	if (store_run(s, STMT_JOB_ADD, err, "iisssi", j->task, (int64_t)j->subtask, j->arch ? j->arch : "",
	    kinds[j->kind], states[j->state], j->queued) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int
job_save(struct store *s, const struct job *j, struct err *err)
{
	return store_run(s, STMT_JOB_SAVE, err, "siisiiiiissbsiiiii", states[j->state], (int64_t)j->attempt,
	    (int64_t)j->tries, j->builder ? j->builder : "", j->lease, j->not_before, j->queued, j->started,
	    j->finished, j->reason ? j->reason : "", j->log ? j->log : "", (const void *)str_c(&j->result),
	    j->result.n, j->root ? j->root : "", j->used.elapsed_ms, j->used.cpu_ms, j->used.memory, j->used.disk, j->id);
}

int
job_needs_add(struct store *s, int64_t job, int64_t needs, struct err *err)
{
	return store_run(s, STMT_JOB_NEEDS, err, "ii", job, needs);
}

int
job_forget(struct store *s, int64_t task, struct err *err)
{
	if (store_run(s, STMT_JOB_FORGET, err, "i", task) < 0)
		return -1;
	return store_run(s, STMT_OUTPUT_FORGET, err, "i", task);
}

void
output_list_fini(struct output_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct output *o = &l->p[i];

		free(o->arch);
		free(o->kind);
		free(o->file);
		free(o->sha256);
		free(o->facts);
		free(o->identity);
	}
	vec_fini(l);
}

int
output_add(struct store *s, int64_t task, const struct output *o, struct err *err)
{
	return store_run(s, STMT_OUTPUT_ADD, err, "iissssssi", task, (int64_t)o->subtask, o->arch, o->kind,
	    o->file, o->sha256, o->facts ? o->facts : "",
	    o->identity ? o->identity : "", (int64_t)o->kept);
}

int
output_find(struct store *s, int64_t task, struct output_list *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_OUTPUT_FIND, err, "i", task);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, ((struct output){(int)store_int(q, 0), xstrdup(store_text(q, 1)), xstrdup(store_text(q, 2)),
		    xstrdup(store_text(q, 3)), xstrdup(store_text(q, 4)), xstrdup(store_text(q, 5)),
		    xstrdup(store_text(q, 6)), store_int(q, 7)}));
	return r;
}

int
usage_add(struct store *s, const char *package, const struct job *j, struct err *err)
{
	enum { KEPT = 5 };

	if (store_run(s, STMT_USAGE_ADD, err, "sssiiiiii", package, j->arch, kinds[j->kind], j->id, now_ms(),
	    j->used.elapsed_ms, j->used.cpu_ms, j->used.memory, j->used.disk) < 0)
		return -1;
	return store_run(s, STMT_USAGE_TRIM, err, "sssi", package, j->arch, kinds[j->kind], (int64_t)KEPT);
}
