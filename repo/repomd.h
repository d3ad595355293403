/* repomd.xml, which names a state's metadata files, and its signature. */
#ifndef ARTEL_REPO_REPOMD_H
#define ARTEL_REPO_REPOMD_H

#include <stdint.h>

#include "base/hash.h"
#include "repo/runs.h"

struct err;

struct repomd_file {
	const char *name;		/* in repodata/ */
	struct sha256 hash, open_hash;	/* open_hash "": not said */
	uint64_t size, open_size;
};

/* Write it durably into the open folder repodata; its times are `when` (Unix seconds). */
int repomd_write(int repodata, int64_t when, const struct repomd_file *file, struct sha256 *out, struct err *err);
/*
 * Sign it with gpg: repomd.xml.asc, and repomd.xml.key, the public key, beside it; both durable but for the
 * folder. key: a name of it that gpg knows; home: gpg's folder, NULL or "": its default.
 */
int repomd_sign(int repodata, const char *key, const char *home, struct err *err);

#endif
