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

/* Serve a job in a child, what was received so far and what comes; the caller closes its copy. */
pid_t serve_start(struct conn *c, int dir, struct wire_ref ref, struct err *err);

/* Remove what transfers left that nobody went on with; at most once an hour since *last, a tick_ms(). Logs. */
void serve_sweep(int dir, int64_t *last);

#endif
