/*
 * The scheduler's one struct, and how its parts meet. Everything that arrives between two waits for more is one
 * round: one transaction, in which events are followed, results stored and jobs handed out. What a builder
 * must know of it is sent when the commit is durable, and never before.
 */
#ifndef ARTEL_SCHEDULER_INSIDE_H
#define ARTEL_SCHEDULER_INSIDE_H

#include "base/vec.h"
#include "queue/queue.h"
#include "scheduler/assign.h"
#include "scheduler/daemon.h"
#include "scheduler/peer.h"

struct event;

/* Numbers to be looked at, in order; what was taken is in front of `at`. */
struct todo {
	int64_t *p;
	size_t n, cap, at;
};

struct daemon {
	struct store *s;
	const struct scheduler_conf *conf;
	struct loop *loop;
	struct queue *queue;
	struct assign *assign;
	VEC(struct peer *) peers;
	VEC(struct peer *) unsent;	/* have something to be told of this round */
	bool died;			/* some of them are dead */
	VEC(struct peer *) late;	/* are read first in the next round */
	int doorbell, wire, server;	/* server: see serve.h */
	int64_t ticked;			/* tick_ms() of the last tick */
	int64_t clock;			/* now_ms() less tick_ms(), then */
	int64_t swept;			/* of the last look for transfers that nobody goes on with */
	/* The round. */
	bool open;			/* its transaction */
	int64_t opened;			/* tick_ms() */
	bool look;			/* something may have changed in the database */
	bool asked;			/* another writer waits for the database */
	/* The journal. */
	int64_t seen;			/* the last event looked at */
	struct todo ended, jobs, begun;	/* that events named: tasks that changed, jobs, tasks that are to be begun */
	bool hosts, owners, limits;	/* were changed by others */
};

/* round.c: -1 is this process's own confusion, of which it dies, to be started anew. */
int round_begin(struct daemon *d, struct err *err);
/* How much longer this round may go on taking work in. */
bool round_is_long(const struct daemon *d);
/* Look, hand out, commit, tell. */
int round_end(struct daemon *d, struct err *err);

/* follow.c: the queue follows the journal. */
void follow_note(struct daemon *d, const struct event *e, bool own);
/* Everything that others appended since. */
int follow_others(struct daemon *d, struct err *err);
/* What was noted, as long as the round is not long. */
int follow_noted(struct daemon *d, struct err *err);
/* A job whose place in the queue may not be what the database says. */
void follow_job(struct daemon *d, int64_t job);
void follow_task(struct daemon *d, int64_t task);

/* handout.c */
int hand_out(struct daemon *d, struct err *err);

/* talk.c: messages from a connection, and to it. TALK_BROKEN (err says why): what it sent cannot be. */
enum { TALK_BROKEN = 1 };
int talk_message(struct daemon *d, struct peer *p, const struct wire_frame *f, struct err *err);
/* It has something to be told when the round ends. */
void talk_unsent(struct daemon *d, struct peer *p);
void talk_cancel(struct daemon *d, const struct host *h, struct wire_ref ref);
void talk_flush(struct daemon *d, struct peer *p);
/* The connection has ended; freed after the round. */
void talk_close(struct daemon *d, struct peer *p, const char *why);
/* Whether its builder may be given jobs now. */
int talk_open(struct daemon *d, struct peer *p, struct err *err);
/* A running job whose builder is gone: back to the queue, or failed. */
int talk_lost(struct daemon *d, struct live *l, const char *why, struct err *err);

#endif
