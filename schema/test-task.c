#include "schema/test-farm.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/text.h"
#include "schema/build.h"
#include "schema/needs.h"
#include "schema/task.h"
#include "schema/user.h"

static int64_t
new_task(struct farm *f, const char *owner)
{
	struct err err = {0};
	int64_t id;

	OK(task_create(f->s, "sisyphus", owner, &id, &err));
	return id;
}

/* The arrows of the life of a transaction; "any edit of a task that is not running" is an arrow to NEW. */
static void
test_arrows(void **state)
{
	static const char *const arrows[TASK_STATES] = {
		[TASK_NEW] = "NEW AWAITING POSTPONED FAILED CANCELLED",
		[TASK_AWAITING] = "POSTPONED BUILDING FAILED CANCELLED",
		[TASK_POSTPONED] = "AWAITING FAILED CANCELLED",
		[TASK_BUILDING] = "AWAITING FAILED BUILT TESTED EPERM CANCELLED",
		[TASK_FAILED] = "NEW AWAITING POSTPONED BUILDING CANCELLED",
		[TASK_BUILT] = "AWAITING FAILED MERGING EPERM CANCELLED",
		[TASK_MERGING] = "AWAITING FAILED BUILT DONE",
		[TASK_DONE] = "",
		[TASK_TESTED] = "NEW AWAITING POSTPONED BUILT EPERM CANCELLED",
		[TASK_EPERM] = "NEW AWAITING POSTPONED BUILT CANCELLED",
		[TASK_CANCELLED] = "NEW AWAITING POSTPONED",
	};

	for (int from = 0; from < TASK_STATES; from++) {
		AUTO(strs_fini) struct strs may = {0};

		strs_split(&may, arrows[from], " ");
		for (int to = 0; to < TASK_STATES; to++)
			if (task_may_move(from, to) != strs_has(&may, task_state_name(to)))
				fail_msg("%s -> %s", task_state_name(from), task_state_name(to));
	}
}

static void
test_state_names(void **state)
{
	for (int s = 0; s < TASK_STATES; s++)
		assert_int_equal(task_state_find(task_state_name(s)), s);
	assert_int_equal(task_state_find("PENDING"), TASK_BUILT);
	assert_int_equal(task_state_find("COMMITTING"), TASK_MERGING);
	assert_int_equal(task_state_find("built"), TASK_STATES);
	assert_int_equal(task_state_find(""), TASK_STATES);
	for (int k = 0; k < TASK_CLASSES; k++)
		assert_int_equal(task_class_find(task_class_name(k)), k);
	assert_int_equal(task_class_find("slow"), TASK_CLASSES);
}

static void
test_create(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(task_fini) struct task t = {0};
	AUTO(task_fini) struct task none = {0};
	struct err err = {0};
	int64_t id = new_task(&f, "joe");

	OK(task_get(f.s, id, &t, &err));
	assert_int_equal(t.state, TASK_NEW);
	assert_string_equal(t.owner, "joe");
	assert_string_equal(t.repository, "sisyphus");
	assert_int_equal(t.try, 0);
	assert_int_equal(t.iter, 1);
	assert_int_equal(t.class, CLASS_NORMAL);
	assert_true(t.fail_early && !t.shared && !t.test_only);
	assert_int_equal(t.build_ms, -1);
	assert_int_equal(task_get(f.s, 99, &none, &err), TASK_ABSENT);
	unit_has(err.msg, "task #99: no such task");
	FAILS(task_create(f.s, "p10", "joe", &id, &err), "FOREIGN KEY");
}

static void
test_save(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(task_fini) struct task t = {0};
	AUTO(task_fini) struct task got = {0};
	struct err err = {0};
	int64_t id = new_task(&f, "joe");

	OK(task_get(f.s, id, &t, &err));
	t.shared = t.test_only = true;
	t.fail_early = false;
	t.class = CLASS_BACKGROUND;
	t.submitted = 10;
	t.started = 20;
	t.base = 3;
	t.build_ms = 0;
	t.test_ms = 5;
	free(t.message);
	t.message = xstrdup("why; 'not'");
	OK(task_save(f.s, &t, &err));
	OK(task_get(f.s, id, &got, &err));
	assert_true(got.shared && got.test_only && !got.fail_early);
	assert_int_equal(got.class, CLASS_BACKGROUND);
	assert_int_equal(got.submitted + got.started + got.base, 33);
	assert_int_equal(got.build_ms, 0);
	assert_int_equal(got.test_ms, 5);
	assert_int_equal(got.merge_ms, -1);
	assert_string_equal(got.message, "why; 'not'");
	OK(task_remove(f.s, id, &err));
	assert_int_equal(task_get(f.s, id, &t, &err), TASK_ABSENT);
}

static void
test_move(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(task_fini) struct task a = {0};
	AUTO(task_fini) struct task b = {0};
	struct err err = {0};
	int64_t id = new_task(&f, "joe"), events;

	OK(task_get(f.s, id, &a, &err));
	OK(task_get(f.s, id, &b, &err));
	a.try = 2;
	a.iter = 3;
	OK(task_move(f.s, &a, TASK_AWAITING, "because", &err));
	assert_int_equal(a.state, TASK_AWAITING);
	assert_string_equal(a.reason, "because");
	events = farm_count(f.s, "SELECT count(*) FROM event");
	/* The second reader acts on what is no longer so: nothing happens, and its view stays what it was. */
	assert_int_equal(task_move(f.s, &b, TASK_CANCELLED, NULL, &err), TASK_MOVED);
	unit_has(err.msg, "task #1 is not NEW any more");
	assert_int_equal(b.state, TASK_NEW);
	assert_int_equal(f.s->depth, 0);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event"), events);
	task_fini(&b);
	OK(task_get(f.s, id, &b, &err));
	assert_int_equal(b.state, TASK_AWAITING);
	assert_int_equal(b.try * 10 + b.iter, 23);
	assert_string_equal(b.reason, "because");
	OK(task_move(f.s, &b, TASK_BUILDING, NULL, &err));
	assert_string_equal(b.reason, "");
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE task = 1"
	    " AND text = 'task #1 for sisyphus BUILDING'"), 1);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text = 'task #1 for sisyphus AWAITING: because'"), 1);
}

/* Inside somebody's transaction too: the outer one goes on. */
static void
test_move_nested(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(task_fini) struct task t = {0};
	struct err err = {0};
	int64_t id = new_task(&f, "joe");

	OK(task_get(f.s, id, &t, &err));
	t.state = TASK_BUILT;
	OK(store_begin(f.s, &err));
	assert_int_equal(task_move(f.s, &t, TASK_MERGING, NULL, &err), TASK_MOVED);
	assert_int_equal(f.s->depth, 1);
	OK(user_add(f.s, "ann", false, &err));
	OK(store_commit(f.s, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM user"), 1);
}

/* An arrow that does not exist is a broken invariant, in release builds too. */
static void
test_move_asserts(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	int64_t id = new_task(&f, "joe");
	struct err err = {0};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct task t = {0};

		signal(SIGABRT, SIG_DFL);
		(void)!freopen("/dev/null", "w", stderr);
		if (task_get(f.s, id, &t, &err) == 0)
			task_move(f.s, &t, TASK_DONE, NULL, &err);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void
test_find(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(task_list_fini) struct task_list all = {0};
	AUTO(task_list_fini) struct task_list one = {0};
	AUTO(task_list_fini) struct task_list none = {0};
	AUTO(task_fini) struct task t = {0};
	struct err err = {0};

	for (int i = 0; i < 6; i++)
		new_task(&f, i % 2 ? "ann" : "joe");
	OK(task_get(f.s, 3, &t, &err));
	OK(task_move(f.s, &t, TASK_AWAITING, NULL, &err));
	OK(task_find(f.s, &(struct task_filter){0}, &all, &err));
	assert_int_equal(all.n, 6);
	assert_int_equal(all.p[0].id, 6);
	OK(task_find(f.s, &(struct task_filter){.owner = "joe", .states = 1u << TASK_NEW, .oldest_first = true, .limit = 1,
	    .repository = "sisyphus"}, &one, &err));
	assert_int_equal(one.n, 1);
	assert_int_equal(one.p[0].id, 1);
	OK(task_find(f.s, &(struct task_filter){.owner = "joe", .states = 1u << TASK_AWAITING}, &one, &err));
	assert_int_equal(one.n, 2);
	assert_int_equal(one.p[1].id, 3);
	OK(task_find(f.s, &(struct task_filter){.repository = "p10"}, &none, &err));
	OK(task_find(f.s, &(struct task_filter){.states = 1u << TASK_MERGING}, &none, &err));
	assert_int_equal(none.n, 0);
}

static void
test_subtask_ids(void **state)
{
	static const struct {
		int have[4], before, want;
	} cases[] = {
		{{0}, 0, 0100}, {{0100}, 0, 0200}, {{0100, 0200}, 0, 0300}, {{0700}, 0, 01000}, {{0140}, 0, 0200},
		{{0100, 0200}, 0200, 0140}, {{0100, 0140, 0200}, 0140, 0120}, {{0100}, 0100, 040}, {{0100, 0101}, 0101, 0},
		{{1}, 1, 0}, {{0100, 0102}, 0102, 0101}, {{2, 0100}, 2, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct subtask subs[4] = {0};
		struct subtask_list l = {.p = subs};

		for (; l.n < 4 && cases[i].have[l.n]; l.n++)
			subs[l.n].id = cases[i].have[l.n];
		assert_int_equal(subtask_new_id(&l, cases[i].before), cases[i].want);
	}
}

/* Six times the middle of one gap, then there is no room. */
static void
test_subtask_gap(void **state)
{
	struct subtask subs[16] = {{.id = 0100}};
	struct subtask_list l = {.p = subs, .n = 1};
	int id, n = 0;

	while ((id = subtask_new_id(&l, 0100)) != 0) {
		assert_true(id > (l.n > 1 ? subs[l.n - 2].id : 0) && id < 0100);
		subs[l.n - 1].id = id;
		subs[l.n++].id = 0100;
		n++;
		assert_true(l.n < 16);
	}
	assert_int_equal(n, 6);
}

static void
test_subtasks(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(subtask_list_fini) struct subtask_list l = {0};
	AUTO(subtask_list_fini) struct subtask_list after = {0};
	struct err err = {0};
	int64_t id = new_task(&f, "joe");
	struct subtask repo = {.task = id, .id = 0200, .kind = SUBTASK_REPO, .user = (char *)"joe", .dir = (char *)"/d.git",
	    .tag_name = (char *)"1.0", .tag_id = (char *)"abc", .tag_author = (char *)"J <j@x>", .commit = (char *)"def",
	    .epoch_s = 123, .inherit_ok = (char *)"fed", .tree = (char *)"t"};

	OK(subtask_save(f.s, &repo, &err));
	for (int k = SUBTASK_SRPM; k < SUBTASK_KINDS; k++)
		OK(subtask_save(f.s, &(struct subtask){.task = id, .id = k, .kind = k, .user = (char *)"ann",
		    .package = (char *)"p"}, &err));
	OK(subtask_find(f.s, id, &l, &err));
	assert_int_equal(l.n, SUBTASK_KINDS);
	for (int k = SUBTASK_SRPM; k < SUBTASK_KINDS; k++) {
		assert_int_equal(l.p[k - 1].kind, k);
		assert_int_equal(subtask_builds(&l.p[k - 1]), k == SUBTASK_SRPM || k == SUBTASK_REBUILD);
		assert_string_equal(l.p[k - 1].dir, "");
	}
	assert_true(subtask_builds(&l.p[4]));
	assert_string_equal(l.p[4].tag_author, "J <j@x>");
	assert_string_equal(l.p[4].commit, "def");
	assert_string_equal(l.p[4].inherit_ok, "fed");
	assert_string_equal(l.p[4].tree, "t");
	assert_int_equal(l.p[4].epoch_s, 123);
	repo.tag_name = (char *)"2.0";
	OK(subtask_save(f.s, &repo, &err));
	OK(subtask_remove(f.s, id, SUBTASK_SRPM, &err));
	OK(subtask_find(f.s, id, &after, &err));
	assert_int_equal(after.n, SUBTASK_KINDS - 1);
	assert_string_equal(after.p[3].tag_name, "2.0");
	OK(task_remove(f.s, id, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM subtask"), 0);
}

static void
depend(struct farm *f, int64_t task, int64_t on)
{
	struct err err = {0};

	OK(task_dep_add(f->s, task, on, &err));
}

static void
test_deps(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(free) int64_t *deps = NULL;
	AUTO(free) int64_t *waiting = NULL;
	AUTO(task_fini) struct task t = {0};
	struct err err = {0};
	size_t n;

	for (int i = 0; i < 4; i++)
		new_task(&f, "joe");
	depend(&f, 1, 4);
	depend(&f, 1, 3);
	depend(&f, 1, 3);
	depend(&f, 2, 3);
	OK(task_dep_del(f.s, 1, 4, &err));
	OK(task_deps(f.s, 1, &deps, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(deps[0], 3);
	OK(task_get(f.s, 2, &t, &err));
	OK(task_move(f.s, &t, TASK_POSTPONED, NULL, &err));
	OK(task_waiting_on(f.s, 3, &waiting, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(waiting[0], 2);
}

static void
test_cycles(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(free) char *cycle = NULL;
	AUTO(free) char *own = NULL;
	struct err err = {0};

	for (int i = 0; i < 7; i++)
		new_task(&f, "joe");
	depend(&f, 1, 2);
	depend(&f, 2, 3);
	depend(&f, 3, 4);
	assert_int_equal(task_dep_cycle(f.s, 1, &cycle, &err), 0);
	assert_null(cycle);
	/* 1 leads to the cycle of 2, 3 and 4 but is not on it; a longer way round does not count. */
	depend(&f, 4, 2);
	depend(&f, 4, 5);
	depend(&f, 5, 2);
	assert_int_equal(task_dep_cycle(f.s, 1, &cycle, &err), 0);
	assert_int_equal(task_dep_cycle(f.s, 3, &cycle, &err), 1);
	assert_string_equal(cycle, "#3 -> #4 -> #2 -> #3");
	depend(&f, 6, 6);
	assert_int_equal(task_dep_cycle(f.s, 6, &own, &err), 1);
	assert_string_equal(own, "#6 -> #6");
	/* On a task that is no more. */
	depend(&f, 7, 1000);
	assert_int_equal(task_dep_cycle(f.s, 7, &cycle, &err), 0);
}

/* 40 layers of two, each on both of the layer below: 2^40 paths, 80 tasks. */
static void
test_diamonds(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(free) char *cycle = NULL;
	struct err err = {0};
	int64_t start;

	OK(store_begin(f.s, &err));
	for (int i = 0; i < 82; i++)
		new_task(&f, "joe");
	for (int i = 1; i <= 80; i++) {
		int64_t below = (i + 1) / 2 * 2 + 1;

		depend(&f, i, below);
		depend(&f, i, below + 1);
	}
	OK(store_commit(f.s, &err));
	start = tick_ms();
	assert_int_equal(task_dep_cycle(f.s, 1, &cycle, &err), 0);
	depend(&f, 82, 1);
	assert_int_equal(task_dep_cycle(f.s, 1, &cycle, &err), 1);
	assert_true(tick_ms() - start < 10000);
	unit_has(cycle, "#1 -> #3 -> ");
	unit_has(cycle, " -> #82 -> #1");
}

static void
test_on_and_unmets(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(strs_fini) struct strs sources = {0};
	AUTO(strs_fini) struct strs got = {0};
	AUTO(free) struct task_on *on = NULL;
	struct err err = {0};
	int64_t id = new_task(&f, "joe");
	size_t n;

	OK(task_on_set(f.s, id, (struct task_on[]){{5, 1, 1}, {4, 2, 3}}, 2, &err));
	OK(task_on_set(f.s, id, (struct task_on[]){{4, 2, 3}, {7, 1, 1}}, 2, &err));
	OK(task_on_find(f.s, id, &on, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(on[0].dep * 100 + on[0].try * 10 + on[0].iter, 423);
	assert_int_equal(on[1].dep, 7);
	strs_split(&sources, "b a b", " ");
	OK(task_unmet_set(f.s, id, &sources, &err));
	OK(task_unmet_set(f.s, id, &sources, &err));
	OK(task_unmet_find(f.s, id, &got, &err));
	assert_int_equal(got.n, 2);
	assert_string_equal(got.p[0], "a");
}

static int64_t
add_job(struct farm *f, int64_t task, enum job_kind kind, enum job_state state)
{
	struct job j = {.task = task, .kind = kind, .state = state, .arch = (char *)"x86_64", .queued = 5};
	struct err err = {0};
	int64_t id;

	OK(job_add(f->s, &j, &id, &err));
	return id;
}

static void
test_jobs(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(job_fini) struct job j = {0};
	AUTO(job_fini) struct job got = {0};
	AUTO(job_list_fini) struct job_list ready = {0};
	AUTO(job_list_fini) struct job_list open = {0};
	struct err err = {0};
	int64_t task = new_task(&f, "joe");
	int64_t srpm = add_job(&f, task, JOB_SRPM, JOB_QUEUED), build = add_job(&f, task, JOB_BUILD, JOB_WAITING);
	int64_t test = add_job(&f, task, JOB_TEST, JOB_WAITING);

	OK(job_needs_add(f.s, build, srpm, &err));
	OK(job_needs_add(f.s, test, build, &err));
	OK(job_ready(f.s, task, &ready, &err));
	assert_int_equal(ready.n, 0);
	OK(job_get(f.s, srpm, &j, &err));
	j.state = JOB_DONE;
	j.attempt = 2;
	j.tries = 1;
	str_put(&j.result, "a\0b", 3);
	free(j.reason);
	j.reason = xstrdup("fine");
	OK(job_save(f.s, &j, &err));
	OK(job_get(f.s, srpm, &got, &err));
	assert_int_equal(got.state * 100 + got.attempt * 10 + got.tries, JOB_DONE * 100 + 21);
	assert_int_equal(got.result.n, 3);
	assert_memory_equal(got.result.p, "a\0b", 3);
	assert_string_equal(got.reason, "fine");
	OK(job_ready(f.s, task, &ready, &err));
	assert_int_equal(ready.n, 1);
	assert_int_equal(ready.p[0].id, build);
	OK(job_open(f.s, &open, &err));
	assert_int_equal(open.n, 2);
	assert_int_equal(job_get(f.s, 99, &j, &err), JOB_ABSENT);
	OK(output_add(f.s, task, &(struct output){.arch = (char *)"", .kind = (char *)"srpm", .file = (char *)"f",
	    .sha256 = (char *)"s"}, &err));
	OK(job_forget(f.s, task, &err));
	assert_int_equal(farm_count(f.s, "SELECT (SELECT count(*) FROM job) + (SELECT count(*) FROM output)"
	    " + (SELECT count(*) FROM job_dep)"), 0);
}

/* What a package needs is news for the tasks that are being built with it, and for no others. */
static void
test_needs(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	struct needs n = {(char *)"kernel", (char *)"bigmem", (char *)""};
	struct err err = {0};

	for (int i = 0; i < 4; i++) {
		AUTO(task_fini) struct task t = {0};
		struct subtask sub = {.task = new_task(&f, "joe"), .kind = SUBTASK_REBUILD, .user = (char *)"joe",
		    .package = (char *)(i == 1 ? "zlib" : "kernel")};

		for (sub.id = 0100; sub.id <= 0200; sub.id += 0100)
			OK(subtask_save(f.s, &sub, &err));
		OK(task_get(f.s, sub.task, &t, &err));
		OK(task_move(f.s, &t, TASK_AWAITING, NULL, &err));
		if (i < 3)
			OK(task_move(f.s, &t, TASK_BUILDING, NULL, &err));
	}
	OK(needs_set(f.s, "sisyphus", &n, &err));
	OK(needs_set(f.s, "p10", &n, &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) * 100 + sum(task) FROM event WHERE kind = 'task' AND text LIKE '%needs%'"), 204);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text = 'task #3: the needs of kernel changed'"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrows),
		cmocka_unit_test(test_state_names),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_save),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_move_nested),
		cmocka_unit_test(test_move_asserts),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_subtask_ids),
		cmocka_unit_test(test_subtask_gap),
		cmocka_unit_test(test_subtasks),
		cmocka_unit_test(test_deps),
		cmocka_unit_test(test_cycles),
		cmocka_unit_test(test_diamonds),
		cmocka_unit_test(test_on_and_unmets),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
