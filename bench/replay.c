/*
 * The clock goes from one thing that happens to the next: an arrival, the end of a job, a merge that begins or ends.
 * Whatever happens at one moment is taken in this order, then the model is asked, then the queue is, until it has nothing
 * for anybody. A job's number says all about it: task, round, and which package of it; the number of a test is
 * larger than those of the builds. As the queue takes jobs by submission and number, the tasks that came first go first.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/vec.h"
#include "bench/replay-farm.h"
#include "bench/sample.h"
#include "bisect/guess.h"

enum { TEST = 4095, ROUNDS_MAX = 1 << 20, NEIGHBOURS = 64, NAMED_PERCENT = 90, DAY_MS = 86400000 };

const struct replay_how replay_usual = {
	.compress = 1, .seed = 1,
	.build_median = 27000, .build_sigma = 1.464, .test = 10000, .test_package = 5000,
	.faults = 0.0125,
	.serial_merge = 30000,
	.period = 60000, .mega_merge = 200, .mega_task = 3, .mega_attempt = 15,
};

static int64_t
job_number(size_t task, uint32_t round, size_t part)
{
	assert(round < ROUNDS_MAX && part <= TEST);
	return (int64_t)(task + 1) << 32 | (int64_t)round << 12 | (int64_t)part;
}

bool
replay_is_test(int64_t job)
{
	return (job & TEST) == TEST;
}

size_t
replay_task_of(int64_t job)
{
	return (size_t)(job >> 32) - 1;
}

/* The heap of ends: by time, then number. */

static bool
sooner(const struct replay_end *a, const struct replay_end *b)
{
	return a->at != b->at ? a->at < b->at : a->job < b->job;
}

static void
ends_add(struct replay *r, struct replay_end e)
{
	size_t i = r->ends.n;

	vec_push(&r->ends, e);
	for (; i && sooner(&e, &r->ends.p[(i - 1) / 2]); i = (i - 1) / 2)
		r->ends.p[i] = r->ends.p[(i - 1) / 2];
	r->ends.p[i] = e;
}

static struct replay_end
ends_take(struct replay *r)
{
	struct replay_end first = r->ends.p[0], last = r->ends.p[--r->ends.n];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < r->ends.n) {
		k += k + 1 < r->ends.n && sooner(&r->ends.p[k + 1], &r->ends.p[k]);
		if (!sooner(&r->ends.p[k], &last))
			break;
		r->ends.p[i] = r->ends.p[k];
		i = k;
	}
	if (r->ends.n)
		r->ends.p[i] = last;
	return first;
}

static void
tell(const struct replay *r, enum replay_what what, int64_t job, size_t builder)
{
	struct replay_event e = {what, r->now, replay_task_of(job), builder, replay_is_test(job), r->state};

	if (r->how->tell)
		r->how->tell(r->how->arg, &e);
}

/* Jobs */

static const struct trace_package *
packages_of(const struct replay *r, const struct replay_task *t)
{
	return &r->trace->packages.p[t->what->first];
}

static int64_t
job_ms(const struct replay *r, int64_t job)
{
	const struct replay_task *t = &r->tasks[replay_task_of(job)];

	return replay_is_test(job) ? r->how->test + (int64_t)t->what->n * r->how->test_package :
	    r->package_ms[packages_of(r, t)[job & TEST].name];
}

static void
add_job(struct replay *r, int64_t job)
{
	const struct ask ask = {.job = job, .task = (int64_t)replay_task_of(job), .owner = "all", .repository = "sisyphus",
	    .arches = &r->arches, .expected_ms = job_ms(r, job), .submitted = r->tasks[replay_task_of(job)].submitted,
	    .queued = r->now, .class = QUEUE_NORMAL};

	queue_add(r->queue, &ask, r->now);
}

void
replay_test(struct replay *r, size_t task)
{
	struct replay_task *t = &r->tasks[task];

	t->state = REPLAY_TESTING;
	add_job(r, job_number(task, ++t->rounds, TEST));
}

void
replay_build(struct replay *r, size_t task)
{
	struct replay_task *t = &r->tasks[task];

	t->state = REPLAY_BUILDING;
	t->base = r->state;
	t->rounds++;
	t->starts++;
	for (size_t i = 0; i < t->what->n; i++)
		if (packages_of(r, t)[i].built) {
			add_job(r, job_number(task, t->rounds, i));
			t->left++;
		}
	if (!t->left)
		replay_test(r, task);
}

static size_t
builder_of(const struct replay *r, const struct host *h)
{
	return (size_t)((const int64_t *)h->arg - r->on);
}

static int
start_job(struct replay *r, struct live *l, struct host *h, struct err *err)
{
	size_t builder = builder_of(r, h);
	struct replay_task *t = &r->tasks[replay_task_of(l->job)];
	bool test = replay_is_test(l->job), again = test ? t->tests > 0 : t->starts > 1;

	if (r->on[builder])
		return err_set(err, EBUSY, "builder %s is given a job, and has one", h->name);
	/* Each time another one has been merged since. */
	if (t->starts > r->n)
		return err_set(err, ELOOP, "task #%lld is started over and over", (long long)t->what->id);
	r->on[builder] = l->job;
	if (test) {
		t->tests++;
		t->tested = r->state;
	}
	*(test ? &r->sum->tests : &r->sum->builds) += 1;
	*(test ? &r->sum->retests : &r->sum->rebuilds) += again;
	ends_add(r, (struct replay_end){r->now + job_ms(r, l->job), l->job});
	tell(r, REPLAY_START, l->job, builder);
	queue_start(r->queue, l, h, r->now);
	return 0;
}

/* It leaves the queue and its builder. */
static void
leave(struct replay *r, struct live *l, size_t builder, enum replay_what what)
{
	int64_t job = l->job;

	r->work += r->now - l->started;
	r->on[builder] = 0;
	queue_drop(r->queue, l, r->now);
	tell(r, what, job, builder);
}

void
replay_cut(struct replay *r, size_t builder)
{
	int64_t job = r->on[builder];

	leave(r, queue_find(r->queue, job), builder, REPLAY_CUT);
	replay_test(r, replay_task_of(job));
}

/* What has gone wrong with a task */

bool
replay_stale(const struct replay *r, const struct replay_task *t, int64_t state)
{
	for (size_t i = 0; i < t->what->n; i++) {
		int64_t changed = r->package_state[packages_of(r, t)[i].name];

		bool follows = t->descends && r->package_task[packages_of(r, t)[i].name] < (size_t)(t - r->tasks);

		if (changed > t->base && changed <= state && !follows)
			return true;
	}
	return false;
}

bool
replay_broken(const struct replay *r, size_t task, int64_t state)
{
	const struct replay_task *t = &r->tasks[task];

	for (size_t i = 0; i < t->faults.n; i++) {
		const struct replay_fault *f = &r->faults.p[t->faults.p[i]];
		const struct replay_task *other = &r->tasks[f->a == task ? f->b : f->a];

		if (other->state == REPLAY_DONE && other->merged > t->base && other->merged <= state)
			return true;
	}
	return false;
}

static int
end_job(struct replay *r, int64_t job, struct err *err)
{
	struct live *l = queue_find(r->queue, job);
	size_t task = replay_task_of(job);
	struct replay_task *t = &r->tasks[task];
	size_t builder;

	if (!l)
		return 0;
	if (l->state != LIVE_RUNNING || r->on[builder = builder_of(r, l->host)] != job)
		return err_set(err, EINVAL, "a job of task #%lld ends that does not run", (long long)t->what->id);
	leave(r, l, builder, REPLAY_END);
	if (!replay_is_test(job)) {
		if (--t->left == 0)
			replay_test(r, task);
	} else if (replay_stale(r, t, t->tested) || replay_broken(r, task, t->tested)) {
		r->sum->sent_back++;
		replay_build(r, task);
	} else {
		t->state = REPLAY_BUILT;
		vec_push(&r->built, task);
	}
	return 0;
}

int
replay_commit(struct replay *r, struct err *err)
{
	r->state++;
	for (size_t i = 0; i < r->merging.n; i++) {
		size_t task = r->merging.p[i];
		struct replay_task *t = &r->tasks[task];

		if (t->state != REPLAY_MERGING)
			return err_set(err, EINVAL, "task #%lld is merged, and was not to be", (long long)t->what->id);
		t->state = REPLAY_DONE;
		t->done = r->now;
		t->merged = r->state;
		r->done++;
		for (size_t k = 0; k < t->what->n; k++) {
			r->package_state[packages_of(r, t)[k].name] = r->state;
			r->package_task[packages_of(r, t)[k].name] = task;
		}
		tell(r, REPLAY_MERGED, job_number(task, 0, TEST), 0);
	}
	r->merging.n = 0;
	return 0;
}

/* What is drawn, from the seed and what it is of: it is the same for each model and number of builders. */

static double
uniform(uint64_t *seed)
{
	return (double)(guess_random(seed) >> 11) / 0x1p53;
}

static void
draw_times(struct replay *r)
{
	const struct map *names = &r->trace->names;

	for (uint32_t i = 0; i < names->n; i++) {
		uint64_t seed = r->how->seed << 32 ^ names->key[i].hash;
		double u = uniform(&seed), v = uniform(&seed);
		double normal = sqrt(-2 * log(1 - u)) * cos(2 * M_PI * v);
		double ms = (double)r->how->build_median * exp(r->how->build_sigma * normal);

		r->package_ms[i] = ms < 1000 ? 1000 : ms > DAY_MS ? DAY_MS : (int64_t)ms;
	}
}

static void
draw_descent(struct replay *r)
{
	for (size_t i = 0; i < r->n; i++) {
		uint64_t seed = r->how->seed << 32 ^ (uint64_t)r->tasks[i].what->id ^ UINT64_C(1) << 62;

		r->tasks[i].descends = uniform(&seed) < r->how->descend;
	}
}

static void
draw_faults(struct replay *r)
{
	for (size_t i = 1; i < r->n; i++) {
		uint64_t seed = r->how->seed << 32 ^ (uint64_t)r->tasks[i].what->id ^ UINT64_C(1) << 63;
		struct replay_fault f = {.a = i};

		if (uniform(&seed) >= r->how->faults)
			continue;
		f.b = i - 1 - guess_below(&seed, i < NEIGHBOURS ? i : NEIGHBOURS);
		f.named = guess_below(&seed, 100) < NAMED_PERCENT;
		vec_push(&r->tasks[f.a].faults, r->faults.n);
		vec_push(&r->tasks[f.b].faults, r->faults.n);
		vec_push(&r->faults, f);
	}
}

static void
make_builders(struct replay *r)
{
	const struct strs none = {0};

	strs_add(&r->arches, "x86_64");
	for (size_t b = 0; b < r->how->builders; b++) {
		char name[32];
		struct host *h;

		snprintf(name, sizeof(name), "b%zu", b);
		h = queue_host(r->queue, name);
		queue_set_host(r->queue, h, &r->arches, &none, 1, 0);
		h->arg = &r->on[b];
		queue_set_open(r->queue, h, true);
	}
}

static void
replay_init(struct replay *r)
{
	const struct trace_task *first = &r->trace->tasks.p[0];

	r->n = r->trace->tasks.n;
	r->queue = queue_new();
	r->tasks = xcalloc(r->n, sizeof(*r->tasks));
	r->in = xcalloc(r->n, sizeof(*r->in));
	r->on = xcalloc(r->how->builders, sizeof(*r->on));
	r->package_ms = xcalloc(r->trace->names.n, sizeof(*r->package_ms));
	r->package_state = xcalloc(r->trace->names.n, sizeof(*r->package_state));
	r->package_task = xcalloc(r->trace->names.n, sizeof(*r->package_task));
	r->batch_of = xcalloc(r->trace->names.n, sizeof(*r->batch_of));
	r->batch_task = xcalloc(r->trace->names.n, sizeof(*r->batch_task));
	for (size_t i = 0; i < r->n; i++) {
		const struct trace_task *what = first + i;
		double after = r->how->compress > 0 ? (double)(what->arrival - first->arrival) * 1000 / r->how->compress : 0;

		r->tasks[i] = (struct replay_task){.what = what, .submitted = first->arrival * 1000 + (int64_t)after};
	}
	draw_times(r);
	draw_descent(r);
	draw_faults(r);
	make_builders(r);
}

static void
replay_fini(struct replay *r)
{
	for (size_t i = 0; r->tasks && i < r->n; i++)
		vec_fini(&r->tasks[i].faults);
	vec_fini(&r->faults);
	vec_fini(&r->ends);
	vec_fini(&r->built);
	vec_fini(&r->merging);
	vec_fini(&r->back);
	vec_fini(&r->needs);
	strs_fini(&r->arches);
	free(r->tasks);
	free(r->in);
	free(r->on);
	free(r->package_ms);
	free(r->package_state);
	free(r->package_task);
	free(r->batch_of);
	free(r->batch_task);
	queue_destroy(r->queue);
}
AUTO_DEFINE_EMBEDDED(struct replay, replay_fini);

/* The clock */

/* Everything that happens at one moment. */
static int
moment(struct replay *r, int64_t *due, struct err *err)
{
	struct live *l;
	struct host *h;

	for (; r->arrived < r->n && r->tasks[r->arrived].submitted <= r->now; r->arrived++)
		replay_build(r, r->arrived);
	while (r->ends.n && r->ends.p[0].at <= r->now)
		if (end_job(r, ends_take(r).job, err) < 0)
			return -1;
	if (r->how->model->step(r, due, err) < 0)
		return -1;
	while (queue_next(r->queue, r->now, &l, &h))
		if (start_job(r, l, h, err) < 0)
			return -1;
	return 0;
}

static int
run(struct replay *r, struct err *err)
{
	int64_t due = INT64_MAX;

	while (r->done < r->n) {
		int64_t next = due;

		if (r->arrived < r->n && r->tasks[r->arrived].submitted < next)
			next = r->tasks[r->arrived].submitted;
		if (r->ends.n && r->ends.p[0].at < next)
			next = r->ends.p[0].at;
		if (next == INT64_MAX)
			return err_set(err, EDEADLK, "nothing happens any more, and %zu tasks are not DONE", r->n - r->done);
		r->now = next;
		if (moment(r, &due, err) < 0)
			return -1;
	}
	return 0;
}

/* Nothing may be left of anything. */
static int
check_end(const struct replay *r, struct err *err)
{
	struct queue_counts c = queue_count(r->queue);

	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].state != REPLAY_DONE)
			return err_set(err, EINVAL, "task #%lld is not DONE", (long long)r->tasks[i].what->id);
	if (c.queued || c.held || c.running || c.busy || r->built.n || r->merging.n || r->done != r->n)
		return err_set(err, EINVAL, "%zu jobs queued, %zu running, %zu tasks BUILT after the end", c.queued + c.held, c.running,
		    r->built.n);
	return 0;
}

static void
add_up(const struct replay *r)
{
	AUTO(samples_fini) struct samples waits = {0};
	AUTO(samples_fini) struct samples done = {0};
	struct replay_sum *sum = r->sum;
	int64_t begin = r->tasks[0].submitted;
	double most;

	for (size_t i = 0; i < r->n; i++) {
		const struct replay_task *t = &r->tasks[i];

		samples_add(&waits, (double)(t->done - t->submitted) / 1e3);
		samples_add(&done, (double)(t->done - begin) / DAY_MS);
		if (t->tests > sum->most_tests)
			sum->most_tests = t->tests;
	}
	most = samples_at(&done, 0.95);
	sum->tasks = r->done;
	sum->state = (size_t)r->state;
	sum->tasks_day = most > 0 ? 0.95 * (double)r->n / most : 0;
	sum->days = samples_at(&done, 1);
	sum->wait_p50 = samples_at(&waits, 0.5);
	sum->wait_p95 = samples_at(&waits, 0.95);
	sum->busy = (double)r->work / ((double)(r->now - begin) * (double)r->how->builders);
}

int
replay_run(const struct trace *trace, const struct replay_how *how, struct replay_sum *sum, struct err *err)
{
	AUTO(replay_fini) struct replay r = {.trace = trace, .how = how, .sum = sum};

	*sum = (struct replay_sum){0};
	replay_init(&r);
	r.now = r.tasks[0].submitted;
	if (run(&r, err) < 0 || check_end(&r, err) < 0)
		return err_ctx(err, "%s merging, %zu builders", how->model->name, how->builders);
	add_up(&r);
	return 0;
}
