/*
 * A builder's answer becomes the job's state, its outputs, and the task's next step, in one transaction. What
 * comes from a builder was made by strangers: names are checked before they are stored.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "scheduler/result.h"
#include "scheduler/stage.h"
#include "schema/build.h"
#include "schema/event.h"
#include "schema/repository.h"
#include "schema/store.h"
#include "schema/task.h"

/* What rpm names its files: also with ~ and ^, but no path, and nothing that a terminal or shell takes amiss. */
static bool
is_file_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-~^";
	size_t n = strlen(s);

	return n > 0 && n <= 255 && s[0] != '.' && s[0] != '-' && strspn(s, allowed) == n;
}

/* Words of a spec that people will read: an architecture, or a macro that nothing defined. */
static bool
are_words(const struct strs *l)
{
	enum { MANY = 256, LONG = 64 };

	for (size_t i = 0; i < l->n; i++) {
		size_t n = strlen(l->p[i]);

		if (n == 0 || n > LONG)
			return false;
		for (size_t k = 0; k < n; k++)
			if (l->p[i][k] <= ' ' || l->p[i][k] > '~')
				return false;
	}
	return l->n <= MANY;
}

/* What the repository has already, of the same identity, stays in its place: as if it had not been built. */
static int
store_rpm(struct store *s, const struct task *t, const struct job *j, const struct wire_file *f, const char *source,
	size_t *kept, struct err *err)
{
	AUTO(member_fini) struct member same = {0};
	struct output o = {j->subtask, j->arch, (char *)"rpm", f->name, f->sha256, f->facts, f->identity, false};
	int r = MEMBER_ABSENT;

	if (!is_file_name(o.file) || !*f->facts)
		return err_set(err, EBADMSG, "a package file with an impossible name, or without facts");
	if (*f->identity && *source)
		r = member_like(s, t->repository, j->arch, source, f->identity, &same, err);
	if (r < 0)
		return -1;
	if (r == 0) {
		o.file = same.file;
		o.sha256 = same.sha256;
		o.facts = same.facts;
		o.kept = true;
		++*kept;
	}
	return output_add(s, j->task, &o, err);
}

/* source: of the job; "" if it is of none, or not known yet. *kept: how many of the packages the repository has already. */
static int
store_outputs(struct store *s, const struct task *t, const struct job *j, const struct wire_result *r, const char *source,
	size_t *kept, struct err *err)
{
	for (size_t i = 0; i < r->files.n; i++) {
		const struct wire_file *f = &r->files.p[i];
		const struct output srpm = {j->subtask, j->arch, (char *)"srpm", f->name, f->sha256, NULL, NULL, false};

		if (j->kind != JOB_SRPM && store_rpm(s, t, j, f, source, kept, err) < 0)
			return -1;
		if (j->kind == JOB_SRPM && !is_file_name(f->name))
			return err_set(err, EBADMSG, "a source package with an impossible file name");
		if (j->kind == JOB_SRPM && output_add(s, j->task, &srpm, err) < 0)
			return -1;
	}
	if (*r->buildroot) {
		const struct output o = {j->subtask, j->arch, (char *)"buildroot", (char *)"buildroot", r->buildroot, NULL, NULL, false};

		return output_add(s, j->task, &o, err);
	}
	return 0;
}

/* The SRPM names its source for good, and is what every architecture builds. */
static int
store_srpm(struct store *s, struct job *j, const struct wire_result *r, const char *source, struct err *err)
{
	if (r->files.n != 1 || !text_is_name(r->package))
		return err_set(err, EBADMSG, "an SRPM job sent %zu files of `%s`", r->files.n, r->package);
	if (!are_words(&r->exclusive) || !are_words(&r->excluded))
		return err_set(err, EBADMSG, "ExclusiveArch or ExcludeArch of `%s` names what cannot be an architecture", r->package);
	/* Permission, inheritance and the git record were looked up by the name that the spec's text gives. */
	if (*source && strcmp(source, r->package) != 0)
		return err_set(err, EBADMSG, "the spec's text says Name: %s, but it builds %s: write the name out", source, r->package);
	str_clear(&j->result);
	wire_result_pack(&j->result, r);
	return subtask_built(s, j->task, j->subtask, r->package, r->files.p[0].sha256, r->files.p[0].name, err);
}

static int
job_event(struct store *s, const struct job *j, const char *text, struct err *err)
{
	AUTO(str_fini) struct str what = {0};

	if (*j->arch)
		str_add(&what, "[%s] ", j->arch);
	str_add(&what, "#%lld.%o %s: %s", (long long)j->task, (unsigned)j->subtask, job_kind_name(j->kind), text);
	return event_add(s, "job", j->task, j->id, job_state_name(j->state), err, "%s", str_c(&what));
}

/* ANSWERED: its builder says so; LOST: its builder is gone; TAKEN_BACK: its builder is to do nothing any more. */
enum how { ANSWERED, LOST, TAKEN_BACK };

/* Back to the queue: later each time if it was the job that met with trouble; at once if nothing did. */
static int
requeue(struct store *s, struct job *j, const char *why, enum how how, int tries, struct err *err)
{
	AUTO(free) char *text = NULL;
	int64_t wait;

	j->tries += how != TAKEN_BACK;
	wait = how == TAKEN_BACK ? 0 : job_backoff_ms(how == LOST ? 1 : j->tries);
	free(j->reason);
	if (how != TAKEN_BACK && j->tries >= tries) {
		j->state = JOB_FAILED;
		j->finished = now_ms();
		j->reason = xasprintf("gave up after %d tries: %s", j->tries, why);
		text = xstrdup(j->reason);
	} else {
		j->state = JOB_QUEUED;
		j->queued = now_ms();
		j->not_before = j->queued + wait;
		j->reason = xstrdup(why);
		text = how == TAKEN_BACK ? xasprintf("%s; elsewhere", why) :
		    xasprintf("try %d: %s; again in %lld s", j->tries, why, (long long)(wait / 1000));
	}
	return job_save(s, j, err) < 0 || job_event(s, j, text, err) < 0 ? -1 : 0;
}

/*
 * The names that a spec gives do not tell all that its packages will provide (pkgconfig(...), sonames): a
 * build that lacks a BuildRequires waits for the builds of its task that are under way, or have ended since it began,
 * if there are any, and is tried again then. 1: it waits.
 */
static int
wait_for_others(struct store *s, struct job *j, const char *why, struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};
	int waits = 0;

	if (job_of_task(s, j->task, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.n; i++) {
		const struct job *k = &jobs.p[i];

		bool under_way = k->state == JOB_QUEUED || k->state == JOB_RUNNING;
		bool just_done = k->state == JOB_DONE && k->finished >= j->started;

		if (k->id == j->id || k->kind != JOB_BUILD || strcmp(k->arch, j->arch) != 0 || (!under_way && !just_done))
			continue;
		if (job_needs_add(s, j->id, k->id, err) < 0)
			return -1;
		waits = 1;
	}
	if (!waits)
		return 0;
	j->state = JOB_WAITING;
	free(j->reason);
	j->reason = xstrdup(why);
	if (job_save(s, j, err) < 0 || job_event(s, j, "waits for the other builds of the task", err) < 0)
		return -1;
	return 1;
}

static int64_t
at_most(uint64_t bytes)
{
	return bytes < INT64_MAX ? (int64_t)bytes : INT64_MAX;
}

static int
apply(struct store *s, struct job *j, const struct wire_result *r, enum how how, int tries, struct err *err)
{
	AUTO(task_fini) struct task t = {0};
	AUTO(free) char *source = NULL;
	AUTO(free) char *ok = NULL;
	size_t kept = 0;

	if (task_get(s, j->task, &t, err) || subtask_package(s, j->task, j->subtask, &source, err) < 0)
		return -1;
	/* Aborted, and nobody has closed its jobs yet. */
	if (t.state != TASK_BUILDING)
		return RESULT_STALE;
	if (r->outcome == WIRE_INFRA) {
		if (requeue(s, j, r->reason, how, tries, err) < 0)
			return -1;
		return j->state == JOB_QUEUED ? 0 : stage_step(s, &t, err);
	}
	if (r->outcome == WIRE_NEEDS) {
		int waits = wait_for_others(s, j, r->reason, err);

		if (waits)
			return waits < 0 ? -1 : stage_step(s, &t, err);
	}
	j->state = r->outcome == WIRE_OK ? JOB_DONE : JOB_FAILED;
	j->finished = now_ms();
	free(j->reason);
	free(j->log);
	j->reason = xstrdup(r->reason);
	j->log = xstrdup(r->log);
	free(j->root);
	j->root = xstrdup(r->root);
	j->used = (struct used){r->usage.elapsed_ms, r->usage.cpu_ms, at_most(r->usage.memory_bytes), at_most(r->usage.disk_bytes)};
	if (r->outcome == WIRE_OK && (store_outputs(s, &t, j, r, source, &kept, err) < 0 ||
	    (j->kind == JOB_SRPM && store_srpm(s, j, r, source, err) < 0)))
		return -1;
	/* Of an SRPM job that tells the name the source has it now; a test is of many. */
	if (r->outcome == WIRE_OK && j->kind != JOB_TEST &&
	    usage_add(s, j->kind == JOB_SRPM ? r->package : source, j, err) < 0)
		return -1;
	if (j->kind == JOB_TEST && task_unmet_set(s, t.id, &r->unmet, err) < 0)
		return -1;
	for (size_t i = 0; i < r->notes.n; i++)
		if (job_event(s, j, r->notes.p[i], err) < 0)
			return -1;
	ok = kept ? xasprintf("OK (%zu of %zu packages as in the repository)", kept, r->files.n) : xstrdup("OK");
	if (job_save(s, j, err) < 0 || job_event(s, j, r->outcome == WIRE_OK ? ok : r->reason, err) < 0)
		return -1;
	return r->outcome == WIRE_OK || !t.fail_early ? stage_after(s, &t, j->id, err) : stage_step(s, &t, err);
}

/* A result that cannot be right fails the job, with what is wrong about it. */
static int
result_refused(struct store *s, const struct wire_result *r, struct err *err)
{
	AUTO(free) char *why = xstrdup(err->msg);
	struct wire_result failed = {.ref = r->ref, .outcome = WIRE_FAILED, .reason = why, .log = r->log,
	    .buildroot = (char *)"", .root = (char *)"", .usage = r->usage};

	return result_take(s, &failed, 1, err);
}

static int
take(struct store *s, const struct wire_result *r, enum how how, int tries, struct err *err)
{
	AUTO(job_fini) struct job j = {0};
	int found, applied;

	if (store_begin(s, err) < 0)
		return -1;
	found = job_get(s, r->ref.job, &j, err);
	if (found < 0)
		return store_rollback(s);
	if (found == JOB_ABSENT || j.state != JOB_RUNNING || j.attempt != (int)r->ref.attempt) {
		store_rollback(s);
		return RESULT_STALE;
	}
	applied = apply(s, &j, r, how, tries, err);
	if (applied == 0)
		return store_commit(s, err);
	store_rollback(s);
	if (applied == RESULT_STALE)
		return RESULT_STALE;
	return err->code == EBADMSG && r->outcome == WIRE_OK ? result_refused(s, r, err) : -1;
}

int
result_take(struct store *s, const struct wire_result *r, int tries, struct err *err)
{
	return take(s, r, ANSWERED, tries, err);
}

int
result_lost(struct store *s, int64_t job, uint32_t attempt, const char *why, int tries, struct err *err)
{
	struct wire_result r = {.ref = {job, attempt}, .outcome = WIRE_INFRA, .reason = (char *)why, .root = (char *)""};

	return take(s, &r, LOST, tries, err);
}

int
result_taken_back(struct store *s, int64_t job, uint32_t attempt, const char *why, struct err *err)
{
	struct wire_result r = {.ref = {job, attempt}, .outcome = WIRE_INFRA, .reason = (char *)why, .root = (char *)""};

	return take(s, &r, TAKEN_BACK, 0, err);
}
