#include "schema/test-farm.h"

#include "base/doorbell.h"
#include "base/text.h"
#include "shell/glance-json.h"
#include "shell/glance.h"
#include "shell/page.h"

static void
sql(struct farm *f, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(f->s->db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

static void __attribute__((format(printf, 2, 3)))
sqlf(struct farm *f, const char *fmt, ...)
{
	AUTO(free) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	assert_true(vasprintf(&text, fmt, ap) > 0);
	va_end(ap);
	sql(f, text);
}

/*
 * Tasks 1 to 5 are building, 6 is built, 7 failed, 8 to 10 are done, 11 is new. Of the jobs 1 runs and is late, 2 runs in
 * time, 3 runs and has no history; 4 to 6 are queued, of them 5 for a held task; 7 waits, 8 is done.
 */
static struct farm
made_up(void)
{
	struct farm f = farm_make();
	int64_t now = now_ms();

	sql(&f, "INSERT INTO repository (name, created) VALUES ('other', 0)");
	sql(&f, "INSERT INTO builder (name, arches, features, slots, memory, seen, online, mode, why) VALUES"
	    " ('anvil', 'x86_64 i686', 'kvm', 4, 68719476736, 1, 1, 'enabled', ''),"
	    " ('hammer', 'aarch64', '', 2, 0, 1, 1, 'draining', 'by joe: new disk'), ('tongs', 'x86_64', '', 8, 0, 1, 0, 'enabled', '')");
	for (int i = 1; i <= 11; i++)
		sqlf(&f, "INSERT INTO task (id, repository, owner, state, created, changed, class, reason, hold) VALUES (%d, '%s', '%s',"
		    " '%s', 1, %lld, %d, '%s', '%s')", i, i == 4 ? "other" : "sisyphus", i == 5 ? "ann" : "joe", i < 6 ? "BUILDING" :
		    i == 6 ? "BUILT" : i == 7 ? "FAILED" : i < 11 ? "DONE" : "NEW", (long long)now - 60000, i == 2 ? 0 : 1,
		    i == 7 ? "%build: a.c:1: error: \033[31m日本語 and a long story about it" : "", i == 5 ? "by ann: a bug" : "");
	sql(&f, "INSERT INTO subtask (task, id, kind, user, package) VALUES (1, 64, 'repo', 'joe', 'zlib'), (2, 64, 'repo', 'joe', 'bash'),"
	    " (3, 64, 'repo', 'joe', 'new')");
	sql(&f, "INSERT INTO usage VALUES ('zlib', 'x86_64', 'build', 90, 1, 50000, 1, 1, 1), ('zlib', 'x86_64', 'build', 91, 1, 70000, 1, 1, 1),"
	    " ('bash', 'x86_64', 'build', 92, 1, 600000, 1, 1, 1)");
	sqlf(&f, "INSERT INTO job (id, task, subtask, arch, kind, state, builder, queued, started) VALUES"
	    " (1, 1, 64, 'x86_64', 'build', 'running', 'anvil', 1, %lld), (2, 2, 64, 'x86_64', 'build', 'running', 'anvil', 1, %lld),"
	    " (3, 3, 64, '', 'srpm', 'running', 'hammer', 1, %lld)", (long long)now - 90000, (long long)now - 400000,
	    (long long)now - 5000);
	sqlf(&f, "INSERT INTO job (id, task, subtask, arch, kind, state, queued) VALUES (4, 4, 64, 'aarch64', 'build', 'queued', %lld),"
	    " (5, 5, 64, 'aarch64', 'build', 'queued', 1), (6, 1, 64, 'aarch64', 'build', 'queued', %lld),"
	    " (7, 1, 0, 'x86_64', 'test', 'waiting', 1), (8, 1, 64, '', 'srpm', 'done', 1)", (long long)now - 30000,
	    (long long)now - 20000);
	sqlf(&f, "INSERT INTO merge (id, repository, base, serial, state, checker, started, finished, kind) VALUES"
	    " (1, 'sisyphus', 0, 1, 'DONE', '', 5, 6, 'merge'), (2, 'sisyphus', 1, 2, 'DONE', '', %lld, %lld, 'merge'),"
	    " (3, 'sisyphus', 2, 3, 'ABANDONED', '', %lld, %lld, 'merge'), (4, 'sisyphus', 2, 3, 'DONE', '', %lld, %lld, 'merge')",
	    (long long)now - 7200000, (long long)now - 7199000, (long long)now - 90000, (long long)now - 89000,
	    (long long)now - 80000, (long long)now - 79000);
	sql(&f, "INSERT INTO merge_task VALUES (1, 0, 99), (2, 0, 8), (2, 1, 9), (3, 0, 10), (4, 0, 10)");
	return f;
}

static struct glance
glance(struct farm *f, const char *repository, const char *owner)
{
	const struct glance_filter filter = {.repository = repository, .owner = owner, .tasks = 100, .merges = 3};
	struct glance g = {0};
	struct err err = {0};

	OK(glance_read(f->s, &filter, &g, &err));
	assert_true(sqlite3_get_autocommit(f->s->db));
	assert_int_equal(sqlite3_txn_state(f->s->db, NULL), SQLITE_TXN_NONE);
	return g;
}

static void
test_counts(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);
	struct glance_sum sum = glance_sum(&g);

	assert_int_equal(sum.queued, 2);
	assert_int_equal(sum.held, 1);
	assert_int_equal(sum.waiting, 1);
	assert_int_equal(sum.running, 3);
	assert_int_equal(sum.slots, 4);
	assert_int_equal(sum.busy, 2);
	assert_int_equal(sum.online, 2);
	assert_int_equal(sum.offline, 1);
	assert_int_equal(sum.closed, 1);
	assert_string_equal(g.builders.p[0].name, "tongs");
	assert_string_equal(g.builders.p[1].name, "hammer");
	assert_string_equal(g.builders.p[2].name, "anvil");
	assert_int_equal(g.states[TASK_BUILDING], 5);
	assert_int_equal(g.states[TASK_BUILT], 1);
	assert_int_equal(g.states[TASK_FAILED], 1);
	assert_int_equal(g.states[TASK_NEW], 1);
	assert_int_equal(g.done_day, 3);
	assert_int_equal(g.done_hour, 1);
	assert_int_equal(g.tasks.n, 6);
	assert_int_equal(g.tasks.p[0].id, 6);
	assert_int_equal(g.ended.n, 1);
	assert_int_equal(g.merges.n, 3);
	assert_int_equal(g.members[2].n, 2);
	assert_string_equal(g.progress.p[5], "build 0/2, test 0/1, srpm 1/1");
}

/* The oldest wait is of those that may run, in a class of one architecture. */
static void
test_queues(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);

	assert_int_equal(g.queues.n, 4);
	assert_int_equal(g.queues.p[0].class, CLASS_URGENT);
	assert_int_equal(g.queues.p[0].oldest, 0);
	assert_string_equal(g.queues.p[1].arch, "");
	assert_int_equal(g.queues.p[1].running, 1);
	assert_string_equal(g.queues.p[2].arch, "aarch64");
	assert_int_equal(g.queues.p[2].queued, 2);
	assert_int_equal(g.queues.p[2].held, 1);
	assert_in_range(g.at - g.queues.p[2].oldest, 30000, 40000);
}

static void
test_filters(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	AUTO(glance_fini) struct glance other = glance(&f, "other", NULL);
	AUTO(glance_fini) struct glance ann = glance(&f, NULL, "ann");
	AUTO(glance_fini) struct glance joe = glance(&f, "sisyphus", "joe");

	assert_int_equal(other.tasks.n, 1);
	assert_int_equal(other.states[TASK_BUILDING], 1);
	assert_int_equal(glance_sum(&other).queued, 1);
	assert_int_equal(other.running.n, 0);
	assert_int_equal(other.done_day, 0);
	assert_int_equal(other.merges.n, 0);
	assert_int_equal(ann.tasks.n, 1);
	assert_int_equal(glance_sum(&ann).held, 1);
	assert_int_equal(joe.running.n, 3);
	assert_int_equal(joe.tasks.n, 4);
	assert_int_equal(joe.done_day, 3);
}

/* What is late comes first; then what runs longest. */
static void
test_late(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);

	assert_int_equal(g.running.p[0].id, 1);
	assert_int_equal(g.running.p[0].expected_ms, 60000);
	assert_in_range(glance_late(&g.running.p[0], g.at), 30000, 40000);
	assert_int_equal(g.running.p[1].id, 2);
	assert_true(glance_late(&g.running.p[1], g.at) <= 0);
	assert_int_equal(g.running.p[2].expected_ms, 0);
	glance_sort(&g, g.at + 10000000);
	assert_int_equal(g.running.p[0].id, 1);
	assert_int_equal(g.running.p[1].id, 2);
}

/* No line is wider than the page, none has a control character that is not ours, and it says the same in any width. */
static void
test_widths(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);

	for (size_t width = 40; width <= 300; width++) {
		const struct page_size size = {.width = width};
		AUTO(str_fini) struct str out = {0};
		AUTO(strs_fini) struct strs lines = {0};

		page_render(&g, g.at, &size, &out);
		strs_split(&lines, str_c(&out), "\n");
		for (size_t i = 0; i < lines.n; i++) {
			if (text_width(lines.p[i]) > width)
				fail_msg("%zu columns in %zu: %s", text_width(lines.p[i]), width, lines.p[i]);
			assert_null(strpbrk(lines.p[i], "\033\r\b\a"));
		}
		unit_has(str_c(&out), "jobs: 2 queued, 1 held, 3 running");
		unit_has(str_c(&out), "scheduler: not running");
		unit_has(str_c(&out), "90s of ~60s");
		unit_has(str_c(&out), "FAILED");
		unit_has(str_c(&out), "hammer");
	}
}

static void
test_meaning(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);
	const struct page_size size = {0}, coloured = {.colour = true, .width = 100};
	AUTO(str_fini) struct str out = {0};
	AUTO(str_fini) struct str colours = {0};

	page_render(&g, g.at, &size, &out);
	unit_has(str_c(&out), "slots: 2 of 4 busy  builders: 1 online, 1 offline, 1 closed");
	unit_has(str_c(&out), "built, to be merged: 1");
	unit_has(str_c(&out), "done in 24h: 3");
	unit_has(str_c(&out), "now 24 a day");
	unit_has(str_c(&out), "1.100.x86_64  zlib     90s of ~60s    +30s");
	unit_has(str_c(&out), "joe: new disk");
	unit_has(str_c(&out), "held by ann: a bug; build 0/1");
	unit_has(str_c(&out), "%build: a.c:1: error: ?[31m日本語 and a long story about it");
	unit_has(str_c(&out), "#8 #9");
	unit_has_not(str_c(&out), "\033");
	unit_has_not(str_c(&out), "more\n");
	page_render(&g, g.at, &coloured, &colours);
	unit_has(str_c(&colours), "\033[1;31mscheduler: not running\033[0m");
	unit_has(str_c(&colours), "\033[31m+30s\033[0m");
}

/* A page is never higher than asked for, as long as each section has a row; what is left out is counted. */
static void
test_heights(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	size_t before = 0;

	for (int i = 100; i < 160; i++)
		sqlf(&f, "INSERT INTO task (id, repository, owner, state, created, changed) VALUES (%d, 'sisyphus', 'joe', 'AWAITING', 1, 1)", i);
	AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);
	for (size_t height = 24; height < 120; height++) {
		const struct page_size size = {.width = 120, .height = height};
		AUTO(str_fini) struct str out = {0};
		size_t lines = 0;

		page_render(&g, g.at, &size, &out);
		for (size_t i = 0; i < out.n; i++)
			lines += out.p[i] == '\n';
		assert_true(lines <= height);
		assert_true(lines >= before);
		before = lines;
		unit_has(str_c(&out), "JOB ");
		unit_has(str_c(&out), "MERGE ");
		if (height < 80)
			unit_has(str_c(&out), "more\n");
		else if (height > 100)
			unit_has_not(str_c(&out), "more\n");
	}
}

static void
test_scheduler(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	struct err err = {0};
	AUTO(close) int bell = doorbell_open(f.folder.path, &err);
	AUTO(glance_fini) struct glance up = glance(&f, NULL, NULL);

	assert_true(up.scheduler);
	close(STEAL_FD(bell));
	AUTO(glance_fini) struct glance down = glance(&f, NULL, NULL);
	assert_false(down.scheduler);
}

static json_int_t
number(json_t *root, const char *object, const char *key)
{
	json_t *j = json_object_get(json_object_get(root, object), key);

	assert_true(json_is_integer(j));
	return json_integer_value(j);
}

/* A text that is not UTF-8 is there all the same. */
static void
test_json_bytes(void **state)
{
	AUTO(farm_fini) struct farm f = made_up();
	const json_t *task;
	json_t *root;

	sql(&f, "UPDATE task SET hold = CAST(x'6279206a6f65ff' AS TEXT) WHERE id = 6");
	{
		AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);

		root = glance_json(&g);
	}
	task = json_array_get(json_object_get(root, "tasks"), 0);
	assert_string_equal(json_string_value(json_object_get(task, "hold")), "by joe?");
	json_decref(root);
}

static void
test_json(void **state)
{
	static const char *const keys[] = {"at", "scheduler", "summary", "states", "queues", "running", "builders", "tasks", "ended", "merges"};
	AUTO(farm_fini) struct farm f = made_up();
	AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);
	json_t *root = glance_json(&g), *job, *builder;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_non_null(json_object_get(root, keys[i]));
	assert_int_equal(json_object_size(root), ARRAY_SIZE(keys));
	assert_int_equal(number(root, "summary", "queued"), 2);
	assert_int_equal(number(root, "summary", "slots"), 4);
	assert_int_equal(number(root, "states", "BUILDING"), 5);
	job = json_array_get(json_object_get(root, "running"), 0);
	assert_string_equal(json_string_value(json_object_get(job, "subtask")), "100");
	assert_int_equal(json_integer_value(json_object_get(job, "expected_ms")), 60000);
	assert_true(json_integer_value(json_object_get(job, "late_ms")) >= 30000);
	builder = json_array_get(json_object_get(root, "builders"), 1);
	assert_string_equal(json_string_value(json_object_get(builder, "mode")), "draining");
	assert_int_equal(json_array_size(json_object_get(root, "merges")), 3);
	json_decref(root);
}

/* However a farm begins. */
static void
test_empty(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(glance_fini) struct glance g = glance(&f, NULL, NULL);
	const struct page_size size = {.width = 80, .height = 24};
	AUTO(str_fini) struct str out = {0};
	json_t *root = glance_json(&g);

	page_render(&g, g.at, &size, &out);
	unit_has(str_c(&out), "jobs: 0 queued, 0 held, 0 running");
	unit_has_not(str_c(&out), "BUILDER");
	assert_non_null(root);
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_heights),
		cmocka_unit_test(test_scheduler),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_bytes),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
