/* A remote builder's way to the scheduler. */
#ifndef ARTEL_SHELL_JOIN_H
#define ARTEL_SHELL_JOIN_H

struct context;
struct err;

/* The scheduler's socket on stdin and stdout, until either end closes. With a name, for a builder of that name only. */
int farm_join(struct context *c, struct err *err);

#endif
