#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "builder/guard.h"
#include "builder/watch.h"
#include "wire/exchange.h"

enum { LOOK_MS = 250, WATCH_END = 2 };

_Static_assert((int)WATCH_LIMIT == (int)GUARD_PASSED, "what a guard answers is passed on");

/* A live log that cannot be streamed is no reason to fail a build: the whole of it is sent at the end. */
static void
stream(struct watch *w, const char *data, size_t n)
{
	struct err ignored;

	if (w->conn && exchange_log(w->conn, data, n, &ignored) < 0)
		w->conn = NULL;
	w->streamed = tick_ms();
}

static void
keep(struct watch *w, const char *data, size_t n)
{
	struct err ignored;

	file_write_fd(w->file, data, n, &ignored);
	stream(w, data, n);
}

void
watch_say(struct watch *w, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	keep(w, line, (size_t)n);
}

/* Time and silence. WATCH_LIMIT if one of them is over. */
static int
clock_look(const struct watch *w, int64_t heard, struct err *err)
{
	const struct limits *l = &w->guard->limits;
	AUTO(str_fini) struct str limit = {0};
	int64_t now = tick_ms();
	bool late = now >= w->deadline;

	if (!late && (l->silence_ms == 0 || now < heard + l->silence_ms))
		return 0;
	limits_put_time(&limit, late ? l->time_ms : l->silence_ms);
	err_set(err, ETIMEDOUT, late ? "took longer than allowed (%s)" : "was silent for longer than allowed (%s)", str_c(&limit));
	return WATCH_LIMIT;
}

/* What there is of the log. 0, WATCH_LIMIT, WATCH_END or -1. */
static int
take_log(struct watch *w, int from, struct err *err)
{
	AUTO(str_fini) struct str limit = {0};
	char buf[65536];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 ? err_sys(err, "read the log") : WATCH_END;
	keep(w, buf, (size_t)n);
	w->output += (uint64_t)n;
	if (w->guard->limits.output_bytes == 0 || w->output <= w->guard->limits.output_bytes)
		return 0;
	limits_put_bytes(&limit, w->guard->limits.output_bytes);
	err_set(err, EFBIG, "wrote more output than allowed (%s)", str_c(&limit));
	return WATCH_LIMIT;
}

/* Copy the log until its end, and look at the limits a few times a second. WATCH_LIMIT if one was passed. */
static int
pump(struct watch *w, int from, struct err *err)
{
	int64_t heard = tick_ms(), look = heard;
	int r = 0;

	while (r == 0) {
		struct pollfd p[] = {{.fd = from, .events = POLLIN}, {.fd = disk_fd(&w->guard->disk), .events = POLLIN}};
		int64_t left = look - tick_ms();

		if (poll(p, ARRAY_SIZE(p), left < 0 ? 0 : (int)left) < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (p[0].revents) {
			r = take_log(w, from, err);
			heard = tick_ms();
		}
		if (r || (tick_ms() < look && !p[1].revents))
			continue;
		look = tick_ms() + LOOK_MS;
		if (w->conn && tick_ms() - w->streamed > exchange_beat_ms(w->conn))
			stream(w, NULL, 0);
		r = clock_look(w, heard, err);
		if (r == 0)
			r = guard_look(w->guard, err);
	}
	return r == WATCH_END ? 0 : r;
}

int
watch_run(struct watch *w, const struct sandbox *s, sandbox_fn *fn, void *arg, struct err *err)
{
	struct sandbox box = *s;
	struct sandbox_run run;
	struct err ended = {0};
	int fds[2], r, end;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	box.log = fds[1];
	box.started = guard_started;
	box.started_arg = w->guard;
	r = sandbox_start(&box, fn, arg, &run, err);
	close(fds[1]);
	if (r == 0)
		r = pump(w, fds[0], err);
	else
		run.pid = -1;
	close(fds[0]);
	if (run.pid < 0)
		return -1;
	if (r) {
		sandbox_kill(&run);
		guard_kill(w->guard);
	}
	end = sandbox_wait(&run, &ended);
	/* A limit that was passed explains whatever else went wrong. */
	if (r == 0)
		r = guard_look(w->guard, err);
	if (r == 0 && end < 0)
		*err = ended;
	return r ? r : end;
}
