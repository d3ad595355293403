#include "schema/test-farm.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/doorbell.h"
#include "base/fault.h"
#include "schema/builder.h"
#include "schema/event.h"
#include "schema/merge.h"
#include "schema/needs.h"
#include "schema/setting.h"
#include "schema/task.h"
#include "schema/user.h"

static void
exec_sql(const char *root, const char *sql)
{
	AUTO(free) char *path = xasprintf("%s/farm.db", root);
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_create(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *deep = xasprintf("%s/a/farm", f.path);
	AUTO(store_close) struct store *s = NULL;
	struct err err = {0};

	FAILS(store_open(f.path, &s, &err), "no farm here");
	unit_has(err.msg, "artel init --root");
	FAILS(store_open("/nonexistent", &s, &err), "no farm here");
	OK(store_create(deep, &err));
	FAILS(store_create(deep, &err), "there is a farm already");
	assert_int_equal(err.code, EEXIST);
	OK(store_open(deep, &s, &err));
	assert_int_equal(farm_count(s, "PRAGMA user_version"), STORE_VERSION);
	assert_int_equal(farm_count(s, "PRAGMA foreign_keys"), 1);
	assert_int_equal(farm_count(s, "PRAGMA synchronous"), 2);
	assert_int_equal(farm_count(s, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
	assert_true(file_exists(s->dir, "artefact"));
	assert_true(file_exists(s->dir, "run/log"));
}

/* Every statement is good SQL for this schema. */
static void
test_statements(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	struct err err = {0};

	for (int i = 0; i < STMT_COUNT; i++) {
		sqlite3_stmt *q = store_query(f.s, i, &err, "");

		if (!q)
			fail_msg("%s", err.msg);
		store_done(q);
	}
}

/* A database without a schema is what an interrupted creation leaves: opening finishes it. */
static void
test_migrate(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(store_close) struct store *s = NULL;
	struct err err = {0};

	exec_sql(f.path, "PRAGMA user_version = 0; VACUUM;");
	OK(store_open(f.path, &s, &err));
	assert_int_equal(farm_count(s, "PRAGMA user_version"), STORE_VERSION);
	assert_int_equal(farm_count(s, "SELECT count(*) FROM task"), 0);
}

/* A database of version 1 keeps what it has, and takes what version 2 knows. */
static void
test_from_version_1(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *schema = unit_data("../../schema/version-1.sql");
	AUTO(store_close) struct store *s = NULL;
	AUTO(free) char *sha = NULL;
	struct err err = {0};

	folder_put(&f, "farm.db", "");
	exec_sql(f.path, schema);
	exec_sql(f.path, "PRAGMA user_version = 1;"
	    "INSERT INTO repository (name, serial, created) VALUES ('old', 7, 0);"
	    "INSERT INTO state_file VALUES ('old', 7, 'x86_64', 'primary', 'abc');");
	OK(store_open(f.path, &s, &err));
	assert_int_equal(farm_count(s, "PRAGMA user_version"), STORE_VERSION);
	OK(state_file_get(s, "old", 7, "x86_64", "primary", &sha, &err));
	assert_string_equal(sha, "abc");
	OK(state_file_put(s, "old", 8, "x86_64", "runs", "def", &err));
	assert_int_equal(farm_count(s, "SELECT count(*) FROM repository WHERE compression = 'gz' AND sign_key = '' "
	    "AND keep_states = 16 AND serial = 7"), 1);
}

static void
refused_unchanged(const char *journal)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *sql = xasprintf("PRAGMA journal_mode = %s; PRAGMA user_version = %d;", journal, STORE_VERSION + 1);
	AUTO(str_fini) struct str before = {0};
	AUTO(str_fini) struct str after = {0};
	struct store *s = NULL;
	struct err err = {0};

	OK(store_create(f.path, &err));
	exec_sql(f.path, sql);
	OK(file_read(f.fd, "farm.db", 1 << 24, &before, &err));
	FAILS(store_open(f.path, &s, &err), "is newer than this program knows");
	assert_null(s);
	OK(file_read(f.fd, "farm.db", 1 << 24, &after, &err));
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, before.n);
}

/* Who comes from outside migrates nothing. */
static void
test_as_is(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *schema = unit_data("../../schema/version-1.sql");
	AUTO(store_close) struct store *s = NULL;
	struct err err = {0};

	folder_put(&f, "farm.db", "");
	exec_sql(f.path, schema);
	exec_sql(f.path, "PRAGMA user_version = 1;");
	FAILS(store_open_as_is(f.path, &s, &err), "its version 1 is older than this program's");
	assert_null(s);
	OK(store_open(f.path, &s, &err));
	store_close(STEAL(s));
	OK(store_open_as_is(f.path, &s, &err));
}

static void
test_newer(void **state)
{
	refused_unchanged("WAL");
	refused_unchanged("DELETE");
}

static void
test_not_a_database(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct store *s = NULL;
	struct err err = {0};

	folder_put(&f, "farm.db", "this is a text and no database, and long enough to be looked at by SQLite: "
	    "its header has a hundred bytes.");
	FAILS(store_open(f.path, &s, &err), "not a database");
	assert_null(s);
}

static void
test_nested(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	struct err err = {0};

	OK(store_begin(f.s, &err));
	OK(user_add(f.s, "joe", false, &err));
	OK(store_begin(f.s, &err));
	OK(user_add(f.s, "ann", true, &err));
	OK(store_commit(f.s, &err));
	assert_int_equal(f.s->depth, 1);
	assert_int_equal(sqlite3_get_autocommit(f.s->db), 0);
	assert_int_equal(store_rollback(f.s), -1);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM user"), 0);
	OK(store_begin(f.s, &err));
	OK(store_begin(f.s, &err));
	OK(user_add(f.s, "joe", false, &err));
	OK(store_commit(f.s, &err));
	OK(store_commit(f.s, &err));
	assert_int_equal(f.s->depth, 0);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM user"), 1);
	assert_int_equal(store_rollback(f.s), -1);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM user"), 1);
	/* What fails inside undoes itself only. */
	OK(store_begin(f.s, &err));
	OK(user_add(f.s, "ann", true, &err));
	FAILS(user_add(f.s, "joe", true, &err), "UNIQUE");
	assert_int_equal(f.s->depth, 1);
	OK(store_begin(f.s, &err));
	OK(store_begin(f.s, &err));
	OK(user_add(f.s, "eve", true, &err));
	OK(store_commit(f.s, &err));
	assert_int_equal(store_rollback(f.s), -1);
	assert_int_equal(f.s->depth, 1);
	OK(store_commit(f.s, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM user WHERE name IN ('joe', 'ann')"), 2);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM user"), 2);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE kind = 'user'"), 2);
	FAILS(store_commit(f.s, &err), "database");
}

static void
note_state(void *arg, const struct event *e)
{
	str_add(arg, "%s ", e->state);
}

/* What the store's owner is told of what it appends itself, and how far a reader came. */
static void
test_observed(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(str_fini) struct str seen = {0};
	struct err err = {0};
	int64_t at;

	f.s->on_event = note_state;
	f.s->on_event_arg = &seen;
	OK(event_add(f.s, "task", 7, 0, "one", &err, "text"));
	OK(event_add(f.s, "farm", 0, 0, "two", &err, "text"));
	assert_string_equal(str_c(&seen), "one two ");
	OK(reader_get(f.s, "hooks", &at, &err));
	assert_int_equal(at, -1);
	OK(reader_set(f.s, "hooks", 5, &err));
	OK(reader_set(f.s, "hooks", 6, &err));
	OK(reader_get(f.s, "hooks", &at, &err));
	assert_int_equal(at, 6);
}

/* Builders, what is set for the farm, what packages need. */
static void
test_farm_tables(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(builder_list_fini) struct builder_list l = {0};
	AUTO(builder_fini) struct builder one = {0};
	AUTO(needs_fini) struct needs n = {0};
	const struct builder b = {.name = (char *)"b", .arches = (char *)"x86_64", .features = (char *)"kvm", .slots = 3,
	    .memory = 1 << 20, .online = true};
	struct user u = {.weight = 3, .max_running = 9};
	struct err err = {0};
	int64_t value;

	OK(builder_seen(f.s, &b, &err));
	OK(builder_set_mode(f.s, "b", BUILDER_DRAINING, "a new disk", &err));
	OK(builder_seen(f.s, &b, &err));
	OK(builder_find(f.s, &l, &err));
	assert_int_equal(l.n, 1);
	assert_int_equal(l.p[0].mode, BUILDER_DRAINING);
	assert_string_equal(l.p[0].why, "a new disk");
	assert_string_equal(l.p[0].features, "kvm");
	assert_int_equal(l.p[0].memory, 1 << 20);
	FAILS(builder_remove(f.s, "b", &err), "is connected");
	OK(builder_set_mode(f.s, "b", BUILDER_DISABLED, "", &err));
	OK(builder_remove(f.s, "b", &err));
	/* It was connected still: that it goes does not bring it back. */
	OK(builder_seen(f.s, &(struct builder){.name = (char *)"b", .arches = (char *)"", .features = (char *)""}, &err));
	assert_int_equal(builder_get(f.s, "b", &one, &err), BUILDER_ABSENT);

	OK(setting_get(f.s, SETTING_OWNER_LIMIT, &value, &err));
	assert_int_equal(value, 0);
	OK(setting_set(f.s, SETTING_OWNER_LIMIT, 40, &err));
	OK(setting_get(f.s, SETTING_OWNER_LIMIT, &value, &err));
	assert_int_equal(value, 40);
	assert_int_equal(setting_find("limit.background"), SETTING_LIMIT_BACKGROUND);
	assert_int_equal(setting_find("limit"), SETTINGS);

	assert_int_equal(needs_get(f.s, "sisyphus", "kernel", &n, &err), NEEDS_NONE);
	OK(needs_set(f.s, "sisyphus", &(struct needs){(char *)"kernel", (char *)"bigmem", (char *)"time=12h"}, &err));
	OK(needs_get(f.s, "sisyphus", "kernel", &n, &err));
	assert_string_equal(n.features, "bigmem");
	assert_string_equal(n.limits, "time=12h");
	OK(needs_set(f.s, "sisyphus", &(struct needs){(char *)"kernel", (char *)"", (char *)""}, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM needs"), 0);

	OK(user_add(f.s, "joe", false, &err));
	OK(user_share(f.s, "joe", &u, &err));
	u = (struct user){0};
	OK(user_get(f.s, "joe", &u, &err));
	assert_int_equal(u.weight, 3);
	assert_int_equal(u.max_running, 9);
}

static int
collect(void *arg, const struct event *e)
{
	str_add(arg, "%s/%s/%s/%s ", e->kind, e->user, e->state, e->text);
	return 0;
}

static int
stop_at_first(void *arg, const struct event *e)
{
	*(int64_t *)arg = e->id;
	return 7;
}

static void
test_events(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(str_fini) struct str all = {0};
	AUTO(str_fini) struct str of_task = {0};
	struct err err = {0};
	int64_t before = event_last(f.s, &err), task, first = 0;

	assert_true(before > 0);
	OK(user_add(f.s, "joe", false, &err));
	OK(task_create(f.s, "sisyphus", "joe", &task, &err));
	OK(event_each(f.s, before, 0, collect, &all, &err));
	assert_string_equal(str_c(&all), "user/tester//user joe added task/tester/NEW/new task #1: owner=joe repo=sisyphus ");
	OK(event_each(f.s, 0, task, collect, &of_task, &err));
	assert_string_equal(str_c(&of_task), "task/tester/NEW/new task #1: owner=joe repo=sisyphus ");
	assert_int_equal(event_each(f.s, before, 0, stop_at_first, &first, &err), 7);
	assert_int_equal(first, before + 1);
	assert_int_equal(event_last(f.s, &err), before + 2);
	FAILS(event_add(f.s, "weather", 0, 0, "", &err, "rain"), "CHECK");
}

static void
test_append_only(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	char *why = NULL;

	assert_int_not_equal(sqlite3_exec(f.s->db, "UPDATE event SET text = 'no'", NULL, NULL, &why), SQLITE_OK);
	unit_has(why, "append-only");
	sqlite3_free(why);
	assert_int_not_equal(sqlite3_exec(f.s->db, "DELETE FROM event", NULL, NULL, &why), SQLITE_OK);
	unit_has(why, "append-only");
	sqlite3_free(why);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text = 'repository sisyphus created'"), 1);
}

/* A commit with events rings; one without, or a rollback, does not. */
static void
test_doorbell(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	struct err err = {0};
	AUTO(close) int bell = doorbell_open(f.folder.path, &err);
	char c;

	assert_true(bell >= 0);
	OK(store_begin(f.s, &err));
	OK(user_add(f.s, "joe", false, &err));
	assert_int_equal(read(bell, &c, 1), -1);
	store_rollback(f.s);
	assert_int_equal(read(bell, &c, 1), -1);
	OK(user_add(f.s, "joe", false, &err));
	assert_int_equal(read(bell, &c, 1), 0);
	OK(builder_all_offline(f.s, &err));
	assert_int_equal(read(bell, &c, 1), -1);
}

static void
test_repositories(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(repository_fini) struct repository r = {0};
	AUTO(repository_fini) struct repository again = {0};
	AUTO(strs_fini) struct strs names = {0};
	struct err err = {0};

	assert_int_equal(repository_get(f.s, "p10", &r, &err), REPOSITORY_ABSENT);
	unit_has(err.msg, "no repository p10; there is sisyphus");
	OK(repository_get(f.s, "sisyphus", &r, &err));
	assert_int_equal(r.arches.n, 1);
	free(r.base_group);
	r.base_group = xstrdup("basesystem rpm-build");
	r.accept_unsigned = true;
	OK(repository_save(f.s, &r, "unlisted is deny", &err));
	OK(repository_set_serial(f.s, "sisyphus", 7, &err));
	OK(repository_get(f.s, "sisyphus", &again, &err));
	assert_string_equal(again.base_group, "basesystem rpm-build");
	assert_int_equal(again.serial, 7);
	assert_true(again.accept_unsigned);
	OK(repository_names(f.s, &names, &err));
	assert_int_equal(names.n, 1);
}

static void
put_member(struct store *s, const char *name, const char *source, int64_t since)
{
	AUTO(free) char *sha = xasprintf("%064d", (int)since * 1000 + name[0]);
	struct member m = {sha, (char *)"f.rpm", (char *)name, (char *)"1-1", (char *)"noarch", (char *)source, (char *)""};
	struct err err = {0};

	OK(package_put(s, &m, &err));
	OK(package_put(s, &m, &err));
	OK(member_add(s, "sisyphus", "x86_64", sha, source, since, &err));
}

static void
test_members(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(member_list_fini) struct member_list all = {0};
	AUTO(member_list_fini) struct member_list of_source = {0};
	AUTO(member_list_fini) struct member_list left = {0};
	struct err err = {0};

	put_member(f.s, "b", "lib", 1);
	put_member(f.s, "a", "lib", 1);
	put_member(f.s, "c", "other", 1);
	OK(member_find(f.s, "sisyphus", "x86_64", NULL, &all, &err));
	assert_int_equal(all.n, 3);
	assert_string_equal(all.p[0].name, "a");
	OK(member_find(f.s, "sisyphus", "x86_64", "lib", &of_source, &err));
	assert_int_equal(of_source.n, 2);
	OK(member_close(f.s, "sisyphus", "x86_64", "lib", 2, &err));
	put_member(f.s, "b", "lib", 2);
	OK(member_find(f.s, "sisyphus", "x86_64", NULL, &left, &err));
	assert_int_equal(left.n, 2);
	assert_string_equal(left.p[1].name, "c");
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM member WHERE since <= 1 AND (until IS NULL OR until > 1)"), 3);
}

static void
test_sources(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(source_fini) struct source got = {0};
	struct source src = {(char *)"zlib", (char *)"1-1", (char *)"", (char *)"", 0};
	AUTO(free) char *sha = NULL;
	struct err err = {0};

	assert_int_equal(source_get(f.s, "sisyphus", "zlib", &got, &err), SOURCE_ABSENT);
	OK(source_add(f.s, "sisyphus", &src, 1, &err));
	OK(source_close(f.s, "sisyphus", "zlib", 2, &err));
	src.evr = (char *)"2-1";
	src.task = 12;
	OK(source_add(f.s, "sisyphus", &src, 2, &err));
	OK(source_get(f.s, "sisyphus", "zlib", &got, &err));
	assert_string_equal(got.evr, "2-1");
	assert_int_equal(got.task, 12);
	assert_int_equal(state_file_get(f.s, "sisyphus", 1, "x86_64", "index", &sha, &err), STATE_FILE_ABSENT);
	OK(state_file_put(f.s, "sisyphus", 1, "x86_64", "index", "abc", &err));
	OK(state_file_get(f.s, "sisyphus", 1, "x86_64", "index", &sha, &err));
	assert_string_equal(sha, "abc");
}

static void
test_merges(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(merge_list_fini) struct merge_list open = {0};
	AUTO(merge_list_fini) struct merge_list newest = {0};
	AUTO(free) int64_t *tasks = NULL;
	struct err err = {0};
	char name[] = "sisyphus", one[] = "1", kind[] = "merge";
	int64_t first, second;
	size_t n;

	OK(merge_add(f.s, &(struct merge){.repository = name, .base = 0, .serial = 1, .checker = one, .started = 5, .kind = kind},
	    &first, &err));
	OK(merge_add(f.s, &(struct merge){.repository = name, .base = 1, .serial = 2, .checker = one, .started = 6, .kind = kind},
	    &second, &err));
	OK(merge_task_add(f.s, second, 1, 30, &err));
	OK(merge_task_add(f.s, second, 0, 40, &err));
	OK(merge_set(f.s, first, "DONE", &err));
	OK(merge_set(f.s, second, "CURRENT", &err));
	OK(merge_unfinished(f.s, "sisyphus", &open, &err));
	assert_int_equal(open.n, 1);
	assert_string_equal(open.p[0].state, "CURRENT");
	assert_int_equal(open.p[0].finished, 0);
	OK(merge_find(f.s, NULL, 10, &newest, &err));
	assert_int_equal(newest.n, 2);
	assert_int_equal(newest.p[0].id, second);
	assert_true(newest.p[1].finished > 0);
	OK(merge_tasks(f.s, second, &tasks, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(tasks[0], 40);
}

static void
test_users(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(user_keys_fini) struct user_keys keys = {0};
	struct err err = {0};
	struct user u = {0};

	assert_int_equal(user_get(f.s, "joe", &u, &err), USER_ABSENT);
	unit_has(err.msg, "no user joe");
	OK(user_add(f.s, "joe", true, &err));
	OK(user_get(f.s, "joe", &u, &err));
	assert_true(u.admin && !u.disabled);
	FAILS(user_add(f.s, "joe", false, &err), "UNIQUE");
	OK(user_key_add(f.s, "joe", "ssh", "SHA256:x", "ssh-ed25519 AAAA", &err));
	FAILS(user_key_add(f.s, "ann", "ssh", "SHA256:x", "ssh-ed25519 AAAA", &err), "signs for joe already");
	FAILS(user_key_add(f.s, "nobody", "ssh", "SHA256:y", "ssh-ed25519 AAAA", &err), "FOREIGN KEY");
	OK(user_keys(f.s, &keys, &err));
	assert_int_equal(keys.n, 1);
	assert_string_equal(keys.p[0].text, "ssh-ed25519 AAAA");
	assert_int_equal(sqlite3_exec(f.s->db, "UPDATE user SET disabled = 1", NULL, NULL, NULL), SQLITE_OK);
	user_keys_fini(&keys);
	OK(user_keys(f.s, &keys, &err));
	assert_int_equal(keys.n, 0);
}

#if FAULTS
/* Make a farm and change it in every kind of transaction; -1 at the first error. */
static int
whole_life(const char *root, struct err *err)
{
	AUTO(repository_fini) struct repository r = {.name = xstrdup("sisyphus"), .base_group = xstrdup("")};
	AUTO(store_close) struct store *s = NULL;
	AUTO(task_fini) struct task t = {0};
	int64_t id;

	strs_add(&r.arches, "x86_64");
	if (store_create(root, err) < 0 || store_open(root, &s, err) < 0 || repository_add(s, &r, err) < 0 ||
	    user_add(s, "joe", false, err) < 0 || task_create(s, "sisyphus", "joe", &id, err) < 0 ||
	    task_get(s, id, &t, err) < 0 || task_move(s, &t, TASK_AWAITING, NULL, err) < 0)
		return -1;
	return task_remove(s, id, err);
}

/* Each transaction happened wholly or not at all: the journal tells which. */
static void
check_whole(const struct folder *f)
{
	AUTO(store_close) struct store *s = NULL;
	struct err err = {0};

	if (!file_exists(f->fd, "farm.db"))
		return;
	OK(store_open(f->path, &s, &err));
	assert_int_equal(farm_count(s, "SELECT count(*) FROM event WHERE kind = 'repo'"),
	    farm_count(s, "SELECT count(*) FROM repository_arch"));
	assert_int_equal(farm_count(s, "SELECT count(*) FROM event WHERE kind = 'user'"),
	    farm_count(s, "SELECT count(*) FROM user"));
	assert_int_equal(farm_count(s, "SELECT total(state = 'NEW') - total(state = 'REMOVED') FROM event"
	    " WHERE kind = 'task'"), farm_count(s, "SELECT count(*) FROM task"));
	assert_int_equal(farm_count(s, "SELECT count(*) FROM task WHERE state <> (SELECT state FROM event"
	    " WHERE kind = 'task' ORDER BY id DESC LIMIT 1)"), 0);
}

static void
test_faults(void **state)
{
	long n = 0;
	int fds = unit_open_fds();

	for (;;) {
		AUTO(folder_fini) struct folder f = folder_make();
		struct err err = {0};
		int r;

		fault_arm("sql", ++n);
		r = whole_life(f.path, &err);
		if (!fault_fired()) {
			OK(r);
			break;
		}
		assert_int_equal(r, -1);
		unit_has(err.msg, "injected fault");
		check_whole(&f);
	}
	fault_arm("", 0);
	assert_true(n > 15);
	assert_int_equal(unit_open_fds(), fds);
}

/* Killed after any commit: what was committed is there. */
static void
test_killed(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(store_close) struct store *s = NULL;
	struct err err = {0};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		OK(store_create(f.path, &err));
		OK(store_open(f.path, &s, &err));
		OK(user_add(s, "joe", false, &err));
		if (store_begin(s, &err) < 0 || user_add(s, "ann", false, &err) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	OK(store_open(f.path, &s, &err));
	assert_int_equal(farm_count(s, "SELECT count(*) FROM user"), 1);
	check_whole(&f);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_migrate),
		cmocka_unit_test(test_from_version_1),
		cmocka_unit_test(test_as_is),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_not_a_database),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_observed),
		cmocka_unit_test(test_farm_tables),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_append_only),
		cmocka_unit_test(test_doorbell),
		cmocka_unit_test(test_repositories),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_merges),
		cmocka_unit_test(test_users),
#if FAULTS
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_killed),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
