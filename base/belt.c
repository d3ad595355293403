/*
 * A ring of batches under one mutex. `sent` and `done` only grow; batch i is slot
 * i % RING. The caller fills slot `sent` while sent - done < RING, the thread empties
 * slot `done` while done < sent.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/belt.h"

enum { RING = 4 };

struct belt {
	belt_fn *take;
	void *arg;
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct str batch[RING];
	uint64_t sent, done;
	bool ended;			/* no more will be sent */
};

static void *
work(void *arg)
{
	struct belt *b = arg;

	pthread_mutex_lock(&b->mutex);
	for (;;) {
		while (b->done == b->sent && !b->ended)
			pthread_cond_wait(&b->changed, &b->mutex);
		if (b->done == b->sent)
			break;
		pthread_mutex_unlock(&b->mutex);
		b->take(b->arg, &b->batch[b->done % RING]);
		pthread_mutex_lock(&b->mutex);
		b->done++;
		pthread_cond_broadcast(&b->changed);
	}
	pthread_mutex_unlock(&b->mutex);
	return NULL;
}

struct belt *
belt_new(belt_fn *take, void *arg)
{
	struct belt *b = xcalloc(1, sizeof(*b));
	sigset_t all, before;

	b->take = take;
	b->arg = arg;
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->changed, NULL);
	/* Signals are the caller's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	b->started = pthread_create(&b->thread, NULL, work, b) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return b;
}

struct str *
belt_batch(struct belt *b)
{
	return &b->batch[b->sent % RING];
}

void
belt_send(struct belt *b)
{
	if (!b->started) {
		b->take(b->arg, belt_batch(b));
		str_clear(belt_batch(b));
		return;
	}
	pthread_mutex_lock(&b->mutex);
	b->sent++;
	pthread_cond_broadcast(&b->changed);
	while (b->sent - b->done == RING)
		pthread_cond_wait(&b->changed, &b->mutex);
	pthread_mutex_unlock(&b->mutex);
	str_clear(belt_batch(b));
}

void
belt_end(struct belt *b)
{
	if (!b)
		return;
	if (belt_batch(b)->n)
		belt_send(b);
	if (b->started) {
		pthread_mutex_lock(&b->mutex);
		b->ended = true;
		pthread_cond_broadcast(&b->changed);
		pthread_mutex_unlock(&b->mutex);
		pthread_join(b->thread, NULL);
	}
	for (int i = 0; i < RING; i++)
		str_fini(&b->batch[i]);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->mutex);
	free(b);
}
