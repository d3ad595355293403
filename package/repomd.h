/* repomd.xml: which files a repository's metadata are. */
#ifndef ARTEL_PACKAGE_REPOMD_H
#define ARTEL_PACKAGE_REPOMD_H

#include <stdbool.h>

#include "base/hash.h"

struct err;

struct repomd_file {
	char *href;		/* relative to the repository, never leads out of it; malloc'ed */
	struct sha256 sha256;
};

/* Whether a path in metadata stays below the repository: not empty, not absolute, no "..". */
bool repomd_inside(const char *href);
/* Find the file of a type ("primary") in `dir`, an open folder called `where` in errors. */
int repomd_find(int dir, const char *where, const char *type, struct repomd_file *out, struct err *err);

#endif
