/* Verbs about builders. The scheduler reads what is set here, in the event that says so; a builder is told nothing. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/builder.h"
#include "shell/context.h"
#include "shell/glance-json.h"
#include "shell/json.h"
#include "shell/table.h"
#include "wire/limits.h"

static void
put_row(struct table *t, const struct builder *b)
{
	AUTO(str_fini) struct str memory = {0};
	AUTO(str_fini) struct str since = {0};

	if (b->memory)
		limits_put_bytes(&memory, (uint64_t)b->memory);
	if (now_ms() >= b->seen)
		text_duration(&since, now_ms() - b->seen);
	table_cell(t, b->name);
	table_cell(t, b->online ? "online" : "offline");
	table_cell(t, str_c(&since));
	table_cell(t, builder_mode_name(b->mode));
	table_cellf(t, "%d/%d", b->running, b->slots);
	table_cell(t, b->arches);
	table_cell(t, b->features);
	table_cell(t, str_c(&memory));
	table_cell(t, b->why);
}

static void
print_table(const struct builder_list *l)
{
	static const char *const heads[] = {"BUILDER", "STATE", "SINCE", "MODE", "BUSY", "ARCHES", "FEATURES", "MEMORY", "WHY"};
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};

	table_init(&t, ARRAY_SIZE(heads));
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		table_cell(&t, heads[i]);
	for (size_t i = 0; i < l->n; i++)
		put_row(&t, &l->p[i]);
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
}

static void
print_json(const struct builder_list *l)
{
	json_t *all = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(all, builder_json(&l->p[i]));
	json_print(all);
}

static int
list(struct context *c, struct err *err)
{
	AUTO(builder_list_fini) struct builder_list l = {0};
	const char *word = context_peek(c);

	if (word && strcmp(word, "--json") == 0) {
		c->json = true;
		context_next(c);
	}
	if (context_end(c, err) < 0 || context_open(c, err) < 0 || builder_find(c->store, &l, err) < 0)
		return -1;
	if (c->json)
		print_json(&l);
	else
		print_table(&l);
	return 0;
}

/* In a transaction. What is so already stays as it is, unless there is something new to say of it. */
static int
change(struct context *c, const char *name, enum builder_mode mode, const char *why, bool said, struct err *err)
{
	AUTO(builder_fini) struct builder b = {0};

	if (builder_get(c->store, name, &b, err))
		return -1;
	return b.mode == mode && !said ? 0 : builder_set_mode(c->store, name, mode, why, err);
}

static int
set_mode(struct context *c, enum builder_mode mode, struct err *err)
{
	const char *name = context_need(c, "a builder", err);
	bool said = name && context_peek(c);
	AUTO(free) char *why = NULL;

	if (!name || (mode == BUILDER_ENABLED && context_end(c, err) < 0) || !(why = context_reason(c, err)) ||
	    context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (change(c, name, mode, mode == BUILDER_ENABLED ? "" : why, said, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

static int
drain(struct context *c, struct err *err)
{
	return set_mode(c, BUILDER_DRAINING, err);
}

static int
disable(struct context *c, struct err *err)
{
	return set_mode(c, BUILDER_DISABLED, err);
}

static int
enable(struct context *c, struct err *err)
{
	return set_mode(c, BUILDER_ENABLED, err);
}

static int
forget(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a builder", err);

	return !name || context_end(c, err) < 0 || context_open(c, err) < 0 || builder_remove(c->store, name, err) < 0 ? -1 : 0;
}

const struct verb builder_verbs[] = {
	{"builder ls", "[--json]", "List builders: what they offer, whether they are given jobs", list, REACH_USER},
	{"builder drain", "NAME [REASON...]", "Give it no more jobs; those that run there end there", drain, REACH_ADMIN},
	{"builder disable", "NAME [REASON...]", "Give it no more jobs, and those that run there to others", disable, REACH_ADMIN},
	{"builder enable", "NAME", "Give it jobs again", enable, REACH_ADMIN},
	{"builder rm", "NAME", "Forget one that is offline, or disabled", forget, REACH_ADMIN},
};
const size_t n_builder_verbs = ARRAY_SIZE(builder_verbs);
