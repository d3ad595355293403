/*
 * A connection: frames in and out over a stream socket. Blocking use has a
 * deadline on every wait; a loop uses conn_fill() and conn_flush().
 */
#ifndef ARTEL_WIRE_CONN_H
#define ARTEL_WIRE_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/str.h"
#include "wire/message.h"

struct err;

struct conn {
	int fd;			/* non-blocking; owned */
	struct str in;		/* received, not yet taken */
	size_t taken;		/* bytes at the front of `in` that were handed out */
	struct str out;		/* to be sent */
	pid_t command;		/* the child on whose stdio it runs, killed by conn_fini(); 0: none */
	int64_t stall_ms;	/* exchange: how long the other end may stand still in the middle of something; 0: a minute */
};

#define CONN_INIT {.fd = -1}

void conn_fini(struct conn *c);
AUTO_DEFINE_EMBEDDED(struct conn, conn_fini);

/* Connect to the Unix socket ROOT/run/wire. */
int conn_open(struct conn *c, const char *root, struct err *err);
/* Connect to the stdio of a command instead, a child of this process: words split at blanks, no shell. */
int conn_command(struct conn *c, const char *command, struct err *err);
/* Listen on ROOT/run/wire; the fd, or -1. */
int conn_listen(const char *root, struct err *err);

/* Queue a frame. */
void conn_send(struct conn *c, enum wire_type type, const struct str *payload);

enum { CONN_CLOSED = 1 };
/* Read what is there without waiting. CONN_CLOSED at the peer's end. */
int conn_fill(struct conn *c, struct err *err);
/* Write what can be written without waiting; c->out.n tells what is left. */
int conn_flush(struct conn *c, struct err *err);
/* The next frame, valid until the next conn_fill/conn_take: 1, 0 none yet, -1 broken. */
int conn_take(struct conn *c, struct wire_frame *f, struct err *err);

/* Blocking: send everything queued; wait for one frame. Both within timeout_ms. CONN_CLOSED as above. */
int conn_drain(struct conn *c, int64_t timeout_ms, struct err *err);
int conn_wait(struct conn *c, struct wire_frame *f, int64_t timeout_ms, struct err *err);

#endif
