/*
 * "Look now": an empty datagram to ROOT/run/doorbell. A lost one costs its
 * reader no more than the second until it looks anyway.
 */
#ifndef ARTEL_BASE_DOORBELL_H
#define ARTEL_BASE_DOORBELL_H

struct err;
struct sockaddr_un;

/* The address of ROOT/run/NAME; a path that is too long for a socket is an error that says so. */
int doorbell_address(const char *root, const char *name, struct sockaddr_un *out, struct err *err);
/* The reading end, non-blocking; -1 with err set. */
int doorbell_open(const char *root, struct err *err);
/* Forget what arrived. */
void doorbell_drain(int fd);
/* Ring; nobody listening is fine. */
void doorbell_ring(const char *root);

#endif
