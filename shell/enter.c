/*
 * `shell`: into the kept root of a job that failed. The builder's program knows
 * how, and takes our place.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/vec.h"
#include "shell/choice.h"
#include "shell/farm.h"
#include "shell/program.h"

/* The one job that failed. */
static int
find_failed(struct context *c, const char *word, struct job *out, struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};
	AUTO(choice_fini) struct choice choice = {0};
	AUTO(str_fini) struct str names = {0};
	struct job *found = NULL;
	size_t n = 0;

	if (choice_parse(c, word, &choice, err) < 0 || job_of_task(c->store, choice.task.id, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.n; i++) {
		AUTO(free) char *name = NULL;

		if (jobs.p[i].state != JOB_FAILED || !choice_has(&choice, &jobs.p[i]))
			continue;
		name = choice_word(&jobs.p[i]);
		str_add(&names, "%s%s", n++ ? ", " : "", name);
		found = &jobs.p[i];
	}
	if (n != 1)
		return n ? err_set(err, EINVAL, "%s: which one? %s", word, str_c(&names)) :
		    err_set(err, ENOENT, "%s: no job of it has failed", word);
	*out = *found;
	*found = (struct job){0};
	return 0;
}

/* Why there is nothing to enter, and what to do. */
static int
check_place(struct context *c, const struct job *j, const char *state, struct err *err)
{
	AUTO(free) char *word = choice_word(j);
	AUTO(free) char *how = xasprintf("%s/kept/%lld.%d.how", state, (long long)j->id, j->attempt);
	AUTO(task_fini) struct task t = {0};

	if (!file_exists(AT_FDCWD, state))
		return err_set(err, ENOENT, "%s failed on the builder %s, which has no folder %s here: name it by --state DIR, or type "
		    "on its host: artel-builder --state DIR --enter %lld.%d", word, j->builder, state, (long long)j->id, j->attempt);
	if (access(how, F_OK) == 0 || errno != ENOENT)
		return 0;
	if (task_get(c->store, j->task, &t, err))
		return -1;
	return err_set(err, ENOENT, "the root of %s is not kept on the builder %s%s", word, j->builder,
	    t.keep_root ? " any more, or it failed before it had one" : ": run the task with --keep-root");
}

static int
enter(struct context *c, const struct job *j, const char *state, struct err *err)
{
	AUTO(free) char *name = xasprintf("%lld.%d", (long long)j->id, j->attempt);
	const char *first[] = {"--name", j->builder, "--state", state, "--enter", name, "--"};
	VEC(const char *) words = {0};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		vec_push(&words, first[i]);
	for (const char *word; (word = context_next(c));)
		vec_push(&words, word);
	vec_push(&words, NULL);
	r = program_become(c, "builder", words.p, err);
	vec_fini(&words);
	return r;
}

int
farm_shell(struct context *c, struct err *err)
{
	const char *word = context_need(c, "TASK.SUBTASK.ARCH", err), *named = NULL;
	AUTO(free) char *state = NULL;
	AUTO(job_fini) struct job j = {0};

	if (word && ((named = context_value(c, word, "--state", "a folder", err)) || err->code))
		word = named ? context_need(c, "TASK.SUBTASK.ARCH", err) : NULL;
	if (!word)
		return -1;
	if (!c->local)
		return err_set(err, EPERM, "only on the builder's host");
	if (find_failed(c, word, &j, err) < 0)
		return -1;
	state = named ? xstrdup(named) : xasprintf("%s/builder/%s", c->root, j.builder);
	if (check_place(c, &j, state, err) < 0)
		return -1;
	return enter(c, &j, state, err);
}
