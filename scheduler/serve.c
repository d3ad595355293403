#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "package/partial.h"
#include "scheduler/serve.h"
#include "wire/exchange.h"

enum { LOG_MAX = 64 << 20, SWEEP_MS = 3600000, ORDER_MAX = 32 << 10 };

struct server {
	int dir;
	struct wire_ref ref;		/* whose log it is */
	struct partial partial;
};

static int
serve_artefact(void *arg, const char *sha256)
{
	const struct server *s = arg;
	struct err err;

	return artefact_open(s->dir, sha256, &err);
}

/* What is as small as one DATA is not worth going on with. */
static int
serve_create(void *arg, const char *sha256, uint64_t size, int *fd, struct err *err)
{
	struct server *s = arg;

	if (artefact_renew(s->dir, sha256))
		return EXCHANGE_STORED;
	if (partial_begin(s->dir, sha256, size > WIRE_CHUNK, &s->partial, err) < 0)
		return -1;
	*fd = s->partial.tmp.fd;
	return 0;
}

static int
serve_finish(void *arg, const char *sha256, enum exchange_end how, struct err *err)
{
	struct server *s = arg;

	if (how == EXCHANGE_WHOLE)
		return partial_end(s->dir, &s->partial, sha256, err);
	if (how == EXCHANGE_BROKEN)
		partial_break(s->dir, &s->partial);
	else
		partial_drop(s->dir, &s->partial, sha256);
	return 0;
}

static int
serve_log(void *arg, const void *data, size_t n, struct err *err)
{
	const struct server *s = arg;
	AUTO(free) char *path = xasprintf("run/log/%lld.%u", (long long)s->ref.job, s->ref.attempt);
	AUTO(close) int fd = openat(s->dir, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open %s", path);
	return st.st_size > LOG_MAX ? 0 : file_write_fd(fd, data, n, err);
}

/* Other sockets, the database and the scheduler's lock are not for this process to keep open. */
static void
close_others(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

/* What goes over the socket, with the connection itself: what was received and is to be sent follows. */
struct order {
	struct wire_ref ref;
	int64_t stall_ms;
	size_t in, out;
};

static void __attribute__((noreturn))
child(struct conn *c, int dir, struct wire_ref ref, pid_t parent)
{
	struct server s = {.dir = dir, .ref = ref};
	const struct exchange_ops ops = {&s, serve_artefact, serve_create, serve_finish, serve_log};
	struct err err = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGCHLD, SIG_DFL);
	close_others(c->fd, dir);
	if (exchange_serve(c, &ops, &err) < 0)
		log_at(LOG_DEBUG, "exchange: %s", err.msg);
	_exit(0);
}

/* The next order: 1; 0 at the end, or with something that cannot be. */
static int
take_order(int fd, struct order *o, struct conn *c)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char data[ORDER_MAX];
	struct iovec parts[] = {{o, sizeof(*o)}, {data, sizeof(data)}};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	if (n < (ssize_t)sizeof(*o) || !h || h->cmsg_type != SCM_RIGHTS || (size_t)n != sizeof(*o) + o->in + o->out)
		return 0;
	*c = (struct conn)CONN_INIT;
	memcpy(&c->fd, CMSG_DATA(h), sizeof(c->fd));
	c->stall_ms = o->stall_ms;
	str_put(&c->in, data, o->in);
	str_put(&c->out, data + o->in, o->out);
	return 1;
}

/* It ends with the scheduler: at the end of the socket, or of its parent. */
static void __attribute__((noreturn))
run(int fd, int dir, pid_t parent)
{
	struct order o;
	struct conn c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "artel-serve");
	signal(SIGCHLD, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	close_others(fd, dir);
	while (getppid() == parent && take_order(fd, &o, &c) > 0) {
		pid_t self = getpid(), pid = fork();

		if (pid == 0)
			child(&c, dir, o.ref, self);
		if (pid < 0)
			log_at(LOG_ERROR, "fork: %s", strerror(errno));
		conn_fini(&c);
	}
	_exit(0);
}

int
serve_open(int dir, struct err *err)
{
	pid_t parent = getpid(), pid;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "socketpair");
	pid = fork();
	if (pid == 0)
		run(ends[1], dir, parent);
	close(ends[1]);
	if (pid > 0)
		return ends[0];
	close(ends[0]);
	return err_sys(err, "fork");
}

int
serve_start(int server, const struct conn *c, struct wire_ref ref, struct err *err)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.space = {0}};
	const size_t in = c->in.n - c->taken;
	struct order o = {ref, c->stall_ms, in, c->out.n};
	struct iovec parts[] = {{&o, sizeof(o)}, {c->in.p ? c->in.p + c->taken : NULL, in}, {c->out.p, c->out.n}};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = 3, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	if (in + c->out.n > ORDER_MAX)
		return err_set(err, EPROTO, "a builder sent %zu bytes before it was welcome", in);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &c->fd, sizeof(int));
	return sendmsg(server, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? err_sys(err, "hand a transfer over") : 0;
}

void
serve_sweep(int dir, int64_t *last)
{
	struct err err;

	if (*last && tick_ms() - *last < SWEEP_MS)
		return;
	*last = tick_ms();
	if (partial_sweep(dir, PARTIAL_MAX_S, PARTIAL_MAX_S, &err) < 0)
		log_at(LOG_WARN, "%s", err.msg);
}
