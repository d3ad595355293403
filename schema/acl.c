/*
 * A question is put to the database rule by rule, and the number of the rule that applies is the answer; the tables say
 * what it means. Names of packages that a build gave are told from the names of its files: the builder refuses a file
 * that is not named by what is in it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "schema/acl.h"
#include "schema/approval.h"
#include "schema/build.h"
#include "schema/store.h"
#include "schema/task.h"
#include "schema/user.h"

const struct acl_rule acl_change_rules[ACL_CHANGE_RULES] = {
	[ACL_CHANGE_DISABLED] = {"disabled", ACL_DENIED, "the user is disabled, or not known"},
	[ACL_CHANGE_ADMIN] = {"admin", ACL_ALLOWED, "the user is an administrator"},
	[ACL_CHANGE_OPEN] = {"open", ACL_ALLOWED, "the package is not listed, and the repository allows such"},
	[ACL_CHANGE_CLOSED] = {"closed", ACL_DENIED, "the package is not listed, and the repository denies such"},
	[ACL_CHANGE_LEADER] = {"leader", ACL_ALLOWED, "the user leads the list"},
	[ACL_CHANGE_ORPHAN] = {"orphan", ACL_ALLOWED, "@nobody leads the list"},
	[ACL_CHANGE_EVERYBODY] = {"everybody", ACL_ALLOWED, "@everybody is on the list"},
	[ACL_CHANGE_MEMBER] = {"member", ACL_ALLOWED, "the user is on the list"},
	[ACL_CHANGE_GROUP] = {"group", ACL_ALLOWED, "the user is in a group that is on the list"},
	[ACL_CHANGE_STRANGER] = {"stranger", ACL_DENIED, "the user is not on the list"},
};

const struct acl_rule acl_merge_rules[ACL_MERGE_RULES] = {
	[ACL_MERGE_ADMIN_AGAINST] = {"admin-against", ACL_DENIED, "an administrator disapproved of it"},
	[ACL_MERGE_ADMIN] = {"admin", ACL_ALLOWED, "its author is an administrator"},
	[ACL_MERGE_ADMIN_FOR] = {"admin-for", ACL_ALLOWED, "another administrator approved it"},
	[ACL_MERGE_AGAINST] = {"against", ACL_DENIED, "one who may change the package disapproved of it"},
	[ACL_MERGE_AUTHOR] = {"author", ACL_ALLOWED, "its author may change the package"},
	[ACL_MERGE_FOR] = {"for", ACL_ALLOWED, "another who may change the package approved it"},
	[ACL_MERGE_NOT_APPROVED] = {"not-approved", ACL_DENIED, "its author may not change the package, and nobody who may approved it"},
};

const struct acl_rule acl_list_rules[ACL_LIST_RULES] = {
	[ACL_LIST_DISABLED] = {"disabled", ACL_DENIED, "the user is disabled, or not known"},
	[ACL_LIST_ADMIN] = {"admin", ACL_ALLOWED, "the user is an administrator"},
	[ACL_LIST_SELF] = {"self", ACL_ALLOWED, "the user takes themselves off the list"},
	[ACL_LIST_WHOLE] = {"whole", ACL_DENIED, "lists are made, deleted and imported by administrators"},
	[ACL_LIST_LEADER] = {"leader", ACL_ALLOWED, "the user leads the list"},
	[ACL_LIST_GROUP_LEADER] = {"group-leader", ACL_ALLOWED, "the user leads the group that leads the list"},
	[ACL_LIST_STRANGER] = {"stranger", ACL_DENIED, "the user does not lead the list"},
};

void
acl_rules_print(struct str *out)
{
	static const struct {
		const char *question;
		const struct acl_rule *rules;
		size_t n;
	} tables[] = {
		{"change", acl_change_rules, ACL_CHANGE_RULES}, {"merge", acl_merge_rules, ACL_MERGE_RULES},
		{"list", acl_list_rules, ACL_LIST_RULES},
	};

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct acl_rule *r = &tables[t].rules[i];

			str_add(out, "%s\t%s\t%s\t%s\n", tables[t].question, r->name, r->verdict == ACL_ALLOWED ? "allowed" : "denied", r->text);
		}
}

/* What a user is before any list is looked at. */
enum standing { STANDING_NONE, STANDING_USER, STANDING_ADMIN };

static int
standing(struct store *s, const char *name, enum standing *out, struct err *err)
{
	struct user u = {0};
	int r = user_get(s, name, &u, err);

	*out = r || u.disabled ? STANDING_NONE : u.admin ? STANDING_ADMIN : STANDING_USER;
	return r < 0 ? -1 : 0;
}

/* Whether packages without a list may be changed by all. */
static int
is_open(struct store *s, const char *repository, bool *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_REPO_UNLISTED, err, "s", repository);
	int r = store_row(s, q, err);

	*out = r > 0 && strcmp(store_text(q, 0), "allow") == 0;
	store_done(q);
	return r < 0 ? -1 : 0;
}

static int
by_group(struct store *s, const char *repository, const struct strs *list, const char *user, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		int r = acl_is_group(list->p[i]) ? acl_in_group(s, repository, list->p[i], user, err) : 0;

		if (r)
			return r;
	}
	return 0;
}

/* The rule that applies to an ordinary user and a list that was read; or -1. */
static int
listed_rule(struct store *s, const char *repository, const struct strs *list, const char *user, struct err *err)
{
	bool open;
	int r;

	if (list->n == 0)
		return is_open(s, repository, &open, err) < 0 ? -1 : open ? ACL_CHANGE_OPEN : ACL_CHANGE_CLOSED;
	if (strcmp(list->p[0], user) == 0)
		return ACL_CHANGE_LEADER;
	if (strcmp(list->p[0], ACL_NOBODY) == 0)
		return ACL_CHANGE_ORPHAN;
	if (strs_has(list, ACL_EVERYBODY))
		return ACL_CHANGE_EVERYBODY;
	if (strs_has(list, user))
		return ACL_CHANGE_MEMBER;
	r = by_group(s, repository, list, user, err);
	return r < 0 ? -1 : r ? ACL_CHANGE_GROUP : ACL_CHANGE_STRANGER;
}

static int
change_rule(struct store *s, const char *repository, const struct strs *list, const char *user, struct err *err)
{
	enum standing is;

	if (standing(s, user, &is, err) < 0)
		return -1;
	return is == STANDING_NONE ? ACL_CHANGE_DISABLED : is == STANDING_ADMIN ? ACL_CHANGE_ADMIN :
	    listed_rule(s, repository, list, user, err);
}

static int
verdict(const struct acl_rule *table, int rule, const struct acl_rule **out)
{
	if (rule < 0)
		return -1;
	if (out)
		*out = &table[rule];
	return table[rule].verdict == ACL_DENIED ? ACL_DENIED : 0;
}

int
acl_may(struct store *s, const char *repository, const char *package, const char *user, const struct acl_rule **rule,
	struct err *err)
{
	AUTO(strs_fini) struct strs list = {0};

	if (acl_find(s, repository, package, &list, err) < 0)
		return -1;
	return verdict(acl_change_rules, change_rule(s, repository, &list, user, err), rule);
}

/* Lists. */

static int
leads_group(struct store *s, const char *repository, const char *group, const char *user, struct err *err)
{
	AUTO(strs_fini) struct strs members = {0};

	if (!acl_is_group(group))
		return 0;
	return acl_find(s, repository, group, &members, err) < 0 ? -1 : members.n && strcmp(members.p[0], user) == 0;
}

static int
list_rule(struct store *s, const char *repository, const char *item, const char *user, enum acl_action a,
	const struct strs *who, struct err *err)
{
	AUTO(strs_fini) struct strs list = {0};
	enum standing is;
	int r;

	if (standing(s, user, &is, err) < 0 || acl_find(s, repository, item, &list, err) < 0)
		return -1;
	if (is != STANDING_USER)
		return is == STANDING_ADMIN ? ACL_LIST_ADMIN : ACL_LIST_DISABLED;
	if (a == ACL_DEL && who->n == 1 && strcmp(who->p[0], user) == 0)
		return ACL_LIST_SELF;
	if (a == ACL_CREATE || a == ACL_DELETE)
		return ACL_LIST_WHOLE;
	if (list.n == 0)
		return ACL_LIST_STRANGER;
	if (strcmp(list.p[0], user) == 0)
		return ACL_LIST_LEADER;
	r = leads_group(s, repository, list.p[0], user, err);
	return r < 0 ? -1 : r ? ACL_LIST_GROUP_LEADER : ACL_LIST_STRANGER;
}

int
acl_may_list(struct store *s, const char *repository, const char *item, const char *user, enum acl_action a,
	const struct strs *who, const struct acl_rule **rule, struct err *err)
{
	return verdict(acl_list_rules, list_rule(s, repository, item, user, a, who, err), rule);
}

/* Subtasks. */

/* One subtask and one source that it changes, or takes away. */
struct matter {
	struct store *s;
	const char *repository, *package;
	const struct subtask *t;
	struct strs list;		/* of the package */
	struct approval_list said;
	const char *by;			/* whose word decided; borrowed from `said` */
};

static void
matter_fini(struct matter *m)
{
	strs_fini(&m->list);
	approval_list_fini(&m->said);
}
AUTO_DEFINE_EMBEDDED(struct matter, matter_fini);

/* Whether an administrator, or (!admin) one who may change the package, said this: 1 or 0. Nobody approves their own. */
static int
said(struct matter *m, const char *what, bool admin, struct err *err)
{
	for (size_t i = 0; i < m->said.n; i++) {
		const struct approval *a = &m->said.p[i];
		int rule;

		if (strcmp(a->verdict, what) != 0 || (strcmp(what, "approve") == 0 && strcmp(a->user, m->t->user) == 0))
			continue;
		rule = change_rule(m->s, m->repository, &m->list, a->user, err);
		if (rule < 0)
			return -1;
		if (admin ? rule == ACL_CHANGE_ADMIN : acl_change_rules[rule].verdict == ACL_ALLOWED) {
			m->by = a->user;
			return 1;
		}
	}
	return 0;
}

static int
merge_rule(struct matter *m, struct err *err)
{
	int own = change_rule(m->s, m->repository, &m->list, m->t->user, err), r;

	if (own < 0 || (r = said(m, "disapprove", true, err)) < 0)
		return -1;
	if (r)
		return ACL_MERGE_ADMIN_AGAINST;
	if (own == ACL_CHANGE_ADMIN)
		return ACL_MERGE_ADMIN;
	if ((r = said(m, "approve", true, err)) != 0)
		return r < 0 ? -1 : ACL_MERGE_ADMIN_FOR;
	if ((r = said(m, "disapprove", false, err)) != 0)
		return r < 0 ? -1 : ACL_MERGE_AGAINST;
	if (acl_change_rules[own].verdict == ACL_ALLOWED)
		return ACL_MERGE_AUTHOR;
	r = said(m, "approve", false, err);
	return r < 0 ? -1 : r ? ACL_MERGE_FOR : ACL_MERGE_NOT_APPROVED;
}

/* Append those of the list who could approve: not the author, nobody who is disabled; of a group, those in it. */
static int
approvers(const struct matter *m, const struct strs *list, struct strs *out, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		AUTO(strs_fini) struct strs members = {0};
		enum standing is;

		if (acl_is_group(list->p[i])) {
			if (acl_find(m->s, m->repository, list->p[i], &members, err) < 0 || approvers(m, &members, out, err) < 0)
				return -1;
			continue;
		}
		if (standing(m->s, list->p[i], &is, err) < 0)
			return -1;
		if (is != STANDING_NONE && strcmp(list->p[i], m->t->user) != 0 && !strs_has(out, list->p[i]))
			strs_add(out, list->p[i]);
	}
	return 0;
}

/* "one of ann, bob must approve it" */
static int
who_could(const struct matter *m, struct str *out, struct err *err)
{
	AUTO(strs_fini) struct strs who = {0};
	AUTO(free) char *all = NULL;
	bool open = m->list.n > 0;

	if (m->list.n == 0 && is_open(m->s, m->repository, &open, err) < 0)
		return -1;
	if (open && (m->list.n == 0 || strcmp(m->list.p[0], ACL_NOBODY) == 0 || strs_has(&m->list, ACL_EVERYBODY))) {
		str_puts(out, "any other user must approve it");
		return 0;
	}
	if (approvers(m, &m->list, &who, err) < 0)
		return -1;
	all = strs_join(&who, ", ");
	if (who.n)
		str_add(out, "%s%s must approve it", who.n > 1 ? "one of " : "", all);
	else
		str_puts(out, "an administrator must approve it");
	return 0;
}

static int
matter_denied(const struct matter *m, enum acl_merge_rule rule, char **why, struct err *err)
{
	bool taken = strcmp(m->package, m->t->package) != 0;
	AUTO(str_fini) struct str text = {0};

	str_add(&text, "subtask %o", (unsigned)m->t->id);
	if (rule != ACL_MERGE_NOT_APPROVED) {
		str_add(&text, " (%s): disapproved by %s", m->package, m->by);
	} else {
		str_add(&text, ": %s may not change %s in %s%s; ", m->t->user, m->package, m->repository,
		    taken ? ", which it takes away" : "");
		if (who_could(m, &text, err) < 0)
			return -1;
	}
	*why = str_steal(&text);
	return ACL_DENIED;
}

static int
subtask_may(struct store *s, const char *repository, const struct subtask *t, const char *package, char **why,
	struct err *err)
{
	AUTO(matter_fini) struct matter m = {.s = s, .repository = repository, .package = package, .t = t};
	int rule;

	if (approval_all(s, t->task, t->id, &m.said, err) < 0 || acl_find(s, repository, package, &m.list, err) < 0)
		return -1;
	rule = merge_rule(&m, err);
	if (rule < 0)
		return -1;
	return acl_merge_rules[rule].verdict == ACL_DENIED ? matter_denied(&m, rule, why, err) : 0;
}

/* "zlib-devel-1.2-3.x86_64.rpm": zlib-devel. */
static char *
package_name(const char *file)
{
	const char *end = file + strlen(file);

	for (int dashes = 0; dashes < 2 && end > file; dashes += *end == '-')
		end--;
	return xstrndup(file, (size_t)(end - file));
}

/* Append the other sources of the repository that have a package of this name. */
static int
sources_of(struct store *s, const char *repository, const struct output *o, struct strs *out, struct err *err)
{
	AUTO(free) char *name = package_name(o->file);
	sqlite3_stmt *q = store_query(s, STMT_MEMBER_SOURCES, err, "sss", repository, o->arch, name);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		if (!strs_has(out, store_text(q, 0)))
			strs_add(out, store_text(q, 0));
	return r;
}

static bool
is_of_task(const struct subtask_list *l, const char *source)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->p[i].package, source) == 0)
			return true;
	return false;
}

/* A package that comes from another source now takes the old one away: the sources that this subtask takes. */
static int
taken_may(struct store *s, const char *repository, const struct subtask_list *subs, const struct subtask *t,
	const struct output_list *outputs, char **why, struct err *err)
{
	AUTO(strs_fini) struct strs sources = {0};
	int r = 0;

	for (size_t i = 0; i < outputs->n; i++)
		if (outputs->p[i].subtask == t->id && !outputs->p[i].kept && strcmp(outputs->p[i].kind, "rpm") == 0 &&
		    sources_of(s, repository, &outputs->p[i], &sources, err) < 0)
			return -1;
	for (size_t i = 0; i < sources.n && r == 0; i++)
		if (!is_of_task(subs, sources.p[i]))
			r = subtask_may(s, repository, t, sources.p[i], why, err);
	return r;
}

int
acl_task(struct store *s, int64_t task, const char *repository, char **why, struct err *err)
{
	AUTO(subtask_list_fini) struct subtask_list subs = {0};
	AUTO(output_list_fini) struct output_list outputs = {0};
	int r = 0;

	if (subtask_find(s, task, &subs, err) < 0 || output_find(s, task, &outputs, err) < 0)
		return -1;
	for (size_t i = 0; i < subs.n && r == 0; i++) {
		r = subtask_may(s, repository, &subs.p[i], subs.p[i].package, why, err);
		if (r == 0)
			r = taken_may(s, repository, &subs, &subs.p[i], &outputs, why, err);
	}
	return r;
}
