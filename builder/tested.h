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
struct wire_job;

/* Raise it when installing, removing or what is seen of it changes. */
enum { INSTALL_CHECK_VERSION = 1, TESTED_MAX = 4096 };

/* Of a package by its SHA-256, with these sets of packages: of the base root, and of the whole root. */
struct sha256 tested_key(const char *package, const struct str *base, const struct str *full);
/* dir: the builder's folder, also as it is seen from inside. */
enum { TESTED_NOT = 1 };
int tested_get(int dir, const char *key, struct str *out, struct err *err);
int tested_put(int dir, const char *key, const struct str *seen, struct err *err);

/* The same of package i of a job that was solved; `name` is that of its folder. */
int tested_find(int dir, const char *name, const struct wire_job *job, size_t i, struct str *out, struct err *err);
/* Keep what was seen of all packages of a job, and have those that were asked for stay. */
int tested_keep(int dir, const char *name, const struct wire_job *job, struct err *err);

#endif
