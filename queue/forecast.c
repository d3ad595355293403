/*
 * The clock goes from one end of a job, or of a back-off, to the next; at each all jobs start that queue_next() gives.
 * So the order, the shares and the builders are those that the scheduler would choose.
 */
#include "queue/forecast.h"
#include "queue/heap.h"
#include "queue/inside.h"

/* A job that runs, until it is taken to end. */
struct run {
	struct live *job;
	int64_t end;
	size_t at;
};

static bool
ends_before(const void *x, const void *y)
{
	const struct run *a = x, *b = y;

	return a->end != b->end ? a->end < b->end : a->job->job < b->job->job;
}

static const struct heap_order by_end = {ends_before, offsetof(struct run, at)};

struct run_list {
	struct heap ends;
	int64_t now;
};

static void
run_list_fini(struct run_list *r)
{
	for (size_t i = 0; i < r->ends.n; i++)
		free(r->ends.p[i]);
	heap_fini(&r->ends);
}
AUTO_DEFINE_EMBEDDED(struct run_list, run_list_fini);

static struct run *
add_run(struct run_list *r, struct live *l, int64_t end)
{
	struct run *run = xcalloc(1, sizeof(*run));

	*run = (struct run){.job = l, .end = end};
	heap_push(&r->ends, &by_end, run);
	return run;
}

/* What runs already. */
static void
note_running(void *arg, struct live *l)
{
	struct run_list *r = arg;
	int64_t so_far = r->now > l->started ? r->now - l->started : 0;

	if (l->state == LIVE_RUNNING)
		add_run(r, l, so_far < l->expected_ms ? l->started + l->expected_ms : r->now + so_far / 4 + 1);
}

static int
by_start(const void *x, const void *y)
{
	const struct live *a = (*(struct run *const *)x)->job, *b = (*(struct run *const *)y)->job;

	return a->started != b->started ? (a->started > b->started) - (a->started < b->started) :
	    (a->job > b->job) - (a->job < b->job);
}

static int
tell_running(const struct run_list *r, int (*fn)(void *arg, const struct forecast *f), void *arg)
{
	VEC(struct run *) runs = {0};
	int result = 0;

	for (size_t i = 0; i < r->ends.n; i++)
		vec_push(&runs, r->ends.p[i]);
	if (runs.n)
		qsort(runs.p, runs.n, sizeof(*runs.p), by_start);
	for (size_t i = 0; i < runs.n && result == 0; i++) {
		const struct live *l = runs.p[i]->job;

		result = fn(arg, &(struct forecast){l, l->host, 0, l->started, runs.p[i]->end});
	}
	vec_fini(&runs);
	return result;
}

static void
end_until_now(struct queue *q, struct run_list *r)
{
	struct run *run;

	while ((run = heap_top(&r->ends)) && run->end <= r->now) {
		heap_remove(&r->ends, &by_end, run);
		queue_drop(q, run->job, r->now);
		free(run);
	}
}

int
forecast_run(struct queue *q, int64_t now, int (*fn)(void *arg, const struct forecast *f), void *arg)
{
	AUTO(run_list_fini) struct run_list r = {.now = now};
	struct forecast f = {0};
	const struct run *next;
	struct live *l;
	struct host *h;
	int result;

	queue_each(q, note_running, &r);
	result = tell_running(&r, fn, arg);
	while (result == 0 && r.now < INT64_MAX) {
		end_until_now(q, &r);
		while (result == 0 && queue_next(q, r.now, &l, &h)) {
			queue_start(q, l, h, r.now);
			f = (struct forecast){l, h, f.place, r.now, add_run(&r, l, r.now + l->expected_ms)->end};
			result = fn(arg, &f);
			f.place++;
		}
		next = heap_top(&r.ends);
		r.now = queue_due(q);
		if (next && next->end < r.now)
			r.now = next->end;
	}
	return result;
}
