#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "shell/context.h"
#include "shell/merger.h"
#include "shell/program.h"

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
with_serial(struct context *c, const char *option, struct err *err)
{
	const char *name = context_need(c, "a repository", err), *serial = name ? context_need(c, "a state's number", err) : NULL;
	const char *argv[] = {"--repository", name, option, serial, NULL};

	if (!serial || context_end(c, err) < 0)
		return -1;
	if (text_number(serial, INT64_MAX) < 1)
		return err_set(err, EINVAL, "`%s` is no state's number", serial);
	return program_run(c, "merger", argv, err);
}

int
merger_replay(struct context *c, struct err *err)
{
	return with_serial(c, "--replay", err);
}

int
merger_rollback(struct context *c, struct err *err)
{
	return with_serial(c, "--rollback", err);
}

int
merger_sweep(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err), *word;
	const char *argv[] = {"--sweep", "--repository", name, NULL, NULL, NULL, NULL};
	size_t n = 3;

	while (name && (word = context_next(c))) {
		if (strcmp(word, "--dry-run") == 0 && n < 6) {
			argv[n++] = "--dry-run";
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
	return name ? program_run(c, "merger", argv, err) : -1;
}
