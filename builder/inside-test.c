/*
 * The tests of a task before it is merged: the checks of the merger, for this task alone on its base; then each new
 * package in a root of the repository as it would be, in and out again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "builder/inside.h"
#include "builder/root.h"
#include "builder/step.h"
#include "builder/tested.h"
#include "builder/verdict.h"
#include "package/facts.h"
#include "repo/check.h"
#include "repo/state.h"

/* The base as the task finds it: the state, and what the task was built on. */
static int
load_base(const struct inside *in, struct state *st, struct err *err)
{
	const struct wire_job *j = in->job;
	struct repo *r = &st->repo;

	if (step_open_state(in, st, err) < 0)
		return -1;
	for (size_t i = 0; i < j->on_removed.n; i++)
		repo_remove_source(r, j->on_removed.p[i], 0);
	for (size_t i = 0; i < j->overlay.n - j->n_own; i++) {
		AUTO(facts_fini) struct facts f = {0};

		if (step_read_facts(&j->overlay.p[i], true, &f, err) < 0)
			return -1;
		repo_add(r, &f, "", 0);
	}
	repo_keep(r);
	return 0;
}

static int
load_own(const struct inside *in, struct change *c, struct err *err)
{
	const struct wire_job *j = in->job;

	c->task = j->task;
	for (size_t i = 0; i < j->deletes.n; i++)
		strs_add(&c->deletes, j->deletes.p[i]);
	for (size_t i = 0; i < j->builds.n; i++)
		strs_add(&c->builds, j->builds.p[i]);
	for (size_t i = j->overlay.n - j->n_own; i < j->overlay.n; i++) {
		struct facts f = {0};

		if (step_read_facts(&j->overlay.p[i], true, &f, err) < 0)
			return -1;
		change_add(c, &f, "");
	}
	return 0;
}

/* What this task built on other architectures that should be the same everywhere. */
static int
check_noarch(const struct inside *in, const struct change *own, struct report *report, struct err *err)
{
	const struct wire_job *j = in->job;

	for (size_t i = 0; i < j->others.n; i++) {
		AUTO(facts_fini) struct facts f = {0};
		AUTO(free) char *why = NULL;
		AUTO(free) char *text = NULL;

		if (step_read_facts(&j->others.p[i], false, &f, err) < 0)
			return -1;
		if (!plan_noarch_differs(own, &f, &why))
			continue;
		text = xasprintf("%s (%s, %s)", why, j->other_arches.p[i], j->arch);
		report_refuse(report, j->task, text);
	}
	return 0;
}

int
inside_check(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(state_fini) struct state base = {0};
	AUTO(allow_fini) struct allow allow = {0};
	AUTO(change_fini) struct change own = {0};
	AUTO(report_fini) struct report report = {0};
	AUTO(str_fini) struct str out = {0};
	const struct change *changes[] = {&own};

	if (load_base(in, &base, err) < 0 || load_own(in, &own, err) < 0 || allow_parse(&allow, in->job->allow, err) < 0)
		return -1;
	if (check_changes(&base.repo, changes, 1, &allow, &report, err) < 0)
		report_refuse(&report, 0, err->msg);
	if (check_noarch(in, &own, &report, err) < 0)
		return -1;
	report_pack(&out, &report);
	return step_write(in, "report", &out, err);
}

/* Install one new package into a root of the next repository, and take it out again. 1: it is said in `failed`. */
static int
try_install(const struct inside *in, size_t i, struct seen_list *seen, struct err *err)
{
	AUTO(free) char *tag = xasprintf("test.%zu", i);
	AUTO(free) char *set = xasprintf("test.%zu.set", i);
	AUTO(free) char *keep = xasprintf("test.%zu.seen", i);
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str packed = {0};
	AUTO(free) char *what = NULL;
	int r;

	if (step_read_facts(&in->job->overlay.p[i], false, &f, err) < 0)
		return -1;
	what = xasprintf("install check of %s", f.name);
	r = root_try(in, tag, set, what, f.name, seen, err);
	/* A scriptlet that failed may do better the next time. */
	if (r || seen_scriptlet(seen))
		return r;
	seen_pack(&packed, seen);
	return step_write(in, keep, &packed, err);
}

/* What was seen the last time, if the same was done before. */
static int
look_at(const struct inside *in, size_t i, struct seen_list *seen, struct err *err)
{
	AUTO(close) int dir = open(SANDBOX_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(str_fini) struct str packed = {0};
	int r = dir < 0 ? err_sys(err, "open %s", SANDBOX_DIR) : tested_find(dir, in->name, in->job, i, &packed, err);

	if (r < 0)
		return -1;
	if (r) {
		/* What installs must have no folder open: it would lead out of the root. */
		close(dir);
		dir = -1;
		return try_install(in, i, seen, err);
	}
	dprintf(STDOUT_FILENO, "artel: install check of %s: cached\n", in->job->overlay.p[i].name);
	return seen_unpack(packed.p, packed.n, seen, err);
}

int
inside_install(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(verdict_fini) struct verdict v = {0};

	phases_enter(in->phases, PHASE_INSTALL);
	if (verdict_begin(in, &v, err) < 0)
		return -1;
	for (size_t i = in->job->overlay.n - in->job->n_own; i < in->job->overlay.n; i++) {
		AUTO(seen_list_fini) struct seen_list seen = {0};
		int r = look_at(in, i, &seen, err);

		if (r)
			return r < 0 ? -1 : 0;
		verdict_seen(&v, &seen);
	}
	return verdict_end(in, &v, err) < 0 ? -1 : 0;
}
