/*
 * Which packages a job needs: those of the base group, which make the base root, and those of the whole root. For a
 * test, those with which each new package can be installed. All of the base's index and what has changed since, what
 * the task is built on and has built so far.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "builder/inside.h"
#include "builder/solve.h"
#include "builder/step.h"
#include "package/facts.h"

/* As the plan of a merge has it: a binary that comes from another source takes all of the old one away. */
static void
take_place(struct repo *r, const struct facts *f)
{
	uint32_t old = repo_find(r, f->name);
	AUTO(free) char *source = old == INDEX_NONE ? NULL : xstrdup(repo_source(r, old));

	if (source && strcmp(source, f->source) != 0)
		repo_remove_source(r, source, 0);
	repo_add(r, f, "", 0);
}

/* What the task has built so far; of what it is built on, too, nothing stays that it deletes or builds anew. */
static void
add_own(struct repo *r, const struct wire_job *j, const struct facts *overlay)
{
	size_t first = j->overlay.n - j->n_own;

	for (size_t i = 0; i < j->deletes.n; i++)
		repo_remove_source(r, j->deletes.p[i], 0);
	for (size_t i = first; i < j->overlay.n; i++)
		repo_remove_source(r, overlay[i].source, 0);
	for (size_t i = first; i < j->overlay.n; i++)
		take_place(r, &overlay[i]);
}

/* The base with the overlay in it, and without the sources that leave. *first: the overlay's first package. */
static int
load_repository(const struct inside *in, struct state *st, uint32_t *first, struct err *err)
{
	const struct wire_job *j = in->job;
	AUTO(free) struct facts *overlay = xcalloc(j->overlay.n, sizeof(*overlay));
	int r = step_open_state(in, st, err);

	for (size_t i = 0; i < j->overlay.n && r == 0; i++)
		r = step_read_facts(&j->overlay.p[i], false, &overlay[i], err);
	for (size_t i = 0; i < j->removed.n && r == 0; i++)
		repo_remove_source(&st->repo, j->removed.p[i], 0);
	if (r == 0) {
		*first = repo_packages(&st->repo);
		for (size_t i = 0; i < j->overlay.n - j->n_own; i++)
			take_place(&st->repo, &overlay[i]);
		add_own(&st->repo, j, overlay);
		repo_keep(&st->repo);
	}
	for (size_t i = 0; i < j->overlay.n; i++)
		facts_fini(&overlay[i]);
	return r;
}

/* Each new package of the task with the base group, or alone where they cannot be together. */
static int
solve_installs(const struct inside *in, const struct solve *s, const struct strs *group, struct err *err)
{
	const struct strs nothing = {0};
	size_t first = in->job->overlay.n - in->job->n_own;

	for (size_t i = first; i < in->job->overlay.n; i++) {
		AUTO(free) char *what = xasprintf("test.%zu.set", i);
		AUTO(pkgset_fini) struct pkgset set = {0};
		int r = solve_for(s, group, s->overlay + (uint32_t)i, &set, err);

		if (r == SOLVE_NOT)
			r = solve_for(s, &nothing, s->overlay + (uint32_t)i, &set, err);
		if (r == SOLVE_NOT) {
			AUTO(free) char *why = xasprintf("%s cannot be installed: %s", in->job->overlay.p[i].name, err->msg);

			return step_failed(in, why, err);
		}
		if (r < 0 || step_write_set(in, what, &set, err) < 0)
			return -1;
	}
	return 0;
}

static int
solve_build(const struct inside *in, const struct solve *s, const struct strs *group, struct err *err)
{
	AUTO(pkgset_fini) struct pkgset full = {0};
	AUTO(strs_fini) struct strs wanted = {0};
	AUTO(srpm_facts_fini) struct srpm_facts source = {0};
	AUTO(free) char *srpm = step_cached(in->job->source.sha256);
	const struct strs *requires;
	const struct str empty = {0};
	int r;

	for (size_t i = 0; i < group->n; i++)
		strs_add(&wanted, group->p[i]);
	if (in->job->kind == WIRE_JOB_BUILD && !in->more && facts_from_srpm(srpm, &source, err) < 0)
		return step_failed(in, err->msg, err);
	if (source.arch && strcmp(source.arch, in->job->arch) != 0 && strcmp(source.arch, "noarch") != 0)
		return step_write(in, "foreign", &empty, err);
	requires = in->more ? in->more : &source.requires;
	for (size_t i = 0; i < requires->n; i++)
		strs_add(&wanted, requires->p[i]);
	r = solve_for(s, &wanted, INDEX_NONE, &full, err);
	if (r == SOLVE_NOT) {
		AUTO(free) char *why = xasprintf("BuildRequires: %s", err->msg);

		return step_write(in, "unsatisfied", &empty, err) < 0 ? -1 : step_failed(in, why, err);
	}
	return r < 0 ? -1 : step_write_set(in, "full.set", &full, err);
}

int
inside_solve(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(state_fini) struct state st = {0};
	AUTO(strs_fini) struct strs group = {0};
	AUTO(pkgset_fini) struct pkgset base = {0};
	struct solve s = {.repo = &st.repo, .arch = in->job->arch};
	int r;

	if (load_repository(in, &st, &s.overlay, err) < 0)
		return -1;
	strs_split(&group, in->job->base_group, " ");
	r = solve_for(&s, &group, INDEX_NONE, &base, err);
	if (r == SOLVE_NOT) {
		AUTO(free) char *why = xasprintf("the base group cannot be installed: %s", err->msg);

		return step_failed(in, why, err);
	}
	if (r < 0 || step_write_set(in, "base.set", &base, err) < 0)
		return -1;
	return in->job->kind == WIRE_JOB_TEST ? solve_installs(in, &s, &group, err) : solve_build(in, &s, &group, err);
}
