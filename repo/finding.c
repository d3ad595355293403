#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/pack.h"
#include "base/vec.h"
#include "package/sanity.h"
#include "repo/finding.h"

static const char *const kinds[FINDING_KINDS] = {
	[FINDING_UNMET] = "unmet", [FINDING_SYMBOL] = "symbol", [FINDING_DUPLICATE] = "duplicate", [FINDING_FILE] = "file",
	[FINDING_EVR] = "evr", [FINDING_PLAN] = "plan",
};

const char *
finding_kind_name(enum finding_kind k)
{
	return kinds[k];
}

void
finding_fini(struct finding *f)
{
	free(f->package);
	free(f->source);
	free(f->what);
	free(f->other);
}

void
finding_list_fini(struct finding_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		finding_fini(&l->p[i]);
	vec_fini(l);
}

void
report_fini(struct report *r)
{
	finding_list_fini(&r->broken);
	finding_list_fini(&r->repaired);
	finding_list_fini(&r->allowed);
	strs_fini(&r->notes);
}

static void
pack_findings(struct str *out, const struct finding_list *l)
{
	pack_u32(out, (uint32_t)l->n);
	for (size_t i = 0; i < l->n; i++) {
		pack_u32(out, l->p[i].kind);
		pack_text(out, l->p[i].package);
		pack_text(out, l->p[i].source);
		pack_u64(out, (uint64_t)l->p[i].by);
		pack_text(out, l->p[i].what);
		pack_text(out, l->p[i].other);
		pack_u64(out, (uint64_t)l->p[i].other_by);
	}
}

static void
unpack_findings(struct unpack *u, struct finding_list *l)
{
	uint32_t n = unpack_count(u, 36);

	while (n-- > 0 && !u->bad) {
		struct finding f = {.kind = unpack_u32(u)};

		f.package = unpack_text(u);
		f.source = unpack_text(u);
		f.by = (int64_t)unpack_u64(u);
		f.what = unpack_text(u);
		f.other = unpack_text(u);
		f.other_by = (int64_t)unpack_u64(u);
		u->bad |= f.kind >= FINDING_KINDS;
		vec_push(l, f);
	}
}

void
report_pack(struct str *out, const struct report *r)
{
	pack_findings(out, &r->broken);
	pack_findings(out, &r->repaired);
	pack_findings(out, &r->allowed);
	pack_strs(out, &r->notes);
	pack_u64(out, r->cut);
}

int
report_unpack(const void *data, size_t n, struct report *r, struct err *err)
{
	struct unpack u = unpack_begin(data, n);

	unpack_findings(&u, &r->broken);
	unpack_findings(&u, &r->repaired);
	unpack_findings(&u, &r->allowed);
	unpack_strs(&u, &r->notes);
	r->cut = unpack_u64(&u);
	return unpack_end(&u, "report", err);
}

static void
task_text(struct str *out, const char *before, int64_t task, const char *after)
{
	if (task > 0)
		str_add(out, "%stask #%lld%s", before, (long long)task, after);
}

void
finding_text(const struct finding *f, struct str *out)
{
	if (f->kind == FINDING_PLAN) {
		task_text(out, "", f->by, ": ");
		str_puts(out, f->what);
		return;
	}
	str_puts(out, f->package);
	task_text(out, " (", f->by, ")");
	switch (f->kind) {
	case FINDING_UNMET:
	case FINDING_SYMBOL:
		str_add(out, f->kind == FINDING_UNMET ? " requires %s, which nothing provides" :
		    " uses the symbol %s, which nothing defines", f->what);
		if (*f->other)
			str_add(out, "; it was in %s", f->other);
		if (*f->other)
			task_text(out, ", which ", f->other_by, " takes away");
		break;
	case FINDING_DUPLICATE:
		str_add(out, " provides %s, and so does %s", f->what, f->other);
		task_text(out, " (", f->other_by, ")");
		str_puts(out, ": one of them should conflict with the other");
		break;
	case FINDING_FILE:
		str_add(out, " has another %s than %s", f->what, f->other);
		task_text(out, " (", f->other_by, ")");
		str_puts(out, ": rpm would refuse to install both");
		break;
	case FINDING_EVR:
		str_add(out, " is older than %s in the repository: raise its version or release", f->other);
		break;
	case FINDING_PLAN:
	case FINDING_KINDS:
		break;
	}
}

void
report_refuse(struct report *r, int64_t by, const char *sentence)
{
	vec_push(&r->broken, ((struct finding){.kind = FINDING_PLAN, .package = xstrdup(""), .source = xstrdup(""), .by = by,
	    .what = xstrdup(sentence), .other = xstrdup("")}));
}

void
report_summary(const struct report *r, struct str *out)
{
	if (r->broken.n == 0)
		return;
	finding_text(&r->broken.p[0], out);
	if (r->broken.n + r->cut > 1)
		str_add(out, " (and %zu more)", r->broken.n + r->cut - 1);
}

void
report_sources(const struct report *r, struct strs *out)
{
	for (size_t i = 0; i < r->broken.n; i++)
		if (r->broken.p[i].kind <= FINDING_SYMBOL && !strs_has(out, r->broken.p[i].source))
			strs_add(out, r->broken.p[i].source);
}

void
allow_fini(struct allow *a)
{
	strs_fini(&a->words);
}

static int
allow_line(struct allow *a, char *line, size_t number, struct err *err)
{
	AUTO(strs_fini) struct strs w = {0};
	int kind = 0;

	line[strcspn(line, "#")] = '\0';
	strs_split(&w, line, " \t\r");
	if (w.n == 0)
		return 0;
	while (w.n && kind < FINDING_PLAN && strcmp(kinds[kind], w.p[0]) != 0)
		kind++;
	if (w.n != 3 || (kind == FINDING_PLAN && sanity_find(w.p[0]) == SANITY_CHECKS))
		return err_set(err, EINVAL, "line %zu: not `KIND PACKAGE WHAT` with KIND one of unmet, symbol, duplicate, file, evr, "
		    "or a check of artel-sanity(7)", number);
	for (size_t i = 0; i < 3; i++)
		strs_add(&a->words, w.p[i]);
	return 0;
}

int
allow_parse(struct allow *a, const char *text, struct err *err)
{
	AUTO(free) char *copy = xstrdup(text);
	char *rest = copy, *line;
	size_t number = 0;

	while ((line = strsep(&rest, "\n")))
		if (allow_line(a, line, ++number, err) < 0)
			return -1;
	return 0;
}

bool
allow_names(const struct allow *a, const char *kind, const char *name, const char *what)
{
	for (size_t i = 0; a && i + 2 < a->words.n; i += 3)
		if (strcmp(a->words.p[i], kind) == 0 && fnmatch(a->words.p[i + 1], name, 0) == 0 &&
		    fnmatch(a->words.p[i + 2], what, 0) == 0)
			return true;
	return false;
}

int
allow_has(const struct allow *a, const struct finding *f, const char *name)
{
	return allow_names(a, kinds[f->kind], name, f->what);
}
