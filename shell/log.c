/*
 * `log`: what a task's jobs wrote. One after another, each whole; or followed,
 * all that run at once, until there is no more to come.
 *
 * The live log of a job ends when its connection does, the stored one has all:
 * whoever has followed the first goes on in the second where it stopped.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/build.h"
#include "shell/choice.h"
#include "shell/farm.h"
#include "shell/log-output.h"
#include "shell/log-source.h"

/* How the builder says why, at the end of a log. */
#define SAYS_FAILED "artel: failed: "
#define SAYS_LAST "artel: last: "

enum { LOOK_MS = 200, TAIL_MAX = 1000000, REASON_WITHIN = 32 };

struct log_options {
	const char *what;
	bool follow, reason, raw;
	int64_t tail, attempt;		/* 0: all; the last */
};

static int
take_number(const char *name, const char *value, int64_t max, int64_t *out, struct err *err)
{
	*out = text_number(value, max);
	return *out < 1 ? err_set(err, EINVAL, "%s wants a number", name) : 0;
}

static int
take_options(struct context *c, struct log_options *o, struct err *err)
{
	const char *word;

	while ((word = context_next(c))) {
		const char *value;
		int r = 0;

		if (strcmp(word, "--follow") == 0 || strcmp(word, "-f") == 0)
			o->follow = true;
		else if (strcmp(word, "--reason") == 0)
			o->reason = true;
		else if (strcmp(word, "--raw") == 0)
			o->raw = true;
		else if ((value = context_value(c, word, "--tail", "a number", err)))
			r = take_number("--tail", value, TAIL_MAX, &o->tail, err);
		else if (!err->code && (value = context_value(c, word, "--attempt", "a number", err)))
			r = take_number("--attempt", value, INT32_MAX, &o->attempt, err);
		else if (err->code)
			return -1;
		else if (o->what || *word == '-')
			return err_set(err, EINVAL, "`%s` is not expected here", word);
		else
			o->what = word;
		if (r < 0)
			return -1;
	}
	if (o->follow && (o->reason || o->attempt))
		return err_set(err, EINVAL, "--follow goes with neither --reason nor --attempt");
	return 0;
}

static void
print_head(const struct job *j, int attempt)
{
	AUTO(free) char *word = choice_word(j);
	AUTO(str_fini) struct str line = {0};
	AUTO(str_fini) struct str shown = {0};

	fflush(stdout);
	str_add(&line, "== #%s %s: %s%s%s", word, job_kind_name(j->kind), job_state_name(j->state), *j->builder ? " on " : "", j->builder);
	if (attempt != j->attempt)
		str_add(&line, " (attempt %d of %d)", attempt, j->attempt);
	text_printable(&shown, str_c(&line));
	fprintf(stderr, "%s\n", str_c(&shown));
}

/* All that is there now. */
static int
pump(struct log_source *s, struct log_output *o, struct err *err)
{
	char buf[65536];
	ssize_t n;

	while ((n = log_source_read(s, buf, sizeof(buf), err)) > 0 && !ferror(stdout))
		log_output_put(o, buf, (size_t)n);
	if (n < 0)
		return -1;
	return fflush(stdout) || ferror(stdout) ? err_sys(err, "write") : 0;
}

/* The lines of a reason, if `l` ends in one. */
static bool
print_reason_lines(const struct strs *l, size_t first)
{
	const char *at[REASON_WITHIN];
	size_t found = l->n;

	for (size_t i = 0; i < l->n; i++) {
		at[i] = l->p[(first + i) % l->n];
		if (strncmp(at[i], SAYS_FAILED, strlen(SAYS_FAILED)) == 0)
			found = i;
	}
	if (found == l->n)
		return false;
	fputs(at[found] + strlen(SAYS_FAILED), stdout);
	if (found + 1 < l->n && strncmp(at[found + 1], SAYS_LAST, strlen(SAYS_LAST)) == 0)
		fputs(at[found + 1] + strlen(SAYS_LAST), stdout);
	return true;
}

/* What the log says; where it is gone, or does not say, what the farm has noted. */
static int
print_reason(struct context *c, const struct job *j, struct err *err)
{
	AUTO(log_source_fini) struct log_source s = LOG_SOURCE_INIT;
	AUTO(log_output_fini) struct log_output o = {.tail = REASON_WITHIN};
	AUTO(str_fini) struct str text = {0};
	struct err ignored;

	if (j->state != JOB_FAILED)
		return 0;
	if (log_source_open(&s, c->store->dir, j, j->attempt, &ignored) == 0 && pump(&s, &o, &ignored) == 0 &&
	    print_reason_lines(&o.last, o.first))
		return 0;
	text_printable(&text, j->reason);
	puts(str_c(&text));
	return 0;
}

/* 0, LOG_ABSENT, -1. */
static int
print_log(struct context *c, const struct job *j, const struct log_options *o, int attempt, struct err *err)
{
	AUTO(log_source_fini) struct log_source s = LOG_SOURCE_INIT;
	AUTO(log_output_fini) struct log_output out = {.raw = o->raw, .tail = (size_t)o->tail};
	int r;

	if (attempt > j->attempt) {
		err_set(err, ENOENT, "it had %d attempt%s", j->attempt, j->attempt == 1 ? "" : "s");
		return LOG_ABSENT;
	}
	r = log_source_open(&s, c->store->dir, j, attempt, err);
	if (r == 0)
		r = pump(&s, &out, err);
	if (r == 0)
		log_output_end(&out);
	return r;
}

static int
print_all(struct context *c, const struct choice *choice, const struct log_options *o, struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};
	size_t any = 0, absent = 0;

	if (job_of_task(c->store, choice->task.id, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.n; i++) {
		const struct job *j = &jobs.p[i];
		int attempt = o->attempt ? (int)o->attempt : j->attempt, r;

		if (!choice_has(choice, j) || j->attempt == 0 || (o->reason && j->state != JOB_FAILED))
			continue;
		any++;
		print_head(j, attempt);
		r = o->reason ? print_reason(c, j, err) : print_log(c, j, o, attempt, err);
		if (r < 0)
			return -1;
		if (r == LOG_ABSENT)
			fprintf(stderr, "%s\n", err->msg);
		absent += r == LOG_ABSENT;
	}
	if (any)
		return absent ? VERB_FAILED : 0;
	return err_set(err, ENOENT, "%s: no job has %s yet", o->what ? o->what : "your task", o->reason ? "failed" : "run");
}

/* Following. */

struct followed {
	int64_t job;
	int attempt;
	struct log_source source;
	struct log_output output;
	bool ended;
};

struct follower {
	const struct choice *choice;
	const struct log_options *o;
	VEC(struct followed *) jobs;
	bool failed;
};

static void
followed_free(struct followed *f)
{
	log_source_fini(&f->source);
	log_output_fini(&f->output);
	free(f);
}

static void
follower_fini(struct follower *f)
{
	for (size_t i = 0; i < f->jobs.n; i++)
		followed_free(f->jobs.p[i]);
	vec_fini(&f->jobs);
}
AUTO_DEFINE_EMBEDDED(struct follower, follower_fini);

/* This attempt of the job; an earlier one is over. */
static struct followed *
follow_start(struct follower *f, const struct job *j)
{
	struct followed *n;

	for (size_t i = 0; i < f->jobs.n; i++) {
		n = f->jobs.p[i];
		if (n->job == j->id && n->attempt == j->attempt)
			return n;
		if (n->job == j->id && !n->ended) {
			log_output_end(&n->output);
			n->ended = true;
		}
	}
	n = xcalloc(1, sizeof(*n));
	*n = (struct followed){.job = j->id, .attempt = j->attempt, .source = LOG_SOURCE_INIT,
	    .output = {.raw = f->o->raw, .tail = (size_t)f->o->tail}};
	if (!f->choice->arch) {
		AUTO(free) char *word = choice_word(j);

		n->output.prefix = xasprintf("%s| ", strchr(word, '.') + 1);
	}
	print_head(j, j->attempt);
	vec_push(&f->jobs, n);
	return n;
}

static int
follow_job(struct context *c, struct follower *f, const struct job *j, struct err *err)
{
	struct followed *n = follow_start(f, j);
	bool ends = j->state > JOB_RUNNING;
	int r;

	if (n->ended)
		return 0;
	r = log_source_open(&n->source, c->store->dir, j, j->attempt, err);
	if (r == 0 && pump(&n->source, &n->output, err) < 0)
		return -1;
	if (r == 0)
		log_output_catch_up(&n->output);
	if (ends) {
		log_output_end(&n->output);
		n->ended = true;
		print_head(j, j->attempt);
		f->failed |= j->state != JOB_DONE;
	}
	return r < 0 ? -1 : 0;
}

/* One look at all. *open: there is more to come. */
static int
follow_once(struct context *c, struct follower *f, bool *open, struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};
	AUTO(task_fini) struct task t = {0};
	size_t running = 0, wanted = 0;
	bool settled;

	/* The task first: jobs that are made after this look are made by a task that it found under way. */
	if (task_get(c->store, f->choice->task.id, &t, err) || job_of_task(c->store, t.id, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.n; i++) {
		const struct job *j = &jobs.p[i];

		if (!choice_has(f->choice, j))
			continue;
		running += j->state <= JOB_RUNNING;
		wanted += j->kind != JOB_SRPM || f->choice->arch;
		/* Of one that waits to be tried again all is said when that begins. */
		if (j->state >= JOB_RUNNING && j->attempt && follow_job(c, f, j, err) < 0)
			return -1;
	}
	settled = t.state != TASK_AWAITING && t.state != TASK_POSTPONED && t.state != TASK_BUILDING;
	*open = !settled && !(f->choice->subtask >= 0 && wanted && !running);
	if (settled && f->choice->subtask < 0)
		f->failed |= t.state == TASK_FAILED || t.state == TASK_CANCELLED;
	return 0;
}

static int
follow(struct context *c, const struct choice *choice, const struct log_options *o, struct err *err)
{
	AUTO(follower_fini) struct follower f = {.choice = choice, .o = o};
	bool open = true;

	while (open) {
		if (follow_once(c, &f, &open, err) < 0)
			return -1;
		if (open)
			poll(NULL, 0, LOOK_MS);
	}
	if (!f.jobs.n)
		return err_set(err, ENOENT, "%s: no job has run", o->what ? o->what : "your task");
	return f.failed ? VERB_FAILED : 0;
}

int
farm_log(struct context *c, struct err *err)
{
	AUTO(choice_fini) struct choice choice = {0};
	struct log_options o = {0};

	if (take_options(c, &o, err) < 0 || choice_parse(c, o.what, &choice, err) < 0)
		return -1;
	if (o.raw && !c->local)
		return err_set(err, EACCES, "`log --raw` is for the farm's own host: what a build wrote may take over a terminal");
	o.raw |= c->local && !isatty(STDOUT_FILENO);
	return o.follow ? follow(c, &choice, &o, err) : print_all(c, &choice, &o, err);
}
