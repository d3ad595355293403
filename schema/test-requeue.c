#include "schema/test-farm.h"

#include <errno.h>

#include "base/text.h"
#include "schema/build.h"
#include "schema/requeue.h"
#include "schema/task.h"

/* A task on state 1: an SRPM and a build are done, a build failed, another needs that one and was cancelled, or waits. */
struct yard {
	struct farm f;
	int64_t task, srpm, good, bad, after;
};

static void
yard_fini(struct yard *y)
{
	farm_fini(&y->f);
}
AUTO_DEFINE_EMBEDDED(struct yard, yard_fini);

static int64_t
add_job(struct yard *y, int subtask, enum job_kind kind, enum job_state state)
{
	struct job j = {.task = y->task, .subtask = subtask, .kind = kind, .state = JOB_QUEUED,
	    .arch = (char *)(kind == JOB_SRPM ? "" : "x86_64"), .queued = 5};
	struct err err = {0};

	OK(job_add(y->f.s, &j, &j.id, &err));
	j.state = state;
	j.attempt = 3;
	j.tries = 2;
	j.started = 6;
	j.finished = 7;
	j.reason = (char *)"it broke";
	j.log = (char *)"log-of-it";
	OK(job_save(y->f.s, &j, &err));
	return j.id;
}

static void
move(struct yard *y, enum task_state to, const char *reason)
{
	AUTO(task_fini) struct task t = {0};
	struct err err = {0};

	OK(task_get(y->f.s, y->task, &t, &err));
	t.try = to == TASK_AWAITING ? t.try + 1 : t.try;
	OK(task_move(y->f.s, &t, to, reason, &err));
}

static struct yard
yard_make(enum task_state end)
{
	bool open = end == TASK_BUILDING;
	struct yard y = {.f = farm_make()};
	AUTO(task_fini) struct task t = {0};
	struct err err = {0};

	OK(state_file_put(y.f.s, "sisyphus", 1, "x86_64", "index", "sum", &err));
	OK(task_create(y.f.s, "sisyphus", "joe", &y.task, &err));
	OK(task_get(y.f.s, y.task, &t, &err));
	t.base = 1;
	OK(task_save(y.f.s, &t, &err));
	move(&y, TASK_AWAITING, NULL);
	move(&y, TASK_BUILDING, NULL);
	y.srpm = add_job(&y, 0100, JOB_SRPM, JOB_DONE);
	y.good = add_job(&y, 0100, JOB_BUILD, JOB_DONE);
	y.bad = add_job(&y, 0200, JOB_BUILD, JOB_FAILED);
	y.after = add_job(&y, 0300, JOB_BUILD, open ? JOB_WAITING : JOB_CANCELLED);
	OK(job_needs_add(y.f.s, y.bad, y.good, &err));
	OK(job_needs_add(y.f.s, y.after, y.bad, &err));
	if (!open)
		move(&y, end, "200 bad x86_64: build: it broke");
	return y;
}

static const struct job_choice all = {0};

static bool
is_subtask(const void *arg, const struct job *j)
{
	return j->subtask == *(const int *)arg;
}

static void
is_job(struct yard *y, int64_t id, enum job_state state, int tries, const char *reason)
{
	AUTO(job_fini) struct job j = {0};
	struct err err = {0};

	OK(job_get(y->f.s, id, &j, &err));
	assert_string_equal(job_state_name(j.state), job_state_name(state));
	assert_string_equal(j.reason, reason);
	assert_int_equal(j.tries, tries);
	/* A late result of the attempt before is still told from one of the next. */
	assert_int_equal(j.attempt, 3);
	assert_string_equal(j.log, tries ? "log-of-it" : "");
	assert_int_equal(j.started + j.finished, tries ? 13 : 0);
}

static enum task_state
state_of(struct yard *y)
{
	AUTO(task_fini) struct task t = {0};
	struct err err = {0};

	OK(task_get(y->f.s, y->task, &t, &err));
	return t.state;
}

/* Refused, with this in the message, and neither a job, nor the task, nor the journal has changed. */
static void
refused(struct yard *y, const struct job_choice *choice, const char *part)
{
	static const char sum[] = "SELECT (SELECT count(*) FROM event) * 100000"
	    " + (SELECT sum(id * (tries + unicode(state) + not_before + queued)) FROM job)";
	int64_t before = farm_count(y->f.s, sum);
	enum task_state state = state_of(y);
	struct err err = {0};
	size_t n = 77;

	FAILS(task_requeue(y->f.s, y->task, choice, &n, &err), part);
	assert_int_equal(n, 77);
	assert_int_equal(y->f.s->depth, 0);
	assert_int_equal(farm_count(y->f.s, sum), before);
	assert_int_equal(state_of(y), state);
}

/* What is done stays done; what failed is queued, and what needs it waits for it again. */
static void
test_failed(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make(TASK_FAILED);
	AUTO(task_fini) struct task t = {0};
	struct err err = {0};
	size_t n = 0;

	OK(task_requeue(y.f.s, y.task, &all, &n, &err));
	assert_int_equal(n, 2);
	is_job(&y, y.srpm, JOB_DONE, 2, "it broke");
	is_job(&y, y.good, JOB_DONE, 2, "it broke");
	is_job(&y, y.bad, JOB_QUEUED, 0, "put back by tester");
	is_job(&y, y.after, JOB_WAITING, 0, "put back by tester");
	OK(task_get(y.f.s, y.task, &t, &err));
	assert_int_equal(t.state, TASK_BUILDING);
	assert_int_equal(t.try * 10 + t.iter, 11);
	assert_string_equal(t.reason, "put back by tester");
	assert_int_equal(farm_count(y.f.s, "SELECT count(*) FROM event WHERE kind = 'job' AND state = 'queued' AND user = 'tester'"
	    " AND text = '[x86_64] #1.200 build: put back by tester'"), 1);
	/* Once is enough. */
	refused(&y, &all, "BUILDING, and no such job");
}

/* A word names one of them: a job that did not fail is not meant, and none that failed may be left behind. */
static void
test_chosen(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make(TASK_FAILED);
	const int two = 0200, one = 0100, three = 0300;
	struct err err = {0};
	size_t n = 0;

	refused(&y, &(struct job_choice){is_subtask, &one}, "no such job of it failed; `task requeue 1`");
	OK(task_requeue(y.f.s, y.task, &(struct job_choice){is_subtask, &two}, &n, &err));
	assert_int_equal(n, 2);
	OK(store_run(y.f.s, STMT_JOB_FORGET, &err, "i", y.task));
	move(&y, TASK_FAILED, "again");
	y.bad = add_job(&y, 0200, JOB_BUILD, JOB_FAILED);
	y.after = add_job(&y, 0300, JOB_TEST, JOB_FAILED);
	refused(&y, &(struct job_choice){is_subtask, &three}, "200 build x86_64 failed too");
	OK(task_requeue(y.f.s, y.task, &all, &n, &err));
	assert_int_equal(n, 2);
}

/* Its failed job is put back while others go on; of those that pause only the pause ends. */
static void
test_building(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make(TASK_BUILDING);
	AUTO(job_fini) struct job j = {0};
	const int one = 0100, four = 0400;
	struct err err = {0};
	int64_t paused;
	size_t n = 0;

	refused(&y, &(struct job_choice){is_subtask, &one}, "no such job");
	OK(task_requeue(y.f.s, y.task, &all, &n, &err));
	assert_int_equal(n, 1);
	is_job(&y, y.bad, JOB_QUEUED, 0, "put back by tester");
	is_job(&y, y.after, JOB_WAITING, 2, "it broke");
	assert_int_equal(state_of(&y), TASK_BUILDING);
	paused = add_job(&y, 0400, JOB_BUILD, JOB_QUEUED);
	refused(&y, &(struct job_choice){is_subtask, &four}, "no such job");
	OK(job_get(y.f.s, paused, &j, &err));
	j.not_before = now_ms() + 3600000;
	OK(job_save(y.f.s, &j, &err));
	OK(task_requeue(y.f.s, y.task, &(struct job_choice){is_subtask, &four}, &n, &err));
	assert_int_equal(n, 1);
	is_job(&y, paused, JOB_QUEUED, 0, "put back by tester");
	assert_int_equal(farm_count(y.f.s, "SELECT max(not_before) FROM job"), 0);
}

/* Jobs of an earlier run are not those of this one, which never came to have any. */
static void
test_not_begun(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make(TASK_FAILED);

	move(&y, TASK_AWAITING, NULL);
	move(&y, TASK_FAILED, "dependencies form a cycle");
	refused(&y, &all, "failed before it had jobs (dependencies form a cycle); `task run 1`");
}

static void
test_other_states(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make(TASK_BUILT);
	struct err err = {0};
	size_t n;

	refused(&y, &all, "task #1 is BUILT");
	move(&y, TASK_FAILED, "sent back");
	OK(store_run(y.f.s, STMT_JOB_FORGET, &err, "i", y.task));
	add_job(&y, 0100, JOB_BUILD, JOB_DONE);
	refused(&y, &all, "none of its jobs failed (sent back)");
	assert_int_equal(task_requeue(y.f.s, 99, &all, &n, &err), -1);
	unit_has(err.msg, "task #99: no such task");
}

/* What it was built on must be as it was. */
static void
test_base_gone(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make(TASK_FAILED);
	struct err err = {0};

	OK(state_file_drop(y.f.s, "sisyphus", 1, "x86_64", "index", &err));
	refused(&y, &all, "state 1 of sisyphus, which is gone: `task run 1`");
}

static void
test_on_changed(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make(TASK_FAILED);
	AUTO(task_fini) struct task dep = {0};
	struct err err = {0};
	int64_t id;
	size_t n;

	OK(task_create(y.f.s, "sisyphus", "ann", &id, &err));
	OK(task_on_set(y.f.s, y.task, &(struct task_on){id, 1, 1}, 1, &err));
	refused(&y, &all, "built on task #2, which has changed");
	OK(task_get(y.f.s, id, &dep, &err));
	dep.try = 1;
	OK(task_move(y.f.s, &dep, TASK_AWAITING, NULL, &err));
	OK(task_move(y.f.s, &dep, TASK_BUILDING, NULL, &err));
	refused(&y, &all, "built on task #2, which has changed");
	OK(task_move(y.f.s, &dep, TASK_BUILT, NULL, &err));
	OK(task_requeue(y.f.s, y.task, &all, &n, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failed),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_building),
		cmocka_unit_test(test_not_begun),
		cmocka_unit_test(test_other_states),
		cmocka_unit_test(test_base_gone),
		cmocka_unit_test(test_on_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
