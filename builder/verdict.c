#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/step.h"
#include "builder/verdict.h"

enum { NOTES_MAX = 1 << 20 };

void
verdict_fini(struct verdict *v)
{
	allow_fini(&v->allow);
	sanity_list_fini(&v->found);
}

int
verdict_begin(const struct inside *in, struct verdict *v, struct err *err)
{
	if (sanity_parse(in->job->sanity, &v->policy, err) < 0)
		return err_ctx(err, "sanity");
	return allow_parse(&v->allow, in->job->allow, err);
}

void
verdict_seen(struct verdict *v, const struct seen_list *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		sanity_found(&v->found, &v->policy, seen->p[i].check, seen->p[i].package, seen->p[i].what, "%s", seen->p[i].detail);
}

/* Of one kind: told in the log and, the first ones, as notes. */
struct told {
	struct str notes, first;
	size_t warnings, fatal;
};

static void
tell(const struct verdict *v, const struct sanity_finding *f, struct told *t)
{
	bool allowed = allow_names(&v->allow, sanity_checks[f->check].name, f->package, f->what);
	AUTO(str_fini) struct str raw = {0};
	AUTO(str_fini) struct str text = {0};

	sanity_text(f, &raw);
	text_printable(&text, str_c(&raw));
	dprintf(STDOUT_FILENO, "%s: %s\n", allowed ? "allowed" : f->level == SANITY_FATAL ? "error" : "warning", str_c(&text));
	if (allowed)
		return;
	if (f->level == SANITY_FATAL && t->fatal++ == 0)
		str_puts(&t->first, str_c(&text));
	if (f->level == SANITY_WARNING && t->warnings++ < VERDICT_NOTES)
		str_add(&t->notes, "warning: %s\n", str_c(&text));
}

static int
conclude(const struct inside *in, const struct verdict *v, struct told *t, struct err *err)
{
	if (v->found.cut) {
		dprintf(STDOUT_FILENO, "and %zu more of the same kinds\n", v->found.cut);
		str_add(&t->notes, "warning: and %zu more of the same kinds\n", v->found.cut);
	}
	if (t->warnings > VERDICT_NOTES)
		str_add(&t->notes, "warning: and %zu more: see the log\n", t->warnings - VERDICT_NOTES);
	if (t->notes.n && step_write(in, "notes", &t->notes, err) < 0)
		return -1;
	if (t->fatal == 0)
		return 0;
	if (t->fatal > 1)
		str_add(&t->first, " (and %zu more)", t->fatal - 1);
	return step_failed(in, str_c(&t->first), err) < 0 ? -1 : VERDICT_FATAL;
}

int
verdict_end(const struct inside *in, const struct verdict *v, struct err *err)
{
	struct told t = {0};
	int r;

	for (size_t i = 0; i < v->found.n; i++)
		tell(v, &v->found.p[i], &t);
	r = conclude(in, v, &t, err);
	str_fini(&t.notes);
	str_fini(&t.first);
	return r;
}

int
verdict_notes(int dir, const char *name, struct strs *out, struct err *err)
{
	AUTO(free) char *path = xasprintf("job/%s/notes", name);
	AUTO(str_fini) struct str text = {0};

	if (file_read_beneath(dir, path, NOTES_MAX, &text, err) < 0)
		return -1;
	strs_split(out, str_c(&text), "\n");
	return 0;
}
