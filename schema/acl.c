#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "schema/acl.h"
#include "schema/event.h"
#include "schema/store.h"
#include "schema/task.h"
#include "schema/user.h"

static int
names(struct store *s, sqlite3_stmt *q, struct strs *out, struct err *err)
{
	int r;

	while ((r = store_row(s, q, err)) > 0)
		strs_add(out, store_text(q, 0));
	return r;
}

int
acl_find(struct store *s, const char *repository, const char *package, struct strs *users, struct err *err)
{
	return names(s, store_query(s, STMT_ACL_FIND, err, "ss", repository, package), users, err);
}

static int
change(struct store *s, enum statement id, const char *verb, const char *repository, const char *package,
	const char *user, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, id, err, "sss", repository, package, user) < 0 ||
	    event_add(s, "user", 0, 0, "", err, "acl %s %s: %s %s", repository, package, verb, user) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
acl_add(struct store *s, const char *repository, const char *package, const char *user, struct err *err)
{
	return change(s, STMT_ACL_ADD, "add", repository, package, user, err);
}

int
acl_del(struct store *s, const char *repository, const char *package, const char *user, struct err *err)
{
	return change(s, STMT_ACL_DEL, "del", repository, package, user, err);
}

int
acl_may(struct store *s, const char *repository, const char *package, const char *user, struct err *err)
{
	AUTO(strs_fini) struct strs users = {0};
	struct user u;
	int r;

	if (acl_find(s, repository, package, &users, err) < 0)
		return -1;
	if (users.n == 0 || strs_has(&users, user))
		return 0;
	r = user_get(s, user, &u, err);
	return r < 0 ? -1 : r == 0 && u.admin ? 0 : ACL_DENIED;
}

int
approval_set(struct store *s, int64_t task, int subtask, const char *user, const char *verdict,
	const char *text, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_APPROVAL_SET, err, "iisssi", task, (int64_t)subtask, user, verdict, text, now_ms()) < 0 ||
	    event_add(s, "task", task, 0, "", err, "task #%lld subtask %o: %s by %s", (long long)task,
	    (unsigned)subtask, verdict, user) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
approval_revoke(struct store *s, int64_t task, int subtask, const char *user, const char *verdict, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_APPROVAL_DEL, err, "iiss", task, (int64_t)subtask, user, verdict) < 0 ||
	    event_add(s, "task", task, 0, "", err, "task #%lld subtask %o: %s revoked by %s", (long long)task,
	    (unsigned)subtask, verdict, user) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
approval_find(struct store *s, int64_t task, int subtask, const char *verdict, struct strs *users, struct err *err)
{
	return names(s, store_query(s, STMT_APPROVAL_FIND, err, "iis", task, (int64_t)subtask, verdict), users, err);
}

/* Whether anyone of the list may change the package. */
static int
any_may(struct store *s, const char *repository, const char *package, const struct strs *users, struct err *err)
{
	for (size_t i = 0; i < users->n; i++) {
		int r = acl_may(s, repository, package, users->p[i], err);

		if (r <= 0)
			return r;
	}
	return ACL_DENIED;
}

static int
subtask_may(struct store *s, const char *repository, const struct subtask *t, char **why, struct err *err)
{
	AUTO(strs_fini) struct strs yes = {0};
	AUTO(strs_fini) struct strs no = {0};
	AUTO(strs_fini) struct strs list = {0};
	int own, r;

	if (approval_find(s, t->task, t->id, "approve", &yes, err) < 0 ||
	    approval_find(s, t->task, t->id, "disapprove", &no, err) < 0 ||
	    acl_find(s, repository, t->package, &list, err) < 0)
		return -1;
	r = any_may(s, repository, t->package, &no, err);
	if (r < 0)
		return -1;
	if (no.n && r == 0) {
		AUTO(free) char *who = strs_join(&no, ", ");

		*why = xasprintf("subtask %o (%s): disapproved by %s", (unsigned)t->id, t->package, who);
		return ACL_DENIED;
	}
	own = acl_may(s, repository, t->package, t->user, err);
	if (own <= 0)
		return own;
	r = any_may(s, repository, t->package, &yes, err);
	if (r == ACL_DENIED) {
		AUTO(free) char *who = strs_join(&list, ", ");

		*why = xasprintf("subtask %o: %s may not change %s in %s; one of %s must approve it",
		    (unsigned)t->id, t->user, t->package, repository, who);
	}
	return r;
}

int
acl_task(struct store *s, int64_t task, const char *repository, char **why, struct err *err)
{
	AUTO(subtask_list_fini) struct subtask_list subs = {0};

	if (subtask_find(s, task, &subs, err) < 0)
		return -1;
	for (size_t i = 0; i < subs.n; i++) {
		int r = subtask_may(s, repository, &subs.p[i], why, err);

		if (r)
			return r;
	}
	return 0;
}
