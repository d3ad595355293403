/*
 * Which job goes to which builder next. Pure: no database, no clock, no socket; time is what callers say it is, so
 * that the scheduler, `task why` and a simulation share every rule.
 *
 * Jobs that need the same of a builder stand in one lane. In a lane each owner has a line for each class. The next
 * job is, of those that some open builder has room for:
 *
 *   class    urgent, normal, background; but of a class whose next job has waited for AGING_MS one goes for every
 *            AGED_SHARE - 1 of the classes above it
 *   share    of the owner whose account is lowest: start-time fair queueing (Goyal, Vin, Cheng 1996). Each start costs an
 *            owner the expected time of the job over its weight, put right when the job ends; one who comes back
 *            begins at the virtual time, so that neither sleeping nor flooding gains anything: the first
 *            job of a newcomer gets the next slot that it fits
 *   line     submission, then number; of the first few one that finds its root made (see queue_root()), as long as the
 *            first has not waited for PATIENCE_MS
 *
 * A decision costs O(lanes + log jobs).
 */
#ifndef ARTEL_QUEUE_QUEUE_H
#define ARTEL_QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"

enum { QUEUE_URGENT, QUEUE_NORMAL, QUEUE_BACKGROUND, QUEUE_CLASSES };	/* as enum task_class */

struct queue;
struct kind;		/* builders that offer the same */
struct lane;		/* repository, architectures, features and memory: what is the same to every builder */
struct line;		/* an owner's jobs of one class in one lane */

/* Who pays for a job. Made when first named; kept for the queue's life. */
struct owner {
	const char *name;
	int weight;			/* of the share; at least 1 */
	int limit;			/* jobs at once; 0: as queue_limits.owner */
	int running, queued;		/* jobs; queued: with those held back by not_before, without those of held tasks */
	double account;			/* ms of jobs over weight: the start tag of the next one */
	/* Of the queue: */
	double raised;			/* the account was lifted to this when it came back last */
	bool fresh;			/* and nothing of it has started since */
	size_t standing;		/* its lines that wait for a turn */
	struct line *lines;		/* all of it; the next is line.next */
};

/* A builder, by name. Made when first named; kept for the queue's life. */
struct host {
	const char *name;
	struct strs arches;		/* its own first */
	struct strs features;
	struct strs roots;		/* ids of base roots that it has */
	int slots;
	int64_t memory;			/* bytes for all its jobs; 0: unknown, and no job is kept away for it */
	bool open;			/* connected, heard of lately, not drained */
	int busy;			/* jobs */
	int64_t taken;			/* bytes that its jobs were counted with */
	struct live *running;		/* the first; the next is live.next */
	void *arg;			/* the caller's */
	/* Of the queue, see queue/fleet.h: */
	size_t index;			/* in order of arrival */
	struct kind *kind;		/* NULL: it offers nothing */
	struct host *left, *right;	/* among those of its kind that have a free slot */
	bool listed;			/* it is one of them */
	struct lane *kept;		/* it takes no others' jobs, see queue/keep.h; NULL: anyone's */
	uint32_t priority;
	int64_t free, most;		/* bytes; the most of it and those below it */
};

enum live_state { LIVE_QUEUED, LIVE_HELD /* its task is held */, LIVE_RUNNING };

/* One job. Owned by the queue from queue_add() to queue_drop(); less than 1 KB with all that is about it. */
struct live {
	int64_t job, task;
	struct owner *owner;
	struct lane *lane;
	int64_t submitted;		/* ms; of the task's run */
	int64_t queued;			/* ms */
	int64_t not_before;		/* ms: of its back-off */
	int64_t expected_ms;		/* how long it will run; > 0 */
	int64_t started;		/* running: ms */
	int64_t lease;			/* running: until when, on the caller's clock */
	uint64_t sent;			/* running: the caller's */
	struct host *host;		/* running: where; queued: where it failed last, and not to go if it can go elsewhere */
	struct live *next, *prev;	/* running: of its host */
	struct live *sibling, *elder;	/* of its task, see queue_of_task() */
	double start_tag;		/* running: what the owner was charged from */
	uint32_t attempt;
	uint8_t class;
	uint8_t state;			/* enum live_state */
	bool stale;			/* of load_task() */
	bool delayed;			/* queued: until not_before, in no line */
	size_t at;			/* in its line, or among those that are delayed */
};

/* What a job asks for; everything is copied. */
struct ask {
	int64_t job, task;
	const char *owner, *repository;
	const struct strs *arches;	/* any of these; none: any */
	const struct strs *features;	/* all of these; NULL: none */
	int64_t memory;			/* bytes; 0: unknown. Counted as queue_memory() of it */
	int64_t expected_ms;		/* 0: unknown, counted as EXPECTED_MS */
	int64_t submitted, queued, not_before;
	int class;
	uint32_t attempt;
	bool held;
	const char *failed_on;		/* builder; NULL: nowhere */
};

enum { EXPECTED_MS = 60000, AGING_MS = 600000, AGED_SHARE = 10, PATIENCE_MS = 10000 };

struct queue *queue_new(void);
/* Not _free: libsolv has a function of that name. */
void queue_destroy(struct queue *q);
AUTO_DEFINE(struct queue *, queue_destroy);

/* Jobs at once: of each owner without a limit of its own, of each class; 0: any number. */
struct queue_limits {
	int owner, class[QUEUE_CLASSES];
};
void queue_set_limits(struct queue *q, const struct queue_limits *l);
struct owner *queue_owner(struct queue *q, const char *name);
void queue_set_owner(struct queue *q, struct owner *o, int weight, int limit);

struct host *queue_host(struct queue *q, const char *name);
/* NULL: it was never named. */
struct host *queue_known(const struct queue *q, const char *name);
/* What it offers now; arches, features are copied. Running jobs stay with it. No slots: it is as if it was not known. */
void queue_set_host(struct queue *q, struct host *h, const struct strs *arches, const struct strs *features, int slots,
	int64_t memory);
void queue_set_open(struct queue *q, struct host *h, bool open);
/* Takes over the roots that it has. */
void queue_set_roots(struct queue *q, struct host *h, struct strs *roots);
/* Jobs of this lane ran in this base root last: builders that have it are preferred. "" is ignored. */
void queue_root(struct queue *q, struct lane *lane, const char *root);

/* Add a queued or held job. There must be none of this number. */
struct live *queue_add(struct queue *q, const struct ask *a, int64_t now);
/* NULL: none. */
struct live *queue_find(const struct queue *q, int64_t job);
/* The first job of a task; the next one is live.sibling. NULL: none. */
struct live *queue_of_task(const struct queue *q, int64_t task);
/* It has ended, or is not wanted: out with it, whatever its state. A running one settles its owner's account. */
void queue_drop(struct queue *q, struct live *l, int64_t now);
/* Queued -> running on h, at now; the lease is the caller's business. Also one that was not chosen by queue_next(). */
void queue_start(struct queue *q, struct live *l, struct host *h, int64_t now);
/* Running -> queued; the owner pays for the time it had. failed: not to the same builder, if another one can. */
void queue_requeue(struct queue *q, struct live *l, int64_t now, int64_t not_before, bool failed);
/* Queued <-> held. */
void queue_hold(struct queue *q, struct live *l, bool held, int64_t now);

/*
 * The next job and its builder: of those it fits the emptiest (by share of slots), rather one that has its root.
 * Work-conserving: false only if no queued job that may run fits any open builder; but one builder may be kept for a
 * job that asks for more memory than is free anywhere, once it has waited for AGING_MS. Changes nothing but what it remembers
 * to be fast; the caller says queue_start(), or drops the job.
 */
bool queue_next(struct queue *q, int64_t now, struct live **job, struct host **host);

/*
 * When, on the same clock, to ask again though nothing else has changed: a back-off ends, or a job that nothing but the
 * builder that it failed on is free for may go there. INT64_MAX: never.
 */
int64_t queue_due(const struct queue *q);

struct queue_counts {
	size_t queued, held, running, owners, hosts, lanes;
	int slots, busy;		/* of open builders; busy of all */
	size_t class_queued[QUEUE_CLASSES], class_running[QUEUE_CLASSES];
};
struct queue_counts queue_count(const struct queue *q);
/* Each job, in no order; fn must not change the queue. */
void queue_each(const struct queue *q, void (*fn)(void *arg, struct live *l), void *arg);
/* Bytes that everything in the queue takes, for the aim of 1 KB a job. */
size_t queue_bytes(const struct queue *q);

/* What a job that needs so many bytes (0: unknown) is counted with: a power of two or 1.5 times one, at least 512 MiB; unknown: 1 GiB. */
int64_t queue_memory(int64_t bytes);

#endif
