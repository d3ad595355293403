#include <stdlib.h>
#include <string.h>

#include "schema/event.h"
#include "schema/setting.h"
#include "schema/store.h"

static const struct {
	const char *name, *help;
} settings[SETTINGS] = {
	[SETTING_OWNER_LIMIT] = {"owner-limit", "jobs of one owner at once; 0: any number"},
	[SETTING_LIMIT_URGENT] = {"limit.urgent", "urgent jobs at once; 0: any number"},
	[SETTING_LIMIT_NORMAL] = {"limit.normal", "normal jobs at once; 0: any number"},
	[SETTING_LIMIT_BACKGROUND] = {"limit.background", "background jobs at once; 0: any number"},
};

const char *
setting_name(enum setting k)
{
	return settings[k].name;
}

const char *
setting_help(enum setting k)
{
	return settings[k].help;
}

enum setting
setting_find(const char *name)
{
	enum setting k = 0;

	while (k < SETTINGS && strcmp(settings[k].name, name) != 0)
		k++;
	return k;
}

int
setting_get(struct store *s, enum setting k, int64_t *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_SETTING_GET, err, "s", settings[k].name);
	int r = store_row(s, q, err);

	*out = r > 0 ? store_int(q, 0) : 0;
	store_done(q);
	return r < 0 ? -1 : 0;
}

int
setting_set(struct store *s, enum setting k, int64_t value, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_SETTING_SET, err, "si", settings[k].name, value) < 0 ||
	    event_add(s, "farm", 0, 0, settings[k].name, err, "%s is %lld", settings[k].name, (long long)value) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}
