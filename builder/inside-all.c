/*
 * A whole job in one sandbox, where nothing has to be fetched or made on the way:
 * it solves, and goes on at once if the base root that was guessed is the right one
 * and all other packages are in the cache. Else it ends there, and the rest is
 * done step by step.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/inside.h"
#include "builder/root.h"
#include "builder/roots.h"
#include "builder/step.h"
#include "builder/sweep.h"
#include "builder/tested.h"
#include "repo/finding.h"

enum { REPORT_MAX = 64 << 20 };

static bool
wrote(const struct inside *in, const char *what)
{
	AUTO(free) char *path = step_path(in, what);

	return file_exists(AT_FDCWD, path);
}

/* 1: the check has found something, and there is nothing more to do. */
static int
check(const struct inside *in, struct err *err)
{
	AUTO(free) char *path = step_path(in, "report");
	AUTO(report_fini) struct report report = {0};
	AUTO(str_fini) struct str raw = {0};

	if (inside_check((void *)(uintptr_t)in, err) < 0)
		return -1;
	if (file_read(AT_FDCWD, path, REPORT_MAX, &raw, err) || report_unpack(raw.p, raw.n, &report, err) < 0)
		return err_ctx(err, "report");
	return report.broken.n > 0;
}

/* Whether what a set has beyond the base root is here. */
static int
have_set(const struct inside *in, const struct pkgset *base, const char *name, struct err *err)
{
	AUTO(pkgset_fini) struct pkgset set = {0};
	AUTO(pkgset_fini) struct pkgset needed = {0};

	if (step_read_set(in, name, &set, err) < 0)
		return -1;
	root_needs(base, &set, &needed);
	for (size_t i = 0; i < needed.n; i++) {
		AUTO(free) char *path = step_cached(needed.p[i].sha256);
		struct stat st;

		/* In here nothing can be touched (builder/sweep.h): what is not young enough to stay is touched outside. */
		if (lstat(path, &st) < 0 || now_ms() - st.st_mtim.tv_sec * INT64_C(1000) > SWEEP_RECENT_MS / 2)
			return 0;
	}
	return 1;
}

/* Whether it can go on at once: 1, 0 not. */
static int
ready(const struct inside *in, struct err *err)
{
	AUTO(free) char *path = step_path(in, "base.set");
	AUTO(pkgset_fini) struct pkgset base = {0};
	AUTO(str_fini) struct str text = {0};
	int r = 1;

	if (file_read(AT_FDCWD, path, REPORT_MAX, &text, err) || pkgset_parse(str_c(&text), &base, err) < 0)
		return err_ctx(err, "base root");
	if (strcmp(roots_id(text.p, text.n).text, in->base) != 0)
		return 0;
	if (in->job->kind == WIRE_JOB_BUILD)
		return have_set(in, &base, "full.set", err);
	for (size_t i = in->job->overlay.n - in->job->n_own; in->job->kind == WIRE_JOB_TEST && i < in->job->overlay.n && r == 1; i++) {
		AUTO(free) char *name = xasprintf("test.%zu.set", i);
		AUTO(close) int dir = open(SANDBOX_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		AUTO(str_fini) struct str seen = {0};
		int known = dir < 0 ? err_sys(err, "open %s", SANDBOX_DIR) : tested_find(dir, in->name, in->job, i, &seen, err);

		r = known == TESTED_NOT ? have_set(in, &base, name, err) : known < 0 ? -1 : 1;
	}
	return r;
}

int
inside_all(void *arg, struct err *err)
{
	static sandbox_fn *const last[] = {[WIRE_JOB_SRPM] = inside_srpm, [WIRE_JOB_BUILD] = inside_build, [WIRE_JOB_TEST] = inside_install};
	const struct inside *in = arg;
	const struct str nothing = {0};
	int r = in->job->kind == WIRE_JOB_TEST ? check(in, err) : 0;

	if (r || (in->job->kind == WIRE_JOB_TEST && in->job->n_own == 0))
		return r < 0 ? -1 : 0;
	phases_enter(in->phases, PHASE_SOLVE);
	if (inside_solve(arg, err) < 0)
		return -1;
	if (wrote(in, "failed") || wrote(in, "foreign"))
		return 0;
	r = ready(in, err);
	if (r <= 0)
		return r;
	return step_write(in, "ready", &nothing, err) < 0 ? -1 : last[in->job->kind](arg, err);
}
