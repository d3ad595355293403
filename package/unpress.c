/*
 * What a file is compressed with is told by its first bytes. gzip is ISA-L's: it decompresses faster
 * than metadata can be looked at, also one long stream, which libdeflate cannot give in pieces and
 * zlib does at less than half the speed. Members and frames follow each other without a mark. xz and
 * bzip2 are left to libarchive.
 *
 * The hash takes in each piece as it is read.
 */
#include <archive.h>
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "package/unpress.h"

enum { PIECE = 128 << 10 };

struct unpress {
	int fd;
	hash_state hash;
	unsigned char *piece;
	size_t at, n;			/* what is left of it is piece[at..n) */
	bool end;			/* of the file */
	const struct form *form;
	bool inside;			/* a gzip member or zstd frame that has not ended */
	struct inflate_state *gzip;
	ZSTD_DStream *zstd;
	struct archive *archive;
};

/* Have something in the piece: 1, 0 at the end of the file, -1. */
static int
refill(struct unpress *u, struct err *err)
{
	ssize_t got;

	if (u->at < u->n)
		return 1;
	do
		got = read(u->fd, u->piece, PIECE);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(err, "read");
	hash_add(&u->hash, u->piece, (size_t)got);
	u->at = 0;
	u->n = (size_t)got;
	u->end = got == 0;
	return got > 0;
}

static ssize_t
read_plain(struct unpress *u, char *to, size_t n, struct err *err)
{
	size_t done = 0, some;
	int r = 1;

	while (done < n && (r = refill(u, err)) > 0) {
		some = u->n - u->at < n - done ? u->n - u->at : n - done;
		memcpy(to + done, u->piece + u->at, some);
		u->at += some;
		done += some;
	}
	return r < 0 ? -1 : (ssize_t)done;
}

static void
next_member(struct unpress *u)
{
	isal_inflate_reset(u->gzip);
	u->gzip->crc_flag = ISAL_GZIP;
	u->inside = true;
}

static ssize_t
read_gzip(struct unpress *u, char *to, size_t n, struct err *err)
{
	struct inflate_state *z = u->gzip;
	int r;

	if (!z) {
		z = u->gzip = xcalloc(1, sizeof(*z));
		isal_inflate_init(z);
	}
	z->next_out = (unsigned char *)to;
	z->avail_out = (uint32_t)n;
	while (z->avail_out > 0) {
		if ((r = refill(u, err)) < 0)
			return -1;
		if (r == 0 && !u->inside)
			break;
		if (!u->inside)
			next_member(u);
		z->next_in = u->piece + u->at;
		z->avail_in = (uint32_t)(u->n - u->at);
		r = isal_inflate(z);
		u->at = u->n - z->avail_in;
		if (r != ISAL_DECOMP_OK && r != ISAL_END_INPUT && r != ISAL_OUT_OVERFLOW)
			return err_set(err, EBADMSG, r == ISAL_INCORRECT_CHECKSUM ? "gzip: wrong checksum" : "gzip: damaged");
		u->inside = z->block_state != ISAL_BLOCK_FINISH;
		if (u->inside && u->end && z->avail_out > 0)
			return err_set(err, EBADMSG, "gzip: ends too early");
	}
	return (ssize_t)(n - z->avail_out);
}

static ssize_t
read_zstd(struct unpress *u, char *to, size_t n, struct err *err)
{
	ZSTD_outBuffer out = {to, n, 0};
	int r;

	if (!u->zstd && !(u->zstd = ZSTD_createDStream()))
		return err_set(err, ENOMEM, "zstd");
	while (out.pos < n) {
		ZSTD_inBuffer in;
		size_t left, before = out.pos;

		if ((r = refill(u, err)) < 0)
			return -1;
		if (r == 0 && !u->inside)
			break;
		in = (ZSTD_inBuffer){u->piece, u->n, u->at};
		left = ZSTD_decompressStream(u->zstd, &out, &in);
		u->at = in.pos;
		if (ZSTD_isError(left))
			return err_set(err, EBADMSG, "zstd: %s", ZSTD_getErrorName(left));
		u->inside = left != 0;
		if (u->inside && u->end && out.pos == before)
			return err_set(err, EBADMSG, "zstd: ends too early");
	}
	return (ssize_t)out.pos;
}

static la_ssize_t
feed_archive(struct archive *a, void *arg, const void **data)
{
	struct unpress *u = arg;
	struct err err;
	int r = refill(u, &err);

	if (r < 0) {
		archive_set_error(a, err.code, "%s", err.msg);
		return ARCHIVE_FATAL;
	}
	*data = u->piece + u->at;
	u->at = u->n;
	return r == 0 ? 0 : (la_ssize_t)u->n;
}

static int
open_archive(struct unpress *u, struct err *err)
{
	struct archive_entry *entry;

	u->archive = archive_read_new();
	if (!u->archive)
		return err_set(err, ENOMEM, "libarchive");
	archive_read_support_filter_xz(u->archive);
	archive_read_support_filter_bzip2(u->archive);
	archive_read_support_format_raw(u->archive);
	if (archive_read_open(u->archive, u, NULL, feed_archive, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(u->archive, &entry) != ARCHIVE_OK)
		return err_set(err, EBADMSG, "%s", archive_error_string(u->archive));
	return 0;
}

static ssize_t
read_archive(struct unpress *u, char *to, size_t n, struct err *err)
{
	size_t done = 0;

	if (!u->archive && open_archive(u, err) < 0)
		return -1;
	while (done < n) {
		la_ssize_t got = archive_read_data(u->archive, to + done, n - done);

		if (got < 0)
			return err_set(err, EBADMSG, "%s", archive_error_string(u->archive));
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static const struct form {
	const char *magic;
	size_t n;
	ssize_t (*read)(struct unpress *u, char *to, size_t n, struct err *err);
} forms[] = {
	{"\x1f\x8b", 2, read_gzip},
	{"\x28\xb5\x2f\xfd", 4, read_zstd},
	{"\xfd" "7zXZ", 5, read_archive},
	{"BZh", 3, read_archive},
	{"", 0, read_plain},
};

struct unpress *
unpress_new(int fd)
{
	struct unpress *u = xcalloc(1, sizeof(*u));

	u->fd = fd;
	u->piece = xcalloc(1, PIECE);
	hash_init(&u->hash);
	return u;
}

void
unpress_free(struct unpress *u)
{
	if (!u)
		return;
	hash_fini(&u->hash);
	archive_read_free(u->archive);
	ZSTD_freeDStream(u->zstd);
	free(u->gzip);
	free(u->piece);
	free(u);
}

ssize_t
unpress_read(struct unpress *u, char *to, size_t n, struct err *err)
{
	if (!u->form) {
		if (refill(u, err) < 0)
			return -1;
		for (u->form = forms; u->n < u->form->n || memcmp(u->piece, u->form->magic, u->form->n) != 0; u->form++)
			;
	}
	return u->form->read(u, to, n, err);
}

int
unpress_hash(struct unpress *u, struct sha256 *out, struct err *err)
{
	int r;

	do
		u->at = u->n;
	while ((r = refill(u, err)) > 0);
	if (r == 0)
		*out = hash_end(&u->hash);
	return r;
}
