/*
 * The input is a file in memory: it is there as a whole before the program starts, and a program that does not read it
 * costs nothing. What is written to the pipe of its output beyond what is kept is read and forgotten, so that nothing
 * a program does makes us or it wait for the other; one that writes without end is killed, for to read that costs us a
 * processor.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/text.h"
#include "notify/run.h"

/* Blocks of a full pipe; who writes without end after that does not hold us up. */
enum { READS = 64, BLOCK = 16384 };

static void
close_output(struct run *r)
{
	loop_drop(r->loop, r->out_watch);
	r->out_watch = NULL;
	if (r->out >= 0)
		close(STEAL_FD(r->out));
}

void
run_fini(struct run *r)
{
	struct ended ignored;
	struct err err;

	if (r->pid) {
		loop_drop(r->loop, r->end_watch);
		run_kill(r);
		run_end(r, &ignored, &err);
	}
	str_fini(&r->output);
}

/* Take what is there; false: it is at its end. */
static bool
drain(struct run *r)
{
	char block[BLOCK];
	ssize_t n = 0;

	for (int i = 0; i < READS && (n = read(r->out, block, sizeof(block))) > 0; i++) {
		size_t room = RUN_OUTPUT_MAX - r->output.n, take = (size_t)n < room ? (size_t)n : room;

		str_put(&r->output, block, take);
		r->lost += (size_t)n - take;
	}
	if (r->lost > RUN_LOST_MAX && !r->flood) {
		r->flood = true;
		run_kill(r);
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void
on_output(void *arg, uint32_t events)
{
	struct run *r = arg;

	if (!drain(r))
		close_output(r);
}

static int
input_file(const struct str *input, struct err *err)
{
	AUTO(close) int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "memfd");
	if (file_write_fd(fd, input->p, input->n, err) < 0)
		return -1;
	return lseek(fd, 0, SEEK_SET) < 0 ? err_sys(err, "memfd") : STEAL_FD(fd);
}

int
run_start(struct run *r, struct loop *l, const struct run_what *what, struct err *err)
{
	struct spawn s = {.argv = what->argv, .env = what->env, .cwd = "/", .keep = what->keep};
	AUTO(close) int in = input_file(what->input, err);
	AUTO(close) int w = -1;
	int fds[2];

	if (in < 0)
		return -1;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	r->loop = l;
	r->out = fds[0];
	w = fds[1];
	s.in = in;
	s.out = s.err = w;
	str_clear(&r->output);
	r->lost = 0;
	r->late = r->flood = false;
	fcntl(r->out, F_SETFL, O_NONBLOCK);
	r->out_watch = loop_fd(l, r->out, EPOLLIN, on_output, r, err);
	r->pid = r->out_watch ? spawn_start(&s, err) : -1;
	if (r->pid > 0 && !(r->end_watch = loop_child(l, r->pid, what->ended, what->arg, err))) {
		run_kill(r);
		spawn_wait(r->pid, 0, &(struct ended){0}, &(struct err){0});
		r->pid = -1;
	}
	if (r->pid < 0) {
		r->pid = 0;
		close_output(r);
		return -1;
	}
	r->deadline = tick_ms() + what->limit_ms;
	return 0;
}

void
run_kill(struct run *r)
{
	if (r->pid)
		kill(-r->pid, SIGKILL);
}

void
run_expire(struct run *r)
{
	if (r->pid && !r->late && tick_ms() >= r->deadline) {
		r->late = true;
		run_kill(r);
	}
}

/* Before it is waited for its number, and so the group's, is nobody else's. */
int
run_end(struct run *r, struct ended *ended, struct err *err)
{
	pid_t pid = r->pid;

	run_kill(r);
	if (r->out >= 0)
		drain(r);
	close_output(r);
	r->pid = 0;
	r->end_watch = NULL;
	return spawn_wait(pid, 0, ended, err);
}
