/*
 * Sections stand one below the other, each a table that is cut to some rows. With a height given rows are taken from
 * whichever section has most, so that what is short is shown whole.
 */
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/text.h"
#include "shell/page.h"
#include "shell/table.h"
#include "wire/limits.h"

enum { MEMBERS = 20 };		/* of a merge that are named */

struct section {
	const char *heads;			/* separated by blanks */
	/* Add the cells of row i. */
	void (*row)(const struct glance *g, size_t i, int64_t now, struct table *t);
	/* How many rows there are to show, and in all. */
	size_t (*rows)(const struct glance *g, size_t *all);
	size_t usual;				/* rows of a page without a height */
	unsigned flags[TABLE_COLUMNS];
};

/* Cells. */

static void
cell_duration(struct table *t, int64_t ms)
{
	AUTO(str_fini) struct str text = {0};

	if (ms >= 0)
		text_duration(&text, ms);
	table_cell(t, str_c(&text));
}

static void
cell_memory(struct table *t, int64_t bytes)
{
	AUTO(str_fini) struct str text = {0};

	if (bytes)
		limits_put_bytes(&text, (uint64_t)bytes);
	table_cell(t, str_c(&text));
}

static int64_t
since(int64_t then, int64_t now)
{
	return then && now > then ? now - then : 0;
}

/* Sections. */

static size_t
queue_rows(const struct glance *g, size_t *all)
{
	return *all = g->queues.n;
}

static void
queue_row(const struct glance *g, size_t i, int64_t now, struct table *t)
{
	const struct glance_queue *q = &g->queues.p[i];

	table_cell(t, task_class_name(q->class));
	table_cell(t, *q->arch ? q->arch : "any");
	table_cellf(t, "%lld", (long long)q->queued);
	table_cellf(t, "%lld", (long long)q->held);
	table_cellf(t, "%lld", (long long)q->waiting);
	table_cellf(t, "%lld", (long long)q->running);
	cell_duration(t, q->oldest ? since(q->oldest, now) : -1);
}

static size_t
running_rows(const struct glance *g, size_t *all)
{
	return *all = g->running.n;
}

static void
running_row(const struct glance *g, size_t i, int64_t now, struct table *t)
{
	const struct glance_job *j = &g->running.p[i];
	AUTO(str_fini) struct str time = {0};
	AUTO(str_fini) struct str late = {0};

	text_duration(&time, since(j->started, now));
	if (j->expected_ms) {
		str_puts(&time, " of ");
		text_about(&time, j->expected_ms);
	}
	if (glance_late(j, now) > 0) {
		str_putc(&late, '+');
		text_duration(&late, glance_late(j, now));
	}
	table_cellf(t, "%lld.%o.%s", (long long)j->task, (unsigned)j->subtask, *j->arch ? j->arch : job_kind_name(j->kind));
	table_cell(t, j->kind == JOB_TEST ? "test" : j->package);
	table_cell(t, str_c(&time));
	table_cell(t, str_c(&late));
	table_paint(t, late.n ? "31" : NULL);
	table_cell(t, j->builder);
	table_cell(t, j->repository);
	table_cell(t, j->owner);
}

static size_t
builder_rows(const struct glance *g, size_t *all)
{
	return *all = g->builders.n;
}

static void
builder_row(const struct glance *g, size_t i, int64_t now, struct table *t)
{
	const struct builder *b = &g->builders.p[i];

	table_cell(t, b->name);
	table_cell(t, b->online ? "online" : "offline");
	table_cell(t, b->mode == BUILDER_ENABLED ? NULL : builder_mode_name(b->mode));
	table_cellf(t, "%d/%d", b->running, b->slots);
	table_cell(t, b->arches);
	table_cell(t, b->features);
	cell_memory(t, b->memory);
	table_cell(t, b->mode == BUILDER_ENABLED ? NULL : b->why);
}

static void
task_row(const struct task *k, const char *why, int64_t now, struct table *t)
{
	table_cellf(t, "#%lld", (long long)k->id);
	table_cell(t, task_state_name(k->state));
	table_cell(t, k->repository);
	table_cell(t, k->owner);
	table_cellf(t, "%d.%d", k->try, k->iter);
	cell_duration(t, since(k->changed, now));
	cell_duration(t, k->build_ms);
	cell_duration(t, k->test_ms);
	cell_duration(t, k->merge_ms);
	table_cell(t, why);
}

static size_t
sum_states(const struct glance *g, unsigned states)
{
	int64_t sum = 0;

	for (int i = 0; i < TASK_STATES; i++)
		sum += states & 1u << i ? g->states[i] : 0;
	return (size_t)sum;
}

static size_t
open_rows(const struct glance *g, size_t *all)
{
	*all = g->every ? g->tasks.n : sum_states(g, GLANCE_OPEN);
	return g->tasks.n;
}

static void
open_row(const struct glance *g, size_t i, int64_t now, struct table *t)
{
	const struct task *k = &g->tasks.p[i];
	AUTO(str_fini) struct str why = {0};

	if (*k->hold)
		str_add(&why, "held %s", k->hold);
	if (*g->progress.p[i])
		str_add(&why, "%s%s", why.n ? "; " : "", g->progress.p[i]);
	task_row(k, why.n ? str_c(&why) : k->reason, now, t);
}

static size_t
ended_rows(const struct glance *g, size_t *all)
{
	*all = g->every ? 0 : sum_states(g, GLANCE_ENDED);
	return g->ended.n;
}

static void
ended_row(const struct glance *g, size_t i, int64_t now, struct table *t)
{
	task_row(&g->ended.p[i], g->ended.p[i].reason, now, t);
}

/* The page has always the last ones only. */
static size_t
merge_rows(const struct glance *g, size_t *all)
{
	return *all = g->merges.n;
}

static void
merge_row(const struct glance *g, size_t i, int64_t now, struct table *t)
{
	const struct merge *m = &g->merges.p[i];
	AUTO(str_fini) struct str tasks = {0};

	for (size_t k = 0; k < g->members[i].n && k < MEMBERS; k++)
		str_add(&tasks, "%s#%lld", k ? " " : "", (long long)g->members[i].p[k]);
	str_puts(&tasks, g->members[i].n > MEMBERS ? " ..." : "");
	if (strcmp(m->kind, "rollback") == 0)
		str_add(&tasks, "back to %lld", (long long)m->base);
	table_cellf(t, "%s %lld", m->repository, (long long)m->serial);
	table_cell(t, m->state);
	cell_duration(t, since(m->started, now));
	cell_duration(t, m->finished ? m->finished - m->started : -1);
	table_cellf(t, "%zu", g->members[i].n);
	table_cell(t, str_c(&tasks));
}

#define SPARE(n) (TABLE_SPARE * (n))
#define TASK_FLAGS {[2] = TABLE_CUT | SPARE(1), [3] = TABLE_CUT, [4] = SPARE(3), [5] = TABLE_RIGHT | SPARE(2), \
	[6] = TABLE_RIGHT | SPARE(4), [7] = TABLE_RIGHT | SPARE(4), [8] = TABLE_RIGHT | SPARE(5), [9] = TABLE_CUT}

static const struct section sections[] = {
	{"QUEUE ARCH QUEUED HELD WAITING RUNNING OLDEST", queue_row, queue_rows, 30,
	    {[1] = TABLE_CUT, [2] = TABLE_RIGHT, [3] = TABLE_RIGHT | SPARE(1), [4] = TABLE_RIGHT | SPARE(2), [5] = TABLE_RIGHT,
	    [6] = TABLE_RIGHT}},
	{"JOB PACKAGE TIME LATE BUILDER REPOSITORY OWNER", running_row, running_rows, 20,
	    {[1] = TABLE_CUT, [2] = 0, [3] = TABLE_RIGHT, [4] = TABLE_CUT | SPARE(1), [5] = TABLE_CUT | SPARE(3), [6] = TABLE_CUT | SPARE(2)}},
	{"BUILDER STATE MODE BUSY ARCHES FEATURES MEMORY WHY", builder_row, builder_rows, 40,
	    {[0] = TABLE_CUT, [2] = 0, [3] = TABLE_RIGHT, [4] = TABLE_CUT | SPARE(1), [5] = TABLE_CUT | SPARE(2), [6] = TABLE_RIGHT | SPARE(3),
	    [7] = TABLE_CUT}},
	{"TASK STATE REPOSITORY OWNER TRY FOR Tb Tt Tm WHY", open_row, open_rows, 40, TASK_FLAGS},
	{"ENDED STATE REPOSITORY OWNER TRY FOR Tb Tt Tm WHY", ended_row, ended_rows, 10, TASK_FLAGS},
	{"MERGE STATE AGO TOOK TASKS WHICH", merge_row, merge_rows, GLANCE_MERGES,
	    {[0] = TABLE_CUT, [2] = TABLE_RIGHT, [3] = TABLE_RIGHT | SPARE(1), [4] = TABLE_RIGHT, [5] = TABLE_CUT}},
};

enum { SECTIONS = ARRAY_SIZE(sections) };

/* The summary. */

static void
add_part(struct str *line, const struct page_size *size, const char *part, bool bad, struct str *out)
{
	AUTO(free) char *shown = size->width && text_width(part) > size->width ? xstrndup(part, text_fit(part, size->width)) : xstrdup(part);

	if (line->n && size->width && text_width(str_c(line)) + 2 + text_width(shown) > size->width) {
		str_putc(out, '\n');
		str_clear(line);
	} else if (line->n) {
		str_puts(line, "  ");
		str_puts(out, "  ");
	}
	str_puts(line, shown);
	str_add(out, bad && size->colour ? "\033[1;31m%s\033[0m" : "%s", shown);
}

static void
add_builders(const struct glance_sum *sum, struct str *out)
{
	str_add(out, "builders: %d online", sum->online - sum->closed);
	if (sum->offline)
		str_add(out, ", %d offline", sum->offline);
	if (sum->closed)
		str_add(out, ", %d closed", sum->closed);
}

static void
add_summary(const struct glance *g, int64_t now, const struct page_size *size, struct str *out)
{
	const struct glance_sum sum = glance_sum(g);
	AUTO(strs_fini) struct strs parts = {0};
	AUTO(str_fini) struct str builders = {0};
	AUTO(str_fini) struct str line = {0};
	time_t seconds = (time_t)(now / 1000);
	char clock[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%Y-%m-%d %H:%M:%S", &tm);
	strs_add(&parts, clock);
	strs_add(&parts, g->scheduler ? "scheduler: running" : "scheduler: not running");
	strs_take(&parts, xasprintf("jobs: %lld queued, %lld held, %lld running", (long long)sum.queued, (long long)sum.held,
	    (long long)sum.running));
	strs_take(&parts, xasprintf("slots: %d of %d busy", sum.busy, sum.slots));
	add_builders(&sum, &builders);
	strs_add(&parts, str_c(&builders));
	strs_take(&parts, xasprintf("built, to be merged: %lld", (long long)(g->states[TASK_BUILT] + g->states[TASK_MERGING])));
	strs_take(&parts, xasprintf("done in 24h: %lld", (long long)g->done_day));
	strs_take(&parts, xasprintf("now %lld a day", (long long)g->done_hour * 24));
	for (size_t i = 0; i < parts.n; i++)
		add_part(&line, size, parts.p[i], i == 1 && !g->scheduler, out);
	str_putc(out, '\n');
}

/* The page. */

static size_t
count_lines(const struct str *out)
{
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++)
		n += out->p[i] == '\n';
	return n;
}

/* Lines that the sections take: each a blank one if there is room for such, the head, its rows, and that there are more. */
static size_t
lines_of(const size_t *rows, const size_t *all, bool blank)
{
	size_t sum = 0;

	for (size_t i = 0; i < SECTIONS; i++)
		sum += all[i] ? blank + 1 + rows[i] + (rows[i] < all[i]) : 0;
	return sum;
}

/* Take rows from the longest sections until all fit into so many lines; whether there is room for blank lines. */
static bool
fit(size_t *rows, const size_t *all, size_t height)
{
	bool blank = true;

	while (lines_of(rows, all, blank) > height) {
		size_t most = 0;

		for (size_t i = 0; i < SECTIONS; i++)
			most = rows[i] > rows[most] ? i : most;
		if (rows[most] > 1)
			rows[most]--;
		else if (blank)
			blank = false;
		else
			return false;
	}
	return blank;
}

static void
add_section(const struct section *s, const struct glance *g, size_t rows, size_t all, int64_t now, const struct page_size *size,
	struct str *out)
{
	AUTO(strs_fini) struct strs heads = {0};
	AUTO(table_fini) struct table t = {0};

	if (all == 0)
		return;
	strs_split(&heads, s->heads, " ");
	table_init(&t, heads.n);
	for (size_t c = 0; c < heads.n; c++) {
		table_flags(&t, c, s->flags[c]);
		table_cell(&t, heads.p[c]);
	}
	for (size_t i = 0; i < rows; i++)
		s->row(g, i, now, &t);
	table_print(&t, size->width, size->colour, out);
	if (rows < all)
		str_add(out, "and %zu more\n", all - rows);
}

void
page_render(const struct glance *g, int64_t now, const struct page_size *size, struct str *out)
{
	size_t rows[SECTIONS], all[SECTIONS];
	AUTO(str_fini) struct str top = {0};
	bool blank = true;

	add_summary(g, now, size, &top);
	str_puts(out, str_c(&top));
	for (size_t i = 0; i < SECTIONS; i++) {
		rows[i] = sections[i].rows(g, &all[i]);
		if (!size->height && rows[i] > sections[i].usual)
			rows[i] = sections[i].usual;
	}
	if (size->height)
		blank = fit(rows, all, size->height > count_lines(&top) ? size->height - count_lines(&top) : 0);
	for (size_t i = 0; i < SECTIONS; i++) {
		str_puts(out, blank && all[i] ? "\n" : "");
		add_section(&sections[i], g, rows[i], all[i], now, size, out);
	}
}
