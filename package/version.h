/*
 * A version in normal form: strcmp of two normal forms orders them as rpm's
 * rpmvercmp() orders the versions (rpm-version(7): separators do not count, `~`
 * sorts before the end, `^` after it, letters before digits). For comparing many
 * versions with each other many times; see test-version.c for the proof.
 */
#ifndef ARTEL_PACKAGE_VERSION_H
#define ARTEL_PACKAGE_VERSION_H

#include <stddef.h>
#include <stdint.h>

struct str;

/* Append the normal form of a version or release: never a NUL inside. */
void version_normal(struct str *out, const char *text, size_t n);

/* "1:2.0-3" in parts, as librpm's rpmverParse() cuts it. */
struct version_parts {
	uint32_t epoch;			/* 0: none */
	const char *version, *release;	/* into the text; release NULL: none */
	size_t version_n, release_n;
};
struct version_parts version_split(const char *evr);

#endif
