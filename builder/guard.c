/*
 * Memory and processes belong to the kernel: at the limit it kills a process, or
 * refuses to start one, and counts that. The guard reads the counters a few times a
 * second, and ends the whole job then: what is left of it after a process was taken
 * out at random is worth nothing, and the reason would be told by whoever fell over it.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/guard.h"

/* A file may be a bit longer than all files together: so that the look finds the job beyond its limit. */
enum { FILE_MORE = 16 << 20 };

int
guard_begin(struct guard *g, const struct limits *limits, const struct cgroups *groups, const struct sandbox *box,
	int dir, const char *path, const char *name, struct err *err)
{
	const struct disk_use max = {limits->disk_bytes, limits->files};

	*g = (struct guard){.limits = *limits, .began = tick_ms()};
	disk_begin(&g->disk, box, dir, path, &max);
	g->disk.group = &g->group;
	return groups ? cgroup_make(&g->group, groups, name, limits, err) : 0;
}

static int
bound(pid_t pid, int resource, uint64_t n, const char *what, struct err *err)
{
	const struct rlimit limit = {n, n};
	struct rlimit was;

	/* Without root a limit cannot be raised again: what is lower already stays. */
	if (n == 0 || (prlimit(pid, resource, NULL, &was) == 0 && was.rlim_max < n))
		return 0;
	return prlimit(pid, resource, &limit, NULL) < 0 ? err_sys(err, "limit %s", what) : 0;
}

int
guard_started(void *arg, pid_t pid, struct err *err)
{
	const struct guard *g = arg;
	const struct limits *l = &g->limits;
	bool memory = g->group.all && g->group.all->place[CGROUP_MEMORY].version;
	bool pids = g->group.all && g->group.all->place[CGROUP_PIDS].version;

	/* One byte: no core file, and unlike with 0 none through a pipe to a program of the host either. */
	if (bound(pid, RLIMIT_CORE, 1, "core files", err) < 0 ||
	    bound(pid, RLIMIT_FSIZE, l->disk_bytes ? l->disk_bytes + l->disk_bytes / 8 + FILE_MORE : 0, "the size of files", err) < 0 ||
	    bound(pid, RLIMIT_AS, memory ? 0 : l->memory_bytes, "memory", err) < 0 ||
	    bound(pid, RLIMIT_NPROC, pids ? 0 : l->processes, "processes", err) < 0)
		return -1;
	return cgroup_enter(&g->group, pid, err);
}

static int
judge(const struct guard *g, const struct cgroup_counts *c, struct err *err)
{
	AUTO(str_fini) struct str limit = {0};

	if (c->oom_kills && g->limits.memory_bytes) {
		limits_put_bytes(&limit, g->limits.memory_bytes);
		err_set(err, ENOMEM, "used more memory than allowed (%s)", str_c(&limit));
		return GUARD_PASSED;
	}
	if (c->refused && g->limits.processes) {
		limits_put_count(&limit, g->limits.processes);
		err_set(err, EAGAIN, "had more processes than allowed (%s)", str_c(&limit));
		return GUARD_PASSED;
	}
	return 0;
}

int
guard_look(struct guard *g, struct err *err)
{
	struct cgroup_counts c = cgroup_read(&g->group);
	int r = judge(g, &c, err);

	if (r == 0)
		r = disk_look(&g->disk, err);
	return r == DISK_FULL ? -1 : r;
}

void
guard_kill(const struct guard *g)
{
	cgroup_kill(&g->group);
}

int
guard_stop(struct guard *g, struct err *err)
{
	struct cgroup_counts c;
	struct rusage children;
	bool gone;
	int r;

	cgroup_kill(&g->group);
	c = cgroup_read(&g->group);
	gone = cgroup_remove(&g->group);
	g->usage = (struct usage){tick_ms() - g->began, c.cpu_ms, c.memory_bytes, 0};
	if (c.cpu_ms == 0 && getrusage(RUSAGE_CHILDREN, &children) == 0)
		g->usage.cpu_ms = (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000ll +
		    (children.ru_utime.tv_usec + children.ru_stime.tv_usec) / 1000;
	r = judge(g, &c, err);
	if (r == 0)
		r = disk_last(&g->disk, err);
	g->usage.disk_bytes = g->disk.peak.bytes;
	if (!gone)
		return err_set(err, EBUSY, "processes of the job cannot be killed");
	return r;
}

void
guard_fini(struct guard *g)
{
	disk_end(&g->disk);
	cgroup_fini(&g->group);
}

static bool
say_group(const struct cgroups *all, enum cgroup_use use, const char *what, const char *more, const char *instead, struct strs *lines)
{
	int version = all->place[use].version;

	if (version)
		strs_take(lines, xasprintf("%s: by cgroup v%d%s", what, version, more));
	else
		strs_take(lines, xasprintf("%s: %s (%s)", what, instead, all->why ? all->why : "no cgroup that can be written has the controller"));
	return version != 0;
}

bool
guard_table(const struct cgroups *groups, struct strs *lines)
{
	static const char *const own[] = {"time: by the builder's clock", "silence: by the builder's clock",
	    "output: by the builder, as it reads it"};
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		strs_add(lines, own[i]);
	all &= say_group(groups, CGROUP_MEMORY, "memory", ", without swap",
	    "NOT of all processes together; of each by its address space", lines);
	all &= say_group(groups, CGROUP_PIDS, "processes", "",
	    "NOT of the job; of its user ids by RLIMIT_NPROC, and the reason is not named", lines);
	strs_add(lines, "disk: by looking while it runs and at the end; a single file by RLIMIT_FSIZE");
	strs_add(lines, "files: by looking while it runs and at the end");
	return all;
}
