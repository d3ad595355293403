#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/doorbell.h"
#include "base/err.h"
#include "base/spawn.h"
#include "base/text.h"
#include "wire/conn.h"

enum { READ_SIZE = 256 << 10, BACKLOG = 512 };

void
conn_fini(struct conn *c)
{
	struct ended ended;
	struct err ignored;

	if (c->fd >= 0)
		close(c->fd);
	/* One that hangs, or was stopped, would hold its end of the connection for ever. */
	if (c->command > 0) {
		kill(-c->command, SIGKILL);
		spawn_wait(c->command, 0, &ended, &ignored);
	}
	str_fini(&c->in);
	str_fini(&c->out);
	*c = (struct conn)CONN_INIT;
}

int
conn_open(struct conn *c, const char *root, struct err *err)
{
	struct sockaddr_un address;

	if (doorbell_address(root, "wire", &address, err) < 0)
		return -1;
	/* A scheduler that stands still has a backlog: when it is full this fails at once, and is tried again. */
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, "connect to the scheduler at %s", address.sun_path);
	return 0;
}

int
conn_command(struct conn *c, const char *command, struct err *err)
{
	AUTO(strs_fini) struct strs words = {0};
	int fds[2];
	pid_t pid;

	strs_split(&words, command, " \t");
	if (words.n == 0)
		return err_set(err, EINVAL, "--connect: an empty command");
	strs_take(&words, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(err, "socketpair");
	pid = spawn_start(&(struct spawn){.argv = (const char *const *)words.p, .in = fds[1], .out = fds[1]}, err);
	close(fds[1]);
	c->fd = fds[0];
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	c->command = pid > 0 ? pid : 0;
	return pid < 0 ? -1 : 0;
}

int
conn_listen(const char *root, struct err *err)
{
	AUTO(close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;

	if (doorbell_address(root, "wire", &address, err) < 0)
		return -1;
	unlink(address.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0)
		return err_sys(err, "listen on %s", address.sun_path);
	return STEAL_FD(fd);
}

void
conn_send(struct conn *c, enum wire_type type, const struct str *payload)
{
	wire_frame(&c->out, type, payload);
}

int
conn_fill(struct conn *c, struct err *err)
{
	char buf[65536];
	size_t sum = 0;
	ssize_t n;

	str_shift(&c->in, c->taken);
	c->taken = 0;
	while (sum < READ_SIZE) {
		n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0 && errno != ECONNRESET)
			return err_sys(err, "receive");
		/* What came before the end is taken first; the end is seen again. */
		if (n <= 0)
			return sum ? 0 : CONN_CLOSED;
		str_put(&c->in, buf, (size_t)n);
		sum += (size_t)n;
	}
	return 0;
}

int
conn_flush(struct conn *c, struct err *err)
{
	size_t sent = 0;
	int r = 0;

	while (sent < c->out.n) {
		ssize_t n = send(c->fd, c->out.p + sent, c->out.n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			r = errno == EPIPE || errno == ECONNRESET ? CONN_CLOSED : err_sys(err, "send");
			break;
		}
		sent += (size_t)n;
	}
	str_shift(&c->out, sent);
	return r;
}

int
conn_take(struct conn *c, struct wire_frame *f, struct err *err)
{
	struct str rest = {.p = c->in.p + c->taken, .n = c->in.n - c->taken};
	int r = wire_next(&rest, f, err);

	if (r > 0)
		c->taken += f->used;
	return r;
}

static int
wait_for(struct conn *c, short events, int64_t deadline, struct err *err)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	int64_t left = deadline - tick_ms();
	int r = left > 0 ? poll(&p, 1, (int)left) : 0;

	if (r == 0)
		return err_set(err, ETIMEDOUT, "the other end did not answer in time");
	return r < 0 && errno != EINTR ? err_sys(err, "poll") : 0;
}

int
conn_drain(struct conn *c, int64_t timeout_ms, struct err *err)
{
	int64_t deadline = tick_ms() + timeout_ms;
	int r;

	while ((r = conn_flush(c, err)) == 0 && c->out.n)
		if (wait_for(c, POLLOUT, deadline, err) < 0)
			return -1;
	return r;
}

int
conn_wait(struct conn *c, struct wire_frame *f, int64_t timeout_ms, struct err *err)
{
	int64_t deadline = tick_ms() + timeout_ms;
	int r;

	while ((r = conn_take(c, f, err)) == 0) {
		if (wait_for(c, POLLIN, deadline, err) < 0)
			return -1;
		r = conn_fill(c, err);
		if (r)
			return r;
	}
	return r < 0 ? -1 : 0;
}
