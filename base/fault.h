/*
 * Named fault points. A test arms one, fault_arm("sql", n), or its environment
 * does, ARTEL_FAULT=sql:n; the n-th visit to that point then fails, once. With
 * ARTEL_FAULT=sql:n:kill the process is killed there by SIGKILL instead; with
 * ARTEL_FAULT=sql:n:stop it is stopped there by SIGSTOP, and nothing fails.
 */
#ifndef ARTEL_BASE_FAULT_H
#define ARTEL_BASE_FAULT_H

#include <stdbool.h>

#include "config.h"

#if FAULTS
bool fault(const char *name);
void fault_arm(const char *name, long n);
/* Whether the armed fault has been hit. */
bool fault_fired(void);
#else
static inline bool fault(const char *name) { return false; }
#endif

#endif
