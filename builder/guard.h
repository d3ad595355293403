/*
 * What keeps a job within its limits on memory, processes and disk: its control
 * groups, resource limits of its processes, and looks at its folder. Time, silence
 * and output are watch.h's.
 */
#ifndef ARTEL_BUILDER_GUARD_H
#define ARTEL_BUILDER_GUARD_H

#include <stdint.h>
#include <sys/types.h>

#include "builder/cgroup.h"
#include "builder/disk.h"
#include "wire/limits.h"

struct err;
struct sandbox;
struct strs;

struct guard {
	struct limits limits;
	struct cgroup group;
	struct disk disk;
	int64_t began;		/* tick_ms() */
	struct usage usage;	/* after guard_stop() */
};

/* groups and box are borrowed; dir is the builder's folder, path the job's below it, name a file name for its groups. */
int guard_begin(struct guard *g, const struct limits *limits, const struct cgroups *groups, const struct sandbox *box,
	int dir, const char *path, const char *name, struct err *err);
/* To be called with a process of the job before it runs anything: struct sandbox's `started`, arg is the guard. */
int guard_started(void *arg, pid_t pid, struct err *err);
/*
 * Look, without waiting. 0 fine, GUARD_PASSED: more than allowed, err says of what and how much is;
 * -1: the job cannot go on for a reason of ours, such as a disk that is nearly full.
 */
enum { GUARD_PASSED = 1 };
int guard_look(struct guard *g, struct err *err);
/* Kill all that is left in its groups; where there are none, nothing. */
void guard_kill(const struct guard *g);
/* Kill and wait, up to 2 s, remove the groups, look a last time, and add up what was used. As guard_look(). */
int guard_stop(struct guard *g, struct err *err);
void guard_fini(struct guard *g);

/* How each limit is kept on this host: "memory: by cgroup v1". false if one is not, or only in part; `NOT` is in its line. */
bool guard_table(const struct cgroups *groups, struct strs *lines);

#endif
