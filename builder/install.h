/* Install RPMs into a root, and remove them again, by librpm. Only inside a sandbox. */
#ifndef ARTEL_BUILDER_INSTALL_H
#define ARTEL_BUILDER_INSTALL_H

#include "base/str.h"

struct err;

/*
 * Install these RPM files into the root (absolute path) as one transaction. What rpm refuses (file
 * conflicts, unmet requirements, failing scriptlets) is -1 with rpm's words.
 */
int install_into(const char *root, const struct strs *paths, struct err *err);
/* The same, then remove one package by name, as a second transaction; a failing scriptlet is an error. */
int install_try(const char *root, const struct strs *paths, const char *name, struct err *err);

/*
 * -1 unless the root's database of packages names just these, "name-[epoch:]version-release.arch" (which are sorted). In
 * the root, as what installed them may have left anything there.
 */
int install_verify(const char *root, struct strs *nevras, struct err *err);

#endif
