/* The queue out of the database. */
#include "schema/test-farm.h"

#include "queue/load.h"
#include "queue/queue.h"
#include "queue/why.h"
#include "schema/build.h"
#include "schema/builder.h"
#include "schema/setting.h"
#include "schema/task.h"
#include "schema/user.h"

enum { NOW = 1000000 };
static const int64_t GIB = (int64_t)1 << 30;

static void
sql(struct farm *f, const char *text)
{
	char *what = NULL;

	if (sqlite3_exec(f->s->db, text, NULL, NULL, &what) != SQLITE_OK)
		fail_msg("%s: %.40s", what, text);
}

/*
 * Task 1 of joe builds hello and kernel; task 2 of ann, background, is held; task 3 was cancelled. Repository p10 has
 * two architectures.
 */
static void
fill(struct farm *f)
{
	sql(f, "INSERT INTO repository (name, created, base_group, accept_unsigned) VALUES ('p10', 0, '', 1);"
	    "INSERT INTO repository_arch VALUES ('p10', 'aarch64'), ('p10', 'x86_64');"
	    "INSERT INTO user (name, created, weight, max_running) VALUES ('joe', 0, 3, 7), ('ann', 0, 1, 0);"
	    "INSERT INTO task (id, repository, owner, state, created, changed, submitted, class, hold) VALUES"
	    " (1, 'sisyphus', 'joe', 'BUILDING', 0, 0, 500, 1, ''), (2, 'p10', 'ann', 'BUILDING', 0, 0, 600, 2, 'wait for gcc'),"
	    " (3, 'p10', 'ann', 'CANCELLED', 0, 0, 700, 0, '');"
	    "INSERT INTO subtask (task, id, kind, user, package) VALUES (1, 64, 'repo', 'joe', 'hello'),"
	    " (1, 128, 'repo', 'joe', 'kernel'), (2, 64, 'repo', 'ann', 'hello');"
	    "INSERT INTO needs VALUES ('sisyphus', 'kernel', 'kvm bigmem', 'memory=24G disk=1G');"
	    "INSERT INTO usage VALUES ('hello', 'x86_64', 'build', 1, 0, 1000, 0, 100, 0),"
	    " ('hello', 'x86_64', 'build', 2, 0, 3000, 0, 4000000000, 0), ('hello', 'aarch64', 'build', 2, 0, 9, 0, 9, 0);"
	    "INSERT INTO builder (name, arches, features, slots, memory, seen, online, mode) VALUES"
	    " ('anvil', 'x86_64 i586', 'kvm bigmem', 4, 64000000000, 0, 1, 'enabled'),"
	    " ('drained', 'x86_64', '', 4, 0, 0, 1, 'draining'), ('away', 'aarch64', '', 4, 0, 0, 0, 'enabled');"
	    "INSERT INTO setting VALUES ('owner-limit', '9'), ('limit.background', '3');"
	    "INSERT INTO job (id, task, subtask, arch, kind, state, attempt, tries, builder, not_before, queued, started, elapsed_ms) VALUES"
	    " (5, 3, 64, '', 'srpm', 'done', 1, 0, 'anvil', 0, 0, 0, 800),"
	    " (10, 1, 64, 'x86_64', 'build', 'queued', 2, 1, 'anvil', 0, 550, NULL, 0),"
	    " (11, 1, 128, 'x86_64', 'build', 'running', 1, 0, 'anvil', 0, 550, 900, 0),"
	    " (12, 1, 0, 'x86_64', 'test', 'waiting', 0, 0, '', 0, NULL, NULL, 0),"
	    " (13, 1, 128, '', 'srpm', 'done', 1, 0, 'anvil', 0, 0, 0, 1200),"
	    " (20, 2, 64, '', 'srpm', 'queued', 0, 1, '', 1000700, 650, NULL, 0),"
	    " (30, 3, 64, 'x86_64', 'build', 'running', 1, 0, 'anvil', 0, 550, 900, 0);");
}

static void
load(struct farm *f, struct queue *q)
{
	struct err err = {0};

	fill(f);
	OK(load_queue(f->s, q, NOW, NOW + 77, &err));
}

static void
test_jobs(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(queue_destroy) struct queue *q = queue_new();
	struct live *l;

	load(&f, q);
	assert_int_equal(queue_count(q).queued, 1);
	assert_int_equal(queue_count(q).running, 1);
	assert_int_equal(queue_count(q).held, 1);

	l = queue_find(q, 10);
	assert_int_equal(l->state, LIVE_QUEUED);
	assert_string_equal(l->owner->name, "joe");
	assert_int_equal(l->task, 1);
	assert_int_equal(l->class, QUEUE_NORMAL);
	assert_int_equal(l->submitted, 500);
	assert_int_equal(l->queued, 550);
	assert_int_equal(l->attempt, 2);
	assert_int_equal(l->expected_ms, 2000);
	assert_string_equal(l->host->name, "anvil");	/* where it failed */

	l = queue_find(q, 11);
	assert_int_equal(l->state, LIVE_RUNNING);
	assert_int_equal(l->started, 900);
	assert_int_equal(l->lease, NOW + 77);
	assert_ptr_equal(queue_host(q, "anvil")->running, l);
	assert_int_equal(queue_host(q, "anvil")->taken, 24 * GIB);
	assert_int_equal(l->expected_ms, EXPECTED_MS);

	l = queue_find(q, 20);
	assert_int_equal(l->state, LIVE_HELD);
	assert_int_equal(l->class, QUEUE_BACKGROUND);
	assert_int_equal(l->not_before, 1000700);
	assert_int_equal(l->expected_ms, 1000);		/* as srpm jobs do */
	assert_null(queue_find(q, 30));
}

static void
test_farm(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(queue_destroy) struct queue *q = queue_new();
	struct user share = {.weight = 2};
	struct err err = {0};
	struct host *anvil;

	load(&f, q);
	anvil = queue_host(q, "anvil");
	assert_true(anvil->open);
	assert_int_equal(anvil->slots, 4);
	assert_string_equal(anvil->features.p[1], "bigmem");
	assert_false(queue_host(q, "drained")->open);
	assert_false(queue_host(q, "away")->open);
	assert_int_equal(queue_owner(q, "joe")->weight, 3);
	assert_int_equal(queue_owner(q, "joe")->limit, 7);

	OK(user_share(f.s, "joe", &share, &err));
	OK(load_owners(f.s, q, &err));
	assert_int_equal(queue_owner(q, "joe")->weight, 2);
	assert_int_equal(queue_owner(q, "joe")->limit, 0);

	OK(builder_set_mode(f.s, "anvil", BUILDER_DISABLED, "", &err));
	sql(&f, "DELETE FROM builder WHERE name = 'drained'");
	OK(load_hosts(f.s, q, &err));
	assert_false(anvil->open);
	assert_int_equal(queue_host(q, "drained")->slots, 0);
	assert_int_equal(anvil->busy, 1);
}

/* What each waits for follows what is set. */
static void
test_limits(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(queue_destroy) struct queue *q = queue_new();
	struct err err = {0};

	load(&f, q);
	OK(user_share(f.s, "joe", &(struct user){.weight = 1}, &err));
	OK(load_owners(f.s, q, &err));
	assert_int_equal(why_waits(q, queue_find(q, 10), NOW), WHY_NEXT);
	OK(setting_set(f.s, SETTING_OWNER_LIMIT, 1, &err));
	OK(load_limits(f.s, q, &err));
	assert_int_equal(why_waits(q, queue_find(q, 10), NOW), WHY_OWNER_LIMIT);
	OK(setting_set(f.s, SETTING_OWNER_LIMIT, 2, &err));
	OK(setting_set(f.s, SETTING_LIMIT_NORMAL, 1, &err));
	OK(load_limits(f.s, q, &err));
	assert_int_equal(why_waits(q, queue_find(q, 10), NOW), WHY_CLASS_LIMIT);
}

static char *
lacks(struct queue *q, int64_t job, const char *host, enum exclude expected)
{
	char *detail = NULL;

	assert_int_equal(why_not(q, queue_find(q, job), queue_host(q, host), &detail), expected);
	return detail;
}

/* What package, history and repository say of a builder. */
static void
test_needs(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(queue_destroy) struct queue *q = queue_new();
	AUTO(free) char *kvm = NULL, *arches = NULL;
	struct err err = {0};

	load(&f, q);
	kvm = lacks(q, 11, "drained", EXCLUDE_FEATURE);
	assert_string_equal(kvm, "bigmem");
	arches = lacks(q, 10, "away", EXCLUDE_ARCH);
	assert_string_equal(arches, "x86_64");
	lacks(q, 20, "away", EXCLUDE_CLOSED);
	lacks(q, 20, "drained", EXCLUDE_CLOSED);
	lacks(q, 20, "anvil", EXCLUDE_NOTHING);

	/* 1.25 times what hello took at most is more than is left. */
	sql(&f, "UPDATE builder SET memory = 28000000000");
	OK(load_hosts(f.s, q, &err));
	lacks(q, 10, "anvil", EXCLUDE_MEMORY_TAKEN);
}

static void
test_one_job(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(queue_destroy) struct queue *q = queue_new();
	struct err err = {0};

	load(&f, q);
	sql(&f, "UPDATE job SET state = 'queued' WHERE id = 12");
	OK(load_job(f.s, q, 12, NOW, &err));
	assert_int_equal(queue_find(q, 12)->state, LIVE_QUEUED);
	sql(&f, "UPDATE task SET hold = 'no' WHERE id = 1");
	OK(load_job(f.s, q, 12, NOW, &err));
	assert_int_equal(queue_find(q, 12)->state, LIVE_HELD);

	/* Requeued after a failure. */
	sql(&f, "UPDATE job SET state = 'queued', tries = 1, not_before = 1000500, queued = 1000000 WHERE id = 11;"
	    "UPDATE task SET hold = '' WHERE id = 1");
	OK(load_job(f.s, q, 11, NOW, &err));
	assert_int_equal(queue_find(q, 11)->state, LIVE_QUEUED);
	assert_string_equal(queue_find(q, 11)->host->name, "anvil");
	assert_int_equal(queue_host(q, "anvil")->busy, 0);
	assert_int_equal(why_waits(q, queue_find(q, 11), NOW), WHY_BACKOFF);

	/* Of a time when the clock was ahead. */
	sql(&f, "UPDATE job SET not_before = 9000000000 WHERE id = 11");
	OK(load_job(f.s, q, 11, NOW, &err));
	assert_int_equal(queue_find(q, 11)->not_before, NOW + job_backoff_ms(1));

	sql(&f, "UPDATE job SET state = 'failed' WHERE id = 11");
	OK(load_job(f.s, q, 11, NOW, &err));
	assert_null(queue_find(q, 11));
	OK(load_job(f.s, q, 11, NOW, &err));
	OK(load_job(f.s, q, 4711, NOW, &err));
}

static void
test_task(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(queue_destroy) struct queue *q = queue_new();
	struct err err = {0};
	struct live *waits, *runs;

	load(&f, q);
	waits = queue_find(q, 10);
	runs = queue_find(q, 11);
	runs->lease = 5;
	sql(&f, "UPDATE job SET state = 'queued' WHERE id = 12");
	OK(load_task(f.s, q, 1, NOW, &err));
	assert_ptr_equal(queue_find(q, 10), waits);	/* nothing about it has changed */
	assert_ptr_equal(queue_find(q, 11), runs);
	assert_int_equal(runs->lease, 5);
	assert_non_null(queue_find(q, 12));

	sql(&f, "UPDATE task SET hold = 'gcc' WHERE id = 1; UPDATE task SET hold = '' WHERE id = 2");
	OK(load_task(f.s, q, 1, NOW, &err));
	OK(load_task(f.s, q, 2, NOW, &err));
	assert_int_equal(queue_find(q, 10)->state, LIVE_HELD);
	assert_int_equal(queue_find(q, 11)->state, LIVE_RUNNING);
	assert_int_equal(queue_find(q, 20)->state, LIVE_QUEUED);

	/* It begins again with other jobs. */
	sql(&f, "DELETE FROM job WHERE task = 1;"
	    "INSERT INTO job (id, task, subtask, arch, kind, state, queued) VALUES (40, 1, 64, '', 'srpm', 'queued', 0)");
	OK(load_task(f.s, q, 1, NOW, &err));
	assert_null(queue_find(q, 10));
	assert_null(queue_find(q, 11));
	assert_int_equal(queue_of_task(q, 1)->job, 40);
	assert_null(queue_of_task(q, 1)->sibling);
	sql(&f, "UPDATE task SET state = 'CANCELLED' WHERE id = 1");
	OK(load_task(f.s, q, 1, NOW, &err));
	assert_null(queue_of_task(q, 1));
	assert_int_equal(queue_count(q).running, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_farm),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_one_job),
		cmocka_unit_test(test_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
