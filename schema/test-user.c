#include "schema/test-farm.h"

#include <errno.h>

#include "base/text.h"
#include "schema/event.h"
#include "schema/login.h"
#include "schema/quota.h"
#include "schema/task.h"
#include "schema/user.h"

static const int64_t hour = 3600000;

static struct farm
with_people(void)
{
	struct farm f = farm_make();
	struct err err = {0};

	OK(user_add(f.s, "joe", false, &err));
	OK(user_add(f.s, "ann", false, &err));
	OK(user_add(f.s, "boss", true, &err));
	return f;
}

static void
sql(struct store *s, const char *text)
{
	char *said = NULL;

	if (sqlite3_exec(s->db, text, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s: %s", text, said);
}

static void
test_names(void **state)
{
	static const char *const bad[] = {"ALL", "scheduler", "merger", "hooks", "builder", "artel", "root", "local", "", "-x", "a b",
	    "@everybody", "../x", "a/b", "a\nb"};
	struct err err = {0};

	OK(user_name_check("joe", &err));
	OK(user_name_check("all", &err));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		FAILS(user_name_check(bad[i], &err), "`");
}

static void
test_disable(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	AUTO(str_fini) struct str why = {0};
	AUTO(user_keys_fini) struct user_keys keys = {0};
	struct err err = {0};
	struct user u;

	OK(user_key_add(f.s, "joe", "ssh", "SHA256:x", "text", &err));
	OK(user_disable(f.s, "joe", "by boss: left", &err));
	OK(user_get(f.s, "joe", &u, &err));
	assert_true(u.disabled);
	OK(user_why(f.s, "joe", &why, &err));
	assert_string_equal(str_c(&why), "by boss: left");
	OK(user_keys(f.s, &keys, &err));
	assert_int_equal(keys.n, 0);
	OK(user_enable(f.s, "joe", &err));
	OK(user_enable(f.s, "joe", &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE state = 'enabled'"), 1);
	OK(user_keys(f.s, &keys, &err));
	assert_int_equal(keys.n, 1);
	FAILS(user_disable(f.s, "nobody", "by boss", &err), "no user nobody");
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE state = 'disabled'"), 1);
}

static void
test_last_admin(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	struct err err = {0};

	assert_int_equal(user_last_admin(f.s, "boss", &err), 1);
	OK(user_admin_set(f.s, "ann", true, &err));
	assert_int_equal(user_last_admin(f.s, "boss", &err), 0);
	OK(user_disable(f.s, "ann", "by boss", &err));
	assert_int_equal(user_last_admin(f.s, "boss", &err), 1);
	OK(user_admin_set(f.s, "ann", true, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE state = 'admin'"), 1);
}

/* Who left a trace stays; who did not is gone from everywhere. */
static void
test_del(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	struct err err = {0};
	int64_t id;

	OK(user_key_add(f.s, "joe", "ssh", "SHA256:x", "text", &err));
	OK(login_add(f.s, "joe", "SHA256:y", "ssh-ed25519 AAAA joe", &err));
	OK(quota_set(f.s, "joe", QUOTA_TASKS, 3, &err));
	sql(f.s, "INSERT INTO acl VALUES ('sisyphus', 'zlib', 'joe', 1), ('sisyphus', '@core', 'joe', 1), ('sisyphus', 'zlib', 'ann', 2), ('sisyphus', '@core', 'ann', 2)");
	OK(task_create(f.s, "sisyphus", "ann", &id, &err));
	FAILS(user_del(f.s, "ann", &err), "ann has tasks here: `user disable ann` keeps the name taken");
	sql(f.s, "INSERT INTO approval VALUES (1, 64, 'joe', 'approve', '', 1)");
	FAILS(user_del(f.s, "joe", &err), "joe has approvals here");
	sql(f.s, "DELETE FROM approval; INSERT INTO subtask (task, id, kind, user) VALUES (1, 64, 'delete', 'joe')");
	FAILS(user_del(f.s, "joe", &err), "joe has subtasks in tasks here");
	sql(f.s, "DELETE FROM subtask");
	OK(user_del(f.s, "joe", &err));
	assert_int_equal(farm_count(f.s, "SELECT (SELECT count(*) FROM user WHERE name = 'joe') + (SELECT count(*) FROM signing_key)"
	    " + (SELECT count(*) FROM login_key) + (SELECT count(*) FROM quota) + (SELECT count(*) FROM acl WHERE member = 'joe')"), 0);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM acl"), 2);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text = 'user joe removed' AND user = 'tester'"), 1);
	FAILS(user_del(f.s, "joe", &err), "no user joe");
}

static void
test_keys(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	AUTO(login_fini) struct login l = {0};
	struct err err = {0};

	OK(user_key_add(f.s, "joe", "ssh", "SHA256:x", "text", &err));
	OK(user_key_add(f.s, "joe", "ssh", "SHA256:x", "text", &err));
	FAILS(user_key_add(f.s, "ann", "ssh", "SHA256:x", "text", &err), "signs for joe already");
	OK(login_add(f.s, "joe", "SHA256:x", "ssh-ed25519 AAAA joe's", &err));
	FAILS(login_add(f.s, "ann", "SHA256:x", "ssh-ed25519 AAAA", &err), "lets joe in already");
	assert_int_equal(user_key_has(f.s, "joe", true, "SHA256:x", &err), 1);
	assert_int_equal(user_key_has(f.s, "ann", true, "SHA256:x", &err), 0);
	assert_int_equal(login_count(f.s, "joe", &err), 1);
	assert_int_equal(login_remove(f.s, "ann", "SHA256:x", &err), LOGIN_NONE);
	assert_int_equal(user_key_remove(f.s, "ann", "SHA256:x", &err), USER_ABSENT);
	OK(login_remove(f.s, "joe", "SHA256:x", &err));
	assert_int_equal(login_get(f.s, "SHA256:x", &l, &err), LOGIN_NONE);
	assert_int_equal(user_key_has(f.s, "joe", false, "SHA256:x", &err), 1);
	OK(user_key_remove(f.s, "joe", "SHA256:x", &err));
	assert_int_equal(user_key_has(f.s, "joe", false, "SHA256:x", &err), 0);
	OK(user_key_add(f.s, "ann", "ssh", "SHA256:x", "text", &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text LIKE '%removed'"), 2);
}

static void
test_quota_lines(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	struct err err = {0};
	int64_t n;

	for (enum quota q = 0; q < QUOTAS; q++) {
		assert_int_equal(quota_find(quota_name(q)), q);
		OK(quota_get(f.s, "joe", q, &n, &err));
		assert_true(n > 0);
	}
	assert_int_equal(quota_find("task"), QUOTAS);
	assert_int_equal(quota_line(f.s, "joe", QUOTA_TASKS, &n, &err), QUOTA_UNSET);
	assert_int_equal(n, 2000);
	OK(quota_set(f.s, "", QUOTA_TASKS, 7, &err));
	OK(quota_get(f.s, "joe", QUOTA_TASKS, &n, &err));
	assert_int_equal(n, 7);
	OK(quota_set(f.s, "joe", QUOTA_TASKS, 0, &err));
	OK(quota_get(f.s, "joe", QUOTA_TASKS, &n, &err));
	assert_int_equal(n, 0);
	OK(quota_get(f.s, "ann", QUOTA_TASKS, &n, &err));
	assert_int_equal(n, 7);
	OK(quota_unset(f.s, "joe", QUOTA_TASKS, &err));
	OK(quota_unset(f.s, "joe", QUOTA_TASKS, &err));
	OK(quota_get(f.s, "joe", QUOTA_TASKS, &n, &err));
	assert_int_equal(n, 7);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE state = 'quota'"), 3);
	FAILS(quota_set(f.s, "nobody", QUOTA_TASKS, 1, &err), "no user nobody");
	OK(quota_get(f.s, "boss", QUOTA_TASKS, &n, &err));
	assert_int_equal(n, 0);
	OK(quota_get(f.s, "boss", QUOTA_SESSIONS, &n, &err));
	assert_int_equal(n, 32);
}

static void
test_tasks(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	struct err err = {0};
	int64_t id, n;

	OK(quota_set(f.s, "joe", QUOTA_TASKS, 3, &err));
	for (int i = 0; i < 3; i++) {
		OK(quota_check_task(f.s, "joe", &err));
		OK(task_create(f.s, "sisyphus", "joe", &id, &err));
	}
	FAILS(quota_check_task(f.s, "joe", &err), "joe has 3 unfinished tasks, and the limit is 3: `task rm` or `task abort` some");
	assert_int_equal(err.code, EDQUOT);
	OK(quota_check_task(f.s, "ann", &err));
	OK(quota_check_task(f.s, "boss", &err));
	sql(f.s, "UPDATE task SET state = 'DONE' WHERE id = 1; UPDATE task SET state = 'CANCELLED' WHERE id = 2;"
	    " UPDATE task SET state = 'FAILED' WHERE id = 3");
	OK(quota_used(f.s, "joe", QUOTA_TASKS, &n, &err));
	assert_int_equal(n, 1);
	OK(quota_check_task(f.s, "joe", &err));
}

/* What was run of the program of a statement since it was asked last. */
static int
steps(struct store *s, enum statement id)
{
	return sqlite3_stmt_status(s->stmt[id], SQLITE_STMTSTATUS_VM_STEP, 1);
}

static void
test_jobs(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	struct err err = {0};
	int64_t n;
	int before;

	/* Task 1 has three jobs of which one has ended, task 2 none yet, task 3 is what is to be run. */
	sql(f.s, "INSERT INTO task (id, repository, owner, state, created, changed) VALUES (1, 'sisyphus', 'joe', 'BUILDING', 1, 1),"
	    " (2, 'sisyphus', 'joe', 'AWAITING', 1, 1), (3, 'sisyphus', 'joe', 'NEW', 1, 1), (4, 'sisyphus', 'ann', 'BUILDING', 1, 1);"
	    " INSERT INTO job (task, subtask, arch, kind, state) VALUES (1, 64, '', 'srpm', 'done'), (1, 64, 'x86_64', 'build', 'running'),"
	    " (1, 128, 'x86_64', 'build', 'queued'), (1, 0, 'x86_64', 'test', 'waiting');"
	    " INSERT INTO subtask (task, id, kind, user) VALUES (1, 64, 'repo', 'joe'), (2, 64, 'repo', 'joe'), (2, 128, 'repo', 'joe'),"
	    " (3, 64, 'repo', 'joe')");
	OK(quota_used(f.s, "joe", QUOTA_JOBS, &n, &err));
	assert_int_equal(n, 3 + 2 * 3);
	before = steps(f.s, STMT_QUOTA_JOBS);
	OK(quota_set(f.s, "joe", QUOTA_JOBS, 12, &err));
	OK(quota_check_jobs(f.s, "joe", 3, &err));
	OK(quota_set(f.s, "joe", QUOTA_JOBS, 11, &err));
	FAILS(quota_check_jobs(f.s, "joe", 3, &err), "joe has 9 jobs that have not ended, this may need 3 more (an estimate), and the limit is 11");
	/* They are joe's whoever runs it; an administrator is not asked. */
	FAILS(quota_check_jobs(f.s, "ann", 3, &err), "joe has 9 jobs");
	OK(quota_check_jobs(f.s, "boss", 3, &err));
	/* What others have queued costs nothing. */
	sql(f.s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
	    " INSERT INTO job (task, subtask, arch, kind, state) SELECT 4, i, 'x86_64', 'build', 'queued' FROM n;"
	    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO task (repository, owner, state,"
	    " created, changed) SELECT 'sisyphus', 'joe', 'DONE', 1, 1 FROM n");
	steps(f.s, STMT_QUOTA_JOBS);
	OK(quota_used(f.s, "joe", QUOTA_JOBS, &n, &err));
	assert_int_equal(n, 9);
	assert_in_range(steps(f.s, STMT_QUOTA_JOBS), 1, before + 50);
	OK(quota_used(f.s, "joe", QUOTA_TASKS, &n, &err));
	assert_int_equal(n, 3);
	assert_in_range(steps(f.s, STMT_QUOTA_TASKS), 1, 100);
}

static uint32_t
random_below(uint64_t *seed, uint32_t n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % n;
}

/* In no hour more than the rate and as many at once; and whoever waits as long as is said gets on. */
static void
test_rate_property(void **state)
{
	uint64_t seed = 1;

	for (int round = 0; round < 200; round++) {
		int64_t rate = 1 + random_below(&seed, round % 2 ? 20 : 2000), now = 1795291788830, spent = 0;
		int64_t at[4000];
		size_t n = 0;

		for (int i = 0; i < 4000; i++) {
			int64_t wait = quota_take_run(rate, now, &spent);

			if (wait == 0)
				at[n++] = now;
			assert_true(wait >= 0 && wait <= hour / rate + 1);
			if (wait && random_below(&seed, 2))
				now += wait;
			else
				now += random_below(&seed, 4) ? 0 : random_below(&seed, (uint32_t)(2 * hour / rate));
		}
		for (size_t i = 0; i + 2 * (size_t)rate < n; i++)
			assert_true(at[i + 2 * (size_t)rate] - at[i] > hour);
		assert_true(n > 0);
	}
}

/* A clock that was wrong, whichever way, stops nobody; and lets nobody through at will. */
static void
test_rate_clock(void **state)
{
	int64_t now = 1795291788830, spent = now + 1000 * hour, wait;
	int n = 0;

	assert_int_equal(quota_take_run(10, now, &spent), 0);
	wait = quota_take_run(10, now, &spent);
	assert_in_range(wait, 1, hour / 10 + 1);
	assert_int_equal(quota_take_run(10, now + wait, &spent), 0);
	/* Set back by a day in the midst of it. */
	now -= 24 * hour;
	while (n < 100 && quota_take_run(10, now, &spent) == 0)
		n++;
	assert_in_range(n, 1, 2);
	/* And forward: what was spent is long over. */
	now += 48 * hour;
	for (n = 0; n < 100 && quota_take_run(10, now, &spent) == 0; n++)
		;
	assert_int_equal(n, 10);
	spent = INT64_MIN / 2;
	assert_int_equal(quota_take_run(1, now, &spent), 0);
}

static void
test_rate(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	struct err err = {0};
	int64_t n;

	OK(quota_set(f.s, "joe", QUOTA_RATE, 3, &err));
	for (int i = 0; i < 3; i++)
		OK(quota_spend_run(f.s, "joe", &err));
	FAILS(quota_spend_run(f.s, "joe", &err), "the limit is 3 an hour: the next may be run in ");
	assert_int_equal(err.code, EDQUOT);
	OK(quota_used(f.s, "joe", QUOTA_RATE, &n, &err));
	assert_int_equal(n, 3);
	OK(quota_spend_run(f.s, "ann", &err));
	OK(quota_used(f.s, "ann", QUOTA_RATE, &n, &err));
	assert_int_equal(n, 1);
	OK(quota_set(f.s, "joe", QUOTA_RATE, 0, &err));
	OK(quota_spend_run(f.s, "joe", &err));
	for (int i = 0; i < 5; i++)
		OK(quota_spend_run(f.s, "boss", &err));
}

/* The journal by who did it, and that nothing of it changes. */
static void
test_journal(void **state)
{
	AUTO(farm_fini) struct farm f = with_people();
	AUTO(event_list_fini) struct event_list l = {0};
	struct err err = {0};
	int64_t since = event_last(f.s, &err);

	for (int i = 0; i < 30; i++) {
		f.s->user = i % 3 == 0 ? "joe" : "scheduler";
		OK(event_add(f.s, "task", i, 0, "x", &err, "number %d", i));
	}
	OK(event_read_user(f.s, since, "joe", 4, &l, &err));
	assert_int_equal(l.n, 4);
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(l.p[i].task, 3 * i);
	OK(event_read_user(f.s, l.p[3].id, "joe", 100, &l, &err));
	assert_int_equal(l.n, 10);
	OK(event_read_user(f.s, since, "ann", 100, &l, &err));
	assert_int_equal(l.n, 10);
	assert_int_not_equal(sqlite3_exec(f.s->db, "UPDATE event SET user = 'ann' WHERE id = 1", NULL, NULL, NULL), SQLITE_OK);
	unit_has(sqlite3_errmsg(f.s->db), "append-only");
	assert_int_not_equal(sqlite3_exec(f.s->db, "DELETE FROM event", NULL, NULL, NULL), SQLITE_OK);
	unit_has(sqlite3_errmsg(f.s->db), "append-only");
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE user = 'joe'"), 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_disable),
		cmocka_unit_test(test_last_admin),
		cmocka_unit_test(test_del),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_quota_lines),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_rate_property),
		cmocka_unit_test(test_rate_clock),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
