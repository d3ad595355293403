/*
 * Which hierarchies there are is read in /proc: the process's own group of each,
 * and where it is mounted. Tried is what can be made there, not what it says of
 * rights.
 *
 * Version 2 forbids processes in a group that passes its controllers on to the
 * groups below: the builder moves into a leaf first. Where others live in its
 * group too it cannot, and says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "builder/cgroup.h"

enum { FILE_MAX = 1 << 20 };

/* The controller that a use needs: of version 1, and of version 2 (NULL: any group will do). */
static const struct {
	const char *v1, *v2;
} controllers[CGROUP_USES] = {
	[CGROUP_MEMORY] = {"memory", "memory"},
	[CGROUP_PIDS] = {"pids", "pids"},
	[CGROUP_CPU] = {"cpuacct", NULL},
	[CGROUP_KILL] = {"freezer", NULL},
};

static bool
has_word(const char *list, const char *word, const char *separators)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, list, separators);
	return strs_has(&words, word);
}

/* What /proc says of the process's own group and of the hierarchies that are mounted. */
struct seen {
	struct strs own;	/* "4:memory:/some/group" */
	struct strs mounts;	/* lines of mountinfo */
};

static void
seen_fini(struct seen *s)
{
	strs_fini(&s->own);
	strs_fini(&s->mounts);
}
AUTO_DEFINE_EMBEDDED(struct seen, seen_fini);

static int
look_around(struct seen *s, struct err *err)
{
	AUTO(str_fini) struct str own = {0};
	AUTO(str_fini) struct str mounts = {0};

	if (file_read(AT_FDCWD, "/proc/self/cgroup", FILE_MAX, &own, err) ||
	    file_read(AT_FDCWD, "/proc/self/mountinfo", 8 * FILE_MAX, &mounts, err))
		return err_ctx(err, "control groups");
	strs_split(&s->own, str_c(&own), "\n");
	strs_split(&s->mounts, str_c(&mounts), "\n");
	return 0;
}

/* The process's group in the hierarchy of a controller; of version 2 for NULL. NULL if it has none. */
static const char *
own_group(const struct seen *s, const char *controller)
{
	for (size_t i = 0; i < s->own.n; i++) {
		const char *names = strchr(s->own.p[i], ':'), *path = names ? strchr(names + 1, ':') : NULL;
		AUTO(free) char *list = path ? xstrndup(names + 1, (size_t)(path - names - 1)) : NULL;

		if (list && (controller ? has_word(list, controller, ",") : *list == '\0'))
			return path + 1;
	}
	return NULL;
}

/*
 * Where that hierarchy is mounted, and which group of it is the mount's root: the lines are
 * `id parent major:minor root point options ... - type source super-options`.
 */
static bool
find_mount(const struct seen *s, const char *controller, char **point, char **root)
{
	for (size_t i = 0; i < s->mounts.n; i++) {
		AUTO(strs_fini) struct strs f = {0};
		size_t dash = 6;

		strs_split(&f, s->mounts.p[i], " ");
		while (dash < f.n && strcmp(f.p[dash], "-") != 0)
			dash++;
		if (dash + 3 >= f.n || strcmp(f.p[dash + 1], controller ? "cgroup" : "cgroup2") != 0 ||
		    (controller && !has_word(f.p[dash + 3], controller, ",")))
			continue;
		*point = xstrdup(f.p[4]);
		*root = xstrdup(f.p[3]);
		return true;
	}
	return false;
}

static bool
can_make(int dir, const char *prefix)
{
	AUTO(free) char *probe = xasprintf("%sprobe", prefix);

	if (mkdirat(dir, probe, 0755) < 0 && errno != EEXIST)
		return false;
	unlinkat(dir, probe, AT_REMOVEDIR);
	return true;
}

/* The process's own group as a path; NULL if it is not below the mount. */
static char *
group_path(const char *point, const char *root, const char *group)
{
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(group, root, n) != 0 || (group[n] != '/' && group[n] != '\0'))
		return NULL;
	return xasprintf("%s%s", point, strcmp(group + n, "/") == 0 ? "" : group + n);
}

static void
take_place(struct cgroups *all, enum cgroup_use use, int version, const char *path, int dir)
{
	all->place[use].version = version;
	all->place[use].path = xstrdup(path);
	all->place[use].dir = dir;
}

static void
find_v1(struct cgroups *all, enum cgroup_use use, const struct seen *s)
{
	const char *group = own_group(s, controllers[use].v1);
	AUTO(free) char *point = NULL;
	AUTO(free) char *root = NULL;
	AUTO(free) char *own = NULL;

	if (!group || !find_mount(s, controllers[use].v1, &point, &root))
		return;
	own = group_path(point, root, group);
	for (size_t i = 0; i < 2; i++) {
		const char *path = i ? point : own;
		AUTO(close) int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (dir >= 0 && can_make(dir, all->prefix)) {
			take_place(all, use, 1, path, STEAL_FD(dir));
			return;
		}
	}
}

static bool
passes_on(int dir, const char *controller)
{
	AUTO(str_fini) struct str text = {0};
	struct err ignored;

	return file_read(dir, "cgroup.subtree_control", FILE_MAX, &text, &ignored) == 0 &&
	    has_word(str_c(&text), controller, " \n");
}

/* Have the group pass the controllers on that are not found in version 1. false, and why, if it cannot. */
static bool
pass_on(struct cgroups *all, int dir)
{
	AUTO(free) char *leaf = xasprintf("%sbuilder", all->prefix);
	AUTO(str_fini) struct str there = {0};
	bool moved = false;
	struct err err;

	if (file_read(dir, "cgroup.controllers", FILE_MAX, &there, &err) != 0)
		return false;
	for (size_t use = 0; use < CGROUP_USES; use++) {
		const char *name = controllers[use].v2;
		AUTO(free) char *more = xasprintf("+%s", name ? name : "");

		if (!name || all->place[use].version || passes_on(dir, name))
			continue;
		if (!has_word(str_c(&there), name, " \n")) {
			free(all->why);
			all->why = xasprintf("the controller `%s` is not delegated to the builder's group", name);
			continue;
		}
		if (!moved && (mkdirat(dir, leaf, 0755) == 0 || errno == EEXIST))
			moved = cgroup_write(dir, leaf, "cgroup.procs", "0") == 0;
		if (cgroup_write(dir, ".", "cgroup.subtree_control", more) < 0 && !all->why)
			all->why = xasprintf("`%s`: %s", name, errno == EBUSY ?
			    "other processes live in the builder's group" : strerror(errno));
	}
	return true;
}

static void
find_v2(struct cgroups *all, const struct seen *s)
{
	const char *group = own_group(s, NULL);
	AUTO(free) char *point = NULL;
	AUTO(free) char *root = NULL;
	AUTO(free) char *path = NULL;
	AUTO(close) int dir = -1;

	if (!group || !find_mount(s, NULL, &point, &root) || !(path = group_path(point, root, group)))
		return;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || !can_make(dir, all->prefix)) {
		all->why = xstrdup("the builder's group cannot be written");
		return;
	}
	if (!pass_on(all, dir))
		return;
	for (size_t use = 0; use < CGROUP_USES; use++)
		if (!all->place[use].version && (!controllers[use].v2 || passes_on(dir, controllers[use].v2)))
			take_place(all, use, 2, path, fcntl(dir, F_DUPFD_CLOEXEC, 0));
}

int
cgroups_find(struct cgroups *all, const char *prefix, struct err *err)
{
	AUTO(seen_fini) struct seen seen = {0};

	*all = (struct cgroups){.prefix = xstrdup(prefix)};
	if (look_around(&seen, err) < 0)
		return -1;
	find_v1(all, CGROUP_MEMORY, &seen);
	find_v1(all, CGROUP_PIDS, &seen);
	find_v1(all, CGROUP_CPU, &seen);
	/* Version 2 kills a whole group at one stroke; only where it is not mounted the freezer is asked. */
	find_v2(all, &seen);
	if (!all->place[CGROUP_KILL].version)
		find_v1(all, CGROUP_KILL, &seen);
	return 0;
}

/* A group's bound; 0: none ("max" of version 2). */
static uint64_t
bound_of(const char *group, const char *file)
{
	AUTO(free) char *path = xasprintf("%s/%s", group, file);
	AUTO(str_fini) struct str text = {0};
	struct err ignored;
	int64_t n;

	if (file_read(AT_FDCWD, path, FILE_MAX, &text, &ignored) != 0 || !text.n)
		return 0;
	text.p[strcspn(str_c(&text), "\n")] = '\0';
	n = text_number(text.p, INT64_MAX);
	return n > 0 ? (uint64_t)n : 0;
}

uint64_t
cgroups_memory(void)
{
	AUTO(seen_fini) struct seen seen = {0};
	AUTO(free) char *point = NULL;
	AUTO(free) char *root = NULL;
	AUTO(free) char *path = NULL;
	uint64_t least = 0;
	struct err ignored;
	const char *group;
	bool v1;

	if (look_around(&seen, &ignored) < 0)
		return 0;
	group = own_group(&seen, controllers[CGROUP_MEMORY].v1);
	v1 = group != NULL;
	if (!v1)
		group = own_group(&seen, NULL);
	if (!group || !find_mount(&seen, v1 ? controllers[CGROUP_MEMORY].v1 : NULL, &point, &root) ||
	    !(path = group_path(point, root, group)))
		return 0;
	while (strlen(path) >= strlen(point)) {
		uint64_t bound = bound_of(path, v1 ? "memory.limit_in_bytes" : "memory.max");

		least = bound && (!least || bound < least) ? bound : least;
		*strrchr(path, '/') = '\0';
	}
	return least;
}

void
cgroups_fini(struct cgroups *all)
{
	for (size_t use = 0; use < CGROUP_USES; use++)
		if (all->place[use].version) {
			close(all->place[use].dir);
			free(all->place[use].path);
		}
	free(all->prefix);
	free(all->why);
	*all = (struct cgroups){0};
}

void
cgroups_paths(const struct cgroups *all, struct str *out)
{
	for (size_t use = 0; use < CGROUP_USES; use++)
		if (all->place[use].version)
			str_add(out, "%s\n", all->place[use].path);
}
