/*
 * One thing at a time: a request, its answer, its data. The receiver of data says or is told first how much there
 * is in all (FROM); it takes no byte more, and hashes the whole, what it had before included.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "wire/exchange.h"

/*
 * Between two requests a build runs, and says three times in a stall that it does. Some of what a job does says
 * nothing, such as to wait for another one's base root: an idle end may last ten stalls.
 */
enum { STALL_MS = 60000, BEATS = 3, IDLE = 10 };

static int64_t
stall_ms(const struct conn *c)
{
	return c->stall_ms > 0 ? c->stall_ms : STALL_MS;
}

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
send_frame(struct conn *c, enum wire_type type, const struct str *payload, struct err *err)
{
	conn_send(c, type, payload);
	return lost(conn_drain(c, stall_ms(c), err), err);
}

static int
send_text(struct conn *c, enum wire_type type, const char *text, struct err *err)
{
	AUTO(str_fini) struct str payload = {0};

	wire_text_pack(&payload, text);
	return send_frame(c, type, &payload, err);
}

static int
send_part(struct conn *c, enum wire_type type, const char *sha256, uint64_t bytes, struct err *err)
{
	AUTO(str_fini) struct str payload = {0};

	wire_part_pack(&payload, sha256, bytes);
	return send_frame(c, type, &payload, err);
}

static int
send_from(struct conn *c, uint64_t offset, uint64_t size, struct err *err)
{
	AUTO(str_fini) struct str payload = {0};

	wire_from_pack(&payload, offset, size);
	return send_frame(c, WIRE_FROM, &payload, err);
}

static int
answer(struct conn *c, struct wire_frame *f, struct err *err)
{
	return lost(conn_wait(c, f, stall_ms(c), err), err);
}

int
exchange_hello(struct conn *c, const char *name, struct wire_ref ref, struct err *err)
{
	struct wire_hello hello = {.version = WIRE_VERSION, .role = WIRE_EXCHANGE, .running = &ref, .n_running = 1};
	AUTO(str_fini) struct str payload = {0};
	struct wire_frame f;

	snprintf(hello.name, sizeof(hello.name), "%s", name);
	wire_hello_pack(&payload, &hello);
	if (send_frame(c, WIRE_HELLO, &payload, err) || answer(c, &f, err))
		return -1;
	if (f.type == WIRE_WELCOME)
		return 0;
	unexpected(&f, err);
	return f.type == WIRE_REFUSE ? EXCHANGE_REFUSED : -1;
}

static int
file_size(int fd, uint64_t *size, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat");
	*size = (uint64_t)st.st_size;
	return 0;
}

/* What is being received. */
struct intake {
	int to;				/* -1: nowhere */
	uint64_t left;			/* bytes that are still to come */
	hash_state hash;		/* of all so far */
	struct err full;		/* why it could not be written, if it could not */
};

static void
intake_fini(struct intake *in)
{
	hash_fini(&in->hash);
}
AUTO_DEFINE_EMBEDDED(struct intake, intake_fini);

/* Go on at this offset of `to`: what is before it counts, what is behind it goes. */
static int
intake_begin(struct intake *in, int to, const struct wire_from *from, struct err *err)
{
	AUTO(free) char *buf = xcalloc(1, WIRE_CHUNK);
	uint64_t sum = 0;
	ssize_t n = 0;

	*in = (struct intake){.to = to, .left = from->size - from->offset};
	hash_init(&in->hash);
	if (to >= 0 && (ftruncate(to, (off_t)from->offset) < 0 || lseek(to, 0, SEEK_SET) < 0))
		return err_sys(err, "go on at byte %llu", (unsigned long long)from->offset);
	while (to >= 0 && (n = read(to, buf, WIRE_CHUNK)) > 0) {
		hash_add(&in->hash, buf, (size_t)n);
		sum += (uint64_t)n;
	}
	if (n < 0)
		return err_sys(err, "read");
	return sum == from->offset ? 0 : err_set(err, EIO, "it has %llu bytes, not %llu", (unsigned long long)sum,
	    (unsigned long long)from->offset);
}

/* What cannot be written is still taken off the connection, so that it can go on; a sender to a server is told at once. */
static int
intake_write(struct conn *c, struct intake *in, const struct wire_frame *f, bool serving, struct err *err)
{
	if (f->n > in->left)
		return err_set(err, EPROTO, "more bytes came than were announced");
	in->left -= f->n;
	hash_add(&in->hash, f->payload, f->n);
	if (in->to < 0 || file_write_fd(in->to, f->payload, f->n, &in->full) == 0)
		return 0;
	in->to = -1;
	return serving ? send_text(c, WIRE_REFUSE, in->full.msg, err) : 0;
}

/* DATA ... DATA_END; *ok tells whether the hash of all is right. */
static int
receive(struct conn *c, struct intake *in, const char *sha256, bool serving, bool *ok, struct err *err)
{
	struct wire_frame f;
	struct sha256 got;

	for (;;) {
		if (answer(c, &f, err))
			return -1;
		if (f.type != WIRE_DATA)
			break;
		if (intake_write(c, in, &f, serving, err) < 0)
			return -1;
	}
	if (f.type != WIRE_DATA_END || f.n)
		return unexpected(&f, err);
	if (in->left && !in->full.code)
		return err_set(err, EPROTO, "fewer bytes came than were announced");
	got = hash_end(&in->hash);
	*ok = strcmp(got.hex, sha256) == 0;
	return 0;
}

/* The other end has nothing to say while it is sent to, but that it cannot take it. */
static int
interrupted(struct conn *c, struct err *err)
{
	struct wire_frame f;
	int r = lost(conn_fill(c, err), err);

	if (r == 0)
		r = conn_take(c, &f, err);
	if (r <= 0)
		return r;
	if (send_frame(c, WIRE_DATA_END, &(struct str){0}, err) < 0)
		return -1;
	return unexpected(&f, err);
}

static int
transmit(struct conn *c, int from, const struct wire_from *what, struct err *err)
{
	AUTO(free) char *buf = xcalloc(1, WIRE_CHUNK);
	uint64_t at = what->offset;

	while (at < what->size) {
		size_t want = what->size - at < WIRE_CHUNK ? (size_t)(what->size - at) : (size_t)WIRE_CHUNK;
		ssize_t n = pread(from, buf, want, (off_t)at);

		if (n <= 0)
			return n < 0 ? err_sys(err, "read") : err_set(err, EIO, "the file has become shorter");
		if (send_frame(c, WIRE_DATA, &(struct str){.p = buf, .n = (size_t)n}, err) < 0 || interrupted(c, err) < 0)
			return -1;
		at += (uint64_t)n;
	}
	return send_frame(c, WIRE_DATA_END, &(struct str){0}, err);
}

/* The client. */

static int
get_once(struct conn *c, const char *sha256, int to, uint64_t have, bool *ok, struct err *err)
{
	AUTO(intake_fini) struct intake in = {0};
	struct wire_from from;
	struct wire_frame f;

	if (send_part(c, WIRE_GET, sha256, have, err) < 0 || answer(c, &f, err) < 0)
		return -1;
	if (f.type == WIRE_ABSENT)
		return EXCHANGE_ABSENT;
	if (f.type != WIRE_FROM)
		return unexpected(&f, err);
	if (wire_from_unpack(&f, &from, err) < 0)
		return -1;
	/* Who has more than there is has something else. */
	if (from.offset != have && from.offset != 0)
		return err_set(err, EPROTO, "it begins at byte %llu, not %llu", (unsigned long long)from.offset,
		    (unsigned long long)have);
	if (intake_begin(&in, to, &from, err) < 0 || receive(c, &in, sha256, false, ok, err) < 0)
		return -1;
	if (in.full.code) {
		*err = in.full;
		return -1;
	}
	return 0;
}

int
exchange_get(struct conn *c, const char *sha256, int to, struct err *err)
{
	uint64_t have = 0;
	bool ok = false;
	int r = to >= 0 ? file_size(to, &have, err) : 0;

	if (r == 0)
		r = get_once(c, sha256, to, have, &ok, err);
	if (r == 0 && !ok && have)
		r = get_once(c, sha256, to, 0, &ok, err);
	if (r < 0)
		return err_ctx(err, "get %s", sha256);
	if (r || ok)
		return r;
	if (to >= 0 && ftruncate(to, 0) < 0)
		return err_sys(err, "truncate");
	return err_set(err, EIO, "get %s: what arrived has another hash", sha256);
}

/* After the first data the farm may ask for all of it once more, not for anything else. */
static int
put_rest(struct conn *c, int from, uint64_t size, struct err *err)
{
	struct wire_from what;
	struct wire_frame f;

	for (int round = 0;; round++) {
		if (answer(c, &f, err) < 0)
			return -1;
		if (f.type == WIRE_STORED)
			return 0;
		if (f.type != WIRE_FROM)
			return unexpected(&f, err);
		if (wire_from_unpack(&f, &what, err) < 0)
			return -1;
		if (what.size != size || round > 1 || (round == 1 && what.offset != 0))
			return err_set(err, EPROTO, "the farm asks for what it was not offered");
		if (transmit(c, from, &what, err) < 0)
			return -1;
	}
}

int
exchange_put(struct conn *c, const char *sha256, int from, struct err *err)
{
	uint64_t size;

	if (file_size(from, &size, err) < 0 || send_part(c, WIRE_PUT, sha256, size, err) < 0 ||
	    put_rest(c, from, size, err) < 0)
		return err_ctx(err, "put %s", sha256);
	return 0;
}

int64_t
exchange_beat_ms(const struct conn *c)
{
	return stall_ms(c) / BEATS;
}

int
exchange_log(struct conn *c, const void *data, size_t n, struct err *err)
{
	return send_frame(c, WIRE_LOG, &(struct str){.p = (char *)data, .n = n}, err);
}

/* The server. */

static int
serve_get(struct conn *c, const struct exchange_ops *ops, const struct wire_part *part, struct err *err)
{
	AUTO(close) int fd = ops->open(ops->arg, part->sha256);
	struct wire_from what = {.offset = part->bytes};

	if (fd < 0)
		return send_text(c, WIRE_ABSENT, part->sha256, err);
	if (file_size(fd, &what.size, err) < 0)
		return -1;
	if (what.offset > what.size)
		what.offset = 0;
	if (send_from(c, what.offset, what.size, err) < 0)
		return -1;
	return transmit(c, fd, &what, err);
}

/* One round of a put into fd. The verdict, or -1: the connection is of no use any more. */
enum { PUT_OK, PUT_ANOTHER_HASH, PUT_TOLD };

static int
take_put(struct conn *c, const struct wire_part *part, int fd, bool *resumed, struct err *err)
{
	AUTO(intake_fini) struct intake in = {0};
	struct wire_from what = {.size = part->bytes};
	bool ok = false;

	if (file_size(fd, &what.offset, err) < 0)
		return -1;
	if (what.offset > what.size)
		what.offset = 0;
	*resumed = what.offset > 0;
	if (intake_begin(&in, fd, &what, err) < 0 || send_from(c, what.offset, what.size, err) < 0 ||
	    receive(c, &in, part->sha256, true, &ok, err) < 0)
		return -1;
	return in.full.code ? PUT_TOLD : ok ? PUT_OK : PUT_ANOTHER_HASH;
}

static int
serve_put(struct conn *c, const struct exchange_ops *ops, const struct wire_part *part, struct err *err)
{
	bool resumed = false, again = false;
	struct err why = {0};
	int fd = -1, r;

	do {
		again = resumed;
		r = ops->create(ops->arg, part->sha256, part->bytes, &fd, &why);
		if (r)
			return send_text(c, r == EXCHANGE_STORED ? WIRE_STORED : WIRE_REFUSE,
			    r == EXCHANGE_STORED ? part->sha256 : why.msg, err);
		r = take_put(c, part, fd, &resumed, err);
		if (ops->finish(ops->arg, part->sha256, r == PUT_OK ? EXCHANGE_WHOLE : r < 0 ? EXCHANGE_BROKEN : EXCHANGE_WRONG,
		    &why) < 0 && r >= 0)
			return send_text(c, WIRE_REFUSE, why.msg, err);
		/* What was there from before was wrong: it is gone now, and all of it is asked for, once. */
	} while (r == PUT_ANOTHER_HASH && resumed && !again);
	if (r < 0 || r == PUT_TOLD)
		return r < 0 ? -1 : 0;
	if (r == PUT_OK)
		return send_text(c, WIRE_STORED, part->sha256, err);
	err_set(&why, EIO, "%s: what arrived has another hash", part->sha256);
	return send_text(c, WIRE_REFUSE, why.msg, err);
}

static int
serve_one(struct conn *c, const struct exchange_ops *ops, const struct wire_frame *f, struct err *err)
{
	struct wire_part part;

	if (f->type == WIRE_LOG)
		return f->n ? ops->log(ops->arg, f->payload, f->n, err) : 0;
	if (f->type != WIRE_GET && f->type != WIRE_PUT)
		return unexpected(f, err);
	if (wire_part_unpack(f, &part, err) < 0)
		return -1;
	return f->type == WIRE_GET ? serve_get(c, ops, &part, err) : serve_put(c, ops, &part, err);
}

int
exchange_serve(struct conn *c, const struct exchange_ops *ops, struct err *err)
{
	struct wire_frame f;
	int r;

	/* The answer to HELLO may still be queued. */
	if (lost(conn_drain(c, stall_ms(c), err), err))
		return -1;
	for (;;) {
		r = conn_wait(c, &f, IDLE * stall_ms(c), err);
		if (r)
			return r == CONN_CLOSED ? 0 : -1;
		if (serve_one(c, ops, &f, err))
			return -1;
	}
}
