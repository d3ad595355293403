#include "schema/test-farm.h"

#include "base/doorbell.h"
#include "base/text.h"
#include "shell/wait-text.h"
#include "shell/wait.h"

/* Statements, in which NOW is the time. */
static void
sql(struct farm *f, const char *text)
{
	AUTO(str_fini) struct str all = {0};
	char *why = NULL;
	const char *now;

	for (; (now = strstr(text, "NOW")); text = now + 3) {
		str_put(&all, text, (size_t)(now - text));
		str_add(&all, "%lld", (long long)now_ms());
	}
	str_puts(&all, text);
	if (sqlite3_exec(f->s->db, str_c(&all), NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", str_c(&all), why);
}

/*
 * Job 1, the build of zlib for x86_64, is queued, and belongs to task 1 of joe. Builder a could run it. Tasks 2 and 3 are
 * other ones of joe's, whose jobs a case may add.
 */
static struct farm
made_up(const char *more)
{
	struct farm f = farm_make();

	sql(&f, "INSERT INTO user (name, created) VALUES ('joe', 0);"
	    "INSERT INTO task (id, repository, owner, state, try, created, changed, submitted) VALUES"
	    " (1, 'sisyphus', 'joe', 'BUILDING', 1, 1, 1, 1000), (2, 'sisyphus', 'joe', 'BUILDING', 1, 1, 1, 500),"
	    " (3, 'sisyphus', 'joe', 'BUILDING', 1, 1, 1, 500);"
	    "INSERT INTO subtask (task, id, kind, user, package) VALUES (1, 64, 'repo', 'joe', 'zlib'), (2, 64, 'repo', 'joe', 'bash'),"
	    " (3, 64, 'repo', 'joe', 'make');"
	    "INSERT INTO job (id, task, subtask, arch, kind, state, queued) VALUES (1, 1, 64, 'x86_64', 'build', 'queued', NOW - 90000);"
	    "INSERT INTO builder (name, arches, slots, seen, online) VALUES ('a', 'x86_64', 1, 1, 1)");
	sql(&f, more);
	return f;
}

static struct waits
waits_of(struct farm *f, int64_t id)
{
	struct waits w = {0};
	struct task t = {0};
	struct err err = {0};

	OK(task_get(f->s, id, &t, &err));
	OK(waits_read(f->s, &t, &w, &err));
	assert_int_equal(sqlite3_txn_state(f->s->db, NULL), SQLITE_TXN_NONE);
	return w;
}

#define A_BUSY "INSERT INTO job (id, task, subtask, arch, kind, state, builder, lease, queued, started) VALUES" \
	" (2, 2, 64, 'x86_64', 'build', 'running', 'a', NOW + 60000, NOW - 50000, NOW - 30000);"
#define B(columns, values) "INSERT INTO builder (name, arches, slots, seen, online" columns ") VALUES ('b', 'x86_64', 1, 1, 1" values ");"

static const struct {
	const char *more;
	enum why why;
	const char *text;		/* of the job */
	enum exclude exclude;		/* a group that is there; EXCLUDE_NOTHING: any or none */
	const char *group;
} cases[] = {
	{"", WHY_NEXT, ": nothing keeps it; starts about ", EXCLUDE_NOTHING, NULL},
	{"UPDATE job SET state = 'running', builder = 'a', started = NOW - 190000, lease = NOW + 60000", WHY_RUNNING,
	    "running on a for 3m1", EXCLUDE_NOTHING, NULL},
	{"UPDATE task SET hold = 'a bug' WHERE id = 1", WHY_HELD, ": the task is held", EXCLUDE_NOTHING, NULL},
	{"UPDATE job SET not_before = NOW + 120000, tries = 2, builder = 'a', reason = 'builder a: lost'", WHY_BACKOFF, ": tried again about ",
	    EXCLUDE_NOTHING, NULL},
	{"UPDATE user SET max_running = 1;" A_BUSY B("", ""), WHY_OWNER_LIMIT, ": as many jobs of joe run as may (1)", EXCLUDE_NOTHING, NULL},
	{"INSERT INTO setting VALUES ('owner-limit', '1');" A_BUSY B("", ""), WHY_OWNER_LIMIT, ": as many jobs of joe run as may (1)",
	    EXCLUDE_NOTHING, NULL},
	{"INSERT INTO setting VALUES ('limit.normal', '1');" A_BUSY B("", ""), WHY_CLASS_LIMIT, ": as many jobs of its class run as may (1)",
	    EXCLUDE_NOTHING, NULL},
	{"UPDATE builder SET arches = 'aarch64'", WHY_NO_BUILDER, ": no builder that is known can run it", EXCLUDE_ARCH, "x86_64: not on a"},
	{"UPDATE builder SET arches = 'aarch64';" B("", "); INSERT INTO builder (name, arches, slots, seen, online) VALUES ('c', 'i586', 1, 1, 0")
	    "DELETE FROM builder WHERE name = 'b'", WHY_NO_BUILDER, "no builder", EXCLUDE_ARCH, "x86_64: not on 2 builders: a, c"},
	{"INSERT INTO needs VALUES ('sisyphus', 'zlib', 'kvm', '')", WHY_NO_BUILDER, "no builder", EXCLUDE_FEATURE, "kvm: missing on a"},
	{"UPDATE builder SET online = 0", WHY_NONE_OPEN, ": no builder that could run it is open", EXCLUDE_CLOSED, "offline: a"},
	{"UPDATE builder SET mode = 'draining', why = 'by joe: new disk'", WHY_NONE_OPEN, "is open", EXCLUDE_CLOSED, "draining by joe: new disk: a"},
	{"UPDATE builder SET mode = 'disabled', why = ''", WHY_NONE_OPEN, "is open", EXCLUDE_CLOSED, "disabled: a"},
	{A_BUSY, WHY_SLOTS, "queued for 90s, 1 of 1: waits for a slot; starts about ", EXCLUDE_SLOTS, "all slots busy on a"},
	{A_BUSY B(", mode, why", ", 'draining', 'by joe: new disk'"), WHY_SLOTS, "waits for a slot", EXCLUDE_CLOSED, "draining by joe: new disk: b"},
	{A_BUSY B("", "") "UPDATE job SET builder = 'b', tries = 1, queued = NOW - 1000 WHERE id = 1", WHY_SLOTS, "waits for a slot",
	    EXCLUDE_FAILED_HERE, "failed there, and may go elsewhere: b"},
	{A_BUSY B(", memory", ", 8 << 30") "UPDATE builder SET memory = 64 << 30 WHERE name = 'a';"
	    "INSERT INTO usage VALUES ('zlib', 'x86_64', 'build', 9, 1, 1000, 1, 40 << 30, 1)", WHY_SLOTS, "waits for a slot", EXCLUDE_MEMORY,
	    "too little memory on b"},
	{A_BUSY "UPDATE builder SET memory = 64 << 30, slots = 2;"
	    "INSERT INTO usage VALUES ('zlib', 'x86_64', 'build', 9, 1, 1000, 1, 40 << 30, 1), ('bash', 'x86_64', 'build', 8, 1, 1000, 1, 40 << 30, 1)",
	    WHY_SLOTS, "waits for a slot", EXCLUDE_MEMORY_TAKEN, "not so much memory free now on a"},
};

static void
test_cases(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(farm_fini) struct farm f = made_up(cases[i].more);
		struct err err = {0};
		AUTO(close) int bell = doorbell_open(f.folder.path, &err);
		AUTO(waits_fini) struct waits w = waits_of(&f, 1);
		const struct wait_job *j = &w.jobs.p[0];
		AUTO(str_fini) struct str text = {0};
		AUTO(str_fini) struct str groups = {0};
		bool found = cases[i].exclude == EXCLUDE_NOTHING;

		assert_int_equal(w.jobs.n, 1);
		wait_job_text(&w, j, &text);
		for (size_t k = 0; k < j->groups.n; k++) {
			AUTO(str_fini) struct str one = {0};

			wait_group_text(&j->groups.p[k], &one);
			str_add(&groups, "%s: %s\n", wait_exclude_name(j->groups.p[k].exclude), str_c(&one));
			found |= j->groups.p[k].exclude == cases[i].exclude && strstr(str_c(&one), cases[i].group) &&
			    wait_group_matters(j, &j->groups.p[k]);
		}
		if (!j->known || j->why != cases[i].why || !strstr(str_c(&text), cases[i].text) || !found)
			fail_msg("case %zu (%s): %s: %s\n%s", i, cases[i].more, wait_why_name(j->why), str_c(&text), str_c(&groups));
	}
}

/* Nothing of it is foretold while nobody hands out jobs. */
static void
test_no_scheduler(void **state)
{
	AUTO(farm_fini) struct farm f = made_up("");
	AUTO(waits_fini) struct waits w = waits_of(&f, 1);
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str job = {0};

	wait_task_text(&w, &text);
	wait_job_text(&w, &w.jobs.p[0], &job);
	unit_has(str_c(&text), "no scheduler runs: nothing is handed out\n");
	unit_has_not(str_c(&job), "starts");
}

/* A job starts when the one before it ends, by what history says of both. */
static void
test_forecast(void **state)
{
	AUTO(farm_fini) struct farm f = made_up(A_BUSY
	    "INSERT INTO usage VALUES ('zlib', 'x86_64', 'build', 9, 1, 900000, 1, 0, 1), ('bash', 'x86_64', 'build', 8, 1, 630000, 1, 0, 1)");
	struct err err = {0};
	AUTO(close) int bell = doorbell_open(f.folder.path, &err);
	AUTO(waits_fini) struct waits w = waits_of(&f, 1);
	AUTO(str_fini) struct str text = {0};

	assert_int_equal(w.jobs.p[0].place, 1);
	assert_in_range(w.jobs.p[0].start - w.at, 590000, 600000);
	assert_in_range(w.jobs.p[0].end - w.at, 1490000, 1500000);
	wait_job_text(&w, &w.jobs.p[0], &text);
	unit_has(str_c(&text), ", in 10m; ends about ");
}

static void
test_needs(void **state)
{
	AUTO(farm_fini) struct farm f = made_up("INSERT INTO job (id, task, subtask, arch, kind, state) VALUES"
	    " (5, 1, 128, 'x86_64', 'build', 'waiting'), (6, 1, 0, 'x86_64', 'test', 'waiting'), (7, 1, 128, '', 'srpm', 'done');"
	    "INSERT INTO job_dep VALUES (5, 1), (5, 7)");
	AUTO(waits_fini) struct waits w = waits_of(&f, 1);
	AUTO(str_fini) struct str first = {0};
	AUTO(str_fini) struct str second = {0};

	assert_int_equal(w.jobs.n, 4);
	wait_job_text(&w, &w.jobs.p[1], &first);
	assert_string_equal(str_c(&first), "waiting for 100 build x86_64 (queued)");
	wait_job_text(&w, &w.jobs.p[2], &second);
	assert_string_equal(str_c(&second), "waiting, until what is under way has ended");
}

static void
says(const char *more, const char *part)
{
	AUTO(farm_fini) struct farm f = made_up(more);
	AUTO(waits_fini) struct waits w = waits_of(&f, 1);
	AUTO(str_fini) struct str text = {0};

	wait_task_text(&w, &text);
	unit_has(str_c(&text), part);
	assert_true(text.n == 0 || text.p[text.n - 1] == '\n');
}

static void
test_states(void **state)
{
	says("UPDATE task SET state = 'NEW'", "nobody has run it: `task run 1`\n");
	says("UPDATE task SET state = 'FAILED'", "`log --reason 1`");
	says("UPDATE task SET state = 'TESTED'", "`task run --commit 1`");
	says("UPDATE task SET state = 'CANCELLED'", "`task run 1` starts it again");
	says("UPDATE task SET state = 'MERGING'", "being merged");
	says("UPDATE task SET state = 'AWAITING'", "no scheduler runs");
	says("UPDATE task SET state = 'EPERM'", "it is permitted now: `task run 1`");
	says("UPDATE task SET state = 'EPERM'; INSERT INTO user (name, created) VALUES ('ann', 0);"
	    " INSERT INTO acl VALUES ('sisyphus', 'zlib', 'ann', 1)", "ann must approve it");
	says("UPDATE task SET state = 'BUILT'", "waits for the merger: 3 of 3 that are built for sisyphus\nnothing was merged into sisyphus yet");
	says("UPDATE task SET state = 'BUILT'; UPDATE task SET class = 2 WHERE id = 3; INSERT INTO merge (repository, base, serial, state,"
	    " checker, started, finished, kind) VALUES ('sisyphus', 0, 1, 'DONE', '', 1, NOW - 240000, 'merge')",
	    "waits for the merger: 2 of 3 that are built for sisyphus\nthe last merge into sisyphus ended 4m ago (state 1)\n");
	says("UPDATE task SET state = 'BUILT'; INSERT INTO merge (repository, base, serial, state, checker, started, kind) VALUES"
	    " ('sisyphus', 0, 1, 'PREPARED', '', NOW - 240000, 'merge')",
	    "3 of 3 that are built for sisyphus\na merge into sisyphus began 4m ago (state 1)\n");
	says("UPDATE task SET hold = 'by ann: a bug' WHERE id = 1; INSERT INTO event (at, kind, task, user, state, text) VALUES"
	    " (NOW - 7200000, 'task', 1, 'ann', 'held', '')", "held by ann: a bug; for 2h00m; `task release 1`");
}

static void
test_deps(void **state)
{
	static const char *const how[][2] = {
		{"BUILDING", "it is under way"}, {"AWAITING", "it is under way"}, {"POSTPONED", "it waits itself"}, {"BUILT", "merged first"},
		{"FAILED", "it does not move"}, {"NEW", "it does not move"}, {"CANCELLED", "it does not move"}, {"TESTED", "test-only"},
		{"EPERM", "approve"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		AUTO(free) char *more = xasprintf("UPDATE task SET state = 'POSTPONED' WHERE id = 1; INSERT INTO task_dep VALUES (1, 2);"
		    "UPDATE task SET state = '%s', reason = 'because' WHERE id = 2", how[i][0]);
		AUTO(free) char *part = xasprintf("depends on task #2, which is %s: because; ", how[i][0]);

		says(more, part);
		says(more, how[i][1]);
	}
	says("INSERT INTO task_dep VALUES (1, 77)", "waits for task #77, which does not exist: `task deps 1 del 77`");
	/* One that is done keeps nothing. */
	AUTO(farm_fini) struct farm f = made_up("INSERT INTO task_dep VALUES (1, 2); UPDATE task SET state = 'DONE' WHERE id = 2");
	AUTO(waits_fini) struct waits w = waits_of(&f, 1);
	assert_int_equal(w.deps.n, 0);
}

/* Of many builders some are named, all are counted. */
static void
test_many(void **state)
{
	AUTO(farm_fini) struct farm f = made_up("UPDATE builder SET online = 0; WITH RECURSIVE n(i) AS (SELECT 10 UNION SELECT i + 1 FROM n WHERE"
	    " i < 40) INSERT INTO builder (name, arches, slots, seen, online) SELECT 'b' || i, 'x86_64', 1, 1, 0 FROM n");
	AUTO(waits_fini) struct waits w = waits_of(&f, 1);
	AUTO(str_fini) struct str text = {0};

	assert_int_equal(w.jobs.p[0].groups.n, 1);
	wait_group_text(&w.jobs.p[0].groups.p[0], &text);
	assert_string_equal(str_c(&text), "offline: 32 builders: a, b10, b11, b12, b13, b14, b15, b16, ...");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_no_scheduler),
		cmocka_unit_test(test_forecast),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_deps),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
