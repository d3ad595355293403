/*
 * "Look now": an empty datagram to ROOT/run/doorbell. A lost one costs its
 * reader no more than the second until it looks anyway. One that is not empty
 * comes from a writer that finds the database taken, and asks for a turn.
 */
#ifndef ARTEL_BASE_DOORBELL_H
#define ARTEL_BASE_DOORBELL_H

#include <stdbool.h>

struct err;
struct sockaddr_un;

/* The address of ROOT/run/NAME; a path that is too long for a socket is an error that says so. */
int doorbell_address(const char *root, const char *name, struct sockaddr_un *out, struct err *err);
/* The reading end, non-blocking; -1 with err set. */
int doorbell_open(const char *root, struct err *err);
/* Forget what arrived; whether somebody asked for a turn. */
bool doorbell_drain(int fd);
/* Ring; nobody listening is fine. */
void doorbell_ring(const char *root);
/* Ask for a turn. */
void doorbell_ask(const char *root);

/* Whether someone listens, who is not told that we asked. One whose socket we may not use counts. */
bool doorbell_heard(const char *root);

#endif
