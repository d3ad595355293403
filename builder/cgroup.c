/*
 * Every use has a place, a folder below which a group is made for each job. In
 * version 1 the places are folders of different hierarchies; in version 2 they are
 * one and the same, and making a group that is there already is no error. So
 * nothing here asks which of them share a folder.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "builder/cgroup.h"

/* The kernel takes no greater pids.max. */
enum { FILE_MAX = 1 << 20, REMOVE_MS = 2000, RETRY_MS = 10, PIDS_MAX = 4 << 20 };

AUTO_DEFINE(DIR *, closedir);

int
cgroup_write(int dir, const char *group, const char *file, const char *text)
{
	AUTO(free) char *path = xasprintf("%s/%s", group, file);
	AUTO(close) int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

static int
write_number(int dir, const char *group, const char *file, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	return cgroup_write(dir, group, file, text);
}

/* The number of a file, or of its line that begins with `key`; 0 if there is none. */
static uint64_t
read_number(int dir, const char *group, const char *file, const char *key)
{
	AUTO(free) char *path = xasprintf("%s/%s", group, file);
	AUTO(str_fini) struct str text = {0};
	AUTO(strs_fini) struct strs lines = {0};
	size_t n = key ? strlen(key) : 0;
	struct err ignored;

	if (file_read(dir, path, FILE_MAX, &text, &ignored) != 0)
		return 0;
	strs_split(&lines, str_c(&text), "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!key || (strncmp(lines.p[i], key, n) == 0 && lines.p[i][n] == ' '))
			return strtoull(lines.p[i] + n, NULL, 10);
	return 0;
}

static void
read_pids(int dir, const char *name, struct strs *out)
{
	AUTO(free) char *path = xasprintf("%s/cgroup.procs", name);
	AUTO(str_fini) struct str text = {0};
	struct err ignored;

	if (file_read(dir, path, FILE_MAX, &text, &ignored) == 0)
		strs_split(out, str_c(&text), "\n");
}

static void
kill_each(int dir, const char *name)
{
	AUTO(strs_fini) struct strs pids = {0};

	read_pids(dir, name, &pids);
	for (size_t i = 0; i < pids.n; i++) {
		int64_t pid = text_number(pids.p[i], INT32_MAX);

		if (pid > 1)
			kill((pid_t)pid, SIGKILL);
	}
}

/* All of one group in one hierarchy; what is frozen cannot start others meanwhile. */
static void
kill_group(int dir, const char *name)
{
	if (cgroup_write(dir, name, "cgroup.kill", "1") == 0)
		return;
	cgroup_write(dir, name, "freezer.state", "FROZEN");
	kill_each(dir, name);
	cgroup_write(dir, name, "freezer.state", "THAWED");
}

/* Kill what is in it and remove it, until the deadline. */
static bool
remove_group(int dir, const char *name, int64_t deadline)
{
	for (;;) {
		if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return true;
		if (errno != EBUSY || tick_ms() > deadline)
			return false;
		kill_group(dir, name);
		poll(NULL, 0, RETRY_MS);
	}
}

static void
sweep_place(const char *path, const char *prefix)
{
	AUTO(closedir) DIR *d = opendir(path);
	int64_t deadline = tick_ms() + REMOVE_MS;
	struct dirent *e;

	/* The leaf of an earlier builder goes with the others; one's own is in use, and stays. */
	while (d && (e = readdir(d)))
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 && strcmp(e->d_name + strlen(prefix), "builder") != 0)
			remove_group(dirfd(d), e->d_name, deadline);
}

void
cgroups_sweep(const struct cgroups *all, const char *paths)
{
	AUTO(strs_fini) struct strs old = {0};

	strs_split(&old, paths, "\n");
	for (size_t i = 0; i < old.n; i++)
		sweep_place(old.p[i], all->prefix);
	for (size_t use = 0; use < CGROUP_USES; use++)
		if (all->place[use].version)
			sweep_place(all->place[use].path, all->prefix);
}

static int
limit_memory(int dir, int version, const char *name, uint64_t bytes)
{
	if (version == 2) {
		write_number(dir, name, "memory.swap.max", 0);
		write_number(dir, name, "memory.oom.group", 1);
		return write_number(dir, name, "memory.max", bytes);
	}
	if (write_number(dir, name, "memory.limit_in_bytes", bytes) < 0)
		return -1;
	/* A kernel that does not count swap: at least it shall not be used without need. */
	if (write_number(dir, name, "memory.memsw.limit_in_bytes", bytes) < 0)
		write_number(dir, name, "memory.swappiness", 0);
	return 0;
}

static int
make_one(const struct cgroup *g, enum cgroup_use use, const struct limits *limits, struct err *err)
{
	int dir = g->all->place[use].dir, version = g->all->place[use].version, r = 0;
	const char *path = g->all->place[use].path;

	if (mkdirat(dir, g->name, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "make the control group %s/%s", path, g->name);
	if (use == CGROUP_MEMORY && limits->memory_bytes)
		r = limit_memory(dir, version, g->name, limits->memory_bytes);
	if (use == CGROUP_PIDS && limits->processes && limits->processes < PIDS_MAX)
		r = write_number(dir, g->name, "pids.max", limits->processes);
	return r < 0 ? err_sys(err, "set the limit of the control group %s/%s", path, g->name) : 0;
}

int
cgroup_make(struct cgroup *g, const struct cgroups *all, const char *job, const struct limits *limits, struct err *err)
{
	*g = (struct cgroup){all, xasprintf("%s%s", all->prefix, job)};
	for (size_t use = 0; use < CGROUP_USES; use++)
		if (all->place[use].version && make_one(g, use, limits, err) < 0)
			return -1;
	return 0;
}

int
cgroup_enter(const struct cgroup *g, pid_t pid, struct err *err)
{
	for (size_t use = 0; g->all && use < CGROUP_USES; use++)
		if (g->all->place[use].version &&
		    write_number(g->all->place[use].dir, g->name, "cgroup.procs", (uint64_t)pid) < 0)
			return err_sys(err, "enter the control group %s/%s", g->all->place[use].path, g->name);
	return 0;
}

struct cgroup_counts
cgroup_read(const struct cgroup *g)
{
	struct cgroup_counts c = {0};
	int dir;

	if (!g->all)
		return c;
	dir = g->all->place[CGROUP_MEMORY].dir;
	if (g->all->place[CGROUP_MEMORY].version == 1) {
		c.oom_kills = read_number(dir, g->name, "memory.oom_control", "oom_kill");
		c.memory_bytes = read_number(dir, g->name, "memory.max_usage_in_bytes", NULL);
	} else if (g->all->place[CGROUP_MEMORY].version == 2) {
		c.oom_kills = read_number(dir, g->name, "memory.events", "oom_kill");
		c.memory_bytes = read_number(dir, g->name, "memory.peak", NULL);
	}
	if (g->all->place[CGROUP_PIDS].version)
		c.refused = read_number(g->all->place[CGROUP_PIDS].dir, g->name, "pids.events", "max");
	dir = g->all->place[CGROUP_CPU].dir;
	if (g->all->place[CGROUP_CPU].version == 1)
		c.cpu_ms = (int64_t)(read_number(dir, g->name, "cpuacct.usage", NULL) / 1000000);
	else if (g->all->place[CGROUP_CPU].version == 2)
		c.cpu_ms = (int64_t)(read_number(dir, g->name, "cpu.stat", "usage_usec") / 1000);
	return c;
}

/* A place to ask for its processes, the one that kills best first; CGROUP_USES if there is none. */
static enum cgroup_use
best_place(const struct cgroup *g)
{
	static const enum cgroup_use best[] = {CGROUP_KILL, CGROUP_PIDS, CGROUP_MEMORY, CGROUP_CPU};

	for (size_t i = 0; g->all && i < ARRAY_SIZE(best); i++)
		if (g->all->place[best[i]].version)
			return best[i];
	return CGROUP_USES;
}

void
cgroup_pids(const struct cgroup *g, struct strs *out)
{
	enum cgroup_use use = best_place(g);

	if (use < CGROUP_USES)
		read_pids(g->all->place[use].dir, g->name, out);
}

void
cgroup_kill(const struct cgroup *g)
{
	enum cgroup_use use = best_place(g);

	if (use < CGROUP_USES)
		kill_group(g->all->place[use].dir, g->name);
}

bool
cgroup_remove(struct cgroup *g)
{
	int64_t deadline = tick_ms() + REMOVE_MS;
	bool gone = true;

	for (size_t use = 0; g->all && use < CGROUP_USES; use++)
		if (g->all->place[use].version)
			gone &= remove_group(g->all->place[use].dir, g->name, deadline);
	return gone;
}

void
cgroup_fini(struct cgroup *g)
{
	free(g->name);
	*g = (struct cgroup){0};
}
