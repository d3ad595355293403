/*
 * Artefacts: read-only files named by the SHA-256 of their content,
 * ROOT/artefact/ab/cdef... Put means: written, hashed, synced, then renamed.
 */
#ifndef ARTEL_PACKAGE_ARTEFACT_H
#define ARTEL_PACKAGE_ARTEFACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/hash.h"

struct err;
struct str;

/* "artefact/ab/cdef..." for a valid hash. */
struct artefact_path {
	char text[96];
};
struct artefact_path artefact_path(const char *sha256);

/* All take the farm's (or a builder cache's) open folder. */
bool artefact_has(int dir, const char *sha256);
/* Whether it is there; it is as young as a new one then, so that whoever sweeps sees that somebody wants it. */
bool artefact_renew(int dir, const char *sha256);
/* An open fd for reading, or -1 with err set. */
int artefact_open(int dir, const char *sha256, struct err *err);
/* The whole content, at most max bytes. */
int artefact_read(int dir, const char *sha256, size_t max, struct str *out, struct err *err);
int artefact_put(int dir, const void *data, size_t n, struct sha256 *out, struct err *err);
/* Copy what is left to read of fd. */
int artefact_put_fd(int dir, int fd, struct sha256 *out, struct err *err);
/* Copy a file; hard-linked instead when it lies on the same file system and belongs to us alone (link true). */
int artefact_put_file(int dir, const char *path, bool link, struct sha256 *out, struct err *err);

/*
 * Let a file below dir, written and synced, be the artefact of its hash, which the caller has computed:
 * by a hard link, which also takes the place of an artefact that was there.
 */
int artefact_link(int dir, const char *path, const char *sha256, struct err *err);

/* In two steps: an fd to write to, then its fate. The temporary's name goes with `t`. */
struct artefact_tmp {
	int fd;
	char name[64];
};
int artefact_begin(int dir, struct artefact_tmp *t, struct err *err);
/* Make it the artefact of that hash, which the caller has computed of all that was written. */
int artefact_end(int dir, struct artefact_tmp *t, const char *sha256, struct err *err);
void artefact_cancel(int dir, struct artefact_tmp *t);

#endif
