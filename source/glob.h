/* File name patterns, matched without recursion, so that no pattern takes exponential time. */
#ifndef ARTEL_SOURCE_GLOB_H
#define ARTEL_SOURCE_GLOB_H

#include <stdbool.h>

/* Of the shell: `*`, `?` and `[...]` match any character, `/` and a leading dot included. */
bool glob_match(const char *pattern, const char *name);

/*
 * Of git's :(glob): `*`, `?` and `[...]` do not match `/`; `**` as a whole
 * component matches any number of folders. Without any of these the pattern
 * names a file, or a folder with all below it.
 */
bool glob_match_path(const char *pattern, const char *path);

#endif
