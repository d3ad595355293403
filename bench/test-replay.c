/*
 * The replay, watched from outside: by the events that it tells, whatever it checks itself. The first 300 transactions
 * of the real trace, and small ones made here of which the times are known.
 */
#include "tests/unit.h"

#include "bench/replay.h"

enum { TASKS = 300, BUILDERS_MAX = 64 };

static const char head[] = "task_id\tauthor_time\tcommit_time\tn_changed\tadded\tmodified\tdeleted\tpackages\n";

/* What has been seen so far. */
struct watch {
	const struct trace *trace;
	const struct replay_how *how;
	int64_t now, state;
	size_t on[BUILDERS_MAX];		/* task + 1 */
	int64_t tested[TASKS];			/* the state that its last test that went to its end began on, + 1 */
	int64_t began[TASKS];			/* of the test that is under way */
	int64_t merged[TASKS];
	int64_t *package;			/* of each name: the last state that changed it */
	size_t starts, ends, cuts, done;
};

static void
see_job(struct watch *w, const struct replay_event *e)
{
	assert_true(e->builder < w->how->builders);
	if (e->what == REPLAY_START) {
		assert_int_equal(w->on[e->builder], 0);
		assert_int_equal(w->merged[e->task], 0);
		w->on[e->builder] = e->task + 1;
		w->starts++;
		if (e->test)
			w->began[e->task] = e->state;
		return;
	}
	assert_int_equal(w->on[e->builder], e->task + 1);
	w->on[e->builder] = 0;
	*(e->what == REPLAY_CUT ? &w->cuts : &w->ends) += 1;
	if (e->test && e->what == REPLAY_END)
		w->tested[e->task] = w->began[e->task] + 1;
}

static void
see_merge(struct watch *w, const struct replay_event *e)
{
	const struct trace_task *t = &w->trace->tasks.p[e->task];

	assert_int_equal(w->merged[e->task], 0);
	assert_true(w->tested[e->task] > 0);
	/* Serial: on exactly the state that it was tested on, and alone. */
	if (w->how->model == &replay_serial) {
		assert_int_equal(e->state, w->state + 1);
		assert_int_equal(w->tested[e->task] - 1, w->state);
	}
	assert_true(e->state == w->state || e->state == w->state + 1);
	w->state = e->state;
	w->merged[e->task] = e->state;
	w->done++;
	for (size_t i = 0; i < t->n; i++) {
		int64_t *last = &w->package[w->trace->packages.p[t->first + i].name];

		assert_true(*last < e->state || (w->how->descend > 0 && *last == e->state));
		*last = e->state;
	}
}

static void
see(void *arg, const struct replay_event *e)
{
	struct watch *w = arg;

	assert_true(e->task < w->trace->tasks.n);
	assert_true(e->now >= w->now);
	w->now = e->now;
	if (e->what == REPLAY_MERGED)
		see_merge(w, e);
	else
		see_job(w, e);
}

static size_t
packages_built(const struct trace *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->tasks.n; i++)
		for (size_t k = 0; k < t->tasks.p[i].n; k++)
			n += t->packages.p[t->tasks.p[i].first + k].built;
	return n;
}

/* Run it, and hold what it says against what was seen. */
static struct replay_sum
watched(const struct trace *t, struct replay_how *how)
{
	AUTO(free) int64_t *package = xcalloc(t->names.n, sizeof(*package));
	struct watch w = {.trace = t, .how = how, .package = package};
	struct replay_sum sum;
	struct err err = {0};

	how->tell = see;
	how->arg = &w;
	OK(replay_run(t, how, &sum, &err));
	how->tell = NULL;
	assert_int_equal(w.done, t->tasks.n);
	assert_int_equal(sum.tasks, t->tasks.n);
	assert_int_equal(sum.state, w.state);
	assert_int_equal(w.starts, sum.builds + sum.tests);
	assert_int_equal(w.starts, w.ends + w.cuts);
	assert_int_equal(sum.builds - sum.rebuilds, packages_built(t));
	assert_int_equal(sum.tests - sum.retests, t->tasks.n);
	assert_true(sum.busy > 0 && sum.busy <= 1);
	for (size_t b = 0; b < how->builders; b++)
		assert_int_equal(w.on[b], 0);
	return sum;
}

static void
read_real(struct trace *t)
{
	const char *path = getenv("REPLAY_TRACE");
	struct err err = {0};

	OK(trace_read(t, path ? path : "bench/data/alt-task-trace-2012-2015.tsv.gz", 0, INT64_MAX, TASKS, &err));
	assert_int_equal(t->tasks.n, TASKS);
}

static const struct replay_model *const models[] = {&replay_serial, &replay_mega};

/* Every task is merged once, no builder has two jobs, and the same seed gives the same, whatever is asked for. */
static void
each_once(void **state)
{
	static const size_t builders[] = {2, BUILDERS_MAX};
	static const double compress[] = {1, 100, 0};
	AUTO(trace_fini) struct trace t = {0};

	read_real(&t);
	for (size_t m = 0; m < ARRAY_SIZE(models); m++)
		for (size_t b = 0; b < ARRAY_SIZE(builders); b++)
			for (size_t c = 0; c < ARRAY_SIZE(compress); c++) {
				struct replay_how how = replay_usual;
				struct replay_sum first, again, other;

				how.model = models[m];
				how.builders = builders[b];
				how.compress = compress[c];
				first = watched(&t, &how);
				again = watched(&t, &how);
				assert_memory_equal(&first, &again, sizeof(first));
				how.seed++;
				how.descend = 0.5;
				other = watched(&t, &how);
				assert_true(first.wait_p50 != other.wait_p50);
			}
}

/* Where every task has a fault, all still get in. */
static void
faults(void **state)
{
	AUTO(trace_fini) struct trace t = {0};

	read_real(&t);
	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		struct replay_how how = replay_usual;
		size_t without;

		how.model = models[m];
		how.builders = 16;
		how.compress = 0;
		how.faults = 0;
		without = watched(&t, &how).sent_back;
		how.faults = 1;
		assert_true(watched(&t, &how).sent_back > without + TASKS / 10);
	}
}

/* What the whole is about. */
static void
builders_help(void **state)
{
	AUTO(trace_fini) struct trace t = {0};
	struct replay_how how = replay_usual;
	struct replay_sum one, many, serial;

	read_real(&t);
	how.compress = 0;
	how.model = &replay_mega;
	how.builders = 1;
	one = watched(&t, &how);
	how.builders = 8;
	many = watched(&t, &how);
	assert_true(many.tasks_day > 5 * one.tasks_day);
	how.model = &replay_serial;
	serial = watched(&t, &how);
	assert_true(serial.tasks_day < many.tasks_day);
	assert_true(serial.tasks_day < 86400.0 / 30);
	assert_true(serial.retests > many.retests);
}

/* A trace of these lines behind the head. */
static int
small(struct trace *t, const char *lines, struct err *err)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *text = xasprintf("%s%s", head, lines);
	AUTO(free) char *path = xasprintf("%s/t", f.path);

	folder_put(&f, "t", text);
	return trace_read(t, path, 0, INT64_MAX, 0, err);
}

/* One task: build 10 s, test 5 + 2 s, and then. */
static struct replay_how
known_times(const struct replay_model *model)
{
	struct replay_how how = replay_usual;

	how.model = model;
	how.builders = 4;
	how.build_median = 10000;
	how.build_sigma = 0;
	how.test = 5000;
	how.test_package = 2000;
	how.faults = 0;
	return how;
}

static void
times(void **state)
{
	AUTO(trace_fini) struct trace t = {0};
	struct replay_how how;
	struct err err = {0};

	/* It comes 30 s after a full minute, so it is tested 13 s before the next. */
	OK(small(&t, "7\t1341447630\t1341447900\t1\t0\t1\t0\tM:mpfr\n", &err));
	how = known_times(&replay_serial);
	assert_float_equal(watched(&t, &how).wait_p50, 10 + 7 + 30, 1e-9);
	how = known_times(&replay_mega);
	how.mega_merge = 200;
	how.mega_task = 3;
	assert_int_equal(1341447660 % 60, 0);
	assert_float_equal(watched(&t, &how).wait_p50, 30 + 0.203, 1e-9);
}

/* Of two with one package the later is built again, once; a deletion needs no build. */
static void
inheritance(void **state)
{
	static const char lines[] = "8\t1341447631\t1341447900\t2\t0\t1\t1\tM:mpfr D:gone\n"
	    "7\t1341447630\t1341447910\t1\t0\t1\t0\tM:mpfr\n9\t1341447632\t1341447920\t1\t0\t0\t1\tD:other\n";
	AUTO(trace_fini) struct trace t = {0};
	struct err err = {0};

	OK(small(&t, lines, &err));
	assert_int_equal(t.tasks.p[0].id, 7);
	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		struct replay_how how = known_times(models[m]);
		struct replay_sum sum = watched(&t, &how);

		assert_int_equal(sum.builds, 3);
		assert_int_equal(sum.rebuilds, 1);
		assert_int_equal(sum.sent_back, 1);
		/* But not if it descends from the earlier: then both are in one merge. */
		how.descend = 1;
		sum = watched(&t, &how);
		assert_int_equal(sum.builds, 2);
		assert_int_equal(sum.sent_back, 0);
		assert_int_equal(sum.state, models[m] == &replay_mega ? 1 : 3);
	}
}

/* Of two tasks that break something together, in one batch or one after the other, one is built again. */
static void
pair(void **state)
{
	static const char lines[] = "7\t1341447630\t1341447900\t1\t0\t1\t0\tM:mpfr\n8\t1341447630\t1341447900\t1\t0\t1\t0\tM:vym\n";
	AUTO(trace_fini) struct trace t = {0};
	struct err err = {0};

	OK(small(&t, lines, &err));
	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		struct replay_how how = known_times(models[m]);
		struct replay_sum sum;

		how.faults = 1;
		sum = watched(&t, &how);
		assert_int_equal(sum.sent_back, 1);
		assert_int_equal(sum.rebuilds, 1);
		assert_int_equal(sum.state, 2);
	}
}

/* Came more than a day before its commit: a day before. */
static void
arrival(void **state)
{
	AUTO(trace_fini) struct trace t = {0};
	struct err err = {0};

	OK(small(&t, "1\t1000000\t1500000\t1\t1\t0\t0\tA:a\n2\t1499990\t1500000\t1\t1\t0\t0\tA:b\n", &err));
	assert_int_equal(t.tasks.p[0].arrival, 1500000 - TRACE_DAY);
	assert_int_equal(t.tasks.p[1].arrival, 1499990);
}

static void
bad_traces(void **state)
{
	static const struct {
		const char *lines, *part;
	} bad[] = {
		{"", "no transaction"},
		{"1\t2\t3\t1\t0\t1\t0\n", "line 2: 7 columns, 8 are wanted"},
		{"1\t2\t3\t1\t0\t1\t0\tM:a\tb\n", "line 2: 9 columns"},
		{"1\t2\t3\t1\t0\t1\t0\tM:a\n-1\t2\t3\t1\t0\t1\t0\tM:a\n", "line 3: the first three columns"},
		{"1\t2\t3\t1\t0\t1\t0\tX:a\n", "\"X:a\" is no package"},
		{"1\t2\t3\t1\t0\t1\t0\tM:../a\n", "is no package"},
		{"1\t2\t3\t1\t0\t1\t0\t\n", "\"\" is no package"},
	};
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *path = xasprintf("%s/t.gz", f.path);
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(trace_fini) struct trace t = {0};

		FAILS(small(&t, bad[i].lines, &err), bad[i].part);
	}
	AUTO(trace_fini) struct trace t = {0};
	FAILS(trace_read(&t, path, 0, INT64_MAX, 0, &err), "No such file");
	folder_put(&f, "t.gz", "id\tauthor\n");
	FAILS(trace_read(&t, path, 0, INT64_MAX, 0, &err), "line 1: 2 columns");
}

/* The real one, cut off in the middle. */
static void
cut_off(void **state)
{
	const char *real = getenv("REPLAY_TRACE");
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *path = xasprintf("%s/t.gz", f.path);
	AUTO(str_fini) struct str raw = {0};
	AUTO(trace_fini) struct trace t = {0};
	struct err err = {0};

	OK(file_read(AT_FDCWD, real ? real : "bench/data/alt-task-trace-2012-2015.tsv.gz", 64 << 20, &raw, &err));
	OK(file_replace(f.fd, "t.gz", raw.p, raw.n / 2, 0644, &err));
	FAILS(trace_read(&t, path, 0, INT64_MAX, 0, &err), "cut off or damaged");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(inheritance),
		cmocka_unit_test(pair),
		cmocka_unit_test(arrival),
		cmocka_unit_test(bad_traces),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(each_once),
		cmocka_unit_test(faults),
		cmocka_unit_test(builders_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
