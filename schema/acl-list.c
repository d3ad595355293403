/*
 * A list is read, changed as a list of strings, checked, and written anew: they are short, and what they must be like is
 * in one place. What a merge does to many of them goes by single statements.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/acl-list.h"
#include "schema/event.h"
#include "schema/store.h"
#include "schema/user.h"

static const char *const actions[ACL_ACTIONS] = {"add", "del", "leader", "replace", "create", "delete"};

enum acl_action
acl_action_find(const char *name)
{
	for (int a = 0; a < ACL_ACTIONS; a++)
		if (strcmp(name, actions[a]) == 0)
			return a;
	return ACL_ACTIONS;
}

const char *
acl_action_name(enum acl_action a)
{
	return actions[a];
}

bool
acl_is_group(const char *item)
{
	return item[0] == '@';
}

static bool
is_special(const char *name)
{
	return strcmp(name, ACL_NOBODY) == 0 || strcmp(name, ACL_EVERYBODY) == 0;
}

int
acl_item_check(const char *item, struct err *err)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz", more[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	if (!acl_is_group(item))
		return text_is_name(item) ? 0 : err_set(err, EINVAL, "`%.200s` cannot be the name of a source package", item);
	if (is_special(item))
		return err_set(err, EINVAL, "%s is no group that has a list", item);
	return text_is_name(item + 1) && strchr(first, item[1]) && strspn(item + 1, more) == strlen(item + 1) ? 0 :
	    err_set(err, EINVAL, "`%.200s` cannot be the name of a group: @, a letter a-z, then letters, digits, _ and -", item);
}

static int
names(struct store *s, sqlite3_stmt *q, struct strs *out, struct err *err)
{
	int r;

	while ((r = store_row(s, q, err)) > 0)
		strs_add(out, store_text(q, 0));
	return r;
}

int
acl_find(struct store *s, const char *repository, const char *item, struct strs *members, struct err *err)
{
	return names(s, store_query(s, STMT_ACL_FIND, err, "ss", repository, item), members, err);
}

/* Append the packages whose lists name this member. */
static int
naming(struct store *s, const char *repository, const char *member, struct strs *items, struct err *err)
{
	return names(s, store_query(s, STMT_ACL_NAMING, err, "ss", repository, member), items, err);
}

int
acl_in_group(struct store *s, const char *repository, const char *group, const char *user, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_ACL_HAS, err, "sss", repository, group, user);
	int r = store_row(s, q, err);

	store_done(q);
	return r;
}

/* What becomes of a list. */

static size_t
place(const struct strs *l, const char *name)
{
	size_t i = 0;

	while (i < l->n && strcmp(l->p[i], name) != 0)
		i++;
	return i;
}

static void
drop(struct strs *l, const char *name)
{
	size_t i = place(l, name);

	if (i == l->n)
		return;
	free(l->p[i]);
	memmove(l->p + i, l->p + i + 1, (l->n - i - 1) * sizeof(*l->p));
	l->n--;
}

static void
insert(struct strs *l, size_t at, const char *name)
{
	strs_add(l, name);
	for (size_t i = l->n - 1; i > at; i--) {
		char *moved = l->p[i];

		l->p[i] = l->p[i - 1];
		l->p[i - 1] = moved;
	}
}

static int
add(struct strs *l, const struct strs *who, struct err *err)
{
	for (size_t i = 0; i < who->n; i++) {
		if (strcmp(who->p[i], ACL_NOBODY) == 0)
			return err_set(err, EINVAL, "@nobody can only lead: `leader @nobody`");
		if (strs_has(l, who->p[i]))
			continue;
		strs_add(l, who->p[i]);
		drop(l, ACL_NOBODY);
	}
	return 0;
}

static int
del(struct strs *l, const char *item, const struct strs *who, struct err *err)
{
	for (size_t i = 0; i < who->n; i++)
		drop(l, who->p[i]);
	if (l->n == 0 && acl_is_group(item))
		return err_set(err, EINVAL, "a group has at least one member; `%s delete` ends it", item);
	if (l->n == 0)
		strs_add(l, ACL_NOBODY);
	return 0;
}

static int
lead(struct strs *l, const char *who, struct err *err)
{
	if (strcmp(who, ACL_EVERYBODY) == 0)
		return err_set(err, EINVAL, "@everybody cannot lead; `add @everybody` lets all change it");
	drop(l, who);
	drop(l, ACL_NOBODY);
	insert(l, 0, who);
	return 0;
}

/* One who is on the list already moves. */
static int
replace(struct strs *l, const char *item, const char *old, const char *new, struct err *err)
{
	size_t at = place(l, old);

	if (at == l->n)
		return err_set(err, ENOENT, "%s is not on the list of %s", old, item);
	if (strcmp(new, ACL_NOBODY) == 0 && at > 0)
		return err_set(err, EINVAL, "@nobody can only lead: `leader @nobody`");
	if (strcmp(old, new) == 0)
		return 0;
	drop(l, new);
	at = place(l, old);
	free(l->p[at]);
	l->p[at] = xstrdup(new);
	return 0;
}

static int
create(struct strs *l, const char *item, const struct strs *who, struct err *err)
{
	if (l->n)
		return err_set(err, EEXIST, "%s has a list already", item);
	for (size_t i = 0; i < who->n; i++) {
		if (strs_has(l, who->p[i]))
			return err_set(err, EINVAL, "%s is named twice", who->p[i]);
		if (i && strcmp(who->p[i], ACL_NOBODY) == 0)
			return err_set(err, EINVAL, "@nobody can only be the first, who leads");
		strs_add(l, who->p[i]);
	}
	return 0;
}

int
acl_apply(struct strs *l, const char *item, enum acl_action a, const struct strs *who, struct err *err)
{
	static const struct {
		size_t least, most;
		const char *what;
	} words[ACL_ACTIONS] = {
		[ACL_ADD] = {1, SIZE_MAX, "who"}, [ACL_DEL] = {1, SIZE_MAX, "who"}, [ACL_LEADER] = {1, 1, "one leader"},
		[ACL_REPLACE] = {2, 2, "two names, the old and the new"}, [ACL_CREATE] = {1, SIZE_MAX, "the leader, and who else"},
		[ACL_DELETE] = {0, 0, "nobody"},
	};
	int r = 0;

	if (who->n < words[a].least || who->n > words[a].most)
		return err_set(err, EINVAL, "%s wants %s", actions[a], words[a].what);
	if (l->n == 0 && a != ACL_CREATE)
		return err_set(err, ENOENT, "%s has no list; `create` makes one", item);
	switch (a) {
	case ACL_ADD:
		r = add(l, who, err);
		break;
	case ACL_DEL:
		r = del(l, item, who, err);
		break;
	case ACL_LEADER:
		r = lead(l, who->p[0], err);
		break;
	case ACL_REPLACE:
		r = replace(l, item, who->p[0], who->p[1], err);
		break;
	case ACL_CREATE:
		r = create(l, item, who, err);
		break;
	default:
		strs_fini(l);
	}
	if (r == 0 && l->n > ACL_MEMBERS)
		return err_set(err, E2BIG, "%s would have %zu members; %d is the limit: groups can be members", item, l->n, (int)ACL_MEMBERS);
	if (r == 0 && strs_has(l, ACL_EVERYBODY)) {
		drop(l, ACL_EVERYBODY);
		strs_add(l, ACL_EVERYBODY);
	}
	return r;
}

/* The database. */

/* Whether it may be named in a list. */
static int
check_member(struct store *s, const char *repository, const char *item, const char *name, struct err *err)
{
	AUTO(strs_fini) struct strs group = {0};
	struct user u;
	int r;

	if (!acl_is_group(name)) {
		r = text_is_name(name) ? user_get(s, name, &u, err) : err_set(err, EINVAL, "`%.200s` cannot be a user", name);
		return r ? -1 : 0;
	}
	if (acl_is_group(item))
		return err_set(err, EINVAL, "the members of a group are users, not %.200s", name);
	if (is_special(name))
		return 0;
	if (acl_item_check(name, err) < 0 || acl_find(s, repository, name, &group, err) < 0)
		return -1;
	return group.n ? 0 : err_set(err, ENOENT, "no group %s in %s", name, repository);
}

static char *
shown(const struct strs *l)
{
	return l->n ? strs_join(l, " ") : xstrdup("-");
}

/* In a transaction: write what differs. `why` is "" or begins with ": ". */
static int
put(struct store *s, const char *repository, const char *item, const struct strs *was, const struct strs *now,
	const char *why, struct err *err)
{
	AUTO(free) char *before = shown(was);
	AUTO(free) char *after = shown(now);

	if (strcmp(before, after) == 0)
		return ACL_SAME;
	if (store_run(s, STMT_ACL_CLEAR, err, "ss", repository, item) < 0)
		return -1;
	for (size_t i = 0; i < now->n; i++)
		if (store_run(s, STMT_ACL_PUT, err, "ssis", repository, item, (int64_t)i + 1, now->p[i]) < 0)
			return -1;
	return event_add(s, "user", 0, 0, "acl", err, "acl %s %s: %s -> %s%s", repository, item, before, after, why);
}

/* A group that lists name stays. */
static int
check_unused(struct store *s, const char *repository, const char *group, struct err *err)
{
	AUTO(strs_fini) struct strs items = {0};
	AUTO(free) char *all = NULL;

	if (naming(s, repository, group, &items, err) < 0)
		return -1;
	all = strs_join(&items, ", ");
	return items.n ? err_set(err, EBUSY, "%s is on the lists of %s", group, all) : 0;
}

/* In a transaction. */
static int
change(struct store *s, const char *repository, const char *item, enum acl_action a, const struct strs *who, struct err *err)
{
	AUTO(strs_fini) struct strs was = {0};
	AUTO(strs_fini) struct strs now = {0};

	if (acl_item_check(item, err) < 0 || acl_find(s, repository, item, &was, err) < 0)
		return -1;
	for (size_t i = 0; i < was.n; i++)
		strs_add(&now, was.p[i]);
	if (acl_apply(&now, item, a, who, err) < 0)
		return -1;
	/* Who is on the list may leave it, whoever they are. */
	for (size_t i = 0; i < who->n; i++)
		if (!strs_has(&was, who->p[i]) && check_member(s, repository, item, who->p[i], err) < 0)
			return -1;
	if (now.n == 0 && acl_is_group(item) && check_unused(s, repository, item, err) < 0)
		return -1;
	return put(s, repository, item, &was, &now, "", err);
}

int
acl_change(struct store *s, const char *repository, const char *item, enum acl_action a, const struct strs *who,
	struct err *err)
{
	int r;

	if (store_begin(s, err) < 0)
		return -1;
	r = change(s, repository, item, a, who, err);
	if (r < 0)
		return store_rollback(s);
	return store_commit(s, err) < 0 ? -1 : r;
}

int
acl_forget_user(struct store *s, const char *user, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_ACL_OF_USER, err, "s", user);
	const struct strs who = {.p = (char *[]){(char *)user}, .n = 1};
	AUTO(strs_fini) struct strs places = {0};
	int r;

	while ((r = store_row(s, q, err)) > 0) {
		strs_add(&places, store_text(q, 0));
		strs_add(&places, store_text(q, 1));
	}
	for (size_t i = 0; i < places.n && r >= 0; i += 2) {
		r = change(s, places.p[i], places.p[i + 1], ACL_DEL, &who, err);
		if (r < 0)
			err_ctx(err, "acl %s %s", places.p[i], places.p[i + 1]);
	}
	return r < 0 ? -1 : 0;
}

/* Lists as text. */

struct line {
	size_t number;
	struct strs words;		/* the item, its members */
};
struct lines {
	struct line *p;
	size_t n, cap;
};

static void
lines_fini(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		strs_fini(&l->p[i].words);
	vec_fini(l);
}
AUTO_DEFINE_EMBEDDED(struct lines, lines_fini);

static int
read_lines(const char *text, struct lines *out, struct err *err)
{
	AUTO(map_fini) struct map seen = {0};
	size_t number = 1;

	for (const char *p = text; *p; number++) {
		size_t n = strcspn(p, "\n");
		AUTO(free) char *copy = xstrndup(p, n);
		struct line l = {.number = number};

		copy[strcspn(copy, "#")] = '\0';
		strs_split(&l.words, copy, " \t\r");
		p += n + (p[n] == '\n');
		if (l.words.n == 0)
			continue;
		vec_push(out, l);
		if (l.words.n < 2)
			return err_set(err, EINVAL, "line %zu: ITEM LEADER MEMBER...", number);
		if (!map_add(&seen, l.words.p[0]))
			return err_set(err, EINVAL, "line %zu: %.200s is there twice", number, l.words.p[0]);
	}
	return 0;
}

static int
import_line(struct store *s, const char *repository, const struct line *l, struct map *known, struct err *err)
{
	const char *item = l->words.p[0];
	const struct strs members = {.p = l->words.p + 1, .n = l->words.n - 1};
	AUTO(strs_fini) struct strs was = {0};
	AUTO(strs_fini) struct strs now = {0};

	if (acl_item_check(item, err) < 0 || acl_apply(&now, item, ACL_CREATE, &members, err) < 0)
		return -1;
	for (size_t i = 0; i < now.n; i++) {
		/* Groups have been taken when packages come, so what was found once is there. */
		bool look = acl_is_group(item) || map_find(known, now.p[i]) == MAP_NONE;

		if (look && check_member(s, repository, item, now.p[i], err) < 0)
			return -1;
		map_add(known, now.p[i]);
	}
	return acl_find(s, repository, item, &was, err) < 0 ? -1 : put(s, repository, item, &was, &now, "", err);
}

static int
import_lines(struct store *s, const char *repository, const struct lines *l, struct acl_counts *out, struct err *err)
{
	AUTO(map_fini) struct map known = {0};

	for (int groups = 1; groups >= 0; groups--)
		for (size_t i = 0; i < l->n; i++) {
			int r;

			if (acl_is_group(l->p[i].words.p[0]) != groups)
				continue;
			r = import_line(s, repository, &l->p[i], &known, err);
			if (r < 0)
				return err_ctx(err, "line %zu: %.200s", l->p[i].number, l->p[i].words.p[0]);
			out->lists++;
			out->changed += r != ACL_SAME;
		}
	return 0;
}

int
acl_import(struct store *s, const char *repository, const char *text, struct acl_counts *out, struct err *err)
{
	AUTO(lines_fini) struct lines l = {0};

	if (read_lines(text, &l, err) < 0 || store_begin(s, err) < 0)
		return -1;
	if (import_lines(s, repository, &l, out, err) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
acl_export(struct store *s, const char *repository, struct str *out, struct err *err)
{
	AUTO(str_fini) struct str item = {0};
	sqlite3_stmt *q = store_query(s, STMT_ACL_ALL, err, "s", repository);
	int r;

	while ((r = store_row(s, q, err)) > 0) {
		if (strcmp(str_c(&item), store_text(q, 0)) != 0) {
			if (item.n)
				str_putc(out, '\n');
			str_clear(&item);
			str_puts(&item, store_text(q, 0));
			str_puts(out, str_c(&item));
		}
		str_add(out, " %s", store_text(q, 1));
	}
	if (item.n)
		str_putc(out, '\n');
	return r;
}

/* For a merge. */

int
acl_orphans(struct store *s, const char *repository, struct map *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_ACL_NAMING, err, "ss", repository, ACL_NOBODY);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		map_add(out, store_text(q, 0));
	return r;
}

int
acl_bring(struct store *s, const char *repository, const char *source, const char *user, int64_t task, struct err *err)
{
	if (store_run(s, STMT_ACL_BRING, err, "sss", repository, source, user) < 0)
		return -1;
	return store_changes(s) == 0 ? 0 : event_add(s, "user", 0, 0, "acl", err, "acl %s %s: - -> %s: it came with task #%lld",
	    repository, source, user, (long long)task);
}

int
acl_adopt(struct store *s, const char *repository, const char *source, const char *user, int64_t task, struct err *err)
{
	AUTO(free) char *why = xasprintf(": nobody led it, and task #%lld built it", (long long)task);
	AUTO(strs_fini) struct strs was = {0};
	AUTO(strs_fini) struct strs now = {0};

	if (acl_find(s, repository, source, &was, err) < 0)
		return -1;
	for (size_t i = 0; i < was.n; i++)
		strs_add(&now, was.p[i]);
	if (!strs_has(&now, ACL_NOBODY))
		return 0;
	return lead(&now, user, err) < 0 || put(s, repository, source, &was, &now, why, err) < 0 ? -1 : 0;
}

int
acl_leave(struct store *s, const char *repository, const char *source, int64_t serial, struct err *err)
{
	AUTO(free) char *why = xasprintf(": it left with state %lld", (long long)serial);
	AUTO(strs_fini) struct strs was = {0};
	const struct strs none = {0};

	if (acl_find(s, repository, source, &was, err) < 0)
		return -1;
	return put(s, repository, source, &was, &none, why, err) < 0 ? -1 : 0;
}
