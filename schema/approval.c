#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/approval.h"
#include "schema/event.h"
#include "schema/store.h"

void
approval_list_fini(struct approval_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->p[i].user);
		free(l->p[i].verdict);
	}
	vec_fini(l);
}

int
approval_set(struct store *s, int64_t task, int subtask, const char *what, const char *user, const char *verdict,
	const char *text, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_APPROVAL_DEL, err, "iis", task, (int64_t)subtask, user) < 0 ||
	    store_run(s, STMT_APPROVAL_ADD, err, "iisssi", task, (int64_t)subtask, user, verdict, text, now_ms()) < 0 ||
	    event_add(s, "task", task, 0, "", err, "task #%lld subtask %o (%s): %sd by %s%s%s", (long long)task, (unsigned)subtask,
	    what, verdict, user, *text ? ": " : "", text) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

static int
take_back(struct store *s, int64_t task, int subtask, const char *user, const char *verdict, struct err *err)
{
	if (store_run(s, STMT_APPROVAL_REVOKE, err, "iiss", task, (int64_t)subtask, user, verdict) < 0)
		return -1;
	if (store_changes(s) == 0)
		return APPROVAL_NONE;
	return event_add(s, "task", task, 0, "", err, "task #%lld subtask %o: no longer %sd by %s", (long long)task,
	    (unsigned)subtask, verdict, user);
}

int
approval_revoke(struct store *s, int64_t task, int subtask, const char *user, const char *verdict, struct err *err)
{
	int r;

	if (store_begin(s, err) < 0)
		return -1;
	r = take_back(s, task, subtask, user, verdict, err);
	if (r < 0)
		return store_rollback(s);
	return store_commit(s, err) < 0 ? -1 : r;
}

int
approval_lapse(struct store *s, int64_t task, int subtask, struct err *err)
{
	if (store_run(s, STMT_APPROVAL_LAPSE, err, "ii", task, (int64_t)subtask) < 0)
		return -1;
	return store_changes(s) == 0 ? 0 : event_add(s, "task", task, 0, "", err, "task #%lld subtask %o: approved no longer: it was "
	    "changed", (long long)task, (unsigned)subtask);
}

int
approval_all(struct store *s, int64_t task, int subtask, struct approval_list *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_APPROVAL_ALL, err, "ii", task, (int64_t)subtask);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, ((struct approval){xstrdup(store_text(q, 0)), xstrdup(store_text(q, 1))}));
	return r;
}

int
approval_find(struct store *s, int64_t task, int subtask, const char *verdict, struct strs *users, struct err *err)
{
	AUTO(approval_list_fini) struct approval_list l = {0};

	if (approval_all(s, task, subtask, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(l.p[i].verdict, verdict) == 0)
			strs_add(users, l.p[i].user);
	return 0;
}
