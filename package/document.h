/* A whole primary.xml, filelists.xml or other.xml, out of blocks of text that come from anywhere. */
#ifndef ARTEL_PACKAGE_DOCUMENT_H
#define ARTEL_PACKAGE_DOCUMENT_H

#include "package/blocks.h"
#include "package/rpmmd.h"

enum { RECORD_MAX = 256 << 20 };

/* Blocks as those of blocks.h: `head` bytes before may be written to, BLOCK_SLACK NULs behind, no NUL inside. */
struct source {
	int (*take)(void *arg, struct block *out, struct err *err);
	void (*give)(void *arg);
	void *arg;
	size_t head;
};

enum { DOCUMENT_STOPPED = 1 };

/*
 * Call fn for each package. DOCUMENT_STOPPED: fn gave -1, and err is what it set. -1: the text is
 * malformed, or could not be taken.
 */
int document_read(const struct source *from, enum rpmmd_kind kind, rpmmd_fn *fn, void *arg, struct err *err);

#endif
