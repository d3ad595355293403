/*
 * A job's control groups: how memory, processes and processor time of all its
 * processes together are bounded and counted. Version 1, where each controller
 * has a hierarchy of its own, or version 2.
 */
#ifndef ARTEL_BUILDER_CGROUP_H
#define ARTEL_BUILDER_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "wire/limits.h"

struct err;

/* What a group is asked for; each may be had in a hierarchy of its own. */
enum cgroup_use { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPU, CGROUP_KILL, CGROUP_USES };

/* The places in which groups can be made, found once. A zeroed one has none. */
struct cgroups {
	struct {
		int version;	/* 1 or 2; 0: there is none */
		int dir;
		char *path;
	} place[CGROUP_USES];
	char *prefix;		/* of the names of this builder's groups: no other builder of the host has it */
	char *why;		/* NULL, or what kept version 2 from being used */
};

/*
 * Find them: below the process's own group, or at the root of its hierarchy, whichever can be written. In
 * version 2 the process moves into a group of its own below its present one. `prefix` is a file name.
 * -1 only if /proc cannot be read; a place that is not there is no error.
 */
int cgroups_find(struct cgroups *all, const char *prefix, struct err *err);
void cgroups_fini(struct cgroups *all);
AUTO_DEFINE_EMBEDDED(struct cgroups, cgroups_fini);
/* Write a group's file; -1 with errno. */
int cgroup_write(int dir, const char *group, const char *file, const char *text);
/* Remove groups of this prefix that an earlier process left, here and in places named in `paths` (lines; may be ""). */
void cgroups_sweep(const struct cgroups *all, const char *paths);
/* The least that the process's own group and those above it may use of memory, in bytes; 0: none of them is bound. */
uint64_t cgroups_memory(void);
/* Lines of the places' paths, to sweep them by later. */
void cgroups_paths(const struct cgroups *all, struct str *out);

/* The groups of one job, one in each place, all of one name. */
struct cgroup {
	const struct cgroups *all;	/* NULL: no group */
	char *name;
};

/* Make them, empty, with the limits on memory and processes. `job` is a file name. */
int cgroup_make(struct cgroup *g, const struct cgroups *all, const char *job, const struct limits *limits, struct err *err);
/* Put a process in; what it starts from then on is in too. */
int cgroup_enter(const struct cgroup *g, pid_t pid, struct err *err);

struct cgroup_counts {
	uint64_t oom_kills;	/* processes killed for want of memory */
	uint64_t refused;	/* processes and threads that could not be started */
	uint64_t memory_bytes;	/* at the peak, with the pages of files that the kernel kept in memory */
	int64_t cpu_ms;
};
/* What cannot be read is 0. */
struct cgroup_counts cgroup_read(const struct cgroup *g);

/* The processes in it, numbers as text. */
void cgroup_pids(const struct cgroup *g, struct strs *out);
/* Kill all that is in it. */
void cgroup_kill(const struct cgroup *g);
/* The same, and wait up to 2 s until it is empty and can be removed. false: it is still there. */
bool cgroup_remove(struct cgroup *g);
/* Only the name is freed. */
void cgroup_fini(struct cgroup *g);

#endif
