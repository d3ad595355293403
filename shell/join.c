/*
 * The farm's end of a remote builder: what comes on stdin goes to the scheduler's socket, what comes from there to
 * stdout. Written for a forced command of sshd: it takes nothing from the other side but these bytes, and starts
 * nothing. Each direction has a buffer, so that neither waits for the other.
 *
 * Nothing has to end it but its two ends. A builder that is gone without a word is noticed by the scheduler, which
 * closes the socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "shell/context.h"
#include "shell/join.h"
#include "wire/conn.h"

enum { BUFFER = 256 << 10, STALL_MS = 60000 };

/* One direction. */
struct flow {
	int from, to;
	struct str kept;		/* read, not yet written */
	bool held;			/* not to be written yet */
	bool ended;			/* nothing more will be read */
	int64_t moved;			/* tick_ms() of the last byte written, or of the first one that waits */
};

struct join {
	const char *name;		/* the only one that the builder may have; NULL: any */
	struct conn up;
	struct flow in, out;
};

static void
join_fini(struct join *j)
{
	conn_fini(&j->up);
	str_fini(&j->in.kept);
	str_fini(&j->out.kept);
}
AUTO_DEFINE_EMBEDDED(struct join, join_fini);

static int
flow_read(struct flow *f, struct err *err)
{
	ssize_t n = read(f->from, str_room(&f->kept, BUFFER), BUFFER);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return err_sys(err, "read");
	if (f->kept.n == 0)
		f->moved = tick_ms();
	f->ended = n <= 0;
	f->kept.n += n > 0 ? (size_t)n : 0;
	return 0;
}

static int
flow_write(struct flow *f, struct err *err)
{
	ssize_t n = write(f->to, f->kept.p, f->kept.n);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return err_sys(err, "write");
	str_shift(&f->kept, (size_t)n);
	f->moved = tick_ms();
	return 0;
}

static bool
flow_waits(const struct flow *f)
{
	return f->kept.n && !f->held;
}

static bool
flow_done(const struct flow *f)
{
	return f->ended && !flow_waits(f);
}

/* Is the name that the first message gives the one that this connection is for? 1 yes, 0 more is needed, -1 no. */
static int
check_name(const struct join *j, struct err *err)
{
	AUTO(wire_hello_fini) struct wire_hello h = {0};
	struct wire_frame f;
	int r = wire_next(&j->in.kept, &f, err);

	if (r <= 0)
		return r == 0 && j->in.kept.n >= BUFFER ? err_set(err, EPROTO, "the first message is too long") : r;
	if (f.type != WIRE_HELLO)
		return err_set(err, EPROTO, "say HELLO first");
	if (wire_hello_unpack(&f, &h, err) < 0)
		return -1;
	return strcmp(h.name, j->name) == 0 ? 1 :
	    err_set(err, EACCES, "this connection is for the builder %s: start it with --name %s", j->name, j->name);
}

/* The builder is told as by the scheduler. */
static int
refuse(struct join *j, struct err *err)
{
	AUTO(str_fini) struct str payload = {0};
	AUTO(str_fini) struct str frame = {0};

	wire_text_pack(&payload, err->msg);
	wire_frame(&frame, WIRE_REFUSE, &payload);
	(void)!write(j->out.to, frame.p, frame.n);
	return -1;
}

/* One wait and what it brings. */
static int
turn(struct join *j, struct err *err)
{
	struct flow *const flows[] = {&j->in, &j->out};
	bool waits = flow_waits(&j->in) || flow_waits(&j->out);
	struct pollfd p[4];

	for (int i = 0; i < 2; i++) {
		p[2 * i] = (struct pollfd){flows[i]->ended || flows[i]->kept.n >= BUFFER ? -1 : flows[i]->from, POLLIN, 0};
		p[2 * i + 1] = (struct pollfd){flow_waits(flows[i]) ? flows[i]->to : -1, POLLOUT, 0};
	}
	if (poll(p, 4, waits ? STALL_MS / 10 : -1) < 0 && errno != EINTR)
		return err_sys(err, "poll");
	for (int i = 0; i < 2; i++) {
		if (p[2 * i].revents && flow_read(flows[i], err) < 0)
			return -1;
		if (p[2 * i + 1].revents && flow_write(flows[i], err) < 0)
			return -1;
		if (flow_waits(flows[i]) && tick_ms() - flows[i]->moved > STALL_MS)
			return err_set(err, ETIMEDOUT, "%s does not read", i ? "the builder" : "the scheduler");
	}
	return 0;
}

int
farm_join(struct context *c, struct err *err)
{
	AUTO(join_fini) struct join j = {.up = CONN_INIT, .name = context_next(c)};

	if (context_end(c, err) < 0)
		return -1;
	if (j.name && !text_is_name(j.name))
		return err_set(err, EINVAL, "`%s` cannot be a builder's name", j.name);
	if (conn_open(&j.up, c->root, err) < 0)
		return -1;
	j.in = (struct flow){.from = STDIN_FILENO, .to = j.up.fd, .held = j.name != NULL};
	j.out = (struct flow){.from = j.up.fd, .to = STDOUT_FILENO};
	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
	/* When one end is gone, what it sent before is still delivered. */
	while (!flow_done(&j.in) && !flow_done(&j.out)) {
		int r = j.in.held ? check_name(&j, err) : 1;

		if (r < 0)
			return refuse(&j, err);
		j.in.held = r == 0;
		if (turn(&j, err) < 0)
			return -1;
	}
	return 0;
}
