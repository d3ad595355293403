/* Real git repositories for the tests beside this file, made by the git program in folders of their own. */
#ifndef ARTEL_SOURCE_TEST_GIT_H
#define ARTEL_SOURCE_TEST_GIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"

#define WHEN 1700000000		/* date of all commits and tags */

struct place {
	char *dir;		/* temporary, removed by place_fini() */
	char *work;		/* a repository with a work tree inside */
	char *home;		/* $HOME of what runs, GnuPG's too */
};

static inline void
place_fini(struct place *p)
{
	struct err err;

	file_remove_tree(AT_FDCWD, p->dir, &err);
	free(p->dir);
	free(p->work);
	free(p->home);
}
AUTO_DEFINE_EMBEDDED(struct place, place_fini);

/* Run a program in the work tree; whether it ended with 0. Its output, less the last newline, goes to *out. */
static inline bool
try_run(const struct place *p, const char *const *argv, const struct str *input, char **out)
{
	AUTO(free) char *home = xasprintf("HOME=%s", p->home);
	AUTO(free) char *gnupg = xasprintf("GNUPGHOME=%s", p->home);
	AUTO(free) char *when = xasprintf("GIT_COMMITTER_DATE=%d +0300", WHEN);
	const char *env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", home, gnupg, when,
	    "GIT_AUTHOR_DATE=1600000000 +0000", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Joe Hacker",
	    "GIT_AUTHOR_EMAIL=joe@example.org", "GIT_COMMITTER_NAME=Joe Hacker",
	    "GIT_COMMITTER_EMAIL=joe@example.org", NULL};
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};
	struct ended ended;

	if (spawn_run(&(struct spawn){.argv = argv, .env = env, .cwd = p->work}, input, &text, 60000, &ended, &err) < 0)
		fail_msg("%s", err.msg);
	if (text.n && text.p[text.n - 1] == '\n')
		text.p[--text.n] = '\0';
	if (ended.how != ENDED_EXIT || ended.code)
		print_message("# %s %s: %s\n", argv[0], argv[1], str_c(&text));
	if (out)
		*out = str_steal(&text);
	return ended.how == ENDED_EXIT && ended.code == 0;
}

static inline char *
run_in(const struct place *p, const char *const *argv, const struct str *input)
{
	char *out = NULL;

	assert_true(try_run(p, argv, input, &out));
	return out;
}

/* RUN(p, "git", "add", "."); OUTPUT() is malloc'ed. */
#define OUTPUT(p, ...) run_in(p, (const char *const[]){__VA_ARGS__, NULL}, NULL)
#define RUN(p, ...) free(OUTPUT(p, __VA_ARGS__))

static inline struct place
place_make(void)
{
	char dir[] = "/tmp/artel-test.XXXXXX";
	struct place p = {0};

	assert_non_null(mkdtemp(dir));
	p.dir = xstrdup(dir);
	p.work = xasprintf("%s/work", dir);
	p.home = xasprintf("%s/home", dir);
	assert_int_equal(mkdir(p.work, 0755), 0);
	assert_int_equal(mkdir(p.home, 0700), 0);
	RUN(&p, "git", "init", "-q", "-b", "main");
	return p;
}

/* Write a file of the work tree, making its folder. */
static inline void
put_bytes(const struct place *p, const char *path, const void *data, size_t n)
{
	AUTO(free) char *full = xasprintf("%s/%s", p->work, path);
	AUTO(free) char *folder = xstrdup(full);
	struct err err = {0};
	FILE *f;

	*strrchr(folder, '/') = '\0';
	assert_int_equal(file_mkdirs(AT_FDCWD, folder, &err), 0);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static inline void
put(const struct place *p, const char *path, const char *text)
{
	put_bytes(p, path, text, strlen(text));
}

/* Store an object as it is, however wrong; its id is malloc'ed. */
static inline char *
put_object(const struct place *p, const char *type, const void *data, size_t n)
{
	AUTO(str_fini) struct str input = {0};

	str_put(&input, data, n);
	return run_in(p, (const char *const[]){"git", "hash-object", "-t", type, "-w", "--literally", "--stdin", NULL},
	    &input);
}

static inline void
commit(const struct place *p)
{
	RUN(p, "git", "add", "-A");
	RUN(p, "git", "commit", "-q", "--allow-empty", "-m", "change");
}

#endif
