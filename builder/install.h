/* Install RPMs into a root, and remove them again, by librpm. Only inside a sandbox. */
#ifndef ARTEL_BUILDER_INSTALL_H
#define ARTEL_BUILDER_INSTALL_H

#include "base/str.h"
#include "builder/seen.h"

struct err;

/*
 * Install these RPM files into the root (absolute path) as one transaction. Scriptlets that fail are added to
 * *seen; rpm goes on after some of them. What rpm refuses (file conflicts, unmet requirements, a payload, a
 * scriptlet of those that must not fail) is -1 with rpm's words.
 */
int install_into(const char *root, const struct strs *paths, struct seen_list *seen, struct err *err);
/*
 * The same, then look at one package by name, and remove it, as a second transaction. *seen also gets its symbolic
 * links that lead nowhere, and what of it is still there afterwards and of no other package.
 */
int install_try(const char *root, const struct strs *paths, const char *name, struct seen_list *seen, struct err *err);

/*
 * -1 unless the root's database of packages names just these, "name-[epoch:]version-release.arch" (which are sorted). In
 * the root, as what installed them may have left anything there.
 */
int install_verify(const char *root, struct strs *nevras, struct err *err);

#endif
