#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/needs.h"
#include "schema/repository.h"
#include "shell/needs.h"
#include "shell/table.h"
#include "wire/features.h"
#include "wire/limits.h"

/* NULL: not said. */
struct options {
	const char *package, *features, *limits;
	bool clear;
};

static int
take_words(struct context *c, struct options *o, struct err *err)
{
	const char *word;

	while ((word = context_next(c))) {
		const char *value;

		if ((value = context_value(c, word, "--features", "features, or none", err)))
			o->features = value;
		else if (!err->code && (value = context_value(c, word, "--limits", "limits, or none", err)))
			o->limits = value;
		else if (err->code)
			return -1;
		else if (strcmp(word, "--clear") == 0)
			o->clear = true;
		else if (word[0] == '-' || o->package)
			return err_set(err, EINVAL, "`%s` is not expected here", word);
		else
			o->package = word;
	}
	if ((o->features || o->limits || o->clear) && !o->package)
		return err_set(err, EINVAL, "a source package is missing");
	if (o->clear && (o->features || o->limits))
		return err_set(err, EINVAL, "--clear goes with neither --features nor --limits");
	return !o->package || text_is_name(o->package) ? 0 : err_set(err, EINVAL, "`%s` is not the name of a source package", o->package);
}

static int
print(struct context *c, const char *repository, const char *package, struct err *err)
{
	AUTO(needs_list_fini) struct needs_list l = {0};
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};

	table_init(&t, 3);
	table_cell(&t, "PACKAGE");
	table_cell(&t, "FEATURES");
	table_cell(&t, "LIMITS");
	if (needs_find(c->store, repository, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		if (package && strcmp(l.p[i].package, package) != 0)
			continue;
		table_cell(&t, l.p[i].package);
		table_cell(&t, l.p[i].features);
		table_cell(&t, l.p[i].limits);
	}
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
	return 0;
}

static void
replace(char **text, char *by)
{
	free(*text);
	*text = by;
}

static int
set_features(struct needs *n, const char *text, struct err *err)
{
	AUTO(strs_fini) struct strs words = {0};

	if (features_parse(strcmp(text, "none") == 0 ? "" : text, &words, err) < 0)
		return -1;
	replace(&n->features, strs_join(&words, " "));
	return 0;
}

static int
set_limits(struct needs *n, const char *text, struct err *err)
{
	const char *value = strcmp(text, "none") == 0 ? "" : text;
	struct limits l = {0};

	if (limits_parse(&l, value, err) < 0)
		return -1;
	replace(&n->limits, xstrdup(value));
	return 0;
}

/* In a transaction: what is not said stays. */
static int
change(struct context *c, const char *repository, const struct options *o, struct err *err)
{
	AUTO(needs_fini) struct needs n = {0};
	int had = needs_get(c->store, repository, o->package, &n, err);

	if (had < 0 || (had == NEEDS_NONE && o->clear))
		return had < 0 ? -1 : 0;
	if (had == NEEDS_NONE)
		n = (struct needs){xstrdup(o->package), xstrdup(""), xstrdup("")};
	if (set_features(&n, o->clear ? "none" : o->features ? o->features : n.features, err) < 0 ||
	    set_limits(&n, o->clear ? "none" : o->limits ? o->limits : n.limits, err) < 0)
		return -1;
	return needs_set(c->store, repository, &n, err);
}

int
needs_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err);
	AUTO(repository_fini) struct repository r = {0};
	struct options o = {0};

	if (!name || take_words(c, &o, err) < 0 || context_open(c, err) < 0 || repository_get(c->store, name, &r, err))
		return -1;
	if (!o.features && !o.limits && !o.clear)
		return print(c, name, o.package, err);
	if (store_begin(c->store, err) < 0)
		return -1;
	if (change(c, name, &o, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}
