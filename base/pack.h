/*
 * The one binary form of structured data: little-endian numbers and
 * length-prefixed bytes, one after another. Used on the wire and in stored
 * facts. Reading is bounded, and a reader must be exactly consumed.
 */
#ifndef ARTEL_BASE_PACK_H
#define ARTEL_BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;
struct strs;

void pack_u32(struct str *out, uint32_t v);
void pack_u64(struct str *out, uint64_t v);
void pack_bytes(struct str *out, const void *data, size_t n);
/* A NULL is packed as the empty string. */
void pack_text(struct str *out, const char *text);
void pack_strs(struct str *out, const struct strs *list);

/* Reading: after a failure every read gives zero or "", and unpack_end() reports it. */
struct unpack {
	const unsigned char *p;
	size_t left;
	bool bad;
};

struct unpack unpack_begin(const void *data, size_t n);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
/* A count of things that take at least min_size bytes each: bounded by what is left. */
uint32_t unpack_count(struct unpack *u, size_t min_size);
/* Bytes inside the reader's buffer. */
const void *unpack_bytes(struct unpack *u, size_t *n);
/* A malloc'ed string; one with a NUL inside is bad. */
char *unpack_text(struct unpack *u);
/* The same into a buffer of size; too long is bad. */
void unpack_into(struct unpack *u, char *buf, size_t size);
void unpack_strs(struct unpack *u, struct strs *list);
/* -1 unless everything was well formed and read to the last byte. */
int unpack_end(const struct unpack *u, const char *what, struct err *err);

#endif
