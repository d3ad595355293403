#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/pack.h"
#include "wire/exchange.h"

/* No side may be silent longer than this in the middle of something. */
enum { EXCHANGE_MS = 60000, EXCHANGE_IDLE_MS = 3600000 };

static int
unexpected(const struct wire_frame *f, struct err *err)
{
	char why[512];

	if (f->type == WIRE_REFUSE && wire_text_unpack(f, why, sizeof(why), err) == 0)
		return err_set(err, EPROTO, "%s", why);
	return err_set(err, EPROTO, "unexpected %s", wire_type_name(f->type));
}

static int
lost(int r, struct err *err)
{
	return r == CONN_CLOSED ? err_set(err, ECONNRESET, "the connection was closed") : r;
}

static int
send_text(struct conn *c, enum wire_type type, const char *text, struct err *err)
{
	AUTO(str_fini) struct str payload = {0};

	wire_text_pack(&payload, text);
	conn_send(c, type, &payload);
	return lost(conn_drain(c, EXCHANGE_MS, err), err);
}

static int
answer(struct conn *c, struct wire_frame *f, struct err *err)
{
	return lost(conn_wait(c, f, EXCHANGE_MS, err), err);
}

int
exchange_hello(struct conn *c, const char *name, struct err *err)
{
	struct wire_hello hello = {.version = WIRE_VERSION, .role = WIRE_EXCHANGE};
	AUTO(str_fini) struct str payload = {0};
	struct wire_frame f;

	snprintf(hello.name, sizeof(hello.name), "%s", name);
	wire_hello_pack(&payload, &hello);
	conn_send(c, WIRE_HELLO, &payload);
	if (lost(conn_drain(c, EXCHANGE_MS, err), err) || answer(c, &f, err))
		return -1;
	return f.type == WIRE_WELCOME ? 0 : unexpected(&f, err);
}

/* DATA ... DATA_END into fd; *ok tells whether the hash is right. */
static int
receive(struct conn *c, struct wire_frame *f, const char *sha256, int to, bool *ok, struct err *err)
{
	struct sha256 got;
	AUTO(hash_fini) hash_state h = {0};

	hash_init(&h);
	for (; f->type == WIRE_DATA; ) {
		hash_add(&h, f->payload, f->n);
		if (to >= 0 && file_write_fd(to, f->payload, f->n, err) < 0)
			return -1;
		if (answer(c, f, err))
			return -1;
	}
	if (f->type != WIRE_DATA_END || f->n)
		return unexpected(f, err);
	got = hash_end(&h);
	*ok = strcmp(got.hex, sha256) == 0;
	return 0;
}

static int
transmit(struct conn *c, int from, struct err *err)
{
	AUTO(free) char *buf = xcalloc(1, WIRE_CHUNK);
	const struct str none = {0};
	ssize_t n;

	while ((n = read(from, buf, WIRE_CHUNK)) > 0) {
		const struct str chunk = {.p = buf, .n = (size_t)n};

		conn_send(c, WIRE_DATA, &chunk);
		if (lost(conn_drain(c, EXCHANGE_MS, err), err))
			return -1;
	}
	if (n < 0)
		return err_sys(err, "read");
	conn_send(c, WIRE_DATA_END, &none);
	return lost(conn_drain(c, EXCHANGE_MS, err), err);
}

int
exchange_get(struct conn *c, const char *sha256, int to, struct err *err)
{
	struct wire_frame f;
	bool ok = false;

	if (send_text(c, WIRE_GET, sha256, err) || answer(c, &f, err))
		return -1;
	if (f.type == WIRE_ABSENT)
		return EXCHANGE_ABSENT;
	if (receive(c, &f, sha256, to, &ok, err) < 0)
		return err_ctx(err, "get %s", sha256);
	return ok ? 0 : err_set(err, EIO, "get %s: what arrived has another hash", sha256);
}

int
exchange_put(struct conn *c, const char *sha256, int from, struct err *err)
{
	struct wire_frame f;

	if (send_text(c, WIRE_PUT, sha256, err) || transmit(c, from, err) || answer(c, &f, err))
		return err_ctx(err, "put %s", sha256);
	return f.type == WIRE_STORED ? 0 : unexpected(&f, err);
}

int
exchange_log(struct conn *c, struct wire_ref ref, const void *data, size_t n, struct err *err)
{
	AUTO(str_fini) struct str payload = {0};

	pack_u64(&payload, (uint64_t)ref.job);
	pack_u32(&payload, ref.attempt);
	pack_bytes(&payload, data, n);
	conn_send(c, WIRE_LOG, &payload);
	return lost(conn_drain(c, EXCHANGE_MS, err), err);
}

static int
serve_get(struct conn *c, const struct exchange_ops *ops, const char *sha256, struct err *err)
{
	AUTO(close) int fd = ops->open(ops->arg, sha256);

	if (fd < 0)
		return send_text(c, WIRE_ABSENT, sha256, err);
	return transmit(c, fd, err);
}

static int
serve_put(struct conn *c, const struct exchange_ops *ops, const char *sha256, struct err *err)
{
	int fd = ops->create(ops->arg, sha256, err), r;
	struct err why = *err;
	struct wire_frame f;
	bool ok = false, opened = fd >= 0;

	r = answer(c, &f, err);
	if (r == 0)
		r = receive(c, &f, sha256, fd, &ok, err);
	if (r == 0 && opened && !ok)
		err_set(&why, EIO, "%s: what arrived has another hash", sha256);
	if (opened && ops->finish(ops->arg, sha256, fd, ok && r == 0, ok && r == 0 ? &why : err) < 0)
		ok = false;
	if (r < 0)
		return -1;
	return opened && ok ? send_text(c, WIRE_STORED, sha256, err) : send_text(c, WIRE_REFUSE, why.msg, err);
}

static int
serve_log(const struct exchange_ops *ops, const struct wire_frame *f, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);
	struct wire_ref ref = {.job = (int64_t)unpack_u64(&u)};
	const void *data;
	size_t n;

	ref.attempt = unpack_u32(&u);
	data = unpack_bytes(&u, &n);
	if (unpack_end(&u, "LOG", err) < 0)
		return -1;
	return ops->log(ops->arg, ref, data, n, err);
}

static int
serve_one(struct conn *c, const struct exchange_ops *ops, const struct wire_frame *f, struct err *err)
{
	char sha256[SHA256_HEX + 1];

	if (f->type == WIRE_LOG)
		return serve_log(ops, f, err);
	if (f->type != WIRE_GET && f->type != WIRE_PUT)
		return unexpected(f, err);
	if (wire_text_unpack(f, sha256, sizeof(sha256), err) < 0)
		return -1;
	if (!hash_valid(sha256))
		return err_set(err, EBADMSG, "%s: not a SHA-256", wire_type_name(f->type));
	return f->type == WIRE_GET ? serve_get(c, ops, sha256, err) : serve_put(c, ops, sha256, err);
}

int
exchange_serve(struct conn *c, const struct exchange_ops *ops, struct err *err)
{
	struct wire_frame f;
	int r;

	/* The answer to HELLO may still be queued. */
	if (lost(conn_drain(c, EXCHANGE_MS, err), err))
		return -1;
	for (;;) {
		r = conn_wait(c, &f, EXCHANGE_IDLE_MS, err);
		if (r)
			return r == CONN_CLOSED ? 0 : -1;
		if (serve_one(c, ops, &f, err))
			return -1;
	}
}
