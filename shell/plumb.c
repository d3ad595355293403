/* Plumbing for scripts and tests: each does one thing, with documented output and exit status. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/sandbox.h"
#include "base/vec.h"
#include "package/depend.h"
#include "package/evr.h"
#include "package/facts.h"
#include "repo/repo.h"
#include "shell/context.h"
#include "shell/merger.h"
#include "shell/plumb-bisect.h"
#include "shell/plumb-repo.h"
#include "shell/plumb-rpm.h"
#include "shell/rebuild.h"
#include "source/gear.h"
#include "source/inherit.h"
#include "source/record-graph.h"
#include "source/srpm.h"
#include "source/tag.h"

static int
plumb_evr_cmp(struct context *c, struct err *err)
{
	const char *a = context_need(c, "a version", err), *b = a ? context_need(c, "another version", err) : NULL;
	int bad, r;

	if (!b || context_end(c, err) < 0)
		return -1;
	r = evr_cmp(a, b, &bad);
	if (bad)
		return err_set(err, EINVAL, "`%s` or `%s` is not [epoch:]version[-release]", a, b);
	printf("%d\n", (r > 0) - (r < 0));
	return 0;
}

static struct facts
made_up(const char *name)
{
	return (struct facts){.name = xstrdup(name), .epoch = xstrdup(""), .version = xstrdup(""), .release = xstrdup(""),
	    .arch = xstrdup("noarch"), .evr = xstrdup(""), .source = xstrdup(name), .file = xstrdup(""), .sha256 = xstrdup("")};
}

static int
plumb_dep_match(struct context *c, struct err *err)
{
	const char *a = context_need(c, "a provide", err), *b = a ? context_need(c, "a requirement", err) : NULL;
	AUTO(dep_fini) struct dep provide = {0};
	AUTO(dep_fini) struct dep require = {0};

	if (!b || context_end(c, err) < 0 || dep_parse(a, &provide, err) < 0 || dep_parse(b, &require, err) < 0)
		return -1;
	if (dep_is_rich(&provide))
		return err_set(err, EINVAL, "a provide cannot be a rich dependency");
	if (dep_is_rich(&require)) {
		AUTO(repo_fini) struct repo r = {0};
		struct facts have = made_up("p"), want = made_up("r");

		vec_push(&have.dep[DEP_PROVIDES], provide);
		vec_push(&want.dep[DEP_REQUIRES], require);
		provide = require = (struct dep){0};
		repo_add(&r, &have, "", 0);
		repo_add(&r, &want, "", 0);
		facts_fini(&have);
		facts_fini(&want);
		return repo_satisfied(&r, 0) ? VERB_OK : VERB_FAILED;
	}
	return dep_match(&provide, &require) ? VERB_OK : VERB_FAILED;
}

static int
plumb_inherits(struct context *c, struct err *err)
{
	bool trust = context_peek(c) && strcmp(context_peek(c), "--trust-graph") == 0;
	AUTO(git_repository_free) git_repository *repo = NULL;
	const char *dir, *old, *new;
	int r;

	if (trust)
		context_next(c);
	dir = context_need(c, "a git repository", err);
	old = dir ? context_need(c, "an old commit", err) : NULL;
	new = old ? context_need(c, "a new commit", err) : NULL;
	if (!new || context_end(c, err) < 0 || tag_repository(dir, &repo, err) < 0)
		return -1;
	r = trust ? record_inherits(repo, old, new, err) : inherit_check(repo, old, new, err);
	return r == INHERIT_NOT ? VERB_FAILED : r;
}

/* Tag to SRPM, with the host's rpmbuild in a sandbox. */

struct srpm_inside {
	const struct gear *gear;
	int64_t when;
};

static int
give(const char *from, const char *to, struct err *err)
{
	AUTO(close) int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	AUTO(close) int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (in < 0 || out < 0 || fchown(out, SANDBOX_BUILDER, SANDBOX_BUILDER) < 0)
		return err_sys(err, "copy %s", from);
	return file_copy_fd(in, out, err);
}

static int
srpm_in_sandbox(void *arg, struct err *err)
{
	static const char *const folders[] = {SANDBOX_DIR "/out", SANDBOX_DIR "/home", SANDBOX_DIR "/home/rpmbuild",
	    SANDBOX_DIR "/home/rpmbuild/SOURCES"};
	const struct srpm_inside *in = arg;
	const struct sandbox_exec exec = {.root = "/", .home = SANDBOX_DIR "/home", .source_date_epoch = in->when};
	struct srpm_job job = {.in = &exec, .spec_file = in->gear->spec_file};
	AUTO(free) char *name = NULL;
	AUTO(free) char *from = NULL;
	AUTO(free) char *to = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (mkdir(folders[i], 0755) < 0 || chown(folders[i], SANDBOX_BUILDER, SANDBOX_BUILDER) < 0)
			return err_sys(err, "mkdir %s", folders[i]);
	for (size_t i = 0; i < in->gear->files.n; i++) {
		AUTO(free) char *src = xasprintf(SANDBOX_DIR "/src/%s", in->gear->files.p[i]);
		AUTO(free) char *dst = xasprintf("%s/%s", folders[3], in->gear->files.p[i]);

		if (give(src, dst, err) < 0)
			return -1;
	}
	if (srpm_build(&job, &name, err) < 0)
		return -1;
	from = xasprintf(SANDBOX_DIR "/home/rpmbuild/SRPMS/%s", name);
	to = xasprintf(SANDBOX_DIR "/out/%s", name);
	return give(from, to, err);
}

/* The one file in work/out, copied to the folder and named on stdout. */
static int
deliver(const char *work, const char *outdir, struct err *err)
{
	AUTO(free) char *folder = xasprintf("%s/out", work);
	AUTO(close) int dir = -1;
	DIR *d = opendir(folder);
	struct dirent *e;
	int r = d ? 0 : err_sys(err, "open %s", folder);

	if (d && (dir = file_open_dir(AT_FDCWD, outdir, err)) < 0)
		r = -1;
	while (r == 0 && (e = readdir(d))) {
		AUTO(str_fini) struct str data = {0};

		if (e->d_name[0] == '.')
			continue;
		r = file_read(dirfd(d), e->d_name, (size_t)4 << 30, &data, err);
		if (r == 0)
			r = file_replace(dir, e->d_name, str_c(&data), data.n, 0644, err);
		if (r == 0)
			printf("%s/%s\n", outdir, e->d_name);
	}
	if (d)
		closedir(d);
	return r;
}

static int
make_srpm(git_repository *repo, const struct tag *tag, const char *work, const char *outdir, struct err *err)
{
	AUTO(free) char *src = xasprintf("%s/src", work);
	AUTO(gear_fini) struct gear gear = {0};
	struct sandbox box = {.dir = work, .log = STDERR_FILENO};
	struct srpm_inside in = {.gear = &gear, .when = tag->when};
	AUTO(close) int dir = -1;

	if (sandbox_ids_find(&box.ids, 0, err) < 0 || file_mkdirs(AT_FDCWD, src, err) < 0 ||
	    (dir = file_open_dir(AT_FDCWD, src, err)) < 0 || gear_export(repo, tag, dir, &gear, err) < 0)
		return -1;
	for (size_t i = 0; i < gear.notes.n; i++)
		fprintf(stderr, "note: %s\n", gear.notes.p[i]);
	if (geteuid() == 0 && chown(work, box.ids.first, box.ids.first) < 0)
		return err_sys(err, "chown %s", work);
	if (chmod(work, 0755) < 0 || sandbox_call(&box, srpm_in_sandbox, &in, err) < 0)
		return err_ctx(err, "rpmbuild");
	return deliver(work, outdir, err);
}

static int
plumb_srpm(struct context *c, struct err *err)
{
	const char *dir = context_need(c, "a git repository", err), *name = dir ? context_need(c, "a tag", err) : NULL;
	const char *outdir = name ? context_need(c, "an output folder", err) : NULL;
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(tag_fini) struct tag tag = {0};
	char work[] = "/tmp/artel-srpm-XXXXXX";
	struct sandbox box = {.dir = "/tmp"};
	struct err ignored;
	int r;

	if (!outdir || context_end(c, err) < 0 || tag_repository(dir, &repo, err) < 0 || tag_read(repo, name, &tag, err))
		return -1;
	if (!mkdtemp(work))
		return err_sys(err, "make a folder in /tmp");
	r = make_srpm(repo, &tag, work, outdir, err);
	if (sandbox_ids_find(&box.ids, 0, &ignored) == 0)
		sandbox_remove_tree(&box, work + strlen("/tmp/"), &ignored);
	return r;
}

/* A command in the sandbox that builds run in: for looking at roots, and for tests. */
static int
exec_inside(void *arg, struct err *err)
{
	struct strs *words = arg;

	execvp(words->p[0], words->p);
	return err_sys(err, "%s", words->p[0]);
}

static int
plumb_inside(struct context *c, struct err *err)
{
	const char *dir = context_need(c, "a folder", err), *word = dir ? context_need(c, "a command", err) : NULL;
	struct sandbox box = {.log = STDOUT_FILENO};
	AUTO(strs_fini) struct strs words = {0};
	char absolute[PATH_MAX];

	if (!word)
		return -1;
	for (; word; word = context_next(c))
		strs_add(&words, word);
	strs_take(&words, NULL);
	if (!realpath(dir, absolute))
		return err_sys(err, "%s", dir);
	box.dir = absolute;
	if (sandbox_ids_find(&box.ids, 0, err) < 0 || sandbox_call(&box, exec_inside, &words, err) < 0)
		return err_ctx(err, "%s", words.p[0]);
	return 0;
}

const struct verb plumb_verbs[] = {
	{"plumb evr-cmp", "A B", "Compare versions as rpm does: prints -1, 0 or 1", plumb_evr_cmp},
	{"plumb dep-match", "PROVIDE REQUIRE", "Exit status 0: the provide satisfies it; 1: it does not", plumb_dep_match},
	{"plumb inherits", "[--trust-graph] GITDIR OLD NEW", "Exit status 0: OLD is an ancestor of NEW, or NEW itself; 1: it is not", plumb_inherits},
	{"plumb srpm", "GITDIR TAG OUTDIR", "Make the source RPM of a tag; prints its path", plumb_srpm},
	{"plumb rebuild", "TASK SUBTASK [ARCH] [--keep DIR] [--jobs N] [--json]",
	    "Build again from the record, and compare; status 3 if anything differs", plumb_rebuild},
	{"plumb repo-check", "DIR... [--json]", "Unmets of rpm-md folders: package, requirement; tab-separated; status 1 if any",
	    plumb_repo_check},
	{"plumb repo-try", "NAME|DIR [--arch ARCH] [--add RPM...] [--del SOURCE...] [--json]",
	    "What a change would break and repair; status 1 if it breaks anything", plumb_repo_try},
	{"plumb rpm-diff", "A B [--json]", "How two RPM files differ; status 0: not, 3: in how they were built, 4: in content",
	    plumb_rpm_diff},
	{"plumb sanity", "[--policy LIST] [RPM...]", "What the checks of packages find; status 1 if anything fatal. Without RPMs: the checks",
	    plumb_sanity},
	{"plumb fold", "DIR... --batch FILE [--strategy NAME] [--testers N] [--json]",
	    "Which of the transactions in FILE could be merged together into rpm-md folders", merger_fold},
	{"plumb inside", "DIR COMMAND [ARGUMENT...]", "Run a command as uid 0 of a sandbox without network, DIR being its " SANDBOX_DIR,
	    plumb_inside},
	{"plumb bisect-sim", "[--n N] [--culprits D] [--pairs R] [--testers P] [--strategy NAME|all] [--rounds K] "
	    "[--named PERCENT] [--trials T] [--seed X] [--json]", "What bisection would do with random batches; a table",
	    plumb_bisect_sim},
};
const size_t n_plumb_verbs = ARRAY_SIZE(plumb_verbs);
