/*
 * Packages that were installed and removed before, with the same packages around
 * them: what was seen then (builder/seen.h) is what would be seen now. Kept in
 * the builder's folder, tested/<key>, the last TESTED_MAX that were asked for.
 */
#ifndef ARTEL_BUILDER_TESTED_H
#define ARTEL_BUILDER_TESTED_H

#include "base/hash.h"

struct err;
struct str;

/* Raise it when installing, removing or what is seen of it changes. */
enum { INSTALL_CHECK_VERSION = 1, TESTED_MAX = 4096 };

/* Of a package by its SHA-256, with these sets of packages: of the base root, and of the whole root. */
struct sha256 tested_key(const char *package, const struct str *base, const struct str *full);
enum { TESTED_NOT = 1 };
/* dir: the builder's folder. */
int tested_get(int dir, const char *key, struct str *out, struct err *err);
int tested_put(int dir, const char *key, const struct str *seen, struct err *err);

#endif
