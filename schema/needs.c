#include "base/alloc.h"
#include "base/vec.h"
#include "schema/event.h"
#include "schema/needs.h"
#include "schema/store.h"

void
needs_fini(struct needs *n)
{
	free(n->package);
	free(n->features);
	free(n->limits);
	*n = (struct needs){0};
}

void
needs_list_fini(struct needs_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		needs_fini(&l->p[i]);
	vec_fini(l);
}

static struct needs
from_row(sqlite3_stmt *q)
{
	return (struct needs){xstrdup(store_text(q, 0)), xstrdup(store_text(q, 1)), xstrdup(store_text(q, 2))};
}

int
needs_find(struct store *s, const char *repository, struct needs_list *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_NEEDS_FIND, err, "s", repository);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, from_row(q));
	return r;
}

int
needs_get(struct store *s, const char *repository, const char *package, struct needs *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_NEEDS_GET, err, "ss", repository, package);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = from_row(q);
	store_done(q);
	return r < 0 ? -1 : r ? 0 : NEEDS_NONE;
}

static int
tell_tasks(struct store *s, const char *repository, const char *package, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_NEEDS_TASKS, err, "ss", repository, package);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		if (event_add(s, "task", store_int(q, 0), 0, "", err, "task #%lld: the needs of %s changed",
		    (long long)store_int(q, 0), package) < 0) {
			store_done(q);
			return -1;
		}
	return r;
}

int
needs_set(struct store *s, const char *repository, const struct needs *n, struct err *err)
{
	int r;

	if (store_begin(s, err) < 0)
		return -1;
	r = *n->features || *n->limits ? store_run(s, STMT_NEEDS_SET, err, "ssss", repository, n->package, n->features, n->limits) :
	    store_run(s, STMT_NEEDS_DEL, err, "ss", repository, n->package);
	if (r < 0 || event_add(s, "repo", 0, 0, "needs", err, "%s %s needs: %s%s%s", repository, n->package, n->features,
	    *n->features && *n->limits ? "; " : "", n->limits) < 0 || tell_tasks(s, repository, n->package, err) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}
