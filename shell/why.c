/* `task why`: what a task waits for, or why it ended as it did. Reads only, and has nothing open while it prints. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "shell/json.h"
#include "shell/task.h"
#include "shell/wait-text.h"
#include "shell/wait.h"

/* As text; whatever came from outside is made printable here, a line at a time. */

static void
put_line(const char *indent, const char *line, struct str *out)
{
	str_puts(out, indent);
	text_printable(out, line);
	str_putc(out, '\n');
}

static void
add_job(const struct waits *w, const struct wait_job *j, struct str *out)
{
	AUTO(str_fini) struct str line = {0};

	wait_job_name(&j->job, &line);
	str_puts(&line, ": ");
	wait_job_text(w, j, &line);
	put_line("  ", str_c(&line), out);
	for (size_t i = 0; i < j->groups.n; i++) {
		if (!wait_group_matters(j, &j->groups.p[i]))
			continue;
		str_clear(&line);
		wait_group_text(&j->groups.p[i], &line);
		put_line("    ", str_c(&line), out);
	}
}

static void
add_text(const struct waits *w, struct str *out)
{
	AUTO(str_fini) struct str line = {0};
	AUTO(str_fini) struct str about = {0};
	AUTO(strs_fini) struct strs lines = {0};

	str_add(&line, "task #%lld is %s%s%s", (long long)w->task.id, task_state_name(w->task.state), *w->task.reason ? ": " : "",
	    w->task.reason);
	put_line("", str_c(&line), out);
	wait_task_text(w, &about);
	strs_split(&lines, str_c(&about), "\n");
	for (size_t i = 0; i < lines.n; i++)
		put_line("  ", lines.p[i], out);
	for (size_t i = 0; i < w->jobs.n; i++)
		add_job(w, &w->jobs.p[i], out);
}

/* As JSON. */

static json_t *
job_json(const struct waits *w, const struct wait_job *j)
{
	AUTO(str_fini) struct str text = {0};
	json_t *needs = json_array(), *groups = json_array(), *o;

	wait_job_text(w, j, &text);
	for (size_t i = 0; i < j->n_needs; i++)
		json_array_append_new(needs, json_integer(j->needs[i]));
	for (size_t i = 0; i < j->groups.n; i++) {
		const struct wait_group *g = &j->groups.p[i];

		json_array_append_new(groups, json_pack("{s:s, s:o, s:o}", "reason", wait_exclude_name(g->exclude), "what",
		    json_text(g->what), "builders", json_names(&g->builders)));
	}
	o = json_pack("{s:I, s:o, s:s, s:o, s:s, s:o, s:i, s:i, s:o, s:o, s:o}", "job", (json_int_t)j->job.id, "subtask",
	    json_sprintf("%o", (unsigned)j->job.subtask), "kind", job_kind_name(j->job.kind), "arch", json_text(j->job.arch), "state",
	    job_state_name(j->job.state), "builder", json_text(j->job.builder), "attempt", j->job.attempt, "tries", j->job.tries,
	    "text", json_text(str_c(&text)), "needs", needs, "excluded", groups);
	if (j->known)
		json_object_set_new(o, "waits", json_string(wait_why_name(j->why)));
	json_set_number(o, "queued", j->job.queued);
	json_set_number(o, "started", j->job.started);
	json_set_number(o, "not_before", j->job.not_before);
	json_set_number(o, "place", (json_int_t)j->place);
	json_set_number(o, "expected_ms", j->expected_ms);
	json_set_number(o, "start", j->start);
	json_set_number(o, "end", j->end);
	return o;
}

static json_t *
deps_json(const struct waits *w)
{
	json_t *all = json_array();

	for (size_t i = 0; i < w->deps.n; i++) {
		const struct wait_dep *d = &w->deps.p[i];

		json_array_append_new(all, json_pack("{s:I, s:s, s:o}", "id", (json_int_t)d->id, "state",
		    d->absent ? "" : task_state_name(d->task.state), "reason", json_text(d->absent ? "" : d->task.reason)));
	}
	return all;
}

static json_t *
waits_json(const struct waits *w)
{
	AUTO(str_fini) struct str about = {0};
	AUTO(strs_fini) struct strs lines = {0};
	json_t *jobs = json_array(), *o;

	wait_task_text(w, &about);
	strs_split(&lines, str_c(&about), "\n");
	for (size_t i = 0; i < w->jobs.n; i++)
		json_array_append_new(jobs, job_json(w, &w->jobs.p[i]));
	o = json_pack("{s:I, s:b, s:I, s:s, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "at", (json_int_t)w->at, "scheduler", w->scheduler,
	    "id", (json_int_t)w->task.id, "state", task_state_name(w->task.state), "repository", json_text(w->task.repository), "reason",
	    json_text(w->task.reason), "hold", json_text(w->task.hold), "text", json_names(&lines), "queued", (json_int_t)w->queued,
	    "depends", deps_json(w), "jobs", jobs);
	if (*w->task.hold)
		json_object_set_new(o, "held_by", json_text(w->held_by));
	json_set_number(o, "batch", w->batch);
	json_set_number(o, "batch_place", w->batch_place);
	json_set_number(o, "merged", w->merged);
	json_set_number(o, "merging", w->merging);
	if (w->denied)
		json_object_set_new(o, "denied", json_text(w->denied));
	return o;
}

int
task_why(struct context *c, struct err *err)
{
	AUTO(waits_fini) struct waits w = {0};
	AUTO(task_fini) struct task t = {0};
	AUTO(str_fini) struct str out = {0};
	const char *word, *id = NULL;

	while ((word = context_next(c))) {
		if (strcmp(word, "--json") == 0)
			c->json = true;
		else if (*word == '-')
			return err_set(err, EINVAL, "no option `%s`", word);
		else if (id)
			return err_set(err, EINVAL, "`%s` is not expected here", word);
		else
			id = word;
	}
	if (context_task(c, id, false, &t, err) < 0 || waits_read(c->store, &t, &w, err) < 0)
		return -1;
	if (c->json)
		json_add(waits_json(&w), false, &out);
	else
		add_text(&w, &out);
	fputs(str_c(&out), stdout);
	return 0;
}
