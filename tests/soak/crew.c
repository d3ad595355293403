#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "base/text.h"
#include "bench/data.h"
#include "tests/soak/crew.h"

enum { STOP_MAX_MS = 9000, PAUSE_MAX_MS = 1500, DOWN_MAX_MS = 800, END_MS = 60000 };

static const char *const names[MEMBERS] = {"scheduler", "gang-1", "gang-2", "gang-3", "gang-4"};

/* What each gang is beside --builders and so on: fast, slow, unreliable, large. */
static const char *const gangs[GANGS][10] = {
	{"--builders=40", "--slots=4", "--arch=x86_64 i586", "--time=0-50", "--fail=2", "--infra=1", "--features=kvm"},
	{"--builders=20", "--slots=2", "--arch=x86_64", "--time=100-2000", "--fail=5", "--vanish=1", "--memory=8G"},
	{"--builders=20", "--slots=3", "--arch=i586 x86_64", "--time=5-300", "--infra=10", "--vanish=3", "--fail=5"},
	{"--builders=2", "--slots=50", "--arch=x86_64 i586", "--time=20-600", "--features=kvm bigmem", "--memory=256G", "--infra=1"},
};

static void
watch_clock(struct crew *c)
{
	AUTO(free) char *path = xasprintf("%s/clock", c->k->root);
	AUTO(close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	struct err err;
	void *map;

	must(fd < 0 || ftruncate(fd, sizeof(*c->clock)) < 0 ? err_sys(&err, "%s", path) : 0, &err);
	map = mmap(NULL, sizeof(*c->clock), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(map == MAP_FAILED ? err_sys(&err, "%s", path) : 0, &err);
	c->clock = map;
}

/* Start a program; its output goes to ROOT/NAME.log. */
static pid_t
launch(struct crew *c, const char *name, const char *const *argv)
{
	AUTO(free) char *path = xasprintf("%s/%s.log", c->k->root, name);
	AUTO(close) int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	struct err err;
	pid_t pid;

	must(log < 0 ? err_sys(&err, "%s", path) : 0, &err);
	pid = spawn_start(&(struct spawn){.argv = argv, .out = log, .err = log}, &err);
	must(pid, &err);
	return pid;
}

static pid_t
launch_scheduler(struct crew *c)
{
	AUTO(free) char *program = xasprintf("%s/artel-scheduler", c->build);
	AUTO(free) char *preload = xasprintf("LD_PRELOAD=%s/tests/libclock-off.so", c->build);
	AUTO(free) char *clock = xasprintf("CLOCK_OFF_FILE=%s/clock", c->k->root);
	/* A sanitizer's library wants to be the first that is loaded. */
	const char *argv[] = {"env", "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0", preload, clock, program, "--root",
	    c->k->root, "--lease=5", "--stall=5", "--tries=5", NULL};

	return launch(c, names[0], argv);
}

static pid_t
launch_gang(struct crew *c, int gang)
{
	AUTO(free) char *program = xasprintf("%s/bench/fake-builders", c->build);
	AUTO(free) char *prefix = xasprintf("--name-prefix=%s", names[gang + 1]);
	AUTO(free) char *notes = xasprintf("--notes=%s/notes.%u", c->k->root, c->notes++);
	AUTO(free) char *seed = xasprintf("--seed=%u", 1 + dice(c->k, 1000000));
	const char *argv[20] = {program, "--root", c->k->root, prefix, notes, seed, "--retry=50"};
	size_t n = 7;

	for (size_t i = 0; gangs[gang][i]; i++)
		argv[n++] = gangs[gang][i];
	return launch(c, names[gang + 1], argv);
}

static void
start_member(struct crew *c, int i)
{
	c->members[i] = (struct member){.pid = i ? launch_gang(c, i - 1) : launch_scheduler(c)};
}

void
crew_start(struct crew *c, struct soak *k, const char *build, struct wrongs *w)
{
	*c = (struct crew){.k = k, .build = build, .wrongs = w};
	watch_clock(c);
	for (int i = 0; i < MEMBERS; i++)
		start_member(c, i);
}

/* What becomes of a member that has ended. */
static void
bury(struct crew *c, int i, struct ended e)
{
	AUTO(str_fini) struct str how = {0};

	ended_text(e, &how);
	if (!c->members[i].killed)
		wrong_add(c->wrongs, RULE_PROCESS, "%s ended: %s; see %s/%s.log", names[i], str_c(&how), c->k->root, names[i]);
	c->members[i] = (struct member){.due = tick_ms() + dice(c->k, DOWN_MAX_MS)};
}

static void
look_after(struct crew *c)
{
	int status;

	for (int i = 0; i < MEMBERS; i++) {
		struct member *m = &c->members[i];

		if (m->pid && waitpid(m->pid, &status, WNOHANG) == m->pid)
			bury(c, i, ended_decode(status));
		if (!m->pid && tick_ms() >= m->due)
			start_member(c, i);
	}
}

static void
strike_dead(struct crew *c, int i)
{
	if (!c->members[i].pid || kill(c->members[i].pid, SIGKILL) < 0)
		return;
	c->members[i].killed = true;
	*(i ? &c->kills_builders : &c->kills_scheduler) += 1;
}

/* By a child, as what is stopped may hold the database, and we would wait for it. */
static void
strike_still(struct crew *c, int i)
{
	const int64_t ms = 100 + dice(c->k, STOP_MAX_MS);
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
	int fd = c->members[i].pid ? (int)syscall(SYS_pidfd_open, c->members[i].pid, 0) : -1;
	pid_t child;

	if (fd < 0)
		return;
	c->stops++;
	child = fork();
	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		syscall(SYS_pidfd_send_signal, fd, SIGSTOP, NULL, 0);
		nanosleep(&pause, NULL);
		syscall(SYS_pidfd_send_signal, fd, SIGCONT, NULL, 0);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	close(fd);
}

static void
jump(struct crew *c)
{
	static const int64_t steps[] = {60, 600, 3600, 6 * 3600};
	const int64_t step = steps[dice(c->k, ARRAY_SIZE(steps))];

	*c->clock += chance(c->k, 50) ? step : -step;
	c->jumps++;
}

void
crew_turn(struct crew *c)
{
	const int64_t now = tick_ms();
	const unsigned drawn = dice(c->k, 100);

	look_after(c);
	if (c->k->calm || now < c->next)
		return;
	c->next = now + dice(c->k, PAUSE_MAX_MS);
	if (drawn < 25)
		strike_dead(c, 0);
	else if (drawn < 60)
		strike_dead(c, 1 + (int)dice(c->k, GANGS));
	else if (drawn < 68)
		strike_still(c, (int)dice(c->k, MEMBERS));
	else
		jump(c);
}

void
crew_end(struct crew *c)
{
	struct err err;

	for (int i = 0; i < MEMBERS; i++) {
		struct ended e;

		if (!c->members[i].pid)
			continue;
		kill(c->members[i].pid, SIGTERM);
		if (spawn_wait(c->members[i].pid, tick_ms() + END_MS, &e, &err) < 0)
			wrong_add(c->wrongs, RULE_PROCESS, "%s does not end: %s", names[i], err.msg);
		else if (e.how != ENDED_EXIT || e.code != 0)
			bury(c, i, e);
		c->members[i].pid = 0;
	}
	munmap((void *)c->clock, sizeof(*c->clock));
}
