/*
 * The head of a commit object: who its parents are, by the object alone. libgit2's own
 * reading of a commit may put grafts in; inheritance must not see them.
 */
#ifndef ARTEL_SOURCE_COMMIT_HEADER_H
#define ARTEL_SOURCE_COMMIT_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct err;

struct commit_header {
	const char *parents;		/* inside the object: "parent ID\n", 48 bytes each */
	size_t n_parents;
	int64_t when;			/* the committer's date in seconds; 0 if it makes no sense */
};

/* Byte of `parents` where the id of parent i begins: 40 lower-case hex digits. */
enum { COMMIT_PARENT = 48 };
static inline const char *
commit_header_parent(const struct commit_header *h, size_t i)
{
	return h->parents + COMMIT_PARENT * i + 7;
}

/* Read n raw bytes, which need no NUL and must outlive *out. -1: this is not a commit. */
int commit_header_parse(const char *raw, size_t n, struct commit_header *out, struct err *err);

#endif
