/*
 * Artefacts for one connection, served by a child that has the farm's folder and the socket and touches nothing else: a
 * slow or hostile peer holds up only itself. The children are forked by a process of its own that is as small as
 * the scheduler is at its start: forking all its memory for each transfer would hold up everybody.
 */
#ifndef ARTEL_SCHEDULER_SERVE_H
#define ARTEL_SCHEDULER_SERVE_H

#include <stdint.h>

#include "wire/conn.h"

struct err;

/* Start that process, early. Its end of a socket, closed to end it; -1. dir: the farm's folder. */
int serve_open(int dir, struct err *err);
/* Serve a job in a child, what was received so far and what is to be sent included; the caller closes its copy. */
int serve_start(int server, const struct conn *c, struct wire_ref ref, struct err *err);

/* Remove what transfers left that nobody went on with; at most once an hour since *last, a tick_ms(). Logs. */
void serve_sweep(int dir, int64_t *last);

#endif
