/* A farm of one test: its folder, its open database. */
#ifndef ARTEL_SCHEMA_TEST_FARM_H
#define ARTEL_SCHEMA_TEST_FARM_H

#include "tests/unit.h"

#include "schema/repository.h"
#include "schema/store.h"

struct farm {
	struct folder folder;
	struct store *s;
};

static inline void
farm_fini(struct farm *f)
{
	store_close(f->s);
	folder_fini(&f->folder);
}
AUTO_DEFINE_EMBEDDED(struct farm, farm_fini);

/* With one repository, "sisyphus", of x86_64. */
static inline struct farm
farm_make(void)
{
	struct farm f = {.folder = folder_make()};
	AUTO(repository_fini) struct repository r = {.name = xstrdup("sisyphus"), .base_group = xstrdup("")};
	struct err err = {0};

	strs_add(&r.arches, "x86_64");
	OK(store_create(f.folder.path, &err));
	OK(store_open(f.folder.path, &f.s, &err));
	f.s->user = "tester";
	OK(repository_add(f.s, &r, &err));
	return f;
}

/* One number out of the database, by any SQL. */
static inline int64_t
farm_count(struct store *s, const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return n;
}

#endif
