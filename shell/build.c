/* `build`: a task in one line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "schema/repository.h"
#include "schema/store.h"
#include "shell/task.h"

struct build_options {
	const char *repository, *deps;
	struct task_run_options run;
	struct str message;
};

static int
take_options(struct context *c, struct build_options *o, struct err *err)
{
	const char *word;
	int r;

	while ((word = context_peek(c)) && word[0] == '-') {
		const char **value = strcmp(word, "-b") == 0 ? &o->repository : strcmp(word, "--deps") == 0 ? &o->deps : NULL;

		if (!value) {
			if ((r = task_run_option(c, &o->run, &o->message, err)) <= 0)
				return -1;
			continue;
		}
		context_next(c);
		if (!(*value = context_need(c, word, err)))
			return -1;
	}
	return 0;
}

static int
choose_repository(struct context *c, const char **name, struct strs *names, struct err *err)
{
	AUTO(repository_fini) struct repository r = {0};

	if (*name)
		return repository_get(c->store, *name, &r, err) ? -1 : 0;
	if (repository_names(c->store, names, err) < 0)
		return -1;
	if (names->n != 1)
		return err_set(err, EINVAL, "name the repository with -b: there %s", names->n ? "are several" : "is none");
	*name = names->p[0];
	return 0;
}

/* One instruction takes just its own words; "<gear repo> <tag>" may lack the word repo, as people type it. */
static int
add_instruction(struct context *c, struct task *t, struct err *err)
{
	static const struct {
		const char *word;
		int takes;	/* words, itself included */
	} kinds[] = {{"repo", 3}, {"srpm", 2}, {"del", 2}, {"rebuild", 2}};
	const char *word = context_peek(c);
	struct context one = *c;
	int takes = strchr(word, '=') ? 1 : 2, r;

	if (strcmp(word, "copy") == 0)
		return task_add_words(c, t, 0, err);
	one.args = (struct strs){0};
	one.at = 0;
	if (takes == 2)
		strs_add(&one.args, "repo");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(word, kinds[i].word) == 0) {
			takes = kinds[i].takes;
			strs_fini(&one.args);
		}
	for (int i = 0; i < takes && (word = context_next(c)); i++)
		strs_add(&one.args, word);
	r = task_add_words(&one, t, 0, err);
	strs_fini(&one.args);
	return r;
}

static int
add_deps(struct context *c, int64_t task, const char *list, struct err *err)
{
	AUTO(strs_fini) struct strs ids = {0};

	strs_split(&ids, list ? list : "", ",");
	for (size_t i = 0; i < ids.n; i++) {
		AUTO(task_fini) struct task dep = {0};
		int64_t id = context_id(ids.p[i]);

		if (id < 0)
			return err_set(err, EINVAL, "--deps: `%s` is not a task id", ids.p[i]);
		if (task_get(c->store, id, &dep, err) || task_dep_add(c->store, task, id, err) < 0)
			return -1;
	}
	return 0;
}

static int
make_task(struct context *c, struct build_options *o, struct err *err)
{
	AUTO(strs_fini) struct strs names = {0};
	AUTO(task_fini) struct task t = {0};
	int64_t id;

	if (choose_repository(c, &o->repository, &names, err) < 0 || task_make(c, o->repository, &id, err) < 0)
		return -1;
	if (task_get(c->store, id, &t, err) || add_deps(c, id, o->deps, err) < 0)
		goto forget;
	do
		if (add_instruction(c, &t, err) < 0)
			goto forget;
	while (context_peek(c));
	if (task_run_now(c, &t, &o->run, err) < 0)
		goto forget;
	printf("%lld\n", (long long)id);
	return 0;
forget:
	/* One line that fails leaves nothing behind. */
	{
		struct err ignored;

		task_remove(c->store, id, &ignored);
	}
	return -1;
}

int
build_verb(struct context *c, struct err *err)
{
	struct build_options o = {.run = {.fail_early = -1, .test_only = -1, .class = TASK_CLASSES}};
	int r = context_open(c, err);

	if (r == 0)
		r = take_options(c, &o, err);
	if (r == 0 && !context_peek(c))
		r = err_set(err, EINVAL, "what is to be built? GIT TAG, NAME.git=TAG, srpm FILE, rebuild, del or copy PACKAGE");
	if (r == 0)
		r = make_task(c, &o, err);
	str_fini(&o.message);
	return r;
}
