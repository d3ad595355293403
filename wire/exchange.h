/*
 * Artefacts over a connection: get and put by SHA-256, and a running job's log.
 * The client is a builder's job; the server is a child of the scheduler with
 * nothing but the socket and the callbacks below.
 */
#ifndef ARTEL_WIRE_EXCHANGE_H
#define ARTEL_WIRE_EXCHANGE_H

#include <stdint.h>

#include "wire/conn.h"

struct err;

enum { EXCHANGE_ABSENT = 2 };

/* Say HELLO as an exchange; waits for WELCOME. */
int exchange_hello(struct conn *c, const char *name, struct err *err);
/* Receive an artefact into an open file and check its hash. EXCHANGE_ABSENT if the farm has it not. */
int exchange_get(struct conn *c, const char *sha256, int to, struct err *err);
/* Send what is left to read of a file as the artefact; the farm checks the hash. */
int exchange_put(struct conn *c, const char *sha256, int from, struct err *err);
/* Add to a job's live log; not acknowledged. */
int exchange_log(struct conn *c, struct wire_ref ref, const void *data, size_t n, struct err *err);

struct exchange_ops {
	void *arg;
	/* An open fd of the artefact, or -1. */
	int (*open)(void *arg, const char *sha256);
	/* A place to write an artefact to; an fd or -1. */
	int (*create)(void *arg, const char *sha256, struct err *err);
	/* The artefact is whole and its hash is right (ok), or is to be thrown away. */
	int (*finish)(void *arg, const char *sha256, int fd, bool ok, struct err *err);
	int (*log)(void *arg, struct wire_ref ref, const void *data, size_t n, struct err *err);
};
/* Serve until the client closes (0) or something fails (-1). HELLO was taken already. */
int exchange_serve(struct conn *c, const struct exchange_ops *ops, struct err *err);

#endif
