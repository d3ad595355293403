/*
 * `repo import`: the packages of another farm's repository, their sources, and the git histories of those.
 *
 * The order makes it safe to be killed: artefacts first, which nothing names yet; then git records, whose refs say nothing of
 * a repository that is empty; the database last, in one transaction. Run again, it finds what it had copied.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"
#include "base/text.h"
#include "repo/import.h"
#include "repo/state.h"
#include "schema/repository.h"
#include "shell/context.h"
#include "shell/import.h"
#include "source/record-import.h"

AUTO_DEFINE(DIR *, closedir);

void
import_show(void *arg, size_t done, size_t all)
{
	const char *what = arg;

	if (isatty(STDERR_FILENO) || done == all)
		fprintf(stderr, "%simport: %zu of %zu %s%s", isatty(STDERR_FILENO) ? "\r" : "", done, all, what,
		    done == all ? "\n" : "");
}

int
import_place(const struct strs *arches, const struct strs *words, const char *option, const char **dirs, struct err *err)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *word = words->p[i], *dir = NULL;
		size_t a;

		for (a = 0; a < arches->n && !dir; a++) {
			size_t n = strlen(arches->p[a]);

			if (strncmp(word, arches->p[a], n) == 0 && word[n] == '=')
				dir = word + n + 1;
		}
		if (!dir && arches->n > 1)
			return err_set(err, EINVAL, "%s%s: of which architecture? %sARCH=DIR, with --arch ARCH", option, word, option);
		if (!dir) {
			dir = word;
			a = 1;
		}
		if (dirs[a - 1])
			return err_set(err, EINVAL, "%s%s: given twice for %s", option, word, arches->p[a - 1]);
		dirs[a - 1] = dir;
	}
	return 0;
}

struct request {
	struct strs folders, srpms, gits;
	const char *branch;		/* of those; NULL: called as the repository */
	struct import im;
	struct import_count counted;	/* SRPMs */
	struct record_import record;
	size_t taken, others, branchless, kept;	/* git repositories */
};

static void
request_fini(struct request *q)
{
	strs_fini(&q->folders);
	strs_fini(&q->srpms);
	strs_fini(&q->gits);
	import_fini(&q->im);
}
AUTO_DEFINE_EMBEDDED(struct request, request_fini);

static int
read_word(struct context *c, const char *word, struct request *q, struct err *err)
{
	const struct context_option options[] = {
		{"--srpms", "a folder", &q->srpms, NULL}, {"--git", "a folder", &q->gits, NULL}, {"--branch", "a branch", NULL, &q->branch},
	};
	int r = context_options(c, word, options, ARRAY_SIZE(options), err);

	if (r)
		return r < 0 ? -1 : 0;
	if (*word == '-')
		return err_set(err, EINVAL, "no option `%s`: --srpms, --git or --branch", word);
	strs_add(&q->folders, word);
	return 0;
}

static int
read_words(struct context *c, struct request *q, struct err *err)
{
	const char *word;

	while ((word = context_next(c)))
		if (read_word(c, word, q, err) < 0)
			return -1;
	if (!q->folders.n && !q->srpms.n && !q->gits.n)
		return err_set(err, EINVAL, "import what? [ARCH=]DIR, --srpms DIR or --git DIR");
	if (q->branch && !q->gits.n)
		return err_set(err, EINVAL, "--branch is of --git DIR");
	return 0;
}

/* Packages are taken only into what was never anything but empty: nobody's work is overwritten. */
static int
check_empty(struct context *c, const struct repository *r, struct err *err)
{
	if (r->serial > 1)
		return err_set(err, EEXIST, "%s is at state %lld: packages are imported only into a repository that was just created; "
		    "make another one (repo create), or import only --srpms or --git", r->name, (long long)r->serial);
	for (size_t a = 0; a < r->arches.n; a++) {
		AUTO(member_list_fini) struct member_list l = {0};

		if (member_find(c->store, r->name, r->arches.p[a], NULL, &l, err) < 0)
			return -1;
		if (l.n)
			return err_set(err, EEXIST, "%s has packages already: packages are imported only into an empty repository; make "
			    "another one (repo create), or import only --srpms or --git", r->name);
	}
	return 0;
}

/* Git repositories of a folder, and of the folders in it: NAME.git and X/NAME.git. */
static int
list_gits(const char *path, int depth, struct strs *out, struct err *err)
{
	AUTO(closedir) DIR *dir = opendir(path);
	struct dirent *e;

	/* A file beside the folders is nobody's. */
	if (!dir)
		return depth && errno == ENOTDIR ? 0 : err_sys(err, "read %s", path);
	while ((e = readdir(dir))) {
		AUTO(free) char *below = xasprintf("%s/%s", path, e->d_name);
		size_t n = strlen(e->d_name);

		if (e->d_name[0] == '.')
			continue;
		if (n > 4 && strcmp(e->d_name + n - 4, ".git") == 0)
			strs_add(out, below);
		else if (depth == 0 && list_gits(below, 1, out, err) < 0)
			return -1;
	}
	return 0;
}

/* One that is of no package of the repository is passed over. */
static int
import_git(struct context *c, struct request *q, const char *path, struct map *seen, struct err *err)
{
	const struct repository *r = q->im.repository;
	AUTO(free) char *name = xstrdup(strrchr(path, '/') + 1);
	int got;

	name[strlen(name) - strlen(".git")] = '\0';
	if (map_find(&q->im.by_name, name) == MAP_NONE) {
		AUTO(str_fini) struct str shown = {0};

		text_printable(&shown, path);
		fprintf(stderr, "import: %s has no source of this name: %s\n", r->name, str_c(&shown));
		q->others++;
		return 0;
	}
	if (!map_add(seen, name))
		return err_set(err, EEXIST, "%s: there is another repository of this name", path);
	q->record.root = c->root;
	q->record.source = name;
	q->record.repository = r->name;
	q->record.from = path;
	q->record.branch = q->branch ? q->branch : r->name;
	q->record.replace = q->folders.n > 0;
	got = record_import(&q->record, err);
	if (got < 0)
		return -1;
	if (got == RECORD_CONFLICT)
		fprintf(stderr, "import: branch %s of the record of %s is at another commit, and stays there\n", r->name, name);
	(*(got == RECORD_ABSENT ? &q->branchless : got == RECORD_CONFLICT ? &q->kept : &q->taken))++;
	return 0;
}

static int
import_gits(struct context *c, struct request *q, struct err *err)
{
	AUTO(strs_fini) struct strs paths = {0};
	AUTO(map_fini) struct map seen = {0};

	for (size_t i = 0; i < q->gits.n; i++)
		if (list_gits(q->gits.p[i], 0, &paths, err) < 0)
			return -1;
	if (q->gits.n && !paths.n)
		return err_set(err, ENOENT, "%s: there is no NAME.git in it", q->gits.p[0]);
	strs_sort(&paths);
	for (size_t i = 0; i < paths.n; i++) {
		if (import_git(c, q, paths.p[i], &seen, err) < 0)
			return err_ctx(err, "import");
		import_show((void *)"git repositories", i + 1, paths.n);
	}
	return 0;
}

static void
print_line(const char *what, size_t n)
{
	printf("%s\t%zu\n", what, n);
}

static void
print_counts(const struct request *q)
{
	print_line("packages", q->im.packages);
	print_line("sources", q->im.sources.n);
	print_line("srpms", q->counted.taken);
	print_line("srpms-others", q->counted.others);
	print_line("sources-without-srpm", import_sourceless(&q->im));
	print_line("git", q->taken);
	print_line("git-others", q->others);
	print_line("git-without-branch", q->branchless);
	print_line("git-kept", q->kept);
	print_line("tags", q->record.tags);
	print_line("tags-kept", q->record.tags_left);
}

/* With the repository's lock held. */
static int
import_all(struct context *c, struct request *q, const char **dirs, struct err *err)
{
	struct import *im = &q->im;
	AUTO(free) char *gits = NULL;

	for (size_t a = 0; a < im->repository->arches.n; a++)
		if (dirs[a] && import_packages(im, a, dirs[a], import_show, (void *)"packages", err) < 0)
			return -1;
	for (size_t i = 0; i < q->srpms.n; i++)
		if (import_srpms(im, q->srpms.p[i], import_show, (void *)"source packages", &q->counted, err) < 0)
			return -1;
	if (import_gits(c, q, err) < 0)
		return -1;
	if (q->gits.n)
		gits = xasprintf("%zu git records with %zu tags", q->taken, q->record.tags);
	im->also = gits;
	if (import_end(im, err) < 0)
		return -1;
	im->also = NULL;
	print_counts(q);
	return 0;
}

int
import_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err);
	AUTO(repository_fini) struct repository r = {0};
	AUTO(request_fini) struct request q = {0};
	AUTO(free) const char **dirs = NULL;
	AUTO(close) int lock = -1;
	int got;

	if (!name || read_words(c, &q, err) < 0 || context_open(c, err) < 0 || repository_get(c->store, name, &r, err))
		return -1;
	got = state_lock(c->store, name, &lock, err);
	if (got)
		return got < 0 ? -1 : err_set(err, EBUSY, "a merger or another import is at work on %s; try again", name);
	dirs = xcalloc(r.arches.n, sizeof(*dirs));
	/* Links first: an import that was killed when the database had it left them behind. */
	if (state_switch(c->store, &r, err) < 0 || import_place(&r.arches, &q.folders, "", dirs, err) < 0 ||
	    (q.folders.n && check_empty(c, &r, err) < 0) || import_begin(&q.im, c->store, &r, err) < 0)
		return -1;
	return import_all(c, &q, dirs, err);
}
