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

/* A list of the object, which may be left out. */
static int
read_list(const json_t *o, const char *key, const json_t **out, struct err *err)
{
	*out = json_object_get(o, key);
	return !*out || json_is_array(*out) ? 0 : err_set(err, EINVAL, "`%s` is no list", key);
}

static int
read_deletes(const json_t *o, struct strs *deletes, struct err *err)
{
	const json_t *list;

	if (read_list(o, "del", &list, err) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *source = json_string_value(json_array_get(list, i));

		if (!source || !*source)
			return err_set(err, EINVAL, "`del` is a list of source names");
		strs_add(deletes, source);
	}
	return 0;
}

static bool
has_id(const struct transactions *all, int64_t id)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->p[i].change.task == id)
			return true;
	return false;
}

static int
read_deps(const json_t *o, struct transaction *t, struct err *err)
{
	const json_t *list;

	if (read_list(o, "deps", &list, err) < 0)
		return -1;
	t->deps = xcalloc(json_array_size(list) + 1, sizeof(*t->deps));
	for (size_t i = 0; i < json_array_size(list); i++) {
		t->deps[t->n_deps] = json_integer_value(json_array_get(list, i));
		if (t->deps[t->n_deps++] <= 0)
			return err_set(err, EINVAL, "`deps` is a list of ids");
	}
	return 0;
}

/* t is to be freed in any case. */
static int
read_one(const json_t *o, const char *folder, const struct transactions *all, struct transaction *t, struct err *err)
{
	const json_t *add = json_object_get(o, "add");
	AUTO(free) char *dir = NULL;

	t->change.task = json_integer_value(json_object_get(o, "id"));
	if (t->change.task <= 0)
		return err_set(err, EINVAL, "`id` must be a positive number");
	if (has_id(all, t->change.task))
		return err_set(err, EINVAL, "id %lld is there already", (long long)t->change.task);
	if (add && !json_is_string(add))
		return err_set(err, EINVAL, "`add` is a folder");
	if (read_deletes(o, &t->change.deletes, err) < 0 || read_deps(o, t, err) < 0)
		return -1;
	if (!add || !*json_string_value(add))
		return 0;
	dir = *json_string_value(add) == '/' ? xstrdup(json_string_value(add)) : xasprintf("%s/%s", folder, json_string_value(add));
	return import_change(dir, &t->change, err);
}

/* One that depends on what is not in the file would be merged without it. */
static int
check_deps(const struct transactions *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t d = 0; d < all->p[i].n_deps; d++)
			if (!has_id(all, all->p[i].deps[d]))
				return err_set(err, EINVAL, "%lld depends on %lld, which is not in the file", (long long)all->p[i].change.task,
				    (long long)all->p[i].deps[d]);
	return 0;
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
		struct transaction t = {0};
		json_error_t why;
		int r;

		number++;
		if (line[strspn(line, " \t\r\n")] == '\0')
			continue;
		o = json_loads(line, 0, &why);
		if (!json_is_object(o))
			return err_set(err, EINVAL, "%s line %zu: %s", path, number, o ? "not a JSON object" : why.text);
		r = read_one(o, folder, all, &t, err);
		vec_push(all, t);
		if (r < 0)
			return err_ctx(err, "%s line %zu", path, number);
	}
	if (ferror(f))
		return err_sys(err, "read %s", path);
	return check_deps(all, err) < 0 ? err_ctx(err, "%s", path) : 0;
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
