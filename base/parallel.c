/*
 * The caller works too, so that one job, or one processor, needs no thread. A
 * thread that cannot be started is only one helper fewer.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/parallel.h"

enum { MOST = 16 };

struct work {
	pthread_mutex_t lock;
	parallel_job *job;
	void *arg;
	size_t n, next;
	bool failed;
	size_t failed_job;
	struct err err;
};

/* The next job's number, or n. */
static size_t
take(struct work *w)
{
	size_t i;

	pthread_mutex_lock(&w->lock);
	i = w->failed || w->next >= w->n ? w->n : w->next++;
	pthread_mutex_unlock(&w->lock);
	return i;
}

static void
fail(struct work *w, size_t i, const struct err *err)
{
	pthread_mutex_lock(&w->lock);
	if (!w->failed || i < w->failed_job) {
		w->failed_job = i;
		w->err = *err;
	}
	w->failed = true;
	pthread_mutex_unlock(&w->lock);
}

static void *
run(void *arg)
{
	struct work *w = arg;
	size_t i;

	while ((i = take(w)) < w->n) {
		struct err err = {0};

		if (w->job(w->arg, i, &err) < 0)
			fail(w, i, &err);
	}
	return NULL;
}

static unsigned
processors(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > MOST ? MOST : (unsigned)n;
}

int
parallel_run(size_t n, unsigned threads, parallel_job *job, void *arg, struct err *err)
{
	struct work w = {.lock = PTHREAD_MUTEX_INITIALIZER, .job = job, .arg = arg, .n = n};
	unsigned want = threads && threads < MOST ? threads : threads ? MOST : processors(), started = 0;
	pthread_t helper[MOST];
	sigset_t all, before;

	/* Signals are the business of the thread that has a loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (started + 1 < want && started + 1 < n && pthread_create(&helper[started], NULL, run, &w) == 0)
		started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	run(&w);
	while (started > 0)
		pthread_join(helper[--started], NULL);
	pthread_mutex_destroy(&w.lock);
	if (!w.failed)
		return 0;
	*err = w.err;
	return -1;
}
