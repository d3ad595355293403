/* Plumbing over RPM files. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "package/differ.h"
#include "package/facts.h"
#include "package/sanity.h"
#include "shell/context.h"
#include "shell/plumb-rpm.h"

/* A column; what is not there is "-", and a value that says so itself cannot be told from it. */
static void
column(struct str *out, const char *text)
{
	str_putc(out, '\t');
	text_printable(out, text ? text : "-");
}

static void
print_text(const struct differences *d, int result)
{
	AUTO(str_fini) struct str out = {0};

	str_add(&out, "%s\t%s\t%s\n", result == 0 ? "identical" : result == DIFFER_BUILD ? "same-content" : "other-content",
	    d->identity[0].hex, d->identity[1].hex);
	for (size_t i = 0; i < d->n; i++) {
		str_puts(&out, d->p[i].counts ? "content" : "build");
		column(&out, d->p[i].what);
		column(&out, d->p[i].old);
		column(&out, d->p[i].new);
		str_putc(&out, '\n');
	}
	fputs(str_c(&out), stdout);
}

static json_t *
json_text(const char *text)
{
	AUTO(str_fini) struct str clean = {0};

	if (!text)
		return json_null();
	text_printable(&clean, text);
	return json_string(str_c(&clean));
}

static void
print_json(const struct differences *d, int result)
{
	json_t *list = json_array();
	json_t *all;
	char *text;

	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(list, json_pack("{s:b, s:o, s:o, s:o}", "content", d->p[i].counts, "what",
		    json_text(d->p[i].what), "old", json_text(d->p[i].old), "new", json_text(d->p[i].new)));
	all = json_pack("{s:b, s:b, s:[s,s], s:o}", "same_bytes", result == 0, "same_content", result != DIFFER_CONTENT,
	    "identity", d->identity[0].hex, d->identity[1].hex, "differences", list);
	text = json_dumps(all, JSON_INDENT(2));
	puts(text ? text : "");
	free(text);
	json_decref(all);
}

int
plumb_rpm_diff(struct context *c, struct err *err)
{
	const char *a = context_need(c, "an RPM file", err), *b = a ? context_need(c, "another RPM file", err) : NULL;
	AUTO(differences_fini) struct differences d = {0};
	bool json = c->json;
	int r;

	if (b && context_peek(c) && strcmp(context_peek(c), "--json") == 0) {
		context_next(c);
		json = true;
	}
	if (!b || context_end(c, err) < 0)
		return -1;
	r = rpm_differ(a, b, &d, err);
	if (r >= 0)
		(json ? print_json : print_text)(&d, r);
	return r;
}

/* Sanity. */

static void
list_checks(const struct sanity_policy *p)
{
	for (enum sanity_id i = 0; i < SANITY_CHECKS; i++)
		printf("%s\t%s\t%s\n", sanity_checks[i].name, sanity_level_name(p->level[i]), sanity_checks[i].text);
}

static int
look_at(const char *path, const struct sanity_policy *p, bool *fatal, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO(facts_fini) struct facts f = {0};
	AUTO(sanity_list_fini) struct sanity_list l = {0};

	if (facts_from_rpm(path, slash ? slash + 1 : path, &f, err) < 0 ||
	    sanity_rpm(path, &f, p, (int64_t)time(NULL), &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		AUTO(str_fini) struct str out = {0};

		str_add(&out, "%s\t%s", sanity_level_name(l.p[i].level), sanity_checks[l.p[i].check].name);
		column(&out, l.p[i].package);
		column(&out, l.p[i].what);
		column(&out, l.p[i].detail);
		puts(str_c(&out));
		*fatal |= l.p[i].level == SANITY_FATAL;
	}
	return 0;
}

int
plumb_sanity(struct context *c, struct err *err)
{
	const char *word = context_next(c), *policy = "";
	struct sanity_policy p;
	bool fatal = false;

	if (word && strcmp(word, "--policy") == 0) {
		policy = context_need(c, "a list of levels", err);
		word = policy ? context_next(c) : NULL;
	}
	if (!policy || sanity_parse(policy, &p, err) < 0)
		return -1;
	if (!word)
		list_checks(&p);
	for (; word; word = context_next(c))
		if (look_at(word, &p, &fatal, err) < 0)
			return -1;
	return fatal ? VERB_FAILED : VERB_OK;
}
