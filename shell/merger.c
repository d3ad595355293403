#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/event.h"
#include "shell/context.h"
#include "shell/merger.h"
#include "shell/program.h"

/* The merger's own events have its name: who asked for what it does stands before them. */
static int
note(struct context *c, const char *state, const char *repository, const char *what, struct err *err)
{
	if (context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (event_add(c->store, "repo", 0, 0, state, err, "%s%s%s asked for", repository ? repository : "", repository ? ": " : "",
	    what) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

int
merger_merge(struct context *c, struct err *err)
{
	const char *argv[] = {"--once", NULL, NULL, NULL, NULL, NULL}, *word;
	size_t n = 1;
	bool dry = false, json = c->json, named = false;

	while ((word = context_next(c))) {
		if (strcmp(word, "--dry-run") == 0) {
			dry = true;
		} else if (strcmp(word, "--json") == 0) {
			json = true;
		} else if (*word == '-' || named) {
			return err_set(err, EINVAL, "not [REPOSITORY] [--dry-run] [--json]");
		} else {
			named = true;
			argv[n++] = "--repository";
			argv[n++] = word;
		}
	}
	if (dry)
		argv[n++] = "--dry-run";
	if (dry && json)
		argv[n++] = "--json";
	/* On the host cron does it all the time, and mostly there is nothing to merge. */
	if (!dry && !c->local && note(c, "merge", named ? argv[2] : NULL, "a merge", err) < 0)
		return -1;
	return program_run(c, "merger", argv, err);
}

int
merger_fold(struct context *c, struct err *err)
{
	AUTO(words_fini) struct words argv = {0};
	AUTO(words_fini) struct words bases = {0};
	const char *word, *batch = NULL;

	while ((word = context_next(c))) {
		bool option = strcmp(word, "--strategy") == 0 || strcmp(word, "--testers") == 0;

		if (strcmp(word, "--batch") == 0) {
			if (!(batch = context_need(c, "a file", err)))
				return -1;
		} else if (option) {
			vec_push(&argv, word);
			if (!(word = context_need(c, "a value", err)))
				return -1;
			vec_push(&argv, word);
		} else if (strcmp(word, "--json") == 0) {
			vec_push(&argv, word);
		} else {
			vec_push(&bases, word);
		}
	}
	if (!batch || !bases.n)
		return err_set(err, EINVAL, "name one or more rpm-md folders, and --batch FILE");
	if (c->json)
		vec_push(&argv, "--json");
	vec_push(&argv, "--fold");
	vec_push(&argv, batch);
	for (size_t i = 0; i < bases.n; i++)
		vec_push(&argv, bases.p[i]);
	vec_push(&argv, NULL);
	return program_run(c, "merger", argv.p, err);
}

static int
with_serial(struct context *c, const char *option, bool changes, struct err *err)
{
	const char *name = context_need(c, "a repository", err), *serial = name ? context_need(c, "a state's number", err) : NULL;
	const char *argv[] = {"--repository", name, option, serial, NULL};
	AUTO(free) char *what = NULL;

	if (!serial || context_end(c, err) < 0)
		return -1;
	if (text_number(serial, INT64_MAX) < 1)
		return err_set(err, EINVAL, "`%s` is no state's number", serial);
	what = xasprintf("going back to state %s", serial);
	if (changes && note(c, "rollback", name, what, err) < 0)
		return -1;
	return program_run(c, "merger", argv, err);
}

int
merger_replay(struct context *c, struct err *err)
{
	return with_serial(c, "--replay", false, err);
}

int
merger_rollback(struct context *c, struct err *err)
{
	return with_serial(c, "--rollback", true, err);
}

int
merger_sweep(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err), *word;
	const char *argv[] = {"--sweep", "--repository", name, NULL, NULL, NULL, NULL};
	size_t n = 3;
	bool dry = false;

	while (name && (word = context_next(c))) {
		if (strcmp(word, "--dry-run") == 0 && n < 6) {
			argv[n++] = "--dry-run";
			dry = true;
		} else if (strcmp(word, "--keep") == 0 && n == 3) {
			argv[n++] = "--keep";
			if (!(argv[n++] = context_need(c, "a number", err)))
				return -1;
			if (text_number(argv[n - 1], 1000000) < 1)
				return err_set(err, EINVAL, "--keep: `%s` is not a number of states", argv[n - 1]);
		} else {
			return err_set(err, EINVAL, "not NAME [--keep N] [--dry-run]");
		}
	}
	if (!name || (!dry && note(c, "gc", name, "removing what is not needed any more", err) < 0))
		return -1;
	return program_run(c, "merger", argv, err);
}
