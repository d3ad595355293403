#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/spawn.h"
#include "base/vec.h"
#include "shell/context.h"
#include "shell/program.h"

void
words_fini(struct words *w)
{
	vec_fini(w);
}

int
program_path(const char *name, char **path, struct err *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return err_sys(err, "find artel-%s", name);
	self[n] = '\0';
	*path = xasprintf("%.*s/artel-%s", (int)(strrchr(self, '/') - self), self, name);
	return 0;
}

/* *path is its argv[0]. */
static int
command(const struct context *c, const char *name, const char *const *words, char **path, struct words *argv, struct err *err)
{
	if (program_path(name, path, err) < 0)
		return -1;
	vec_push(argv, (const char *)*path);
	vec_push(argv, "--root");
	vec_push(argv, c->root);
	for (; *words; words++)
		vec_push(argv, *words);
	vec_push(argv, NULL);
	fflush(stdout);
	return 0;
}

int
program_run(struct context *c, const char *name, const char *const *words, struct err *err)
{
	AUTO(words_fini) struct words argv = {0};
	AUTO(free) char *path = NULL;
	struct ended e;
	pid_t pid;

	if (command(c, name, words, &path, &argv, err) < 0)
		return -1;
	pid = spawn_start(&(struct spawn){.argv = argv.p, .out = STDOUT_FILENO}, err);
	if (pid < 0 || spawn_wait(pid, 0, &e, err) < 0)
		return -1;
	return e.how == ENDED_EXIT ? e.code : VERB_FAILED;
}

int
program_become(struct context *c, const char *name, const char *const *words, struct err *err)
{
	AUTO(words_fini) struct words argv = {0};
	AUTO(free) char *path = NULL;

	if (command(c, name, words, &path, &argv, err) < 0)
		return -1;
	execv(path, (char *const *)argv.p);
	return err_sys(err, "run %s", path);
}
