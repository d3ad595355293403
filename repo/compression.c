/*
 * libdeflate and libzstd, each in one call for a whole member. Neither puts a
 * time or a name into it, and neither uses threads here: the same content gives
 * the same bytes.
 */
#include <errno.h>
#include <libdeflate.h>
#include <string.h>
#include <zstd.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"
#include "repo/compression.h"

#define GZ_LEVEL 6
#define ZSTD_LEVEL 9
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

AUTO_DEFINE(struct libdeflate_compressor *, libdeflate_free_compressor);
AUTO_DEFINE(struct libdeflate_decompressor *, libdeflate_free_decompressor);
AUTO_DEFINE(ZSTD_CCtx *, ZSTD_freeCCtx);

static const struct {
	const char *name, *extension, *id;
} compressions[PUBLISH_COMPRESSIONS] = {
	[PUBLISH_GZ] = {"gz", "gz", "libdeflate " LIBDEFLATE_VERSION_STRING " level " TEXT(GZ_LEVEL)},
	[PUBLISH_ZSTD] = {"zstd", "zst", "zstd " ZSTD_VERSION_STRING " level " TEXT(ZSTD_LEVEL)},
};

const char *
compression_name(enum publish_compression how)
{
	return compressions[how].name;
}

const char *
compression_extension(enum publish_compression how)
{
	return compressions[how].extension;
}

int
compression_find(const char *name)
{
	for (int i = 0; i < PUBLISH_COMPRESSIONS; i++)
		if (strcmp(compressions[i].name, name) == 0)
			return i;
	return -1;
}

const char *
compression_id(enum publish_compression how)
{
	return compressions[how].id;
}

static int
gz_compress(const void *raw, size_t n, struct str *out, struct err *err)
{
	AUTO(libdeflate_free_compressor) struct libdeflate_compressor *c = libdeflate_alloc_compressor(GZ_LEVEL);
	size_t bound = libdeflate_gzip_compress_bound(c, n), done;

	if (!c)
		return err_set(err, ENOMEM, "gzip");
	done = libdeflate_gzip_compress(c, raw, n, str_room(out, bound), bound);
	if (done == 0)
		return err_set(err, EIO, "gzip: %zu bytes do not compress", n);
	out->n += done;
	return 0;
}

static int
zstd_compress(const void *raw, size_t n, struct str *out, struct err *err)
{
	AUTO(ZSTD_freeCCtx) ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t bound = ZSTD_compressBound(n), done;

	if (!c)
		return err_set(err, ENOMEM, "zstd");
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	done = ZSTD_compress2(c, str_room(out, bound), bound, raw, n);
	if (ZSTD_isError(done))
		return err_set(err, EIO, "zstd: %s", ZSTD_getErrorName(done));
	out->n += done;
	return 0;
}

int
compression_pack(enum publish_compression how, const void *raw, size_t n, struct str *out, struct err *err)
{
	return how == PUBLISH_GZ ? gz_compress(raw, n, out, err) : zstd_compress(raw, n, out, err);
}

static int
gz_expand(const void *packed, size_t n, size_t raw, struct str *out, struct err *err)
{
	AUTO(libdeflate_free_decompressor) struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t used = 0;

	if (!d)
		return err_set(err, ENOMEM, "gzip");
	if (libdeflate_gzip_decompress_ex(d, packed, n, str_room(out, raw), raw, &used, NULL) != LIBDEFLATE_SUCCESS ||
	    used != n)
		return err_set(err, EBADMSG, "gzip: not one member of %zu bytes", raw);
	out->n += raw;
	return 0;
}

static int
zstd_expand(const void *packed, size_t n, size_t raw, struct str *out, struct err *err)
{
	if (ZSTD_findFrameCompressedSize(packed, n) != n ||
	    ZSTD_decompress(str_room(out, raw), raw, packed, n) != raw)
		return err_set(err, EBADMSG, "zstd: not one frame of %zu bytes", raw);
	out->n += raw;
	return 0;
}

int
compression_unpack(enum publish_compression how, const void *packed, size_t n, size_t raw, struct str *out, struct err *err)
{
	return how == PUBLISH_GZ ? gz_expand(packed, n, raw, out, err) : zstd_expand(packed, n, raw, out, err);
}

uint32_t
compression_crc(uint32_t crc, const void *packed, size_t n)
{
	return libdeflate_crc32(crc, packed, n);
}
