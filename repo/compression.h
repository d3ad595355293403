/*
 * A compressed piece that can be read alone, and stands beside others in one
 * file that readers see as one stream: a gzip member (RFC 1952, section 2.2)
 * or a zstd frame (RFC 8878, section 3).
 */
#ifndef ARTEL_REPO_COMPRESSION_H
#define ARTEL_REPO_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

enum publish_compression { PUBLISH_GZ, PUBLISH_ZSTD, PUBLISH_COMPRESSIONS };

/* "gz", "zstd"; and the end of a file's name: "gz", "zst". */
const char *compression_name(enum publish_compression how);
const char *compression_extension(enum publish_compression how);
/* The compression of a name, or -1. */
int compression_find(const char *name);
/* What the bytes of a member depend on besides its content: the compressor, its version and level. */
const char *compression_id(enum publish_compression how);

/* Append n bytes as one member to out. */
int compression_pack(enum publish_compression how, const void *raw, size_t n, struct str *out, struct err *err);
/* Append the content of exactly one member, which must be `raw` bytes long, to out. */
int compression_unpack(enum publish_compression how, const void *packed, size_t n, size_t raw, struct str *out, struct err *err);
/* A check of packed bytes against decay: CRC-32. */
uint32_t compression_crc(uint32_t crc, const void *packed, size_t n);

#endif
