/*
 * The jobs that are queued or running, in memory: rebuilt from the database at
 * start. Each owner has a line of queued jobs; the next job is that of the owner
 * with the smallest share, by class first.
 */
#ifndef ARTEL_SCHEDULER_QUEUE_H
#define ARTEL_SCHEDULER_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/vec.h"
#include "scheduler/warm.h"

/* One job. Owned by the queue from queue_add() to queue_drop(). */
struct live {
	int64_t job, task;
	char *owner;
	char *repository;
	struct strs arches;	/* it runs on one of these; none: on any */
	int class;		/* enum task_class */
	int64_t submitted;	/* ms; of the task's run */
	int64_t queued;		/* ms */
	int64_t not_before;	/* ms */
	bool running;
	uint32_t attempt;
	char *builder;		/* running: by name; "" */
	int64_t lease;		/* running: tick_ms() */
};

struct owner {
	char *name;
	VEC(struct live *) line;	/* queued, by class, submission, id */
	int running;
};

struct queue {
	VEC(struct live *) all;
	VEC(struct owner *) owners;
	struct warm warm;		/* which roots they had */
};

void queue_fini(struct queue *q);
AUTO_DEFINE_EMBEDDED(struct queue, queue_fini);

/* Add a queued or running job; strings of `l` are taken over. */
struct live *queue_add(struct queue *q, const struct live *l);
struct live *queue_find(struct queue *q, int64_t job);
/* The job has ended. */
void queue_drop(struct queue *q, struct live *l);
/* Queued -> running, and back (after not_before). */
void queue_start(struct queue *q, struct live *l, const char *builder, uint32_t attempt, int64_t lease);
void queue_requeue(struct queue *q, struct live *l, int64_t now, int64_t not_before);

/*
 * The job that a builder of these architectures should get now (ms): lowest class; then the owner with
 * the fewest running jobs, less one for each minute that its job has waited; then the oldest submission.
 * Of an owner's next few jobs, and between owners that are equal so far, one goes first that would find its root
 * among `roots`, until those that it passes have waited for 10 s. NULL: none.
 */
struct live *queue_next(const struct queue *q, const struct strs *arches, const struct strs *roots, int64_t now);
/* Whether it would. */
bool queue_warm(const struct queue *q, const struct live *l, const struct strs *roots);
size_t queue_queued(const struct queue *q);

#endif
