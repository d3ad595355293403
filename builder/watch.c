#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "builder/watch.h"
#include "wire/exchange.h"

enum { LOOK_MS = 1000 };

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

/* Copy the log until its end. WATCH_LIMIT if a limit was passed. */
static int
pump(struct watch *w, int from, struct err *err)
{
	int64_t heard = tick_ms(), silence = w->silence_ms ? w->silence_ms : INT64_MAX / 2;
	char buf[65536];

	for (;;) {
		struct pollfd p = {.fd = from, .events = POLLIN};
		int64_t now = tick_ms(), until = heard + silence < w->deadline ? heard + silence : w->deadline, left = until - now;
		ssize_t n;
		int r = poll(&p, 1, left < 0 ? 0 : left < LOOK_MS ? (int)left : LOOK_MS);

		if (r < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (r == 0 && until <= tick_ms()) {
			err_set(err, ETIMEDOUT, until == w->deadline ? "took longer than allowed" :
			    "was silent for %lld s", (long long)(w->silence_ms / 1000));
			return WATCH_LIMIT;
		}
		if (r == 0 && w->conn && tick_ms() - w->streamed > exchange_beat_ms(w->conn))
			stream(w, NULL, 0);
		if (r <= 0)
			continue;
		n = read(from, buf, sizeof(buf));
		if (n <= 0)
			return n < 0 ? err_sys(err, "read the log") : 0;
		heard = tick_ms();
		keep(w, buf, (size_t)n);
		if (w->output_left && (uint64_t)n >= w->output_left) {
			err_set(err, EFBIG, "wrote more output than allowed");
			return WATCH_LIMIT;
		}
		w->output_left -= w->output_left ? (uint64_t)n : 0;
	}
}

int
watch_run(struct watch *w, const struct sandbox *s, sandbox_fn *fn, void *arg, struct err *err)
{
	struct sandbox box = *s;
	struct sandbox_run run;
	struct err ended;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	box.log = fds[1];
	r = sandbox_start(&box, fn, arg, &run, err);
	close(fds[1]);
	if (r == 0)
		r = pump(w, fds[0], err);
	else
		run.pid = -1;
	close(fds[0]);
	if (run.pid < 0)
		return -1;
	if (r)
		kill(run.pid, SIGKILL);
	if (sandbox_wait(&run, &ended) < 0 && r == 0) {
		*err = ended;
		return -1;
	}
	return r;
}
