/* `farm show` and `farm set`: what is set for the whole farm. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/setting.h"
#include "shell/farm.h"
#include "shell/table.h"

enum { VALUE_MAX = 1000000 };

int
farm_show(struct context *c, struct err *err)
{
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};
	int64_t value;

	table_init(&t, 3);
	table_cell(&t, "SETTING");
	table_cell(&t, "VALUE");
	table_cell(&t, "MEANING");
	if (context_end(c, err) < 0 || context_open(c, err) < 0)
		return -1;
	for (enum setting k = 0; k < SETTINGS; k++) {
		if (setting_get(c->store, k, &value, err) < 0)
			return -1;
		table_cell(&t, setting_name(k));
		table_cellf(&t, "%lld", (long long)value);
		table_cell(&t, setting_help(k));
	}
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
	return 0;
}

/* KEY=VALUE. */
static int
parse(const char *word, enum setting *key, int64_t *value, struct err *err)
{
	const char *eq = strchr(word, '=');
	AUTO(free) char *name = eq ? xstrndup(word, (size_t)(eq - word)) : NULL;

	if (!eq)
		return err_set(err, EINVAL, "`%s`: not SETTING=NUMBER", word);
	*key = setting_find(name);
	*value = text_number(eq + 1, VALUE_MAX);
	if (*key == SETTINGS)
		return err_set(err, EINVAL, "no setting `%s`; `farm show` lists them", name);
	return *value < 0 ? err_set(err, EINVAL, "%s: a number of jobs, 0 to %d, not `%s`", name, (int)VALUE_MAX, eq + 1) : 0;
}

/* What is so already stays as it is. */
static int
change(struct context *c, enum setting key, int64_t value, struct err *err)
{
	int64_t was;

	if (setting_get(c->store, key, &was, err) < 0)
		return -1;
	return was == value ? 0 : setting_set(c->store, key, value, err);
}

/* All of them, or none. */
int
farm_set(struct context *c, struct err *err)
{
	const char *word = context_need(c, "SETTING=NUMBER", err);
	enum setting key = SETTINGS;
	int64_t value = 0;
	unsigned said = 0;	/* 1 << setting */

	if (!word || context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	for (; word; word = context_next(c)) {
		if (parse(word, &key, &value, err) == 0 && said & 1u << key)
			err_set(err, EINVAL, "%s is set twice", setting_name(key));
		if (err->code || change(c, key, value, err) < 0)
			return store_rollback(c->store);
		said |= 1u << key;
	}
	return store_commit(c->store, err);
}
