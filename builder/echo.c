#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/echo.h"

/* With the lock held: all that is there to be read. */
static void
copy(struct echo *e)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(e->from, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			e->ring[e->total++ % ECHO_MAX] = buf[i];
		for (ssize_t done = 0, k; done < n; done += k > 0 ? k : 0)
			if ((k = write(e->to, buf + done, (size_t)(n - done))) < 0 && errno != EINTR)
				break;
	}
}

static void *
run(void *arg)
{
	struct echo *e = arg;
	struct pollfd p = {.fd = e->from, .events = POLLIN};

	for (;;) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return NULL;
		pthread_mutex_lock(&e->lock);
		copy(e);
		pthread_mutex_unlock(&e->lock);
		if (p.revents & POLLHUP && !(p.revents & POLLIN))
			return NULL;
	}
}

int
echo_start(struct echo *e, int to, struct err *err)
{
	pthread_t thread;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*e = (struct echo){.in = fds[1], .from = fds[0], .to = to, .lock = PTHREAD_MUTEX_INITIALIZER};
	errno = pthread_create(&thread, NULL, run, e);
	if (errno)
		return err_sys(err, "start a thread");
	pthread_detach(thread);
	return 0;
}

void
echo_forget(struct echo *e)
{
	pthread_mutex_lock(&e->lock);
	copy(e);
	e->total = 0;
	pthread_mutex_unlock(&e->lock);
}

void
echo_lines(struct echo *e, size_t lines, size_t max, struct str *out)
{
	char text[ECHO_MAX + 1];
	AUTO(strs_fini) struct strs all = {0};
	size_t n, from, begin = out->n;

	pthread_mutex_lock(&e->lock);
	copy(e);
	n = e->total < ECHO_MAX ? e->total : ECHO_MAX;
	for (size_t i = 0; i < n; i++)
		text[i] = e->ring[(e->total - n + i) % ECHO_MAX];
	pthread_mutex_unlock(&e->lock);
	text[n] = '\0';
	/* A NUL would hide what is behind it. */
	for (size_t i = 0; i < n; i++)
		text[i] = text[i] ? text[i] : ' ';
	strs_split(&all, text, "\r\n");
	from = all.n > lines ? all.n - lines : 0;
	for (size_t i = from; i < all.n && out->n - begin < max; i++) {
		AUTO(str_fini) struct str shown = {0};

		text_printable(&shown, all.p[i]);
		str_puts(out, i > from ? "; " : "");
		str_put(out, str_c(&shown), shown.n < max - (out->n - begin) ? shown.n : max - (out->n - begin));
	}
}
