/*
 * Artefacts over a connection: get and put by SHA-256, and a running job's log.
 * The client is a builder's job; the server is a child of the scheduler with
 * nothing but the socket and the callbacks below. What one end has already is
 * not sent again. Every wait has a deadline, of the connection's stall_ms.
 */
#ifndef ARTEL_WIRE_EXCHANGE_H
#define ARTEL_WIRE_EXCHANGE_H

#include <stdint.h>

#include "wire/conn.h"

struct err;

enum { EXCHANGE_REFUSED = 1, EXCHANGE_ABSENT, EXCHANGE_STORED };

/* Say HELLO for a job; waits for WELCOME. EXCHANGE_REFUSED, and err says why: the job is not wanted. */
int exchange_hello(struct conn *c, const char *name, struct wire_ref ref, struct err *err);
/*
 * Receive an artefact into a file, open for reading and writing, that has the front of it or nothing. All of it is
 * hashed; if it is wrong and there was a front, it is fetched whole once. EXCHANGE_ABSENT if the farm has it not. After
 * -1 the file has what came, or nothing if that was wrong (EIO). A `to` of -1: only checked.
 */
int exchange_get(struct conn *c, const char *sha256, int to, struct err *err);
/* Send a file as the artefact, what the farm does not have of it; the farm checks the hash. EPROTO: it refuses. */
int exchange_put(struct conn *c, const char *sha256, int from, struct err *err);
/* How often an idle client calls exchange_log() at least. */
int64_t exchange_beat_ms(const struct conn *c);
/* Add to the job's live log; not acknowledged. Nothing (n 0) says that the builder is there. */
int exchange_log(struct conn *c, const void *data, size_t n, struct err *err);

/* How a put ended. */
enum exchange_end {
	EXCHANGE_WHOLE,			/* its hash is right */
	EXCHANGE_BROKEN,		/* the connection broke; what came may be right */
	EXCHANGE_WRONG,			/* what came is of no use */
};

struct exchange_ops {
	void *arg;
	/* An open fd of the artefact, or -1. */
	int (*open)(void *arg, const char *sha256);
	/*
	 * A place for an artefact of `size`: *fd, open for reading and writing, its content the front of the artefact or
	 * nothing. EXCHANGE_STORED: it is there already.
	 */
	int (*create)(void *arg, const char *sha256, uint64_t size, int *fd, struct err *err);
	/* Once after each create() that gave an fd, which it closes. */
	int (*finish)(void *arg, const char *sha256, enum exchange_end how, struct err *err);
	int (*log)(void *arg, const void *data, size_t n, struct err *err);
};
/* Serve until the client closes (0) or something fails (-1). HELLO was taken already. */
int exchange_serve(struct conn *c, const struct exchange_ops *ops, struct err *err);

#endif
