/* A file, decompressed as it is read and hashed as it is stored: gzip, zstd, xz, bzip2, or as it is. */
#ifndef ARTEL_PACKAGE_UNPRESS_H
#define ARTEL_PACKAGE_UNPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/hash.h"

struct err;
struct unpress;

struct unpress *unpress_new(int fd);	/* fd stays the caller's */
void unpress_free(struct unpress *u);
AUTO_DEFINE(struct unpress *, unpress_free);

/* Up to n bytes of content: fewer only at the end. -1 with err set. */
ssize_t unpress_read(struct unpress *u, char *to, size_t n, struct err *err);
/* Read what is left of the file; the SHA-256 of all of it as it is stored. */
int unpress_hash(struct unpress *u, struct sha256 *out, struct err *err);

#endif
