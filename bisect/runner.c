#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/spawn.h"
#include "bisect/runner.h"

enum { RUNNER_REPORT_MAX = 64 << 20 };

struct slot {
	pid_t pid;		/* 0: not started or done */
	int pipe;
};

struct run {
	struct slot *slot;
	struct runner_result *results;
	size_t n, next, running;
	runner_fn *fn;
	runner_moot *moot;
	void *arg;
};

void
runner_results_fini(struct runner_result *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_fini(&r[i].report);
}

/* Whether an attempt does not matter, by those that passed so far. */
static bool
is_moot(const struct run *r, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (r->results[j].how == RUNNER_PASSED && (!r->moot || r->moot(r->arg, j, i)))
			return true;
	return false;
}

/* Of those that ended by chance before they were found not to matter, nothing is kept. */
static void
forget_moot(struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (is_moot(r, i)) {
			r->results[i].how = RUNNER_KILLED;
			str_clear(&r->results[i].report);
		}
}

static void __attribute__((noreturn))
child(const struct run *r, size_t attempt, int to, pid_t parent)
{
	AUTO(str_fini) struct str report = {0};
	struct err ignored;
	int verdict;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(2);
	verdict = r->fn(r->arg, attempt, &report);
	if (file_write_fd(to, str_c(&report), report.n, &ignored) < 0)
		_exit(2);
	_exit(verdict < 0 ? 2 : verdict);
}

static int
start(struct run *r, size_t attempt, struct err *err)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	r->slot[attempt].pid = fault("attempt") ? (errno = EAGAIN, -1) : fork();
	if (r->slot[attempt].pid == 0)
		child(r, attempt, fds[1], parent);
	close(fds[1]);
	r->slot[attempt].pipe = fds[0];
	if (r->slot[attempt].pid < 0) {
		r->slot[attempt].pid = 0;
		close(fds[0]);
		return err_sys(err, "fork an attempt");
	}
	r->results[attempt].started = true;
	r->running++;
	return 0;
}

/* Start what there is room for. */
static int
start_more(struct run *r, size_t testers, struct err *err)
{
	for (; r->running < testers && r->next < r->n; r->next++)
		if (!is_moot(r, r->next) && start(r, r->next, err) < 0)
			return -1;
	return 0;
}

/* Wait for a child whose pipe has ended, and decode. */
static int
reap(struct run *r, size_t i, struct err *err)
{
	struct slot *s = &r->slot[i];
	struct ended e;
	int status;

	close(s->pipe);
	while (waitpid(s->pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, "wait for an attempt");
	s->pid = 0;
	r->running--;
	e = ended_decode(status);
	if (is_moot(r, i))
		return 0;
	if (e.how == ENDED_SIGNAL || e.code > 1)
		return err_set(err, ECHILD, "an attempt ended by %s %d%s%.300s", e.how == ENDED_SIGNAL ? "signal" : "status",
		    e.code, r->results[i].report.n ? ": " : "", str_c(&r->results[i].report));
	r->results[i].how = e.code == 0 ? RUNNER_PASSED : RUNNER_FAILED;
	return 0;
}

static void
kill_moot(struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->slot[i].pid > 0 && is_moot(r, i))
			kill(r->slot[i].pid, SIGKILL);
}

static int
collect(struct run *r, struct err *err)
{
	AUTO(free) struct pollfd *p = xcalloc(r->n, sizeof(*p));
	char buf[65536];

	for (size_t i = 0; i < r->n; i++)
		p[i] = (struct pollfd){.fd = r->slot[i].pid > 0 ? r->slot[i].pipe : -1, .events = POLLIN};
	if (poll(p, r->n, -1) < 0)
		return errno == EINTR ? 0 : err_sys(err, "poll");
	for (size_t i = 0; i < r->n; i++) {
		ssize_t n = p[i].revents ? read(p[i].fd, buf, sizeof(buf)) : -1;

		if (n > 0 && r->results[i].report.n < RUNNER_REPORT_MAX)
			str_put(&r->results[i].report, buf, (size_t)n);
		if (n == 0 && reap(r, i, err) < 0)
			return -1;
	}
	kill_moot(r);
	return 0;
}

int
runner_run(size_t n, size_t testers, runner_fn *fn, runner_moot *moot, void *arg, struct runner_result *results,
	struct err *err)
{
	AUTO(free) struct slot *slots = xcalloc(n + 1, sizeof(*slots));
	struct run r = {.slot = slots, .results = results, .n = n, .fn = fn, .moot = moot, .arg = arg};
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		results[i] = (struct runner_result){.how = RUNNER_KILLED};
	while (rc == 0 && (r.running || r.next < n)) {
		rc = start_more(&r, testers, err);
		if (rc == 0 && r.running)
			rc = collect(&r, err);
	}
	for (size_t i = 0; i < n; i++)
		if (slots[i].pid > 0) {
			kill(slots[i].pid, SIGKILL);
			waitpid(slots[i].pid, NULL, 0);
			close(slots[i].pipe);
		}
	forget_moot(&r);
	return rc;
}

int
runner_inline(size_t n, size_t testers, runner_fn *fn, runner_moot *moot, void *arg, struct runner_result *results,
	struct err *err)
{
	struct run r = {.results = results, .n = n, .fn = fn, .moot = moot, .arg = arg};

	for (size_t i = 0; i < n; i++)
		results[i] = (struct runner_result){.how = RUNNER_KILLED};
	while (r.next < n) {
		size_t wave = 0;

		for (; wave < testers && r.next < n; r.next++)
			if (!is_moot(&r, r.next)) {
				results[r.next].started = true;
				wave++;
			}
		for (size_t i = 0; i < r.next; i++) {
			int verdict;

			if (!results[i].started || results[i].how != RUNNER_KILLED || is_moot(&r, i))
				continue;
			verdict = fn(arg, i, &results[i].report);
			if (verdict < 0)
				return err_set(err, ECHILD, "an attempt ended by status 2%s%.300s",
				    results[i].report.n ? ": " : "", str_c(&results[i].report));
			results[i].how = verdict ? RUNNER_FAILED : RUNNER_PASSED;
		}
	}
	forget_moot(&r);
	return 0;
}
