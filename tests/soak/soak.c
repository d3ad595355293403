#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "bench/data.h"
#include "repo/import.h"
#include "schema/repository.h"
#include "tests/soak/people.h"
#include "tests/soak/soak.h"

static void
make_repository(struct soak *k, const char *name, const char *arches)
{
	AUTO(repository_fini) struct repository r = {.name = xstrdup(name), .base_group = xstrdup("")};
	const char *const dirs[2] = {NULL};
	struct err err;

	strs_split(&r.arches, arches, " ");
	must(import_repository(k->s, &r, dirs, NULL, NULL, &err), &err);
}

void
soak_make(struct soak *k)
{
	struct err err;

	must(store_create(k->root, &err), &err);
	must(store_open(k->root, &k->s, &err), &err);
	k->s->user = "admin";
	make_repository(k, "one", "x86_64");
	make_repository(k, "two", "i586 x86_64");
	people_make(k);
}

void
soak_fini(struct soak *k)
{
	store_close(k->s);
	vec_fini(&k->held);
}

bool
soak_task(struct soak *k, int64_t id, struct task *out)
{
	struct err err;
	int r = task_get(k->s, id, out, &err);

	must(r, &err);
	return r == 0;
}

bool
soak_move(struct soak *k, struct task *t, enum task_state to, const char *reason)
{
	struct err err;
	int r = task_move(k->s, t, to, reason, &err);

	must(r, &err);
	return r == 0;
}

size_t
soak_ask(struct soak *k, const char *sql, int64_t *out, size_t n)
{
	sqlite3_stmt *q = NULL;
	struct err err;
	size_t i = 0;
	int r;

	if (sqlite3_prepare_v2(k->s->db, sql, -1, &q, NULL) != SQLITE_OK)
		must(err_set(&err, EIO, "%s: %s", sql, sqlite3_errmsg(k->s->db)), &err);
	while (i < n && (r = store_row(k->s, q, &err)) != 0) {
		must(r, &err);
		out[i++] = store_int(q, 0);
	}
	sqlite3_finalize(q);
	return i;
}

int64_t
soak_count(struct soak *k, const char *sql)
{
	int64_t n = 0;

	soak_ask(k, sql, &n, 1);
	return n;
}
