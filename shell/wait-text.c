#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/text.h"
#include "shell/wait-text.h"

enum { NAMED = 8 };		/* builders of a group that are named */

static const char *const whys[] = {
	[WHY_NEXT] = "next", [WHY_RUNNING] = "running", [WHY_HELD] = "held", [WHY_BACKOFF] = "backoff", [WHY_OWNER_LIMIT] = "owner-limit",
	[WHY_CLASS_LIMIT] = "class-limit", [WHY_NO_BUILDER] = "no-builder", [WHY_NONE_OPEN] = "none-open", [WHY_SLOTS] = "slots",
};

static const char *const excludes[] = {
	[EXCLUDE_NOTHING] = "nothing", [EXCLUDE_ARCH] = "arch", [EXCLUDE_FEATURE] = "feature", [EXCLUDE_MEMORY] = "memory",
	[EXCLUDE_CLOSED] = "closed", [EXCLUDE_FAILED_HERE] = "failed-here", [EXCLUDE_SLOTS] = "slots",
	[EXCLUDE_MEMORY_TAKEN] = "memory-taken",
};

const char *
wait_why_name(enum why w)
{
	return whys[w];
}

const char *
wait_exclude_name(enum exclude e)
{
	return excludes[e];
}

/* Times. */

/* "14:05", or with its day if that is not this one. */
static void
put_clock(int64_t at, int64_t now, struct str *out)
{
	time_t t = (time_t)(at / 1000), today = (time_t)(now / 1000);
	struct tm tm, tm_now;
	char text[64] = "?";

	if (localtime_r(&t, &tm) && localtime_r(&today, &tm_now))
		strftime(text, sizeof(text), tm.tm_yday == tm_now.tm_yday && tm.tm_year == tm_now.tm_year ? "%H:%M" : "%b %d %H:%M", &tm);
	str_puts(out, text);
}

static void
put_about(int64_t ms, struct str *out)
{
	AUTO(str_fini) struct str text = {0};

	text_about(&text, ms > 0 ? ms : 0);
	str_puts(out, str_c(&text) + 1);
}

/* "about 14:05, in 3m" */
static void
put_future(int64_t at, int64_t now, struct str *out)
{
	str_puts(out, "about ");
	put_clock(at, now, out);
	if (at > now) {
		str_puts(out, ", in ");
		put_about(at - now, out);
	}
}

/* The task. */

static void
put_dep(const struct waits *w, const struct wait_dep *d, struct str *out)
{
	const struct task *t = &d->task;
	const char *how = "";

	if (d->absent) {
		str_add(out, "waits for task #%lld, which does not exist: `task deps %lld del %lld`\n", (long long)d->id,
		    (long long)w->task.id, (long long)d->id);
		return;
	}
	switch (t->state) {
	case TASK_AWAITING:
	case TASK_BUILDING:
		how = "it is under way";
		break;
	case TASK_POSTPONED:
		how = "it waits itself";
		break;
	case TASK_BUILT:
	case TASK_MERGING:
		how = "it is merged first, or at the same time";
		break;
	case TASK_TESTED:
		how = "it is not to be merged, as it is test-only";
		break;
	case TASK_EPERM:
		how = "somebody has to approve it";
		break;
	default:
		how = "it does not move before somebody runs it";
	}
	str_add(out, "depends on task #%lld, which is %s", (long long)d->id, task_state_name(t->state));
	str_add(out, "%s%s; %s\n", *t->reason ? ": " : "", t->reason, how);
}

static void
put_batch(const struct waits *w, struct str *out)
{
	str_add(out, "waits for the merger: %lld of %lld that are built for %s\n", (long long)w->batch_place, (long long)w->batch,
	    w->task.repository);
	if (w->merging) {
		str_add(out, "a merge into %s began ", w->task.repository);
		put_about(w->at - w->merging, out);
		str_add(out, " ago (state %lld)\n", (long long)w->merging_serial);
	}
	if (!w->merged && w->merging)
		return;
	if (!w->merged) {
		str_add(out, "nothing was merged into %s yet: does artel-merger run?\n", w->task.repository);
		return;
	}
	str_add(out, "the last merge into %s ended ", w->task.repository);
	put_about(w->at - w->merged, out);
	str_add(out, " ago (state %lld)\n", (long long)w->serial);
}

/* What there is to do about it in this state. */
static void
put_state(const struct waits *w, struct str *out)
{
	long long id = w->task.id;

	switch (w->task.state) {
	case TASK_NEW:
		str_add(out, "nobody has run it: `task run %lld`\n", id);
		break;
	case TASK_AWAITING:
		str_puts(out, w->scheduler ? "the scheduler takes it within a second\n" : "");
		break;
	case TASK_FAILED:
		str_add(out, "`log --reason %lld` has the first error, `log %lld` all that was written\n", id, id);
		break;
	case TASK_BUILT:
		put_batch(w, out);
		break;
	case TASK_MERGING:
		str_puts(out, "it is being merged\n");
		break;
	case TASK_TESTED:
		str_add(out, "it is test-only: `task run --commit %lld` has it merged\n", id);
		break;
	case TASK_EPERM:
		str_add(out, "%s%s`task run %lld`\n", w->denied ? w->denied : "it is permitted now", w->denied ? "; then: " : ": ", id);
		break;
	case TASK_CANCELLED:
		str_add(out, "it was stopped: `task run %lld` starts it again\n", id);
		break;
	default:
		break;
	}
}

void
wait_task_text(const struct waits *w, struct str *out)
{
	enum task_state s = w->task.state;

	if (!w->scheduler && (s == TASK_AWAITING || s == TASK_POSTPONED || s == TASK_BUILDING))
		str_puts(out, "no scheduler runs: nothing is handed out\n");
	if (*w->task.hold) {
		str_add(out, "held %s", w->task.hold);
		if (w->held_at) {
			str_puts(out, "; for ");
			put_about(w->at - w->held_at, out);
		}
		str_add(out, "; `task release %lld` lets it go on\n", (long long)w->task.id);
	}
	for (size_t i = 0; i < w->deps.n && s != TASK_MERGING && s != TASK_DONE; i++)
		put_dep(w, &w->deps.p[i], out);
	put_state(w, out);
}

/* Jobs. */

void
wait_job_name(const struct job *j, struct str *out)
{
	str_add(out, "%o %s%s%s", (unsigned)j->subtask, job_kind_name(j->kind), *j->arch ? " " : "", j->arch);
}

static void
put_needs(const struct waits *w, const struct wait_job *j, struct str *out)
{
	if (!j->n_needs)
		str_puts(out, ", until what is under way has ended");
	for (size_t i = 0; i < j->n_needs; i++)
		for (size_t k = 0; k < w->jobs.n; k++)
			if (w->jobs.p[k].job.id == j->needs[i]) {
				str_puts(out, i ? ", " : " for ");
				wait_job_name(&w->jobs.p[k].job, out);
				str_add(out, " (%s)", job_state_name(w->jobs.p[k].job.state));
			}
}

static void
put_why(const struct waits *w, const struct wait_job *j, struct str *out)
{
	switch (j->why) {
	case WHY_NEXT:
		str_puts(out, "nothing keeps it");
		break;
	case WHY_HELD:
		str_puts(out, "the task is held");
		break;
	case WHY_BACKOFF:
		str_puts(out, "tried again ");
		put_future(j->job.not_before, w->at, out);
		str_add(out, ", after %d failure%s of builders", j->job.tries, j->job.tries == 1 ? "" : "s");
		break;
	case WHY_OWNER_LIMIT:
		str_add(out, "as many jobs of %s run as may (%d)", w->task.owner, w->owner_limit);
		break;
	case WHY_CLASS_LIMIT:
		str_add(out, "as many jobs of its class run as may (%d)", w->class_limit);
		break;
	case WHY_NO_BUILDER:
		str_puts(out, "no builder that is known can run it");
		break;
	case WHY_NONE_OPEN:
		str_puts(out, "no builder that could run it is open");
		break;
	default:
		str_puts(out, "waits for a slot");
	}
}

static void
put_queued(const struct waits *w, const struct wait_job *j, struct str *out)
{
	if (j->job.queued && w->at > j->job.queued) {
		str_puts(out, " for ");
		put_about(w->at - j->job.queued, out);
	}
	if (!j->known)
		return;
	if (j->place)
		str_add(out, ", %zu of %zu", j->place, w->queued);
	str_puts(out, ": ");
	put_why(w, j, out);
	if (!j->start)
		return;
	str_puts(out, "; starts ");
	put_future(j->start, w->at, out);
	str_puts(out, "; ends about ");
	put_clock(j->end, w->at, out);
}

static void
put_running(const struct waits *w, const struct wait_job *j, struct str *out)
{
	str_add(out, " on %s for ", j->job.builder);
	text_duration(out, w->at > j->job.started ? w->at - j->job.started : 0);
	if (j->known && j->expected_ms) {
		str_puts(out, " of ");
		text_about(out, j->expected_ms);
	}
	if (j->end) {
		str_puts(out, "; ends ");
		put_future(j->end, w->at, out);
	}
}

void
wait_job_text(const struct waits *w, const struct wait_job *j, struct str *out)
{
	str_puts(out, job_state_name(j->job.state));
	if (j->job.state == JOB_WAITING)
		put_needs(w, j, out);
	else if (j->job.state == JOB_QUEUED)
		put_queued(w, j, out);
	else if (j->job.state == JOB_RUNNING)
		put_running(w, j, out);
	if (*j->job.reason && j->job.state != JOB_RUNNING)
		str_add(out, "%s%s", j->job.state == JOB_QUEUED ? "; before: " : ": ", j->job.reason);
}

bool
wait_group_matters(const struct wait_job *j, const struct wait_group *g)
{
	switch (j->why) {
	case WHY_NO_BUILDER:
	case WHY_NONE_OPEN:
	case WHY_SLOTS:
		return true;
	case WHY_BACKOFF:
		return g->exclude == EXCLUDE_FAILED_HERE;
	default:
		return false;
	}
}

void
wait_group_text(const struct wait_group *g, struct str *out)
{
	size_t n = g->builders.n;

	switch (g->exclude) {
	case EXCLUDE_ARCH:
		str_add(out, "%s: not on", *g->what ? g->what : "architecture");
		break;
	case EXCLUDE_FEATURE:
		str_add(out, "%s: missing on", *g->what ? g->what : "a feature");
		break;
	case EXCLUDE_MEMORY:
		str_puts(out, "too little memory on");
		break;
	case EXCLUDE_FAILED_HERE:
		str_puts(out, "failed there, and may go elsewhere:");
		break;
	case EXCLUDE_SLOTS:
		str_puts(out, "all slots busy on");
		break;
	case EXCLUDE_MEMORY_TAKEN:
		str_puts(out, "not so much memory free now on");
		break;
	default:
		str_add(out, "%s:", g->what);
	}
	if (n > 1)
		str_add(out, " %zu builders:", n);
	for (size_t i = 0; i < n && i < NAMED; i++)
		str_add(out, "%s %s", i ? "," : "", g->builders.p[i]);
	if (n > NAMED)
		str_puts(out, ", ...");
}
