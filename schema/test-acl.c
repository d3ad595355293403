/*
 * The rules against a second reading of them: all that apply to a random case are found by one condition each, without
 * an order, and the first of these in the table must be what the database said. Each rule must have decided something.
 */
#include "schema/test-farm.h"

#include <errno.h>

#include "schema/acl.h"
#include "schema/approval.h"
#include "schema/build.h"
#include "schema/event.h"
#include "schema/task.h"
#include "schema/user.h"

enum { ROUNDS = 3000 };

static const char *const people[] = {"ann", "bob", "cat", "boss", "chief", "gone", "fired", "nobody-knows"};

static unsigned
dice(unsigned n)
{
	static uint64_t seed = 88172645463325252u;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % n;
}

static void
sql(struct farm *f, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(f->s->db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

/* ann, bob, cat; boss and chief are administrators, fired was one; gone is disabled. Groups: @one of bob, @two of cat and bob. */
static struct farm
make(void)
{
	struct farm f = farm_make();
	struct err err = {0};
	struct acl_counts n = {0};

	for (size_t i = 0; i + 1 < ARRAY_SIZE(people); i++)
		OK(user_add(f.s, people[i], i == 3 || i == 4 || i == 6, &err));
	sql(&f, "UPDATE user SET disabled = 1 WHERE name = 'gone' OR name = 'fired'");
	OK(acl_import(f.s, "sisyphus", "@one bob\n@two cat bob\n", &n, &err));
	return f;
}

static bool
is_disabled(const char *user)
{
	return strcmp(user, "gone") == 0 || strcmp(user, "fired") == 0 || strcmp(user, "nobody-knows") == 0;
}

static bool
is_admin(const char *user)
{
	return strcmp(user, "boss") == 0 || strcmp(user, "chief") == 0;
}

static bool
in_group(const struct strs *list, const char *user)
{
	return (strs_has(list, "@one") && strcmp(user, "bob") == 0) ||
	    (strs_has(list, "@two") && (strcmp(user, "bob") == 0 || strcmp(user, "cat") == 0));
}

/* A list as the rules have it; often empty. Written past the checks, as members may have been disabled since. */
static void
random_list(struct farm *f, struct strs *out)
{
	static const char *const names[] = {"ann", "bob", "cat", "boss", "gone", "@one", "@two"};
	struct err err = {0};
	unsigned n = dice(4);

	sql(f, "DELETE FROM acl WHERE item = 'zlib'");
	if (dice(8) == 0)
		strs_add(out, ACL_NOBODY);
	for (unsigned i = 0; i < n; i++) {
		const char *name = names[dice(ARRAY_SIZE(names))];

		if (!strs_has(out, name))
			strs_add(out, name);
	}
	if (dice(8) == 0)
		strs_add(out, ACL_EVERYBODY);
	for (size_t i = 0; i < out->n; i++)
		OK(store_run(f->s, STMT_ACL_PUT, &err, "ssis", "sisyphus", "zlib", (int64_t)i + 1, out->p[i]));
}

static int
first_of(const bool *applies, int n)
{
	for (int i = 0; i < n; i++)
		if (applies[i])
			return i;
	return n;
}

static int
change_oracle(const struct strs *list, const char *user, bool open)
{
	const bool applies[ACL_CHANGE_RULES] = {
		[ACL_CHANGE_DISABLED] = is_disabled(user), [ACL_CHANGE_ADMIN] = is_admin(user),
		[ACL_CHANGE_OPEN] = list->n == 0 && open, [ACL_CHANGE_CLOSED] = list->n == 0 && !open,
		[ACL_CHANGE_LEADER] = list->n && strcmp(list->p[0], user) == 0,
		[ACL_CHANGE_ORPHAN] = strs_has(list, ACL_NOBODY), [ACL_CHANGE_EVERYBODY] = strs_has(list, ACL_EVERYBODY),
		[ACL_CHANGE_MEMBER] = strs_has(list, user), [ACL_CHANGE_GROUP] = in_group(list, user), [ACL_CHANGE_STRANGER] = true,
	};

	return first_of(applies, ACL_CHANGE_RULES);
}

static bool
oracle_may(const struct strs *list, const char *user, bool open)
{
	return acl_change_rules[change_oracle(list, user, open)].verdict == ACL_ALLOWED;
}

static void
all_decided(const size_t *hits, const struct acl_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (hits[i] == 0)
			fail_msg("the rule %s decided nothing", rules[i].name);
}

static bool
set_policy(struct farm *f)
{
	bool open = dice(2);

	sql(f, open ? "UPDATE repository SET unlisted = 'allow'" : "UPDATE repository SET unlisted = 'deny'");
	return open;
}

static void
test_change(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	size_t hits[ACL_CHANGE_RULES] = {0};
	struct err err = {0};

	OK(store_begin(f.s, &err));
	for (int i = 0; i < ROUNDS; i++) {
		AUTO(strs_fini) struct strs list = {0};
		const char *user = people[dice(ARRAY_SIZE(people))];
		const struct acl_rule *rule = NULL;
		bool open = set_policy(&f);
		int r, expected;

		random_list(&f, &list);
		r = acl_may(f.s, "sisyphus", "zlib", user, &rule, &err);
		expected = change_oracle(&list, user, open);
		assert_string_equal(rule->name, acl_change_rules[expected].name);
		assert_int_equal(r, acl_change_rules[expected].verdict == ACL_DENIED ? ACL_DENIED : 0);
		hits[expected]++;
	}
	OK(store_commit(f.s, &err));
	all_decided(hits, acl_change_rules, ACL_CHANGE_RULES);
	/* Another repository's lists are another's. */
	sql(&f, "DELETE FROM acl WHERE item = 'zlib'; INSERT INTO acl VALUES ('p10', 'zlib', 'ann', 1); UPDATE repository SET unlisted = 'allow'");
	assert_int_equal(acl_may(f.s, "sisyphus", "zlib", "bob", NULL, &err), 0);
}

static int
list_oracle(const struct strs *list, const char *user, enum acl_action a, const struct strs *who)
{
	static const char *const leaders[][2] = {{"@one", "bob"}, {"@two", "cat"}};
	bool applies[ACL_LIST_RULES] = {
		[ACL_LIST_DISABLED] = is_disabled(user), [ACL_LIST_ADMIN] = is_admin(user),
		[ACL_LIST_SELF] = a == ACL_DEL && who->n == 1 && strcmp(who->p[0], user) == 0,
		[ACL_LIST_WHOLE] = a == ACL_CREATE || a == ACL_DELETE,
		[ACL_LIST_LEADER] = list->n && strcmp(list->p[0], user) == 0, [ACL_LIST_STRANGER] = true,
	};

	for (size_t i = 0; i < ARRAY_SIZE(leaders); i++)
		applies[ACL_LIST_GROUP_LEADER] |= list->n && strcmp(list->p[0], leaders[i][0]) == 0 && strcmp(user, leaders[i][1]) == 0;
	return first_of(applies, ACL_LIST_RULES);
}

static void
test_list(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	size_t hits[ACL_LIST_RULES] = {0};
	struct err err = {0};

	OK(store_begin(f.s, &err));
	for (int i = 0; i < ROUNDS; i++) {
		AUTO(strs_fini) struct strs list = {0};
		AUTO(strs_fini) struct strs who = {0};
		const char *user = people[dice(ARRAY_SIZE(people))];
		enum acl_action a = dice(ACL_ACTIONS);
		const struct acl_rule *rule = NULL;
		int expected;

		for (unsigned k = dice(3); k > 0; k--)
			strs_add(&who, dice(2) ? user : people[dice(ARRAY_SIZE(people))]);
		random_list(&f, &list);
		expected = list_oracle(&list, user, a, &who);
		assert_int_equal(acl_may_list(f.s, "sisyphus", "zlib", user, a, &who, &rule, &err),
		    acl_list_rules[expected].verdict == ACL_DENIED ? ACL_DENIED : 0);
		assert_string_equal(rule->name, acl_list_rules[expected].name);
		hits[expected]++;
	}
	OK(store_commit(f.s, &err));
	all_decided(hits, acl_list_rules, ACL_LIST_RULES);
}

/* Merging. */

static int64_t
new_task(struct farm *f, const char *user)
{
	struct err err = {0};
	int64_t id;

	OK(task_create(f->s, "sisyphus", user, &id, &err));
	OK(subtask_save(f->s, &(struct subtask){.task = id, .id = 0100, .kind = SUBTASK_DELETE, .user = (char *)user,
	    .package = (char *)"zlib"}, &err));
	return id;
}

static int
merge_oracle(const struct strs *list, const char *author, const struct strs *yes, const struct strs *no, bool open)
{
	bool applies[ACL_MERGE_RULES] = {
		[ACL_MERGE_ADMIN] = is_admin(author), [ACL_MERGE_AUTHOR] = oracle_may(list, author, open), [ACL_MERGE_NOT_APPROVED] = true,
	};

	for (size_t i = 0; i < no->n; i++) {
		applies[ACL_MERGE_ADMIN_AGAINST] |= is_admin(no->p[i]);
		applies[ACL_MERGE_AGAINST] |= oracle_may(list, no->p[i], open);
	}
	for (size_t i = 0; i < yes->n; i++) {
		if (strcmp(yes->p[i], author) == 0)
			continue;
		applies[ACL_MERGE_ADMIN_FOR] |= is_admin(yes->p[i]);
		applies[ACL_MERGE_FOR] |= oracle_may(list, yes->p[i], open);
	}
	return first_of(applies, ACL_MERGE_RULES);
}

static void
test_merge(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	size_t hits[ACL_MERGE_RULES] = {0};
	struct err err = {0};

	OK(store_begin(f.s, &err));
	for (int i = 0; i < ROUNDS / 3; i++) {
		AUTO(strs_fini) struct strs list = {0};
		AUTO(strs_fini) struct strs yes = {0};
		AUTO(strs_fini) struct strs no = {0};
		AUTO(free) char *why = NULL;
		const char *author = people[dice(ARRAY_SIZE(people) - 1)];
		bool open = set_policy(&f);
		int64_t id = new_task(&f, author);
		int expected, r;

		random_list(&f, &list);
		for (unsigned k = dice(4); k > 0; k--) {
			const char *who = people[dice(ARRAY_SIZE(people) - 1)];
			bool against = dice(3) == 0;

			if (strs_has(&yes, who) || strs_has(&no, who))
				continue;
			strs_add(against ? &no : &yes, who);
			OK(approval_set(f.s, id, 0100, "zlib", who, against ? "disapprove" : "approve", "text", &err));
		}
		expected = merge_oracle(&list, author, &yes, &no, open);
		r = acl_task(f.s, id, "sisyphus", &why, &err);
		if (r != (acl_merge_rules[expected].verdict == ACL_DENIED ? ACL_DENIED : 0))
			fail_msg("%s: %d, %s", acl_merge_rules[expected].name, r, why ? why : "-");
		assert_int_equal(why != NULL, r == ACL_DENIED);
		if (why)
			unit_has(why, expected == ACL_MERGE_NOT_APPROVED ? "must approve it" : "disapproved by ");
		hits[expected]++;
	}
	OK(store_commit(f.s, &err));
	all_decided(hits, acl_merge_rules, ACL_MERGE_RULES);
}

/* The verdict on a task, and the reason that is given. */
static void
may_merge(struct farm *f, int64_t task, const char *why_not)
{
	AUTO(free) char *why = NULL;
	struct err err = {0};
	int r = acl_task(f->s, task, "sisyphus", &why, &err);

	assert_int_equal(r, why_not ? ACL_DENIED : 0);
	if (why_not)
		assert_string_equal(why, why_not);
	else
		assert_null(why);
}

static void
test_reasons(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	struct acl_counts n = {0};
	struct err err = {0};
	int64_t id = new_task(&f, "ann");

	may_merge(&f, id, NULL);
	sql(&f, "UPDATE repository SET unlisted = 'deny'");
	may_merge(&f, id, "subtask 100: ann may not change zlib in sisyphus; an administrator must approve it");
	OK(acl_import(f.s, "sisyphus", "zlib gone @two bob boss", &n, &err));
	may_merge(&f, id, "subtask 100: ann may not change zlib in sisyphus; one of cat, bob, boss must approve it");
	OK(approval_set(f.s, id, 0100, "zlib", "cat", "approve", "fine", &err));
	may_merge(&f, id, NULL);
	OK(approval_set(f.s, id, 0100, "zlib", "bob", "disapprove", "no", &err));
	may_merge(&f, id, "subtask 100 (zlib): disapproved by bob");
	/* Whoever says another thing has said that. */
	OK(approval_set(f.s, id, 0100, "zlib", "bob", "approve", "yes", &err));
	may_merge(&f, id, NULL);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM approval"), 2);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text = 'task #1 subtask 100 (zlib): disapproved by bob: no'"), 1);
	assert_int_equal(approval_revoke(f.s, id, 0100, "bob", "disapprove", &err), APPROVAL_NONE);
	OK(approval_revoke(f.s, id, 0100, "bob", "approve", &err));
	OK(subtask_remove(f.s, id, 0100, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM approval"), 0);
	id = new_task(&f, "ann");
	FAILS(approval_set(f.s, id, 0100, "zlib", "ann", "perhaps", "", &err), "CHECK");
	/* A user who was disabled needs an approval even where all may. */
	sql(&f, "UPDATE user SET disabled = 1 WHERE name = 'ann'; DELETE FROM acl WHERE item = 'zlib';"
	    "UPDATE repository SET unlisted = 'allow'");
	may_merge(&f, id, "subtask 100: ann may not change zlib in sisyphus; any other user must approve it");
}

/* A package that another source has takes that source away: it needs permission too, unless the task is about it. */
static void
test_taken(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	struct acl_counts n = {0};
	struct err err = {0};
	int64_t id = new_task(&f, "ann");

	OK(acl_import(f.s, "sisyphus", "old bob\nfree cat ann", &n, &err));
	sql(&f, "INSERT INTO package (sha256, file, name, evr, arch, source, facts) VALUES"
	    " ('a', 'lib-x-1-1.x86_64.rpm', 'lib-x', '1-1', 'x86_64', 'old', ''), ('b', 'lib-1-1.x86_64.rpm', 'lib', '1-1', 'x86_64', 'past', ''),"
	    " ('c', 'tool-1-1.noarch.rpm', 'tool', '1-1', 'noarch', 'free', '');"
	    "INSERT INTO member VALUES ('sisyphus', 'x86_64', 'a', 'old', 1, NULL), ('sisyphus', 'x86_64', 'b', 'past', 1, 2),"
	    " ('sisyphus', 'x86_64', 'c', 'free', 1, NULL), ('p10', 'x86_64', 'b', 'past', 1, NULL)");
	sql(&f, "INSERT INTO output (task, subtask, arch, kind, file, sha256) VALUES (1, 64, 'x86_64', 'rpm', 'lib-2-1.x86_64.rpm', 'd'),"
	    " (1, 64, 'x86_64', 'rpm', 'tool-2-1.noarch.rpm', 'e'), (1, 64, 'i586', 'rpm', 'lib-x-2-1.i586.rpm', 'f')");
	may_merge(&f, id, NULL);
	sql(&f, "INSERT INTO output (task, subtask, arch, kind, file, sha256) VALUES (1, 64, 'x86_64', 'rpm', 'lib-x-2-1.x86_64.rpm', 'f')");
	may_merge(&f, id, "subtask 100: ann may not change old in sisyphus, which it takes away; bob must approve it");
	OK(approval_set(f.s, id, 0100, "zlib", "bob", "approve", "fine", &err));
	may_merge(&f, id, NULL);
	OK(approval_revoke(f.s, id, 0100, "bob", "approve", &err));
	OK(subtask_save(f.s, &(struct subtask){.task = id, .id = 0200, .kind = SUBTASK_DELETE, .user = (char *)"bob",
	    .package = (char *)"old"}, &err));
	may_merge(&f, id, NULL);
}

/* Lists. */

static void
words(struct strs *out, const char *text)
{
	strs_split(out, text, " ");
}

/* What an action makes of a list; NULL: it is refused. */
static void
gives(const char *item, const char *list, enum acl_action a, const char *who, const char *expected)
{
	AUTO(strs_fini) struct strs l = {0};
	AUTO(strs_fini) struct strs w = {0};
	AUTO(free) char *got = NULL;
	struct err err = {0};

	words(&l, list);
	words(&w, who);
	if (!expected) {
		assert_int_equal(acl_apply(&l, item, a, &w, &err), -1);
		return;
	}
	OK(acl_apply(&l, item, a, &w, &err));
	got = strs_join(&l, " ");
	assert_string_equal(got, expected);
}

static void
test_apply(void **state)
{
	gives("zlib", "ann", ACL_ADD, "cat bob ann", "ann cat bob");
	gives("zlib", "ann @everybody", ACL_ADD, "bob", "ann bob @everybody");
	gives("zlib", "ann", ACL_ADD, "@everybody bob", "ann bob @everybody");
	gives("zlib", "@nobody", ACL_ADD, "bob", "bob");
	gives("zlib", "@nobody ann", ACL_ADD, "ann", "@nobody ann");
	gives("zlib", "ann", ACL_ADD, "@nobody", NULL);
	gives("zlib", "ann", ACL_ADD, "", NULL);
	gives("zlib", "", ACL_ADD, "ann", NULL);
	gives("zlib", "ann bob", ACL_DEL, "ann cat", "bob");
	gives("zlib", "ann bob", ACL_DEL, "bob ann", "@nobody");
	gives("@one", "ann bob", ACL_DEL, "ann", "bob");
	gives("@one", "ann", ACL_DEL, "ann", NULL);
	gives("zlib", "ann bob cat", ACL_LEADER, "cat", "cat ann bob");
	gives("zlib", "ann", ACL_LEADER, "cat", "cat ann");
	gives("zlib", "@nobody ann", ACL_LEADER, "cat", "cat ann");
	gives("zlib", "ann", ACL_LEADER, "@nobody", "@nobody ann");
	gives("zlib", "ann", ACL_LEADER, "@everybody", NULL);
	gives("zlib", "ann", ACL_LEADER, "bob cat", NULL);
	gives("zlib", "ann bob cat", ACL_REPLACE, "bob eve", "ann eve cat");
	gives("zlib", "ann bob cat", ACL_REPLACE, "ann cat", "cat bob");
	gives("zlib", "ann bob cat", ACL_REPLACE, "cat cat", "ann bob cat");
	gives("zlib", "ann bob", ACL_REPLACE, "eve bob", NULL);
	gives("zlib", "ann bob", ACL_REPLACE, "ann @nobody", "@nobody bob");
	gives("zlib", "ann bob", ACL_REPLACE, "bob @nobody", NULL);
	gives("zlib", "ann bob", ACL_REPLACE, "ann @everybody", "bob @everybody");
	gives("zlib", "ann bob", ACL_REPLACE, "ann", NULL);
	gives("zlib", "", ACL_CREATE, "ann @everybody bob", "ann bob @everybody");
	gives("zlib", "", ACL_CREATE, "@nobody ann", "@nobody ann");
	gives("zlib", "", ACL_CREATE, "ann @nobody", NULL);
	gives("zlib", "", ACL_CREATE, "ann ann", NULL);
	gives("zlib", "", ACL_CREATE, "", NULL);
	gives("zlib", "ann", ACL_CREATE, "bob", NULL);
	gives("zlib", "ann bob", ACL_DELETE, "", "");
	gives("zlib", "ann bob", ACL_DELETE, "ann", NULL);
	gives("zlib", "", ACL_DELETE, "", NULL);
}

/* What must hold of every list that is there. */
static void
in_order(struct farm *f)
{
	assert_int_equal(farm_count(f->s, "SELECT count(*) FROM acl WHERE member = '@nobody' AND seq > 1"), 0);
	assert_int_equal(farm_count(f->s, "SELECT count(*) FROM acl a WHERE member = '@everybody' AND EXISTS (SELECT 1 FROM acl b"
	    " WHERE b.repository = a.repository AND b.item = a.item AND b.seq > a.seq)"), 0);
	assert_int_equal(farm_count(f->s, "SELECT count(*) FROM acl WHERE item GLOB '@*' AND member GLOB '@*'"), 0);
	assert_int_equal(farm_count(f->s, "SELECT count(*) FROM acl a WHERE member GLOB '@*' AND member NOT IN ('@nobody', '@everybody')"
	    " AND NOT EXISTS (SELECT 1 FROM acl g WHERE g.repository = a.repository AND g.item = a.member)"), 0);
	assert_int_equal(farm_count(f->s, "SELECT count(*) FROM (SELECT count(*) AS n, max(seq) AS m FROM acl GROUP BY repository, item)"
	    " WHERE n <> m"), 0);
}

static void
exported(struct farm *f, const char *repository, struct str *out)
{
	struct err err = {0};

	OK(acl_export(f->s, repository, out, &err));
}

/* Whatever is done, lists are in order; what changes nothing says so and has no event; export, import is the same. */
static void
test_random_changes(void **state)
{
	static const char *const items[] = {"zlib", "foo", "0ad", "@one", "@two", "@three"};
	static const char *const names[] = {"ann", "bob", "cat", "gone", "nobody-knows", "@one", "@two", "@three", "@nobody", "@everybody"};
	AUTO(farm_fini) struct farm f = make();
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str again = {0};
	struct acl_counts n = {0};
	struct err err = {0};
	size_t done = 0;

	OK(store_begin(f.s, &err));
	for (int i = 0; i < ROUNDS; i++) {
		AUTO(strs_fini) struct strs who = {0};
		AUTO(str_fini) struct str before = {0};
		AUTO(str_fini) struct str after = {0};
		int64_t events = event_last(f.s, &err);
		int r;

		for (unsigned k = dice(4); k > 0; k--)
			strs_add(&who, names[dice(ARRAY_SIZE(names))]);
		exported(&f, "sisyphus", &before);
		r = acl_change(f.s, "sisyphus", items[dice(ARRAY_SIZE(items))], dice(ACL_ACTIONS), &who, &err);
		exported(&f, "sisyphus", &after);
		assert_int_equal(r == 0, strcmp(str_c(&before), str_c(&after)) != 0);
		assert_int_equal(event_last(f.s, &err) - events, r == 0);
		in_order(&f);
		done += r == 0;
	}
	OK(store_commit(f.s, &err));
	assert_true(done > ROUNDS / 20);
	exported(&f, "sisyphus", &text);
	OK(acl_import(f.s, "p10", str_c(&text), &n, &err));
	exported(&f, "p10", &again);
	assert_string_equal(str_c(&text), str_c(&again));
	assert_int_equal(n.lists, n.changed);
	n = (struct acl_counts){0};
	OK(acl_import(f.s, "p10", str_c(&text), &n, &err));
	assert_int_equal(n.changed, 0);
}

static void
test_import(void **state)
{
	static const struct {
		const char *text, *part;
	} bad[] = {
		{"zlib ann\nfoo eve", "line 2: foo: no user eve"}, {"zlib ann\n\n# x\nfoo @three", "line 4: foo: no group @three in sisyphus"},
		{"zlib ann\nzlib bob", "line 2: zlib is there twice"}, {"zlib", "line 1: ITEM LEADER MEMBER..."},
		{"@one ann @two", "line 1: @one: the members of a group are users, not @two"}, {"zlib ann ann", "ann is named twice"},
		{"zlib ann @nobody", "@nobody can only be the first"}, {"@nobody ann", "@nobody is no group"}, {"../x ann", "cannot be the name"},
		{"@One ann", "cannot be the name of a group"}, {"@ ann", "cannot be the name of a group"}, {"zlib a/b", "cannot be a user"},
	};
	AUTO(farm_fini) struct farm f = make();
	AUTO(str_fini) struct str before = {0};
	AUTO(str_fini) struct str after = {0};
	struct acl_counts n = {0};
	struct err err = {0};

	/* A group may come behind those who name it. */
	OK(acl_import(f.s, "sisyphus", "# lists\nfoo @new\tann # two\n\n@new bob\r\n", &n, &err));
	assert_int_equal(n.lists, 2);
	exported(&f, "sisyphus", &before);
	assert_string_equal(str_c(&before), "@new bob\n@one bob\n@two cat bob\nfoo @new ann\n");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		FAILS(acl_import(f.s, "sisyphus", bad[i].text, &n, &err), bad[i].part);
	exported(&f, "sisyphus", &after);
	assert_string_equal(str_c(&before), str_c(&after));
}

static void
test_events(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	AUTO(strs_fini) struct strs who = {0};
	AUTO(str_fini) struct str lists = {0};
	struct acl_counts n = {0};
	struct err err = {0};

	words(&who, "ann @one");
	OK(acl_change(f.s, "sisyphus", "zlib", ACL_CREATE, &who, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE kind = 'user' AND state = 'acl' AND user = 'tester'"
	    " AND text = 'acl sisyphus zlib: - -> ann @one'"), 1);
	strs_fini(&who);
	FAILS(acl_change(f.s, "sisyphus", "@one", ACL_DELETE, &who, &err), "@one is on the lists of zlib");
	words(&who, "@one");
	OK(acl_change(f.s, "sisyphus", "zlib", ACL_DEL, &who, &err));
	strs_fini(&who);
	OK(acl_change(f.s, "sisyphus", "@one", ACL_DELETE, &who, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text = 'acl sisyphus @one: bob -> -'"), 1);
	/* Who is removed leaves all lists in order. */
	words(&who, "cat");
	OK(acl_change(f.s, "sisyphus", "last", ACL_CREATE, &who, &err));
	OK(acl_change(f.s, "sisyphus", "@cats", ACL_CREATE, &who, &err));
	FAILS(user_del(f.s, "cat", &err), "acl sisyphus @cats: a group has at least one member");
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM acl WHERE member = 'cat'"), 3);
	strs_fini(&who);
	OK(acl_change(f.s, "sisyphus", "@cats", ACL_DELETE, &who, &err));
	OK(user_del(f.s, "cat", &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text = 'acl sisyphus last: cat -> @nobody' OR"
	    " text = 'acl sisyphus @two: cat bob -> bob'"), 2);
	in_order(&f);
	/* Whole, also where it is long. */
	str_puts(&lists, "foo");
	OK(store_begin(f.s, &err));
	for (int i = 0; i < 300; i++) {
		AUTO(free) char *name = xasprintf("user-%d", i);

		OK(user_add(f.s, name, false, &err));
		str_add(&lists, " %s", name);
	}
	OK(store_commit(f.s, &err));
	OK(acl_import(f.s, "sisyphus", str_c(&lists), &n, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text GLOB 'acl sisyphus foo: - -> user-0 * user-299'"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
