/* What a step says it says by files: it may be killed at any time, and nothing that it wrote is believed to be one. */
#include <errno.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "builder/inside.h"
#include "builder/running.h"

enum { SMALL_MAX = 64 << 20 };

int
running_fail(struct running *t, const char *why)
{
	free(t->out->reason);
	t->out->reason = xstrdup(why);
	t->out->outcome = WIRE_FAILED;
	return STEP_FAILED;
}

int
running_small(struct running *t, const char *what, struct str *out, struct err *err)
{
	AUTO(free) char *path = xasprintf("job/%s/%s", t->name, what);

	return file_read_beneath(t->conf->dir, path, SMALL_MAX, out, err);
}

int
running_set(struct running *t, const char *what, struct pkgset *out, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	int r = running_small(t, what, &text, err);

	if (r)
		return r < 0 ? -1 : err_set(err, ENOENT, "%s is missing", what);
	return pkgset_parse(str_c(&text), out, err);
}

int
running_inside(struct running *t, sandbox_fn *fn, struct err *err)
{
	AUTO(free) char *folder = xasprintf("job/%s", t->name);
	AUTO(free) char *base = xasprintf("roots/%s%s", t->base.text, fn == inside_base ? ".new" : "");
	/* Nothing of other jobs, and of the base roots only the one in question. */
	const struct sandbox_bind root = {.path = base, .write = fn == inside_base, .idmap = t->slot->idmap};
	struct sandbox_bind binds[4] = {{.path = "artefact"}, {.path = folder, .write = true}};
	struct inside in = {.job = t->job, .name = t->name, .base = t->base.text, .more = t->has_more ? &t->more : NULL,
	    .jobs = t->conf->jobs, .phases = t->phases};
	AUTO(str_fini) struct str why = {0};
	struct sandbox box = t->box;
	int r;

	box.binds = binds;
	box.n_binds = 2;
	if (t->job->kind == WIRE_JOB_TEST)
		binds[box.n_binds++] = (struct sandbox_bind){.path = "tested"};
	if (*t->base.text)
		binds[box.n_binds++] = root;
	r = watch_run(&t->watch, &box, fn, &in, err);

	if (r == WATCH_LIMIT) {
		t->limit = true;
		return running_fail(t, err->msg);
	}
	if (r < 0)
		return -1;
	r = running_small(t, "failed", &why, err);
	if (r)
		return r < 0 ? -1 : 0;
	running_fail(t, str_c(&why));
	r = running_small(t, "unsatisfied", &why, err);
	if (r == 0 && t->job->kind == WIRE_JOB_BUILD)
		t->out->outcome = WIRE_NEEDS;
	return r < 0 ? -1 : STEP_FAILED;
}
