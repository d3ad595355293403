/* Control groups, looks at a folder, and a guard over real processes. What needs root and controllers looks for them first. */
#include "tests/unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/sandbox.h"
#include "base/text.h"
#include "builder/cgroup.h"
#include "builder/disk.h"
#include "builder/guard.h"
#include "builder/unnamed.h"

static const struct disk_use no_max;

static struct disk_use
measure(const struct folder *f, const char *path, const struct disk_use *max)
{
	struct disk_use use;
	struct err err = {0};

	OK(disk_measure(f->fd, path, max, 0, &use, &err));
	return use;
}

static void
test_measure(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *big = xcalloc(1, 100001);
	struct disk_use use;

	memset(big, 'x', 100000);
	use = measure(&f, "absent", &no_max);
	assert_true(use.bytes == 0 && use.files == 0 && use.changed == 0);
	mkdirat(f.fd, "job", 0755);
	mkdirat(f.fd, "job/a", 0755);
	mkdirat(f.fd, "job/a/b", 0755);
	folder_put(&f, "job/a/b/big", big);
	folder_put(&f, "outside", big);
	symlinkat("/usr", f.fd, "job/usr");
	symlinkat("../outside", f.fd, "job/a/outside");
	use = measure(&f, "job", &no_max);
	assert_int_equal(use.files, 5);
	assert_true(use.changed <= time(NULL) && use.changed > time(NULL) - 3600);
	assert_int_equal(utimensat(f.fd, "job/a/b", (const struct timespec[]){{.tv_sec = 5000000000}, {.tv_sec = 5000000000}}, 0), 0);
	assert_int_equal(measure(&f, "job", &no_max).changed, 5000000000);
	assert_true(use.bytes >= 100000 && use.bytes < 150000);
	/* Of a hole only what is there counts, and of a file with many names each has its share. */
	assert_int_equal(ftruncate(openat(f.fd, "job/hole", O_CREAT | O_RDWR | O_CLOEXEC, 0644), 1 << 30), 0);
	for (int i = 0; i < 9; i++) {
		AUTO(free) char *name = xasprintf("job/link.%d", i);

		assert_int_equal(linkat(f.fd, "job/a/b/big", f.fd, name, 0), 0);
	}
	use = measure(&f, "job", &no_max);
	assert_int_equal(use.files, 15);
	assert_true(use.bytes >= 90000 && use.bytes < 150000);
	/* Nothing of what a link in place of the folder leads to. */
	symlinkat("job", f.fd, "linked");
	assert_int_equal(disk_measure(f.fd, "linked", &no_max, 0, &use, &(struct err){0}), -1);
}

static void
test_measure_ends(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct disk_use use;

	mkdirat(f.fd, "job", 0755);
	for (int i = 0; i < 1000; i++) {
		AUTO(free) char *name = xasprintf("job/%d", i);

		close(openat(f.fd, name, O_CREAT | O_RDWR | O_CLOEXEC, 0644));
	}
	use = measure(&f, "job", &(struct disk_use){.files = 100});
	assert_int_equal(use.files, 101);
	use = measure(&f, "job", &(struct disk_use){.files = 2000});
	assert_int_equal(use.files, 1000);
}

/* Folders nested much deeper than a path or the table of descriptors is long: they are counted, and go. */
static void
test_deep(void **state)
{
	enum { DEPTH = 2500 };
	AUTO(folder_fini) struct folder f = folder_make();
	struct err err = {0};
	int fds = unit_open_fds(), fd, below;

	mkdirat(f.fd, "job", 0755);
	fd = openat(f.fd, "job", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdirat(fd, "a-folder-in-a-folder", i % 7 ? 0755 : 0700), 0);
		below = openat(fd, "a-folder-in-a-folder", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(openat(fd, "file", O_CREAT | O_RDWR | O_CLOEXEC, 0644));
		close(fd);
		fd = below;
	}
	close(fd);
	assert_int_equal(measure(&f, "job", &no_max).files, 2 * DEPTH);
	OK(file_remove_tree(f.fd, "job", &err));
	assert_false(file_exists(f.fd, "job"));
	assert_int_equal(unit_open_fds(), fds);
}

static void
test_unnamed(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *big = xcalloc(1, 100001);
	AUTO(strs_fini) struct strs pids = {0};
	struct err err = {0};
	int fd, again;

	memset(big, 'x', 100000);
	strs_take(&pids, xasprintf("%d", (int)getpid()));
	fd = openat(f.fd, "big", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	OK(file_write_fd(fd, big, 100000, &err));
	again = openat(f.fd, "big", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unnamed_bytes(&pids, f.fd, tick_ms() + 10000), 0);
	unlinkat(f.fd, "big", 0);
	assert_true(unnamed_bytes(&pids, f.fd, tick_ms() + 10000) >= 100000);
	assert_true(unnamed_bytes(&pids, f.fd, tick_ms() + 10000) < 200000);
	close(fd);
	assert_true(unnamed_bytes(&pids, f.fd, tick_ms() + 10000) >= 100000);
	close(again);
	assert_int_equal(unnamed_bytes(&pids, f.fd, tick_ms() + 10000), 0);
}

/* A table names every limit, once, and what is not kept says so. */
static void
test_table(void **state)
{
	static const char *const limits[] = {"time: ", "silence: ", "output: ", "memory: ", "processes: ", "disk: ", "files: "};
	AUTO(strs_fini) struct strs lines = {0};
	struct cgroups none = {0};

	assert_false(guard_table(&none, &lines));
	assert_int_equal(lines.n, ARRAY_SIZE(limits));
	for (size_t i = 0; i < lines.n; i++)
		assert_int_equal(strncmp(lines.p[i], limits[i], strlen(limits[i])), 0);
	unit_has(lines.p[3], "NOT of all processes together");
	unit_has(lines.p[4], "NOT of the job");
	unit_has_not(lines.p[5], "NOT");
}

/* With groups. */

struct host {
	struct folder f;
	struct cgroups groups;
	struct sandbox box;
};

static void
host_fini(struct host *h)
{
	cgroups_fini(&h->groups);
	folder_fini(&h->f);
}
AUTO_DEFINE_EMBEDDED(struct host, host_fini);

static struct host
host_make(bool groups)
{
	struct host h = {.f = folder_make()};
	AUTO(free) char *prefix = xasprintf("artel.test.%d.", (int)getpid());
	struct err err = {0};

	mkdirat(h.f.fd, "job", 0755);
	if (groups)
		OK(cgroups_find(&h.groups, prefix, &err));
	else
		h.groups.prefix = STEAL(prefix);
	OK(sandbox_ids_find(&h.box.ids, 0, &err));
	return h;
}

/* Run what a shell is told under a guard, until a limit or its end. */
static int
guarded(struct host *h, const char *limits, const char *script, struct err *why)
{
	struct guard g;
	struct limits l = {0};
	struct err err = {0};
	int hold[2], r = 0;
	char c = 0;
	pid_t pid;

	h->box.dir = h->f.path;
	OK(limits_parse(&l, limits, &err));
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	OK(guard_begin(&g, &l, &h->groups, &h->box, h->f.fd, "job", "1.1", &err));
	pid = fork();
	if (pid == 0) {
		if (setsid() < 0 || read(hold[0], &c, 1) != 1 || chdir(h->f.path) < 0)
			_exit(1);
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(127);
	}
	OK(guard_started(&g, pid, &err));
	assert_int_equal(write(hold[1], &c, 1), 1);
	*why = (struct err){0};
	for (int64_t until = tick_ms() + 60000; r == 0 && tick_ms() < until && waitpid(pid, NULL, WNOHANG) == 0; usleep(10000))
		r = guard_look(&g, why);
	kill(-pid, SIGKILL);
	guard_kill(&g);
	waitpid(pid, NULL, 0);
	if (r == 0)
		r = guard_stop(&g, why);
	else
		guard_stop(&g, &err);
	assert_true(g.usage.elapsed_ms >= 0 && g.usage.cpu_ms >= 0);
	for (size_t use = 0; use < CGROUP_USES; use++)
		if (h->groups.place[use].version)
			assert_false(file_exists(h->groups.place[use].dir, g.group.name));
	guard_fini(&g);
	close(hold[0]);
	close(hold[1]);
	return r;
}

static void
passed(struct host *h, const char *limits, const char *script, const char *why)
{
	struct err err;

	assert_int_equal(guarded(h, limits, script, &err), GUARD_PASSED);
	assert_string_equal(err.msg, why);
}

static void
test_guard_disk(void **state)
{
	AUTO(host_fini) struct host h = host_make(false);
	struct err err;

	passed(&h, "disk=2M", "head -c 20M /dev/zero >job/big; sleep 100", "used more disk than allowed (2M)");
	passed(&h, "disk=2M", "head -c 3M /dev/zero >job/big", "used more disk than allowed (2M)");
	passed(&h, "files=100", "for i in $(seq 200); do : >job/$i; done", "made more files than allowed (100)");
	assert_int_equal(guarded(&h, "disk=100M files=1k", "truncate -s 90M job/hole", &err), 0);
}

static void
test_guard_groups(void **state)
{
	AUTO(host_fini) struct host h = host_make(true);
	struct err err;

	if (h.groups.place[CGROUP_MEMORY].version)
		passed(&h, "memory=32M", "head -c 200M /dev/zero | tail; sleep 100", "used more memory than allowed (32M)");
	if (h.groups.place[CGROUP_PIDS].version)
		passed(&h, "processes=10", "for i in $(seq 50); do sleep 100 & done; wait", "had more processes than allowed (10)");
	assert_int_equal(guarded(&h, "memory=64M processes=10", "true", &err), 0);
}

static bool
any_group(const struct cgroups *groups, const char *name)
{
	bool any = false;

	for (size_t use = 0; use < CGROUP_USES; use++)
		any |= groups->place[use].version && file_exists(groups->place[use].dir, name);
	return any;
}

/* What a group bounds is what a builder inside it has, however deep. */
static void
test_group_memory(void **state)
{
	AUTO(host_fini) struct host h = host_make(true);
	const struct limits limits = {.memory_bytes = 64 << 20};
	struct cgroup g;
	struct err err = {0};
	int status;
	pid_t pid;

	if (!h.groups.place[CGROUP_MEMORY].version)
		return;
	OK(cgroup_make(&g, &h.groups, "8.1", &limits, &err));
	pid = fork();
	if (pid == 0)
		_exit(cgroup_enter(&g, getpid(), &err) < 0 ? 2 : cgroups_memory() != 64 << 20);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(cgroup_remove(&g));
	cgroup_fini(&g);
	assert_int_equal(status, 0);
	assert_true(cgroups_memory() != 64 << 20);
}

/* Of an earlier builder, with a process that outlived it; those of others are left alone. */
static void
test_sweep(void **state)
{
	AUTO(host_fini) struct host h = host_make(true);
	AUTO(free) char *other = xasprintf("artel.testother.%d.", (int)getpid());
	AUTO(cgroups_fini) struct cgroups others = {0};
	AUTO(str_fini) struct str paths = {0};
	struct limits none = {0};
	struct cgroup mine, its;
	struct err err = {0};
	int status;
	pid_t pid;

	OK(cgroups_find(&others, other, &err));
	cgroups_paths(&h.groups, &paths);
	OK(cgroup_make(&mine, &h.groups, "7.1", &none, &err));
	OK(cgroup_make(&its, &others, "7.1", &none, &err));
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	OK(cgroup_enter(&mine, pid, &err));
	cgroups_sweep(&h.groups, str_c(&paths));
	if (paths.n) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	} else {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	assert_false(any_group(&h.groups, mine.name));
	assert_true(any_group(&others, its.name) == (paths.n > 0));
	assert_true(cgroup_remove(&its));
	assert_false(any_group(&others, its.name));
	cgroup_fini(&mine);
	cgroup_fini(&its);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measure),
		cmocka_unit_test(test_measure_ends),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_unnamed),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_guard_disk),
		cmocka_unit_test(test_guard_groups),
		cmocka_unit_test(test_group_memory),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
