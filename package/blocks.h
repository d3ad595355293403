/*
 * A compressed text file, block by block: a thread of its own reads, hashes and decompresses ahead
 * while the blocks before are looked at.
 */
#ifndef ARTEL_PACKAGE_BLOCKS_H
#define ARTEL_PACKAGE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/hash.h"

struct err;
struct blocks;

enum {
	BLOCK_SIZE = 512 << 10,
	BLOCK_HEAD = 128 << 10,		/* bytes before p that may be written to */
	BLOCK_SLACK = 16,		/* NULs behind the last byte */
};

struct block {
	char *p;
	size_t n;
};

/* Begin; fd is closed by blocks_free(). */
struct blocks *blocks_new(int fd, struct err *err);
/* At any time; waits for the thread. */
void blocks_free(struct blocks *b);
AUTO_DEFINE(struct blocks *, blocks_free);

/*
 * The next block: 1, 0 at the end, -1. A NUL byte in the text is an error. It is the caller's until
 * blocks_give(); two may be held.
 */
int blocks_take(struct blocks *b, struct block *out, struct err *err);
/* Give back the oldest block held. */
void blocks_give(struct blocks *b);
/* Take no more: read the rest of the file for the SHA-256 of what is stored. */
int blocks_hash(struct blocks *b, struct sha256 *out, struct err *err);

#endif
