/*
 * Where the records of a state's packages lie in its metadata files: each file
 * is a header, runs of packages, and a footer, each a member of its own.
 *
 * Where a run ends is decided by the names of its packages alone, so that a
 * change of the set changes the runs it falls into, and no others; and so that
 * the same set gives the same runs whatever state went before.
 */
#ifndef ARTEL_REPO_RUNS_H
#define ARTEL_REPO_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/hash.h"
#include "repo/compression.h"

struct err;
struct str;

enum publish_kind { PUBLISH_PRIMARY, PUBLISH_FILELISTS, PUBLISH_OTHER, PUBLISH_KINDS };

/* A package by content: SHA-256, 32 bytes. */
struct run_id {
	unsigned char raw[SHA256_HEX / 2];
};
/* -1 with err set if it is not 64 hex digits. */
int run_id_from(const char *sha256, struct run_id *out, struct err *err);

struct run {
	uint32_t first, n;	/* its packages: from this one on, at least one */
	uint64_t offset;	/* of its member in the file */
	uint32_t length;	/* of its member */
	uint32_t raw;		/* of its text */
	uint32_t crc;		/* of its member: compression_crc() */
};

struct runs {
	struct run *p;
	size_t n, cap;
	uint64_t size;		/* of the whole file */
};

struct run_table {
	enum publish_compression how;
	bool same;		/* as packed by the compressor that this program has */
	struct {
		struct run_id *p;
		size_t n, cap;
	} ids;			/* all packages, in the order of their records */
	struct runs kind[PUBLISH_KINDS];
};
void run_table_fini(struct run_table *t);
AUTO_DEFINE_EMBEDDED(struct run_table, run_table_fini);

/* Where the run ends that begins with package `from`; names are sorted. */
size_t runs_end(enum publish_kind k, const char *const *names, size_t n, size_t from);
/* The run that package i is in. */
const struct run *runs_of(const struct runs *r, uint32_t i);

void run_table_pack(struct str *out, const struct run_table *t);
/* Consistent, or -1 with err set: every package is in one run of each file, members do not overlap and end before the file. */
int run_table_unpack(const void *data, size_t n, struct run_table *t, struct err *err);

#endif
