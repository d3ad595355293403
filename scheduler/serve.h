/*
 * Artefacts for one connection, served by a forked child that has the farm's
 * folder and the socket and touches nothing else: a slow or hostile peer holds up
 * only itself.
 */
#ifndef ARTEL_SCHEDULER_SERVE_H
#define ARTEL_SCHEDULER_SERVE_H

#include <sys/types.h>

#include "wire/conn.h"

struct err;

/* Serve in a child what was received so far and what comes; the caller closes its copy. */
pid_t serve_start(struct conn *c, int dir, struct err *err);

#endif
