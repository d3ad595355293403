/*
 * What a job's folder holds on disk, looked at from outside while the job works in
 * it: no link is followed, and a tree that changes under the look does no harm.
 */
#ifndef ARTEL_BUILDER_DISK_H
#define ARTEL_BUILDER_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/disk-use.h"
#include "base/sandbox.h"

struct cgroup;
struct err;

/*
 * The look at one job's folder. Free space and files of the file system are asked often; the folder is walked, in a
 * child, when they shrank by enough to matter, or now and then.
 */
struct disk {
	const struct cgroup *group;	/* whose processes may have files open that have no name; NULL: nobody's */
	const struct sandbox *box;	/* whose ids the files have; its dir is the builder's folder */
	int dir;			/* the builder's folder */
	char *path;			/* the job's, below it */
	struct disk_use max;		/* 0: not limited */
	struct disk_use last, peak;
	uint64_t free_bytes, free_files;	/* of the file system, at the last walk */
	uint64_t at_first;		/* free bytes of the file system when it began */
	int64_t walked, next;		/* tick_ms() of the last walk, and of the earliest next */
	struct sandbox_run walk;	/* the child that walks; pid 0: none does */
	int answer;			/* its pipe */
};

/* Nothing is owned but a copy of path. */
void disk_begin(struct disk *d, const struct sandbox *box, int dir, const char *path, const struct disk_use *max);
void disk_end(struct disk *d);
/*
 * Look, without waiting. 0 fine, DISK_PASSED: the job holds more than its limit (err says which);
 * DISK_FULL: the file system is nearly full, whoever filled it.
 */
enum { DISK_PASSED = 1, DISK_FULL = 2 };
int disk_look(struct disk *d, struct err *err);
/* Walk it to the end, now that nobody works in it. 0 or DISK_PASSED, or -1. */
int disk_last(struct disk *d, struct err *err);
/* Readable when a walk has ended: a reason to look; -1: none is under way. */
int disk_fd(const struct disk *d);

#endif
