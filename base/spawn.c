/*
 * Between fork and exec only async-signal-safe calls are made. A failed exec
 * writes its errno into a close-on-exec pipe, so the parent tells "could not
 * start" from "started and exited with 127".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "base/text.h"

enum { OUTPUT_MAX = 1 << 20 };

struct ended
ended_decode(int status)
{
	if (WIFSIGNALED(status))
		return (struct ended){ENDED_SIGNAL, WTERMSIG(status)};
	return (struct ended){ENDED_EXIT, WEXITSTATUS(status)};
}

void
ended_text(struct ended e, struct str *out)
{
	if (e.how == ENDED_SIGNAL)
		str_add(out, "killed by signal %d (%s)", e.code, strsignal(e.code));
	else
		str_add(out, "exit status %d", e.code);
}

static void __attribute__((noreturn))
child(const struct spawn *s, int null, int report, pid_t parent)
{
	sigset_t none;
	int code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(s->in ? s->in : null, STDIN_FILENO) < 0 ||
	    dup2(s->out ? s->out : null, STDOUT_FILENO) < 0 ||
	    (s->err && dup2(s->err, STDERR_FILENO) < 0) ||
	    (s->keep && fcntl(s->keep, F_SETFD, 0) < 0) ||
	    (s->cwd && chdir(s->cwd) < 0))
		goto fail;
	if (s->env)
		execvpe(s->argv[0], (char *const *)s->argv, (char *const *)s->env);
	else
		execvp(s->argv[0], (char *const *)s->argv);
fail:
	code = errno;
	(void)!write(report, &code, sizeof(code));
	_exit(127);
}

pid_t
spawn_start(const struct spawn *s, struct err *err)
{
	AUTO(close) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	AUTO(close) int r = -1;
	AUTO(close) int w = -1;
	int code, fds[2];
	pid_t pid, parent = getpid();

	if (null < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "start %s", s->argv[0]);
	r = fds[0];
	w = fds[1];
	pid = fault("fork") ? (errno = EAGAIN, -1) : fork();
	if (pid < 0)
		return err_sys(err, "fork %s", s->argv[0]);
	if (pid == 0)
		child(s, null, w, parent);
	setpgid(pid, pid);
	close(STEAL_FD(w));
	if (read(r, &code, sizeof(code)) == (ssize_t)sizeof(code)) {
		waitpid(pid, NULL, 0);
		errno = code;
		return err_sys(err, "start %s", s->argv[0]);
	}
	return pid;
}

/* 1 ended, 0 the deadline passed. Where the kernel (or valgrind) has no pidfds, by looking now and then. */
static int
ended_by(pid_t pid, int64_t deadline_ms)
{
	AUTO(close) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	siginfo_t info = {0};

	for (;;) {
		int64_t left = deadline_ms - tick_ms();
		struct pollfd pfd = {.fd = pidfd, .events = POLLIN};

		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
			return 1;
		if (left <= 0)
			return 0;
		poll(&pfd, pidfd >= 0, pidfd >= 0 ? (int)left : left < 20 ? (int)left : 20);
	}
}

int
spawn_wait(pid_t pid, int64_t deadline_ms, struct ended *ended, struct err *err)
{
	bool late = deadline_ms && !ended_by(pid, deadline_ms);
	int status;

	if (late)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, "wait for %d", (int)pid);
	if (late)
		return err_set(err, ETIMEDOUT, "took longer than allowed");
	*ended = ended_decode(status);
	return 0;
}

/*
 * Feed and drain until the child closed its output or the time is over. *in does not block: a
 * child that answers before it has read everything would wait for us as we for it.
 */
static void
converse(int *in, int out, const struct str *input, struct str *output, int64_t deadline)
{
	size_t sent = 0;
	char buf[16384];

	while (out >= 0) {
		struct pollfd p[2] = {{.fd = out, .events = POLLIN}, {.fd = *in, .events = POLLOUT}};
		int64_t left = deadline - tick_ms();
		ssize_t n;

		if (left <= 0 || (poll(p, 2, (int)left) < 0 && errno != EINTR))
			return;
		if (p[1].revents) {
			n = write(*in, input->p + sent, input->n - sent);
			sent += n > 0 ? (size_t)n : 0;
			if ((n < 0 && errno != EAGAIN) || sent == input->n)
				close(STEAL_FD(*in));
		}
		if (p[0].revents) {
			n = read(out, buf, sizeof(buf));
			if (n <= 0)
				break;
			if (output->n + (size_t)n <= OUTPUT_MAX)
				str_put(output, buf, (size_t)n);
		}
	}
	if (*in >= 0)
		close(STEAL_FD(*in));
}

int
spawn_run(const struct spawn *s, const struct str *input, struct str *output,
	int64_t timeout_ms, struct ended *ended, struct err *err)
{
	AUTO(close) int out_r = -1;
	AUTO(close) int out_w = -1;
	AUTO(close) int in_r = -1;
	AUTO(close) int in_w = -1;
	int fds[2];
	int64_t deadline = tick_ms() + timeout_ms;
	struct spawn run = *s;
	void (*pipe_was)(int);
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	out_r = fds[0];
	run.out = run.err = out_w = fds[1];
	if (input && input->n) {
		if (pipe2(fds, O_CLOEXEC) < 0)
			return err_sys(err, "pipe");
		run.in = in_r = fds[0];
		in_w = fds[1];
		fcntl(in_w, F_SETFL, O_NONBLOCK);
	}
	pid = spawn_start(&run, err);
	close(STEAL_FD(out_w));
	if (in_r >= 0)
		close(STEAL_FD(in_r));
	if (pid < 0)
		return -1;
	pipe_was = signal(SIGPIPE, SIG_IGN);
	converse(&in_w, out_r, input, output, deadline);
	signal(SIGPIPE, pipe_was);
	if (spawn_wait(pid, deadline, ended, err) < 0)
		return err_ctx(err, "%s", s->argv[0]);
	return 0;
}
