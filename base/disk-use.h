/*
 * What a folder holds on disk, looked at while others may work in it: no link is followed, and a tree that changes
 * under the look does no harm.
 */
#ifndef ARTEL_BASE_DISK_USE_H
#define ARTEL_BASE_DISK_USE_H

#include <stdint.h>

struct err;

struct disk_use {
	uint64_t bytes;		/* of blocks: a hole takes none; a file of n names counts 1/n by each */
	uint64_t files;		/* names of any kind, folders too */
	int64_t changed;	/* seconds since the epoch: when the newest of them changed; 0: there is none */
};

/*
 * Add up what is below `path`, on its own file system. It ends early when more than `max` (0: not limited) is
 * found or the time is over (tick_ms(); 0: never); *out is what was found until then. Absent: nothing.
 */
int disk_measure(int dir, const char *path, const struct disk_use *max, int64_t deadline, struct disk_use *out, struct err *err);

#endif
