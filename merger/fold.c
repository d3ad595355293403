#include "base/alloc.h"
#include "base/err.h"
#include "merger/fold.h"

/* Those that contradict themselves are named, all of them: they need no search. */
static bool
refused(const struct change *const *changes, size_t n, struct report *report)
{
	size_t before = report->broken.n;
	struct err why;

	for (size_t i = 0; i < n; i++)
		if (plan_check(changes[i], &why) < 0)
			report_refuse(report, changes[i]->task, why.msg);
	return report->broken.n > before;
}

/* In a forked child: does this set pass on every architecture? One report of them all. */
static int
evaluate(void *arg, const size_t *items, size_t n, struct str *out)
{
	const struct fold *f = arg;
	AUTO(report_fini) struct report report = {0};

	for (size_t a = 0; a < f->n_arches; a++) {
		AUTO(free) const struct change **changes = xcalloc(n + 1, sizeof(*changes));
		struct err err = {0};

		for (size_t i = 0; i < n; i++)
			changes[i] = &f->items[items[i]].changes[a];
		if (!refused(changes, n, &report) && check_changes(f->repos[a], changes, n, f->allow, &report, &err) < 0)
			report_refuse(&report, 0, err.msg);
	}
	/* Of a set that passes nobody asks more. */
	if (report.broken.n)
		report_pack(out, &report);
	return report.broken.n > 0;
}

static bool
needs(void *arg, size_t a, size_t b)
{
	const struct fold *f = arg;

	for (size_t i = 0; i < f->items[a].n_deps; i++)
		if (f->items[a].deps[i] == f->items[b].task)
			return true;
	return false;
}

static void
name_suspect(const struct fold *f, const size_t *items, size_t n, int64_t task, bool *suspect)
{
	for (size_t i = 0; task > 0 && i < n; i++)
		suspect[i] |= f->items[items[i]].task == task;
}

static void
suspects(void *arg, const size_t *items, size_t n, const struct str *raw, bool *suspect)
{
	const struct fold *f = arg;
	AUTO(report_fini) struct report report = {0};
	struct err ignored;

	if (report_unpack(raw->p, raw->n, &report, &ignored) < 0)
		return;
	for (size_t i = 0; i < report.broken.n; i++) {
		name_suspect(f, items, n, report.broken.p[i].by, suspect);
		name_suspect(f, items, n, report.broken.p[i].other_by, suspect);
	}
}

static int
known(void *arg, const size_t *items, size_t n, struct str *report)
{
	const struct fold *f = arg;

	return f->known ? f->known(f->arg, items, n, report) : 0;
}

static void
learn(void *arg, const size_t *items, size_t n, const struct str *report)
{
	const struct fold *f = arg;

	if (f->learn)
		f->learn(f->arg, items, n, report);
}

int
fold_settle(const struct fold *f, struct settled *out, struct err *err)
{
	const struct settle job = {.n = f->n, .testers = f->testers, .strategy = f->strategy, .fn = evaluate, .needs = needs,
	    .suspects = suspects, .known = known, .learn = learn, .arg = (void *)(uintptr_t)f};

	return settle(&job, out, err);
}
