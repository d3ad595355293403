/* `status`: the farm at a glance. A reader only; it can hold nobody up. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/build.h"
#include "schema/builder.h"
#include "schema/merge.h"
#include "shell/farm.h"
#include "shell/table.h"

enum { WATCH_MS = 1000, LAST_MERGES = 3, MAX_TASKS = 40 };

static void
heading(const char *text, bool colour, struct str *out)
{
	str_add(out, colour ? "\033[1m%s\033[0m\n" : "%s\n", text);
}

static int
add_builders(struct context *c, size_t width, bool colour, struct str *out, struct err *err)
{
	AUTO(builder_list_fini) struct builder_list l = {0};
	AUTO(table_fini) struct table t;

	if (builder_find(c->store, &l, err) < 0)
		return -1;
	table_init(&t, 4);
	table_cell(&t, "BUILDER");
	table_cell(&t, "STATE");
	table_cell(&t, "BUSY");
	table_cell(&t, "ARCHES");
	for (size_t i = 0; i < l.n; i++) {
		table_cell(&t, l.p[i].name);
		table_cell(&t, l.p[i].online ? "online" : "offline");
		table_cellf(&t, "%d/%d", l.p[i].running, l.p[i].slots);
		table_cell(&t, l.p[i].arches);
	}
	table_print(&t, width, colour, out);
	return 0;
}

static void
put_ms(struct table *t, int64_t ms)
{
	AUTO(str_fini) struct str text = {0};

	if (ms >= 0)
		text_duration(&text, ms);
	table_cell(t, str_c(&text));
}

/* What a building task is at: "srpm 1/3, build 0/2". */
static int
progress(struct context *c, const struct task *t, struct str *out, struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};
	int done[JOB_KINDS] = {0}, all[JOB_KINDS] = {0};

	if (job_of_task(c->store, t->id, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.n; i++) {
		all[jobs.p[i].kind]++;
		done[jobs.p[i].kind] += jobs.p[i].state == JOB_DONE;
	}
	for (int k = 0; k < JOB_KINDS; k++)
		if (all[k])
			str_add(out, "%s%s %d/%d", out->n ? ", " : "", job_kind_name(k), done[k], all[k]);
	return 0;
}

static int
add_tasks(struct context *c, unsigned states, bool oldest, size_t width, bool colour, struct str *out, struct err *err)
{
	const struct task_filter f = {.states = states, .oldest_first = oldest, .limit = MAX_TASKS};
	static const char *const heads[] = {"TASK", "STATE", "REPOSITORY", "OWNER", "TRY", "Tb", "Tt", "Tm", "WHY"};
	AUTO(task_list_fini) struct task_list l = {0};
	AUTO(table_fini) struct table t;

	if (task_find(c->store, &f, &l, err) < 0)
		return -1;
	table_init(&t, ARRAY_SIZE(heads));
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		table_cell(&t, heads[i]);
	for (size_t i = 0; i < l.n; i++) {
		const struct task *k = &l.p[i];
		AUTO(str_fini) struct str why = {0};

		table_cellf(&t, "#%lld", (long long)k->id);
		table_cell(&t, task_state_name(k->state));
		table_cell(&t, k->repository);
		table_cell(&t, k->owner);
		table_cellf(&t, "%d.%d", k->try, k->iter);
		put_ms(&t, k->build_ms);
		put_ms(&t, k->test_ms);
		put_ms(&t, k->merge_ms);
		if (k->state == TASK_BUILDING && progress(c, k, &why, err) < 0)
			return -1;
		str_puts(&why, why.n ? "" : k->reason);
		table_cell(&t, str_c(&why));
	}
	table_print(&t, width, colour, out);
	return 0;
}

static int
add_merges(struct context *c, size_t width, bool colour, struct str *out, struct err *err)
{
	AUTO(merge_list_fini) struct merge_list l = {0};
	AUTO(table_fini) struct table t;

	if (merge_find(c->store, NULL, LAST_MERGES, &l, err) < 0)
		return -1;
	table_init(&t, 4);
	table_cell(&t, "MERGE");
	table_cell(&t, "STATE");
	table_cell(&t, "TIME");
	table_cell(&t, "TASKS");
	for (size_t i = 0; i < l.n; i++) {
		AUTO(free) int64_t *tasks = NULL;
		AUTO(str_fini) struct str text = {0};
		size_t n = 0;

		if (merge_tasks(c->store, l.p[i].id, &tasks, &n, err) < 0)
			return -1;
		for (size_t k = 0; k < n; k++)
			str_add(&text, "%s#%lld", k ? " " : "", (long long)tasks[k]);
		table_cellf(&t, "%s %lld", l.p[i].repository, (long long)l.p[i].serial);
		table_cell(&t, l.p[i].state);
		put_ms(&t, l.p[i].finished ? l.p[i].finished - l.p[i].started : -1);
		table_cell(&t, str_c(&text));
	}
	table_print(&t, width, colour, out);
	return 0;
}

static int
page(struct context *c, bool all, struct str *out, struct err *err)
{
	unsigned open = ((1u << TASK_STATES) - 1) & ~(1u << TASK_DONE | 1u << TASK_NEW | 1u << TASK_CANCELLED);
	size_t width = table_width();
	bool colour = table_colour();

	if (add_builders(c, width, colour, out, err) < 0)
		return -1;
	str_putc(out, '\n');
	heading(all ? "All tasks, oldest first" : "Tasks under way, and failed ones", colour, out);
	if (add_tasks(c, all ? 0 : open, all, width, colour, out, err) < 0)
		return -1;
	str_putc(out, '\n');
	return add_merges(c, width, colour, out, err);
}

static int
print_json(struct context *c, struct err *err)
{
	AUTO(builder_list_fini) struct builder_list online = {0};
	const struct task_filter f = {.states = ((1u << TASK_STATES) - 1) & ~(1u << TASK_DONE)};
	AUTO(task_list_fini) struct task_list l = {0};
	json_t *root = json_object(), *builders = json_array(), *tasks = json_array();
	AUTO(free) char *text = NULL;
	int r;

	json_object_set_new(root, "builders", builders);
	json_object_set_new(root, "tasks", tasks);
	r = builder_find(c->store, &online, err);
	for (size_t i = 0; i < online.n; i++)
		json_array_append_new(builders, json_pack("{s:s, s:s, s:i, s:i, s:b}", "name", online.p[i].name, "arches",
		    online.p[i].arches, "slots", online.p[i].slots, "busy", online.p[i].running, "online", (int)online.p[i].online));
	if (r == 0)
		r = task_find(c->store, &f, &l, err);
	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(tasks, json_pack("{s:I, s:s, s:s, s:s, s:i, s:i, s:s}", "id", (json_int_t)l.p[i].id,
		    "state", task_state_name(l.p[i].state), "repository", l.p[i].repository, "owner", l.p[i].owner, "try",
		    l.p[i].try, "iter", l.p[i].iter, "reason", l.p[i].reason));
	text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	puts(text ? text : "{}");
	json_decref(root);
	return r;
}

int
farm_status(struct context *c, struct err *err)
{
	bool watch = false, all = false;
	const char *word;

	while ((word = context_next(c))) {
		if (strcmp(word, "--watch") == 0)
			watch = true;
		else if (strcmp(word, "--all") == 0)
			all = true;
		else if (strcmp(word, "--json") == 0)
			c->json = true;
		else
			return err_set(err, EINVAL, "`%s`: not --watch, --all or --json", word);
	}
	if (context_open(c, err) < 0)
		return -1;
	if (c->json)
		return print_json(c, err);
	do {
		AUTO(str_fini) struct str out = {0};

		if (page(c, all, &out, err) < 0)
			return -1;
		if (watch && isatty(STDOUT_FILENO))
			fputs("\033[H\033[J", stdout);
		fputs(str_c(&out), stdout);
		fflush(stdout);
		if (watch)
			poll(NULL, 0, WATCH_MS);
	} while (watch && !ferror(stdout));
	return 0;
}
