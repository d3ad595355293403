/*
 * Two forks: the outer child makes the user namespace and waits until the
 * parent has written its id maps; then it makes the other namespaces, and the
 * inner child, pid 1 of the PID namespace, runs the work. When the outer dies
 * (PDEATHSIG chains from the parent) the kernel kills the whole PID namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/confine.h"
#include "base/err.h"
#include "base/file.h"
#include "base/sandbox-root.h"
#include "base/spawn.h"
#include "base/str.h"
#include "base/text.h"

enum { RANGE_ROOT = 1000000, RANGE_COUNT = 65536, NO_BWRAP = 127, REPORT = STDERR_FILENO + 1 };

/* "name:first:count" lines of /etc/subuid. */
static int
find_subid(const char *user, struct sandbox_ids *ids)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(strs_fini) struct strs lines = {0};
	struct err ignored;
	size_t n = strlen(user);

	if (file_read(AT_FDCWD, "/etc/subuid", 1 << 20, &text, &ignored) != 0)
		return -1;
	strs_split(&lines, str_c(&text), "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (strncmp(lines.p[i], user, n) == 0 && lines.p[i][n] == ':' &&
		    sscanf(lines.p[i] + n, ":%u:%u", &ids->first, &ids->count) == 2)
			return 0;
	return -1;
}

int
sandbox_ids_find(struct sandbox_ids *ids, unsigned first, struct err *err)
{
	const struct passwd *pw;

	if (geteuid() == 0) {
		*ids = (struct sandbox_ids){first ? first : RANGE_ROOT, RANGE_COUNT};
		return 0;
	}
	pw = getpwuid(geteuid());
	if (!pw || find_subid(pw->pw_name, ids) < 0 || ids->count < RANGE_COUNT)
		return err_set(err, EPERM, "builds need %d subordinate ids: run as root, or add a line "
		    "`%s:100000:65536` to /etc/subuid and /etc/subgid", RANGE_COUNT, pw ? pw->pw_name : "USER");
	return 0;
}

static int
write_map(pid_t pid, const char *file, unsigned inside, unsigned first, unsigned count, struct err *err)
{
	AUTO(free) char *path = xasprintf("/proc/%d/%s", (int)pid, file);
	AUTO(free) char *line = xasprintf("%u %u %u\n", inside, first, count);
	AUTO(close) int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		return err_sys(err, "write %s", path);
	return 0;
}

/* newuidmap PID 0 UID 1 1 FIRST COUNT-1 */
static int
run_newidmap(const char *tool, pid_t pid, unsigned self, const struct sandbox_ids *ids, struct err *err)
{
	char number[4][16];
	const char *argv[] = {tool, number[0], "0", number[1], "1", "1", number[2], number[3], NULL};
	AUTO(str_fini) struct str out = {0};
	struct ended ended;

	snprintf(number[0], sizeof(number[0]), "%d", (int)pid);
	snprintf(number[1], sizeof(number[1]), "%u", self);
	snprintf(number[2], sizeof(number[2]), "%u", ids->first);
	snprintf(number[3], sizeof(number[3]), "%u", ids->count - 1);
	if (spawn_run(&(struct spawn){.argv = argv}, NULL, &out, 10000, &ended, err) < 0)
		return err_ctx(err, "install the package uidmap");
	if (ended.how != ENDED_EXIT || ended.code)
		return err_set(err, EPERM, "%s: %s", tool, str_c(&out));
	return 0;
}

static int
map_ids(pid_t pid, const struct sandbox_ids *ids, struct err *err)
{
	if (geteuid() == 0) {
		if (write_map(pid, "uid_map", 0, ids->first, ids->count, err) < 0)
			return -1;
		return write_map(pid, "gid_map", 0, ids->first, ids->count, err);
	}
	if (run_newidmap("newuidmap", pid, geteuid(), ids, err) < 0)
		return -1;
	return run_newidmap("newgidmap", pid, getegid(), ids, err);
}

/* In a child that waits for its end: the user namespace that maps so. */
int
sandbox_idmap(unsigned from, const struct sandbox_ids *to, struct err *err)
{
	AUTO(free) char *path = NULL;
	int pipes[2], fd = -1;
	char c;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWUSER) < 0 || write(pipes[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(pipes[1]);
	path = xasprintf("/proc/%d/ns/user", (int)pid);
	if (pid < 0 || read(pipes[0], &c, 1) != 1)
		err_sys(err, "make a user namespace");
	else if (write_map(pid, "uid_map", from, to->first, to->count, err) == 0 &&
	    write_map(pid, "gid_map", from, to->first, to->count, err) == 0 && (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		err_sys(err, "%s", path);
	close(pipes[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return fd;
}

static int
private_mounts(struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, "make a mount namespace");
	return 0;
}

/* In the outer child, up to having the namespaces. */
static int
enter(const struct sandbox *s, int tell, int hear, struct err *err)
{
	bool root = geteuid() == 0;
	pid_t parent = getppid();
	char c = 0;

	if (root && (private_mounts(err) < 0 || sandbox_root_make(s, err) < 0))
		return -1;
	if (unshare(CLONE_NEWUSER) < 0)
		return err_sys(err, "make a user namespace");
	if (write(tell, &c, 1) != 1 || read(hear, &c, 1) != 1)
		return err_set(err, EPIPE, "the parent went away");
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, "become uid 0 of the namespace");
	/* Becoming another user has cleared that; the parent may have ended meanwhile. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return err_set(err, EPIPE, "the parent went away");
	if (unshare(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (s->network ? 0 : CLONE_NEWNET)) < 0)
		return err_sys(err, "make namespaces");
	umask(022);
	if (private_mounts(err) < 0)
		return -1;
	return root ? 0 : sandbox_root_make(s, err);
}

static void
redirect(const struct sandbox *s)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(s->in ? s->in : null, STDIN_FILENO);
	dup2(s->log ? s->log : null, STDOUT_FILENO);
	dup2(s->errors ? s->errors : s->log ? s->log : null, STDERR_FILENO);
}

static void __attribute__((noreturn))
fail(int report, const struct err *err)
{
	(void)!write(report, err->msg, strlen(err->msg));
	_exit(1);
}

/* Sockets and folders of the host lead out of any root. */
static int
only_report(int report)
{
	if (report != REPORT && dup3(report, REPORT, O_CLOEXEC) < 0)
		_exit(1);
	close_range(REPORT + 1, ~0u, 0);
	return REPORT;
}

static void __attribute__((noreturn))
inner(const struct sandbox *s, sandbox_fn *fn, void *arg, int report)
{
	struct err err = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	redirect(s);
	report = only_report(report);
	if (s->bits32 && personality(PER_LINUX32) < 0) {
		err_sys(&err, "appear as a machine of 32 bits");
		fail(report, &err);
	}
	if (sandbox_root_enter(&err) < 0 || chdir(SANDBOX_DIR) < 0 || fn(arg, &err) < 0)
		fail(report, &err);
	_exit(0);
}

static void __attribute__((noreturn))
outer(const struct sandbox *s, sandbox_fn *fn, void *arg, int tell, int hear, int report)
{
	struct err err = {0};
	sigset_t none, awaited;
	int status;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	sigemptyset(&none);
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (enter(s, tell, hear, &err) < 0)
		fail(report, &err);
	close(tell);
	close(hear);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	pid = fork();
	if (pid < 0) {
		err_sys(&err, "fork");
		fail(report, &err);
	}
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &none, NULL);
		inner(s, fn, arg, report);
	}
	close(report);
	/* The kernel reports pid 1 of a namespace when all others of it are dead: so nothing is left when this ends. */
	while (waitpid(pid, &status, WNOHANG) == 0)
		if (sigwaitinfo(&awaited, NULL) == SIGTERM)
			kill(pid, SIGKILL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int
sandbox_start(const struct sandbox *s, sandbox_fn *fn, void *arg, struct sandbox_run *run, struct err *err)
{
	int up[2], down[2], report[2];
	char c;

	if (pipe2(up, O_CLOEXEC) < 0 || pipe2(down, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	run->pid = fork();
	if (run->pid == 0) {
		close(up[0]);
		close(down[1]);
		close(report[0]);
		outer(s, fn, arg, up[1], down[0], report[1]);
	}
	close(up[1]);
	close(down[0]);
	close(report[1]);
	run->report = report[0];
	if (run->pid < 0) {
		err_sys(err, "fork");
		close(run->report);
	}
	/* A child that fails before it asks for its maps closes the pipe: sandbox_wait() tells why. */
	if (run->pid > 0 && read(up[0], &c, 1) == 1) {
		if (map_ids(run->pid, &s->ids, err) < 0 || (s->started && s->started(s->started_arg, run->pid, err) < 0)) {
			kill(run->pid, SIGKILL);
			waitpid(run->pid, NULL, 0);
			close(run->report);
			run->pid = -1;
		} else {
			(void)!write(down[1], "", 1);
		}
	}
	close(up[0]);
	close(down[1]);
	return run->pid < 0 ? -1 : 0;
}

void
sandbox_kill(const struct sandbox_run *run)
{
	kill(run->pid, SIGTERM);
}

int
sandbox_wait(struct sandbox_run *run, struct err *err)
{
	char msg[sizeof(err->msg)];
	struct ended ended;
	ssize_t got, n = 0;

	while (n < (ssize_t)sizeof(msg) - 1 &&
	    ((got = read(run->report, msg + n, sizeof(msg) - 1 - (size_t)n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? got : 0;
	msg[n] = '\0';
	close(run->report);
	if (spawn_wait(run->pid, 0, &ended, err) < 0)
		return -1;
	if (ended.how == ENDED_SIGNAL)
		return err_set(err, EINTR, "killed by signal %d", ended.code);
	if (ended.code)
		return n ? err_set(err, ECHILD, "%s", msg) : err_set(err, ECHILD, "ended with status %d", ended.code);
	return 0;
}

int
sandbox_call(const struct sandbox *s, sandbox_fn *fn, void *arg, struct err *err)
{
	struct sandbox_run run;

	if (sandbox_start(s, fn, arg, &run, err) < 0)
		return -1;
	return sandbox_wait(&run, err);
}

static int
remove_inside(void *arg, struct err *err)
{
	return file_remove_tree(AT_FDCWD, arg, err);
}

int
sandbox_remove_tree(const struct sandbox *s, const char *path, struct err *err)
{
	AUTO(free) char *inside = xasprintf(SANDBOX_DIR "/%s", path);
	AUTO(free) char *outside = xasprintf("%s/%s", s->dir, path);

	if (geteuid() == 0)
		return file_remove_tree(AT_FDCWD, outside, err);
	return sandbox_call(s, remove_inside, inside, err);
}

static void __attribute__((noreturn))
exec_bwrap(char *const *argv, const struct sandbox_exec *x)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (x->out)
		dup2(x->out, STDOUT_FILENO);
	/* For job control it must be the session's. It is no one else's: what is typed into it reaches only this session. */
	if (x->terminal && (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)) {
		dprintf(STDERR_FILENO, "terminal: %s\n", strerror(errno));
		_exit(NO_BWRAP);
	}
	if (setgroups(0, NULL) == 0 && setresgid(SANDBOX_BUILDER, SANDBOX_BUILDER, SANDBOX_BUILDER) == 0 &&
	    setresuid(SANDBOX_BUILDER, SANDBOX_BUILDER, SANDBOX_BUILDER) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp("bwrap", argv);
	}
	dprintf(STDERR_FILENO, "bwrap: %s (install the package bubblewrap)\n", strerror(errno));
	_exit(NO_BWRAP);
}

/* Words with a NULL behind each group. */
static void
add_words(struct strs *argv, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		strs_add(argv, words[i]);
}

static void
add_number(struct strs *argv, const char *name, int64_t value)
{
	add_words(argv, (const char *const[]){"--setenv", name, NULL});
	strs_take(argv, xasprintf("%lld", (long long)value));
}

static void
bwrap_words(const struct sandbox_exec *x, int filter, struct strs *argv)
{
	bool host = strcmp(x->root, "/") == 0;

	add_words(argv, (const char *const[]){"bwrap", "--ro-bind", x->root, "/", NULL});
	/* A build root has /home/builder; the host has not. */
	if (host)
		add_words(argv, (const char *const[]){"--tmpfs", "/home", NULL});
	add_words(argv, (const char *const[]){"--bind", x->home, "/home/builder", "--proc", "/proc", "--dev", "/dev", NULL});
	if (x->tmp)
		add_words(argv, (const char *const[]){"--bind", x->tmp, "/tmp", "--bind", x->tmp, "/var/tmp", NULL});
	else
		add_words(argv, (const char *const[]){"--tmpfs", "/tmp", "--tmpfs", "/var/tmp", NULL});
	add_words(argv, (const char *const[]){"--unshare-all", "--hostname", "artel", "--die-with-parent", "--clearenv",
	    "--setenv", "PATH", "/usr/bin:/usr/sbin", "--setenv", "HOME", "/home/builder", "--setenv", "LC_ALL", "C",
	    "--setenv", "TZ", "UTC", "--setenv", "USER", "builder", "--chdir", x->cwd ? x->cwd : "/home/builder",
	    x->terminal ? "--setenv" : "--new-session", NULL});
	if (x->terminal)
		add_words(argv, (const char *const[]){"TERM", x->terminal, NULL});
	strs_add(argv, "--seccomp");
	strs_take(argv, xasprintf("%d", filter));
	if (x->network)
		add_words(argv, (const char *const[]){"--share-net", "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf", NULL});
	if (x->source_date_epoch)
		add_number(argv, "SOURCE_DATE_EPOCH", x->source_date_epoch);
	if (x->jobs)
		add_number(argv, "RPM_BUILD_NCPUS", x->jobs);
	add_words(argv, x->argv);
	strs_take(argv, NULL);
}

int
sandbox_exec(const struct sandbox_exec *x, int *status, struct err *err)
{
	AUTO(strs_fini) struct strs argv = {0};
	AUTO(close) int filter = confine_filter(err);
	struct ended ended;
	int wait_status;
	pid_t pid;

	if (filter < 0 || fcntl(filter, F_SETFD, 0) < 0)
		return filter < 0 ? -1 : err_sys(err, "seccomp");
	bwrap_words(x, filter, &argv);
	pid = fork();
	if (pid == 0)
		exec_bwrap(argv.p, x);
	if (pid < 0)
		return err_sys(err, "fork bwrap");
	while (waitpid(pid, &wait_status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, "wait for bwrap");
	/* A daemon that it left is killed with bwrap's own pid 1, which is an orphan by now: our child. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	ended = ended_decode(wait_status);
	if (ended.how == ENDED_EXIT && ended.code == NO_BWRAP)
		return err_set(err, ENOENT, "bubblewrap cannot be started here");
	*status = ended.how == ENDED_SIGNAL ? 128 + ended.code : ended.code;
	return 0;
}
