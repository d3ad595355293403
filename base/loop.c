/*
 * A watch that is dropped inside a round of callbacks may still be named by an
 * event of that round: it is marked dead, skipped, and freed after the round.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/loop.h"

/* Where the kernel (or valgrind) has no pidfds. */
enum { CHILD_LOOK_MS = 20 };

struct loop_watch {
	int fd;
	loop_fn *fn;
	void *arg;
	enum { WATCH_FD, WATCH_TIMER, WATCH_SIGNAL, WATCH_CHILD } kind;
	pid_t pid;			/* of a child without a pidfd; 0: none such */
	bool dead;
	struct loop_watch *next, **at;	/* of all, or of the dead; of all: what points here */
};

struct loop {
	int epoll;
	bool stop;
	bool again;
	loop_fn *after;
	void *after_arg;
	struct loop_watch *all;
	struct loop_watch *dead;
};

struct loop *
loop_new(struct err *err)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		err_sys(err, "epoll");
		free(l);
		return NULL;
	}
	return l;
}

static void
release(struct loop_watch *w)
{
	if (w->kind != WATCH_FD)
		close(w->fd);
	free(w);
}

static void
bury(struct loop *l)
{
	while (l->dead) {
		struct loop_watch *w = l->dead;

		l->dead = w->next;
		release(w);
	}
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	bury(l);
	while (l->all) {
		struct loop_watch *w = l->all;

		l->all = w->next;
		release(w);
	}
	close(l->epoll);
	free(l);
}

static struct loop_watch *
add(struct loop *l, int kind, int fd, uint32_t events, loop_fn *fn, void *arg, struct err *err)
{
	struct loop_watch *w = xcalloc(1, sizeof(*w));
	struct epoll_event e = {.events = events, .data.ptr = w};

	*w = (struct loop_watch){.fd = fd, .fn = fn, .arg = arg, .kind = kind, .next = l->all, .at = &l->all};
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) < 0) {
		err_sys(err, "watch fd %d", fd);
		if (kind != WATCH_FD)
			close(fd);
		free(w);
		return NULL;
	}
	if (w->next)
		w->next->at = &w->next;
	l->all = w;
	return w;
}

struct loop_watch *
loop_fd(struct loop *l, int fd, uint32_t events, loop_fn *fn, void *arg, struct err *err)
{
	return add(l, WATCH_FD, fd, events, fn, arg, err);
}

void
loop_set(struct loop *l, struct loop_watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &e);
}

void
loop_drop(struct loop *l, struct loop_watch *w)
{
	if (!w || w->dead)
		return;
	*w->at = w->next;
	if (w->next)
		w->next->at = w->at;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->dead = true;
	w->next = l->dead;
	l->dead = w;
}

static int
timer(int64_t interval_ms, struct err *err)
{
	struct timespec t = {interval_ms / 1000, interval_ms % 1000 * 1000000};
	struct itimerspec spec = {t, t};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd < 0 || timerfd_settime(fd, 0, &spec, NULL) < 0 ? err_sys(err, "timer") : fd;
}

struct loop_watch *
loop_timer(struct loop *l, int64_t interval_ms, loop_fn *fn, void *arg, struct err *err)
{
	int fd = timer(interval_ms, err);

	return fd < 0 ? NULL : add(l, WATCH_TIMER, fd, EPOLLIN, fn, arg, err);
}

int
loop_signal(struct loop *l, int number, loop_fn *fn, void *arg, struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(err, "signalfd");
	return add(l, WATCH_SIGNAL, fd, EPOLLIN, fn, arg, err) ? 0 : -1;
}

struct loop_watch *
loop_child(struct loop *l, pid_t pid, loop_fn *fn, void *arg, struct err *err)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool none = fd < 0 && errno == ENOSYS;
	struct loop_watch *w;

	if (none)
		fd = timer(CHILD_LOOK_MS, err);
	else if (fd < 0)
		err_sys(err, "pidfd of %d", (int)pid);
	w = fd < 0 ? NULL : add(l, WATCH_CHILD, fd, EPOLLIN, fn, arg, err);
	if (w && none)
		w->pid = pid;
	return w;
}

static bool
has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

static void
deliver(struct loop *l, struct loop_watch *w, uint32_t events)
{
	char drain[sizeof(struct signalfd_siginfo)];

	if (w->dead)
		return;
	if (w->kind == WATCH_TIMER || w->kind == WATCH_SIGNAL || w->pid)
		(void)!read(w->fd, drain, sizeof(drain));
	if (w->pid && !has_ended(w->pid))
		return;
	if (w->kind == WATCH_CHILD)
		loop_drop(l, w);
	w->fn(w->arg, events);
}

int
loop_run(struct loop *l, struct err *err)
{
	struct epoll_event e[256];

	while (!l->stop) {
		int n = epoll_wait(l->epoll, e, ARRAY_SIZE(e), l->again ? 0 : -1);

		if (n < 0 && errno != EINTR)
			return err_sys(err, "epoll_wait");
		l->again = false;
		for (int i = 0; i < n && !l->stop; i++)
			deliver(l, e[i].data.ptr, e[i].events);
		if (l->after)
			l->after(l->after_arg, 0);
		bury(l);
	}
	return 0;
}

void
loop_after(struct loop *l, loop_fn *fn, void *arg)
{
	l->after = fn;
	l->after_arg = arg;
}

void
loop_again(struct loop *l)
{
	l->again = true;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}
