/* A task's way through its jobs on two architectures, with the results that builders would send. */
#include "schema/test-farm.h"

#include "base/text.h"
#include "scheduler/result.h"
#include "scheduler/stage.h"
#include "schema/build.h"
#include "schema/task.h"
#include "schema/user.h"

#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* A farm with a repository of two architectures, and a task of some source packages. */
struct walk {
	struct farm farm;
	int64_t task;
};

static void
walk_fini(struct walk *w)
{
	farm_fini(&w->farm);
}
AUTO_DEFINE_EMBEDDED(struct walk, walk_fini);

static struct walk
walk_begin(const char *packages, bool fail_early)
{
	AUTO(repository_fini) struct repository r = {.name = xstrdup("two"), .base_group = xstrdup("")};
	AUTO(strs_fini) struct strs names = {0};
	AUTO(task_fini) struct task t = {0};
	struct walk w = {.farm = farm_make()};
	struct store *s = w.farm.s;
	struct err err = {0};

	strs_split(&r.arches, "aarch64 x86_64", " ");
	strs_split(&names, packages, " ");
	OK(repository_add(s, &r, &err));
	OK(user_add(s, "joe", true, &err));
	OK(task_create(s, "two", "joe", &w.task, &err));
	for (size_t i = 0; i < names.n; i++)
		OK(subtask_save(s, &(struct subtask){.task = w.task, .id = 0100 * (int)(i + 1), .kind = SUBTASK_SRPM,
		    .user = (char *)"joe", .package = names.p[i], .srpm = (char *)SHA, .srpm_file = (char *)"x.src.rpm"}, &err));
	OK(task_get(s, w.task, &t, &err));
	t.fail_early = fail_early;
	t.try = 1;
	OK(task_save(s, &t, &err));
	OK(task_move(s, &t, TASK_AWAITING, NULL, &err));
	OK(stage_begin(s, &t, &err));
	return w;
}

/* Every job of the task as "subtask kind arch state", in order. */
static void
expect(struct walk *w, const char *all)
{
	AUTO(job_list_fini) struct job_list l = {0};
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	OK(job_of_task(w->farm.s, w->task, &l, &err));
	for (size_t i = 0; i < l.n; i++)
		str_add(&text, "%s%o %s%s%s %s", i ? ", " : "", (unsigned)l.p[i].subtask, job_kind_name(l.p[i].kind),
		    *l.p[i].arch ? " " : "", l.p[i].arch, job_state_name(l.p[i].state));
	assert_string_equal(str_c(&text), all);
}

static void
expect_state(struct walk *w, enum task_state state)
{
	AUTO(task_fini) struct task t = {0};
	struct err err = {0};

	OK(task_get(w->farm.s, w->task, &t, &err));
	assert_string_equal(task_state_name(t.state), task_state_name(state));
}

static int64_t
find(struct walk *w, int subtask, enum job_kind kind, const char *arch)
{
	AUTO(job_list_fini) struct job_list l = {0};
	struct err err = {0};
	size_t i = 0;

	OK(job_of_task(w->farm.s, w->task, &l, &err));
	while (i < l.n && (l.p[i].subtask != subtask || l.p[i].kind != kind || strcmp(l.p[i].arch, arch) != 0))
		i++;
	assert_true(i < l.n);
	return l.p[i].id;
}

static void
begin(struct walk *w, int subtask, enum job_kind kind, const char *arch)
{
	AUTO(job_fini) struct job j = {0};
	struct err err = {0};

	OK(job_get(w->farm.s, find(w, subtask, kind, arch), &j, &err));
	assert_int_equal(j.state, JOB_QUEUED);
	j.state = JOB_RUNNING;
	j.attempt++;
	j.started = now_ms();
	OK(job_save(w->farm.s, &j, &err));
}

/* An SRPM is of `package`, and needs a list of names. */
static void
finish(struct walk *w, int subtask, enum job_kind kind, const char *arch, enum wire_outcome outcome, const char *package,
	const char *requires)
{
	AUTO(job_fini) struct job j = {0};
	AUTO(wire_result_fini) struct wire_result r = {.outcome = outcome, .reason = xstrdup(outcome == WIRE_OK ? "" : "broken"),
	    .log = xstrdup(""), .buildroot = xstrdup(""), .root = xstrdup(""), .package = xstrdup(package), .evr = xstrdup("1-1")};
	struct err err = {0};

	OK(job_get(w->farm.s, find(w, subtask, kind, arch), &j, &err));
	r.ref = (struct wire_ref){j.id, (uint32_t)j.attempt};
	strs_add(&r.provides, package);
	strs_split(&r.requires, requires, " ");
	if (kind == JOB_SRPM)
		wire_files_add(&r.files, SHA, "x.src.rpm", "", "");
	OK(result_take(w->farm.s, &r, 3, &err));
}

static void
answer(struct walk *w, int subtask, enum job_kind kind, const char *arch, enum wire_outcome outcome, const char *package,
	const char *requires)
{
	begin(w, subtask, kind, arch);
	finish(w, subtask, kind, arch, outcome, package, requires);
}

/* Where the builds of an architecture have ended it is tested, however far the others are. */
static void
test_slow_arch(void **state)
{
	AUTO(walk_fini) struct walk w = walk_begin("a b", true);

	expect(&w, "100 srpm queued, 200 srpm queued");
	answer(&w, 0100, JOB_SRPM, "", WIRE_OK, "a", "");
	expect(&w, "100 srpm done, 200 srpm queued");
	answer(&w, 0200, JOB_SRPM, "", WIRE_OK, "b", "a");
	expect(&w, "100 srpm done, 200 srpm done, 100 build aarch64 queued, 200 build aarch64 waiting,"
	    " 100 build x86_64 queued, 200 build x86_64 waiting");
	answer(&w, 0100, JOB_BUILD, "x86_64", WIRE_OK, "", "");
	expect(&w, "100 srpm done, 200 srpm done, 100 build aarch64 queued, 200 build aarch64 waiting,"
	    " 100 build x86_64 done, 200 build x86_64 queued");
	answer(&w, 0200, JOB_BUILD, "x86_64", WIRE_OK, "", "");
	expect(&w, "100 srpm done, 200 srpm done, 100 build aarch64 queued, 200 build aarch64 waiting,"
	    " 100 build x86_64 done, 200 build x86_64 done, 0 test x86_64 queued");
	answer(&w, 0, JOB_TEST, "x86_64", WIRE_OK, "", "");
	answer(&w, 0100, JOB_BUILD, "aarch64", WIRE_OK, "", "");
	answer(&w, 0200, JOB_BUILD, "aarch64", WIRE_OK, "", "");
	expect_state(&w, TASK_BUILDING);
	answer(&w, 0, JOB_TEST, "aarch64", WIRE_OK, "", "");
	expect_state(&w, TASK_BUILT);
}

static void
test_fail_early(void **state)
{
	AUTO(walk_fini) struct walk w = walk_begin("a b", true);

	answer(&w, 0100, JOB_SRPM, "", WIRE_OK, "a", "");
	answer(&w, 0200, JOB_SRPM, "", WIRE_FAILED, "b", "");
	expect(&w, "100 srpm done, 200 srpm failed");
	expect_state(&w, TASK_FAILED);
}

/* What does not need the failed one is built to its end; what does is never begun. */
static void
test_fail_late(void **state)
{
	AUTO(walk_fini) struct walk w = walk_begin("a b c", false);

	answer(&w, 0100, JOB_SRPM, "", WIRE_OK, "a", "");
	answer(&w, 0200, JOB_SRPM, "", WIRE_OK, "b", "a");
	answer(&w, 0300, JOB_SRPM, "", WIRE_OK, "c", "");
	answer(&w, 0100, JOB_BUILD, "aarch64", WIRE_FAILED, "", "");
	expect_state(&w, TASK_BUILDING);
	answer(&w, 0100, JOB_BUILD, "x86_64", WIRE_OK, "", "");
	answer(&w, 0300, JOB_BUILD, "x86_64", WIRE_OK, "", "");
	answer(&w, 0200, JOB_BUILD, "x86_64", WIRE_OK, "", "");
	expect_state(&w, TASK_BUILDING);
	answer(&w, 0300, JOB_BUILD, "aarch64", WIRE_OK, "", "");
	answer(&w, 0, JOB_TEST, "x86_64", WIRE_OK, "", "");
	expect_state(&w, TASK_FAILED);
	expect(&w, "100 srpm done, 200 srpm done, 300 srpm done, 100 build aarch64 failed, 200 build aarch64 cancelled,"
	    " 300 build aarch64 done, 100 build x86_64 done, 200 build x86_64 done, 300 build x86_64 done,"
	    " 0 test x86_64 done");
}

/* A test that fails keeps no other architecture from being tested. */
static void
test_fail_late_tests(void **state)
{
	AUTO(walk_fini) struct walk w = walk_begin("a", false);

	answer(&w, 0100, JOB_SRPM, "", WIRE_OK, "a", "");
	answer(&w, 0100, JOB_BUILD, "x86_64", WIRE_OK, "", "");
	answer(&w, 0, JOB_TEST, "x86_64", WIRE_FAILED, "", "");
	answer(&w, 0100, JOB_BUILD, "aarch64", WIRE_OK, "", "");
	expect_state(&w, TASK_BUILDING);
	answer(&w, 0, JOB_TEST, "aarch64", WIRE_OK, "", "");
	expect_state(&w, TASK_FAILED);
}

/* A build that began before another one had ended did not see its packages. */
static void
test_needs_late(void **state)
{
	AUTO(walk_fini) struct walk w = walk_begin("a b", true);
	struct err err = {0};

	answer(&w, 0100, JOB_SRPM, "", WIRE_OK, "a", "");
	answer(&w, 0200, JOB_SRPM, "", WIRE_OK, "b", "");
	begin(&w, 0200, JOB_BUILD, "x86_64");
	answer(&w, 0100, JOB_BUILD, "x86_64", WIRE_OK, "", "");
	finish(&w, 0200, JOB_BUILD, "x86_64", WIRE_NEEDS, "", "");
	expect(&w, "100 srpm done, 200 srpm done, 100 build aarch64 queued, 200 build aarch64 queued,"
	    " 100 build x86_64 done, 200 build x86_64 queued");
	begin(&w, 0200, JOB_BUILD, "x86_64");
	/* Taken back: nobody's failure, and however often. */
	for (int i = 0; i < 9; i++) {
		AUTO(job_fini) struct job j = {0};

		OK(job_get(w.farm.s, find(&w, 0200, JOB_BUILD, "x86_64"), &j, &err));
		OK(result_taken_back(w.farm.s, j.id, (uint32_t)j.attempt, "its builder was disabled", &err));
		begin(&w, 0200, JOB_BUILD, "x86_64");
	}
	finish(&w, 0200, JOB_BUILD, "x86_64", WIRE_NEEDS, "", "");
	expect_state(&w, TASK_FAILED);
}

/* Infrastructure failures are tried again, so often and no more. */
static void
test_infra(void **state)
{
	AUTO(walk_fini) struct walk w = walk_begin("a", true);

	answer(&w, 0100, JOB_SRPM, "", WIRE_INFRA, "a", "");
	answer(&w, 0100, JOB_SRPM, "", WIRE_INFRA, "a", "");
	expect(&w, "100 srpm queued");
	answer(&w, 0100, JOB_SRPM, "", WIRE_INFRA, "a", "");
	expect(&w, "100 srpm failed");
	expect_state(&w, TASK_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_arch),
		cmocka_unit_test(test_fail_early),
		cmocka_unit_test(test_fail_late),
		cmocka_unit_test(test_fail_late_tests),
		cmocka_unit_test(test_needs_late),
		cmocka_unit_test(test_infra),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
