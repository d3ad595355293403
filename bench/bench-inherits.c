/*
 * Git inheritance in a long history: COMMITS (82000), every fifth a merge, made by git
 * fast-import below /tmp. The same questions to ours with the record's graph, to ours by
 * objects alone, to libgit2 and to `git merge-base --is-ancestor` with that graph, in the
 * same run; and what writing the graph costs. Each time has opening the repository in it,
 * git's the start of a process, and is the best of RUNS. Prints `name value unit` lines.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "source/git.h"
#include "source/inherit.h"
#include "source/record-graph.h"
#include "source/tag.h"

enum { RUNS = 5, LATER = 1000, GIT_MS = 300000 };

struct question {
	const char *name;
	const char *old, *new;		/* revisions */
	bool yes;			/* what all must answer */
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
die(const char *what)
{
	fprintf(stderr, "bench-inherits: %s\n", what);
	exit(1);
}

/* Its exit status. */
static int
run_git(const char *dir, const struct str *input, const char *const *argv)
{
	AUTO(str_fini) struct str said = {0};
	struct ended ended;
	struct err err = {0};

	if (spawn_run(&(struct spawn){.argv = argv, .cwd = dir}, input, &said, GIT_MS, &ended, &err) < 0)
		die(err.msg);
	if (ended.how != ENDED_EXIT || ended.code > 1)
		die(str_c(&said));
	return ended.code;
}

#define GIT(dir, ...) run_git(dir, NULL, (const char *const[]){"git", __VA_ARGS__, NULL})

/* A fixed sequence: every run has the same history. */
static unsigned
next(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Commits from..to, number 1 being a root, and branches of that name on the last. */
static void
grow(const char *dir, const char *branch, unsigned from, unsigned to)
{
	AUTO(str_fini) struct str s = {0};
	unsigned state = from;

	for (unsigned i = from; i <= to; i++) {
		str_add(&s, "commit refs/heads/%s\nmark :%u\ncommitter Joe Hacker <joe@example.org> %u +0000\n"
		    "data <<E\n%s %u\nE\n", branch, i, 1200000000 + i * 600, branch, i);
		if (i > 1)
			str_add(&s, "from :%u\n", i - 1);
		if (i % 5 == 0 && i > 200)
			str_add(&s, "merge :%u\n", i - 2 - next(&state) % 190);
		str_add(&s, "M 644 inline file%u\ndata <<E\n%u\nE\n\n", i % 50, i);
	}
	run_git(dir, &s, (const char *const[]){"git", "fast-import", "--quiet", "--import-marks-if-exists=marks",
	    "--export-marks=marks", NULL});
}

/* One commit on a branch of its own; from NULL: a root. */
static void
branch_off(const char *dir, const char *branch, const char *from)
{
	AUTO(str_fini) struct str s = {0};

	str_add(&s, "commit refs/heads/%s\ncommitter Joe Hacker <joe@example.org> 1300000000 +0000\ndata <<E\n%s\nE\n",
	    branch, branch);
	if (from)
		str_add(&s, "from %s\n", from);
	run_git(dir, &s, (const char *const[]){"git", "fast-import", "--quiet", NULL});
}

static git_repository *
open_repository(const char *dir)
{
	git_repository *repo = NULL;
	struct err err = {0};

	if (tag_repository(dir, &repo, &err) < 0)
		die(err.msg);
	return repo;
}

/* The four ways to ask: whether it is a descendant. */

static bool
ask_graph(const char *dir, const struct question *q)
{
	AUTO(git_repository_free) git_repository *repo = open_repository(dir);
	struct err err = {0};
	int r = record_inherits(repo, q->old, q->new, &err);

	if (r < 0)
		die(err.msg);
	return r == 0;
}

static bool
ask_objects(const char *dir, const struct question *q)
{
	AUTO(git_repository_free) git_repository *repo = open_repository(dir);
	struct err err = {0};
	int r = inherit_check(repo, q->old, q->new, &err);

	if (r < 0)
		die(err.msg);
	return r == 0;
}

static bool
ask_libgit2(const char *dir, const struct question *q)
{
	AUTO(git_repository_free) git_repository *repo = open_repository(dir);
	AUTO(git_object_free) git_object *old = NULL;
	AUTO(git_object_free) git_object *new = NULL;

	if (git_revparse_single(&old, repo, q->old) < 0 || git_revparse_single(&new, repo, q->new) < 0)
		die("no such revision");
	return git_graph_descendant_of(repo, git_object_id(new), git_object_id(old)) == 1;
}

static bool
ask_git(const char *dir, const struct question *q)
{
	return GIT(dir, "merge-base", "--is-ancestor", q->old, q->new) == 0;
}

static double
measure(const char *dir, const char *who, bool (*ask)(const char *, const struct question *), const struct question *q)
{
	double best = 0;

	for (int i = 0; i < RUNS; i++) {
		double t = now();

		if (ask(dir, q) != q->yes)
			die(who);
		t = now() - t;
		best = i == 0 || t < best ? t : best;
	}
	printf("inherits-%s-%s %.2f ms\n", q->name, who, best);
	return best;
}

static void
compare(const char *dir, const struct question *q)
{
	double ours = measure(dir, "graph", ask_graph, q), objects = measure(dir, "objects", ask_objects, q);
	double libgit2 = measure(dir, "libgit2", ask_libgit2, q), git = measure(dir, "git", ask_git, q);

	printf("inherits-%s-libgit2-by-graph %.1f times\n", q->name, libgit2 / ours);
	printf("inherits-%s-git-by-graph %.1f times\n", q->name, git / ours);
	printf("inherits-%s-libgit2-by-objects %.1f times\n", q->name, libgit2 / objects);
}

static void
write_graph(const char *dir, const char *name)
{
	AUTO(git_repository_free) git_repository *repo = open_repository(dir);
	char hex[GIT_HEX + 1];
	git_oid id;
	struct err err = {0};
	double t = now();

	if (git_reference_name_to_id(&id, repo, "refs/heads/main") < 0)
		die("no branch main");
	git_oid_tostr(hex, sizeof(hex), &id);
	if (record_graph_update(repo, hex, &err) < 0)
		die(err.msg);
	printf("inherits-update-%s %.1f ms\n", name, now() - t);
}

/* The graph as it grows; the questions of one that has all, and of one that lags as far as it may. */
static void
bench(const char *dir, unsigned n)
{
	static const struct question questions[] = {
		{"root", "root", "main", true},		/* all the way down */
		{"unrelated", "other", "main", false},	/* of the lowest level, so all must be seen */
		{"backwards", "main", "root", false},
		{"near", "main~1", "main", true},
		{"fork", "fork", "main", false},	/* left the main line 100 commits ago */
	};

	GIT(dir, "init", "-q", "--bare", "-b", "main");
	grow(dir, "root", 1, 1);
	grow(dir, "main", 2, n);
	write_graph(dir, "first");
	write_graph(dir, "nothing");
	grow(dir, "main", n + 1, n + LATER);
	write_graph(dir, "thousand");
	branch_off(dir, "other", NULL);
	branch_off(dir, "fork", "refs/heads/main~100");
	GIT(dir, "commit-graph", "write", "--reachable", "--split", "--no-progress");
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		compare(dir, &questions[i]);
	grow(dir, "main", n + LATER + 1, n + 2 * LATER - 1);
	write_graph(dir, "lagging");
	for (size_t i = 0; i < 2; i++) {
		struct question q = questions[i];
		AUTO(free) char *name = xasprintf("%s-lagging", q.name);

		q.name = name;
		measure(dir, "graph", ask_graph, &q);
	}
}

int
main(void)
{
	const char *wanted = getenv("COMMITS");
	unsigned n = wanted ? (unsigned)atoi(wanted) : 82000;
	char dir[] = "/tmp/artel-bench.XXXXXX";
	struct err err;

	if (n < 2000 || !mkdtemp(dir))
		die("COMMITS are at least 2000, and /tmp must be there");
	printf("inherits-commits %u commits\n", n);
	bench(dir, n);
	return file_remove_tree(AT_FDCWD, dir, &err) < 0;
}
