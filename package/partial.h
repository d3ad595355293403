/*
 * An artefact on its way: what has arrived of it outlives a broken connection,
 * under the hash that it will have, and the next attempt goes on from there.
 */
#ifndef ARTEL_PACKAGE_PARTIAL_H
#define ARTEL_PACKAGE_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "package/artefact.h"

struct err;

enum { PARTIAL_MAX_S = 86400 };	/* older than that they are of no use: for partial_sweep() */

struct partial {
	struct artefact_tmp tmp;	/* where it is written; tmp.fd: what was there already, its offset at the end */
	bool named;			/* also by its hash */
	dev_t dev;
	ino_t inode;
};

/* Take what an earlier attempt left, if there is any; without `keep` neither take nor leave any. */
int partial_begin(int dir, const char *sha256, bool keep, struct partial *p, struct err *err);
/* Each ends it. It is whole, and the caller has computed its hash: it becomes the artefact. */
int partial_end(int dir, struct partial *p, const char *sha256, struct err *err);
/* It broke off: what came stays for the next attempt. */
void partial_break(int dir, struct partial *p);
/* What came is not what it should be, or is not wanted. */
void partial_drop(int dir, struct partial *p, const char *sha256);

/* Remove what attempts left that were last written to so many seconds ago: with a hash's name, and without. */
int partial_sweep(int dir, int64_t named_s, int64_t nameless_s, struct err *err);

#endif
