/*
 * What tests of the exchange share: this process and a child at the two ends of a socket pair, the child with a store
 * that is a folder, or with an end that a test writes out.
 */
#ifndef ARTEL_WIRE_TEST_PAIR_H
#define ARTEL_WIRE_TEST_PAIR_H

#include "tests/unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/hash.h"
#include "wire/exchange.h"

#define SHA_A "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"	/* of "abc" */
#define SHA_B "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"	/* of "" */

enum { BIG = 3 * WIRE_CHUNK + 17, FRONT = WIRE_CHUNK + 5 };

/* BIG bytes and their hash. */
static struct {
	char p[BIG];
	struct sha256 sum;
} big;

static inline int
big_make(void **state)
{
	for (size_t i = 0; i < BIG; i++)
		big.p[i] = (char)((i * 7 >> 3) ^ i >> 11);
	big.sum = hash_bytes(big.p, BIG);
	return 0;
}

/*
 * The server's store is a folder: HASH, part.HASH, log; `offsets` has what was there at the beginning of each put.
 * Files tell it how to fail: `full` at once, `no-room` at the second write.
 */
struct server {
	const struct folder *f;
	int fd;
};

static inline char *
part_name(const char *sha256)
{
	return xasprintf("part.%s", sha256);
}

static inline int
server_open(void *arg, const char *sha256)
{
	const struct server *s = arg;

	return openat(s->f->fd, sha256, O_RDONLY | O_CLOEXEC);
}

static inline void
note(const struct server *s, const char *name, const char *text, size_t n)
{
	AUTO(close) int fd = openat(s->f->fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	struct err err;

	if (file_write_fd(fd, text, n, &err) < 0)
		_exit(9);
}

static inline int
server_create(void *arg, const char *sha256, uint64_t size, int *fd, struct err *err)
{
	struct server *s = arg;
	AUTO(free) char *part = part_name(sha256);
	AUTO(free) char *line = NULL;

	if (file_exists(s->f->fd, sha256))
		return EXCHANGE_STORED;
	if (file_exists(s->f->fd, "full"))
		return err_set(err, ENOSPC, "the disk is full");
	*fd = s->fd = openat(s->f->fd, part, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	line = xasprintf("%lld ", (long long)lseek(*fd, 0, SEEK_END));
	note(s, "offsets", line, strlen(line));
#if FAULTS
	if (file_exists(s->f->fd, "no-room"))
		fault_arm("write", 2);
#endif
	return 0;
}

static inline int
server_finish(void *arg, const char *sha256, enum exchange_end how, struct err *err)
{
	const struct server *s = arg;
	AUTO(free) char *part = part_name(sha256);

	close(s->fd);
	if (how == EXCHANGE_WHOLE)
		return renameat(s->f->fd, part, s->f->fd, sha256);
	return how == EXCHANGE_WRONG ? unlinkat(s->f->fd, part, 0) : 0;
}

static inline int
server_log(void *arg, const void *data, size_t n, struct err *err)
{
	note(arg, "log", data, n);
	return 0;
}

static inline int
serve(struct conn *c, const struct folder *f)
{
	struct server s = {.f = f};
	const struct exchange_ops ops = {&s, server_open, server_create, server_finish, server_log};
	AUTO(wire_hello_fini) struct wire_hello hello = {0};
	struct str welcome = {0};
	struct wire_frame frame;
	struct err err = {0};

	if (conn_wait(c, &frame, 10000, &err) || frame.type != WIRE_HELLO || wire_hello_unpack(&frame, &hello, &err) < 0 ||
	    hello.n_running != 1 || hello.running[0].job != 5)
		return 2;
	wire_text_pack(&welcome, "farm");
	conn_send(c, WIRE_WELCOME, &welcome);
	if (exchange_serve(c, &ops, &err) == 0)
		return 0;
	file_replace(f->fd, "failed", err.msg, strlen(err.msg), 0644, &err);
	return 1;
}

/* This process and a child at the ends of a socket pair. */
struct pair {
	struct folder store;
	struct conn c;
	pid_t pid;
};

typedef int peer_fn(struct conn *c, const struct folder *store);

static inline void
pair_start(struct pair *p, peer_fn *fn, int64_t stall_ms)
{
	int fds[2];

	p->c = (struct conn)CONN_INIT;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
	p->pid = fork();
	if (p->pid == 0) {
		struct conn c = {.fd = fds[1], .stall_ms = stall_ms};

		close(fds[0]);
		_exit(fn(&c, &p->store));
	}
	close(fds[1]);
	p->c.fd = fds[0];
}

static inline void
say_hello(struct pair *p)
{
	struct err err = {0};

	OK(exchange_hello(&p->c, "tester", (struct wire_ref){5, 2}, &err));
}

static inline struct pair
pair_make(void)
{
	struct pair p = {.store = folder_make()};

	pair_start(&p, serve, 0);
	say_hello(&p);
	return p;
}

/* The server is an end that is written out below; it says no hello. */
static inline struct pair
pair_with(peer_fn *fn)
{
	struct pair p = {.store = folder_make()};

	pair_start(&p, fn, 0);
	return p;
}

/* Close the connection; how the other end's process ended. */
static inline int
pair_end(struct pair *p)
{
	int status;

	conn_fini(&p->c);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The same store, a new connection. */
static inline void
pair_again(struct pair *p)
{
	pair_start(p, serve, 0);
	say_hello(p);
}

static inline void
pair_fini(struct pair *p)
{
	folder_fini(&p->store);
}
AUTO_DEFINE_EMBEDDED(struct pair, pair_fini);

static inline void
send_part(struct conn *c, enum wire_type type, const char *sha256, uint64_t bytes)
{
	AUTO(str_fini) struct str payload = {0};
	struct err err = {0};

	wire_part_pack(&payload, sha256, bytes);
	conn_send(c, type, &payload);
	OK(conn_drain(c, 10000, &err));
}

static inline void
send_from(struct conn *c, uint64_t offset, uint64_t size)
{
	AUTO(str_fini) struct str payload = {0};
	struct err err = {0};

	wire_from_pack(&payload, offset, size);
	conn_send(c, WIRE_FROM, &payload);
	OK(conn_drain(c, 10000, &err));
}

static inline void
send_data(struct conn *c, const void *data, size_t n)
{
	struct err err = {0};

	conn_send(c, n ? WIRE_DATA : WIRE_DATA_END, &(struct str){.p = (char *)data, .n = n});
	OK(conn_drain(c, 10000, &err));
}

static inline struct wire_frame
expect(struct conn *c, enum wire_type type)
{
	struct wire_frame f = {0};
	struct err err = {0};

	OK(conn_wait(c, &f, 10000, &err));
	assert_string_equal(wire_type_name(f.type), wire_type_name(type));
	return f;
}

static inline void
expect_from(struct conn *c, uint64_t offset, uint64_t size)
{
	struct wire_frame f = expect(c, WIRE_FROM);
	struct wire_from from;
	struct err err = {0};

	OK(wire_from_unpack(&f, &from, &err));
	assert_int_equal(from.offset, offset);
	assert_int_equal(from.size, size);
}

/* A file of the client's, open at its start. */
static inline int
file_of(const struct folder *f, const void *data, size_t n)
{
	int fd = openat(f->fd, "mine", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct err err = {0};

	OK(file_write_fd(fd, data, n, &err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static inline void
is_file(int fd, const char *sha256)
{
	struct sha256 got;
	struct err err = {0};

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	OK(hash_fd(fd, &got, &err));
	assert_string_equal(got.hex, sha256);
}

static inline void
put_and_get(struct pair *p, const struct folder *mine, const void *data, size_t n)
{
	struct sha256 sum = hash_bytes(data, n);
	AUTO(close) int from = file_of(mine, data, n);
	AUTO(close) int to = openat(mine->fd, "back", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct err err = {0};

	OK(exchange_put(&p->c, sum.hex, from, &err));
	assert_true(file_exists(p->store.fd, sum.hex));
	OK(exchange_get(&p->c, sum.hex, to, &err));
	is_file(to, sum.hex);
}

static inline void
store_front(struct pair *p, const char *sha256, const void *data, size_t n)
{
	AUTO(free) char *part = part_name(sha256);
	struct err err = {0};

	OK(file_replace(p->store.fd, part, data, n, 0644, &err));
}

static inline void
is_noted(const struct pair *p, const char *name, const char *wanted)
{
	AUTO(free) char *text = folder_get(&p->store, name);

	assert_string_equal(text, wanted);
}

static inline int
file_with_front(const struct folder *mine, const void *data, size_t n)
{
	int fd = openat(mine->fd, "back", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct err err = {0};

	OK(file_write_fd(fd, data, n, &err));
	return fd;
}

#endif
