#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "merger/fold.h"
#include "merger/what-if.h"
#include "repo/import.h"


struct transaction {
	struct change change;
	int64_t *deps;
	size_t n_deps;
};

struct transactions {
	struct transaction *p;
	size_t n, cap;
};

static void
transactions_fini(struct transactions *t)
{
	for (size_t i = 0; i < t->n; i++) {
		change_fini(&t->p[i].change);
		free(t->p[i].deps);
	}
	vec_fini(t);
}
AUTO_DEFINE_EMBEDDED(struct transactions, transactions_fini);

static int
read_one(const json_t *o, const char *folder, struct transactions *all, struct err *err)
{
	struct transaction t = {0};
	const json_t *del = json_object_get(o, "del"), *deps = json_object_get(o, "deps");
	const char *add = json_string_value(json_object_get(o, "add"));
	int r = 0;

	t.change.task = json_integer_value(json_object_get(o, "id"));
	if (t.change.task <= 0)
		return err_set(err, EINVAL, "`id` must be a positive number");
	for (size_t i = 0; i < json_array_size(del) && r == 0; i++)
		if (json_string_value(json_array_get(del, i)))
			strs_add(&t.change.deletes, json_string_value(json_array_get(del, i)));
		else
			r = err_set(err, EINVAL, "`del` is a list of source names");
	t.deps = xcalloc(json_array_size(deps) + 1, sizeof(*t.deps));
	for (size_t i = 0; i < json_array_size(deps); i++)
		t.deps[t.n_deps++] = json_integer_value(json_array_get(deps, i));
	if (r == 0 && add && *add) {
		AUTO(free) char *dir = *add == '/' ? xstrdup(add) : xasprintf("%s/%s", folder, add);

		r = import_change(dir, &t.change, err);
	}
	vec_push(all, t);
	return r;
}

static int
read_batch(const char *path, struct transactions *all, struct err *err)
{
	AUTO(free) char *folder = xstrdup(path);
	AUTO(free) char *line = NULL;
	AUTO(fclose) FILE *f = fopen(path, "re");
	char *slash = strrchr(folder, '/');
	size_t cap = 0, number = 0;

	if (!f)
		return err_sys(err, "open %s", path);
	strcpy(slash ? slash : folder, slash ? "" : ".");
	while (getline(&line, &cap, f) > 0) {
		AUTO(json_decref) json_t *o = NULL;
		json_error_t why;

		number++;
		if (line[strspn(line, " \t\r\n")] == '\0')
			continue;
		o = json_loads(line, 0, &why);
		if (!json_is_object(o))
			return err_set(err, EINVAL, "%s line %zu: %s", path, number, o ? "not a JSON object" : why.text);
		if (read_one(o, folder, all, err) < 0)
			return err_ctx(err, "%s line %zu", path, number);
	}
	return ferror(f) ? err_sys(err, "read %s", path) : 0;
}

/* Why it was not merged. */
static void
reason(const struct settled *d, size_t i, struct str *out)
{
	AUTO(report_fini) struct report report = {0};
	struct err ignored;

	if (d->state[i] == SETTLED_ACCEPTED)
		return;
	if (d->state[i] == SETTLED_NEEDS_ASIDE)
		str_puts(out, "what it depends on is not merged");
	else if (report_unpack(d->report[i].p, d->report[i].n, &report, &ignored) == 0)
		report_summary(&report, out);
}

static void
print(const struct what_if *w, const struct transactions *all, const struct settled *d, int64_t ms)
{
	AUTO(json_decref) json_t *list = json_array();
	size_t rounds = d->rounds + d->closing_rounds, attempts = d->attempts + d->closing_attempts;

	for (size_t i = 0; i < all->n; i++) {
		const char *what = d->state[i] == SETTLED_ACCEPTED ? "merged" : "evicted";
		AUTO(str_fini) struct str why = {0};

		reason(d, i, &why);
		if (w->json)
			json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "id", (json_int_t)all->p[i].change.task, "result", what,
			    "why", str_c(&why)));
		else
			printf("%lld\t%s\t%s\n", (long long)all->p[i].change.task, what, str_c(&why));
	}
	if (w->json) {
		AUTO(json_decref) json_t *o = json_pack("{s:O, s:I, s:I, s:I, s:I}", "transactions", list, "merged",
		    (json_int_t)d->n_accepted, "rounds", (json_int_t)rounds, "attempts", (json_int_t)attempts, "ms", (json_int_t)ms);
		AUTO(free) char *text = json_dumps(o, JSON_INDENT(2));

		puts(text ? text : "{}");
		return;
	}
	printf("rounds\t%zu\nattempts\t%zu\nmilliseconds\t%lld\n", rounds, attempts, (long long)ms);
}

int
what_if(const struct what_if *w, struct err *err)
{
	AUTO(repo_fini) struct repo repo = {0};
	AUTO(transactions_fini) struct transactions all = {0};
	AUTO(settled_fini) struct settled done = {0};
	AUTO(free) struct fold_item *items = NULL;
	struct repo *repos[] = {&repo};
	struct fold f = {.repos = repos, .n_arches = 1, .testers = w->testers, .strategy = w->strategy};
	int64_t start;

	if (read_batch(w->batch, &all, err) < 0 || import_metadata(w->bases, w->n_bases, true, &repo, err) < 0)
		return -1;
	repo_count_all(&repo);
	start = tick_ms();
	f.items = items = xcalloc(all.n + 1, sizeof(*items));
	f.n = all.n;
	for (size_t i = 0; i < all.n; i++)
		items[i] = (struct fold_item){all.p[i].change.task, &all.p[i].change, all.p[i].deps, all.p[i].n_deps};
	if (fold_settle(&f, &done, err) < 0)
		return -1;
	print(w, &all, &done, tick_ms() - start);
	return 0;
}
