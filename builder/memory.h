/*
 * How much memory this host has for jobs. The scheduler gives a builder no job that would, by what its source used before,
 * take more than is left of it.
 */
#ifndef ARTEL_BUILDER_MEMORY_H
#define ARTEL_BUILDER_MEMORY_H

#include <stdint.h>

/*
 * Bytes: all of the host's, or what the control groups above this process leave it (cgroups_memory()) if that is less,
 * without a reserve of an eighth, at most 2 GiB. 0: unknown.
 */
uint64_t memory_for_jobs(void);

/* The parts of it. MemTotal in the text of /proc/meminfo, in bytes; 0: it is not there. */
uint64_t memory_total(const char *meminfo);
/* `bound` is 0 where there is none. */
uint64_t memory_without_reserve(uint64_t total, uint64_t bound);

#endif
