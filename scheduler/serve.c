#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "package/partial.h"
#include "scheduler/serve.h"
#include "wire/exchange.h"

enum { LOG_MAX = 64 << 20, SWEEP_MS = 3600000 };

struct server {
	int dir;
	struct wire_ref ref;		/* whose log it is */
	struct partial partial;
};

static int
serve_open(void *arg, const char *sha256)
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

/* Other peers' sockets, the database and the scheduler's lock are not for this child to keep open. */
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

static void __attribute__((noreturn))
child(struct conn *c, int dir, struct wire_ref ref, pid_t parent)
{
	struct server s = {.dir = dir, .ref = ref};
	const struct exchange_ops ops = {&s, serve_open, serve_create, serve_finish, serve_log};
	struct err err = {0};
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close_others(c->fd, dir);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (exchange_serve(c, &ops, &err) < 0)
		log_at(LOG_DEBUG, "exchange: %s", err.msg);
	_exit(0);
}

pid_t
serve_start(struct conn *c, int dir, struct wire_ref ref, struct err *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return err_sys(err, "fork");
	if (pid == 0)
		child(c, dir, ref, parent);
	return pid;
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
