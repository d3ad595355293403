/*
 * A ring of blocks under one mutex. `filled`, `taken` and `given` only grow; block i of the file is
 * slot i % RING. The thread fills while filled - given < RING, the caller takes while taken < filled.
 * A block is some hundred microseconds of work, so the mutex costs nothing.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "package/blocks.h"
#include "package/unpress.h"

enum { RING = 4 };

struct blocks {
	int fd;
	struct unpress *file;		/* the thread's while it runs */
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	char *memory[RING];
	size_t n[RING];
	uint64_t filled, taken, given;
	bool stop;			/* no more blocks are wanted */
	bool ended;			/* no more blocks will come */
	int result;			/* 0, or -1 and why is set */
	struct err why;
};

static int
fill(struct blocks *b, uint64_t i, uint64_t before, struct err *err)
{
	char *to = b->memory[i % RING] + BLOCK_HEAD, *nul;
	ssize_t n = unpress_read(b->file, to, BLOCK_SIZE, err);

	if (n < 0)
		return -1;
	if ((nul = memchr(to, '\0', (size_t)n)))
		return err_set(err, EBADMSG, "byte %llu: a NUL", (unsigned long long)(before + (uint64_t)(nul - to)));
	memset(to + n, 0, BLOCK_SLACK);
	b->n[i % RING] = (size_t)n;
	return n > 0;
}

static void *
work(void *arg)
{
	struct blocks *b = arg;
	uint64_t bytes = 0;
	int r = 1;

	pthread_mutex_lock(&b->mutex);
	while (r > 0) {
		while (!b->stop && b->filled - b->given == RING)
			pthread_cond_wait(&b->changed, &b->mutex);
		if (b->stop)
			break;
		pthread_mutex_unlock(&b->mutex);
		r = fill(b, b->filled, bytes, &b->why);
		pthread_mutex_lock(&b->mutex);
		if (r > 0) {
			bytes += b->n[b->filled % RING];
			b->filled++;
			pthread_cond_signal(&b->changed);
		}
	}
	b->result = r < 0 ? -1 : 0;
	b->ended = true;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->mutex);
	return NULL;
}

/* Signals are for the program's own thread. */
static int
start(struct blocks *b)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&b->thread, NULL, work, b);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	b->started = r == 0;
	return r;
}

struct blocks *
blocks_new(int fd, struct err *err)
{
	AUTO(blocks_free) struct blocks *b = xcalloc(1, sizeof(*b));
	int r;

	b->fd = fd;
	b->file = unpress_new(fd);
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->changed, NULL);
	for (int i = 0; i < RING; i++)
		b->memory[i] = xrealloc(NULL, BLOCK_HEAD + BLOCK_SIZE + BLOCK_SLACK);
	if ((r = start(b)) != 0) {
		err_set(err, r, "start a thread: %s", strerror(r));
		return NULL;
	}
	return STEAL(b);
}

static void
finish(struct blocks *b)
{
	if (!b->started)
		return;
	pthread_mutex_lock(&b->mutex);
	b->stop = true;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->mutex);
	pthread_join(b->thread, NULL);
	b->started = false;
}

void
blocks_free(struct blocks *b)
{
	if (!b)
		return;
	finish(b);
	for (int i = 0; i < RING; i++)
		free(b->memory[i]);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->mutex);
	unpress_free(b->file);
	close(b->fd);
	free(b);
}

int
blocks_take(struct blocks *b, struct block *out, struct err *err)
{
	int r;

	pthread_mutex_lock(&b->mutex);
	while (!b->ended && b->taken == b->filled)
		pthread_cond_wait(&b->changed, &b->mutex);
	r = b->taken < b->filled ? 1 : b->result;
	if (r > 0) {
		*out = (struct block){b->memory[b->taken % RING] + BLOCK_HEAD, b->n[b->taken % RING]};
		b->taken++;
	} else if (r < 0) {
		*err = b->why;
	}
	pthread_mutex_unlock(&b->mutex);
	return r;
}

void
blocks_give(struct blocks *b)
{
	pthread_mutex_lock(&b->mutex);
	b->given++;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->mutex);
}

int
blocks_hash(struct blocks *b, struct sha256 *out, struct err *err)
{
	finish(b);
	return unpress_hash(b->file, out, err);
}
