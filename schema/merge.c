#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/merge.h"
#include "schema/store.h"

void
merge_list_fini(struct merge_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->p[i].repository);
		free(l->p[i].state);
		free(l->p[i].kind);
		free(l->p[i].checker);
	}
	vec_fini(l);
}

int
merge_add(struct store *s, const struct merge *m, int64_t *id, struct err *err)
{
	if (store_run(s, STMT_MERGE_ADD, err, "siisisi", m->repository, m->base, m->serial, m->checker, m->started, m->kind,
	    m->published) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int
merge_task_add(struct store *s, int64_t merge, int64_t seq, int64_t task, struct err *err)
{
	return store_run(s, STMT_MERGE_TASK_ADD, err, "iii", merge, seq, task);
}

int
merge_set(struct store *s, int64_t merge, const char *state, struct err *err)
{
	return store_run(s, STMT_MERGE_SET, err, "ssii", state, state, now_ms(), merge);
}

static int
collect(struct store *s, sqlite3_stmt *q, struct merge_list *out, struct err *err)
{
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, ((struct merge){store_int(q, 0), xstrdup(store_text(q, 1)), store_int(q, 2),
		    store_int(q, 3), xstrdup(store_text(q, 4)), store_int(q, 5), store_int(q, 6),
		    xstrdup(store_text(q, 7)), store_int(q, 8), xstrdup(store_text(q, 9))}));
	return r;
}

int
merge_unfinished(struct store *s, const char *repository, struct merge_list *out, struct err *err)
{
	return collect(s, store_query(s, STMT_MERGE_UNFINISHED, err, "s", repository), out, err);
}

int
merge_find(struct store *s, const char *repository, int64_t limit, struct merge_list *out, struct err *err)
{
	return collect(s, store_query(s, STMT_MERGE_FIND, err, "si", repository, limit), out, err);
}

int
merge_of_serial(struct store *s, const char *repository, int64_t serial, struct merge_list *out, struct err *err)
{
	if (collect(s, store_query(s, STMT_MERGE_OF_SERIAL, err, "si", repository, serial), out, err) < 0)
		return -1;
	return out->n ? 0 : MERGE_ABSENT;
}

int
attempt_find(struct store *s, const char *repository, int64_t base, const char *checker, const char *members,
	struct str *report, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_ATTEMPT_FIND, err, "siss", repository, base, checker, members);
	int r = store_row(s, q, err);

	if (r <= 0)
		return r < 0 ? -1 : ATTEMPT_UNKNOWN;
	str_put(report, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
	store_done(q);
	return 0;
}

int
attempt_add(struct store *s, const char *repository, int64_t base, const char *checker, const char *members,
	const struct str *report, struct err *err)
{
	return store_run(s, STMT_ATTEMPT_ADD, err, "sissb", repository, base, checker, members, str_c(report), report->n);
}

int
attempt_forget(struct store *s, const char *repository, int64_t base, struct err *err)
{
	return store_run(s, STMT_ATTEMPT_FORGET, err, "si", repository, base);
}

int
merge_tasks(struct store *s, int64_t merge, int64_t **tasks, size_t *n, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_MERGE_TASKS, err, "i", merge);
	VEC(int64_t) v = {0};
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(&v, store_int(q, 0));
	*tasks = v.p;
	*n = v.n;
	return r;
}
