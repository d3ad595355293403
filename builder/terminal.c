#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "builder/terminal.h"

enum { TYPED_MAX = 64 << 10 };

bool
terminal_wanted(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void
copy_size(int to)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(to, TIOCSWINSZ, &size);
}

int
terminal_open(struct terminal *t, struct err *err)
{
	AUTO(close) int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios mode;
	char name[64];

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, name, sizeof(name)) != 0)
		return err_sys(err, "make a terminal");
	t->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0)
		return err_sys(err, "open %s", name);
	if (tcgetattr(STDIN_FILENO, &mode) == 0)
		(void)tcsetattr(t->slave, TCSANOW, &mode);
	copy_size(t->slave);
	t->master = STEAL_FD(master);
	return 0;
}

/* Append what came: 1, or 0 at its end. A slave that nobody has any more gives EIO. */
static int
take(int from, struct str *out, struct err *err)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 1;
	if (n <= 0)
		return n == 0 || errno == EIO ? 0 : err_sys(err, "read a terminal");
	str_put(out, buf, (size_t)n);
	return 1;
}

/* A program that reads nothing for a while must not keep us from what it writes: typed waits until there is room. */
static int
type(int master, struct str *typed, struct err *err)
{
	ssize_t n = write(master, typed->p, typed->n);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN || errno == EIO ? 0 : err_sys(err, "write to a terminal");
	str_shift(typed, (size_t)n);
	return 0;
}

/* 0 at the end of what the far end writes. */
static int
show(int master, struct err *err)
{
	AUTO(str_fini) struct str out = {0};
	int r = take(master, &out, err);

	return r > 0 && out.n && file_write_fd(STDOUT_FILENO, out.p, out.n, err) < 0 ? -1 : r;
}

static int
take_signal(int signals, int master)
{
	struct signalfd_siginfo s;

	if (read(signals, &s, sizeof(s)) == sizeof(s) && s.ssi_signo != SIGWINCH)
		return TERMINAL_STOPPED;
	copy_size(master);
	return 0;
}

static int
pump(int master, int signals, struct err *err)
{
	AUTO(str_fini) struct str typed = {0};

	for (;;) {
		struct pollfd p[] = {{.fd = master, .events = (short)(POLLIN | (typed.n ? POLLOUT : 0))},
		    {.fd = typed.n < TYPED_MAX ? STDIN_FILENO : -1, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
		int r;

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (p[2].revents && take_signal(signals, master))
			return TERMINAL_STOPPED;
		if ((p[0].revents & ~POLLOUT) && (r = show(master, err)) <= 0)
			return r;
		if (p[1].revents && (r = take(STDIN_FILENO, &typed, err)) <= 0)
			return r < 0 ? -1 : TERMINAL_STOPPED;
		if (typed.n && type(master, &typed, err) < 0)
			return -1;
	}
}

int
terminal_pump(struct terminal *t, struct err *err)
{
	AUTO(close) int signals = -1;
	struct termios before, raw;
	bool changed = tcgetattr(STDIN_FILENO, &before) == 0;
	sigset_t set, old;
	int r;

	close(t->slave);
	t->slave = -1;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (changed) {
		raw = before;
		cfmakeraw(&raw);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	}
	r = signals < 0 ? err_sys(err, "signalfd") : pump(t->master, signals, err);
	if (changed)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(t->master);
	t->master = -1;
	return r;
}
