/* Files that were removed while they are open: they take room on the disk, and no walk finds them. */
#ifndef ARTEL_BUILDER_UNNAMED_H
#define ARTEL_BUILDER_UNNAMED_H

#include <stdint.h>

struct strs;

/*
 * Bytes of those that processes (numbers as text) have open on the file system of `dir`, or below an overlay. Only root
 * can see them all. It ends at the deadline (tick_ms()) with what it found until then.
 */
uint64_t unnamed_bytes(const struct strs *pids, int dir, int64_t deadline);

#endif
