/* A set of packages by content: what is in a root. Kept as lines "sha256<TAB>name-evr.arch". */
#ifndef ARTEL_BUILDER_PKGSET_H
#define ARTEL_BUILDER_PKGSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/hash.h"

struct err;
struct str;

struct pkgset {
	struct pkg {
		char sha256[SHA256_HEX + 1];
		char *nevra;
	} *p;
	size_t n, cap;
};
void pkgset_fini(struct pkgset *s);
AUTO_DEFINE_EMBEDDED(struct pkgset, pkgset_fini);

void pkgset_add(struct pkgset *s, const char *sha256, const char *nevra);
bool pkgset_has(const struct pkgset *s, const char *sha256);
/* Add all of `from` that are not in s yet. */
void pkgset_union(struct pkgset *s, const struct pkgset *from);
/* What is in a but not in b. */
void pkgset_minus(const struct pkgset *a, const struct pkgset *b, struct pkgset *out);
/* Sort by hash; a set has one text, and the text one hash: the identity of a root. */
void pkgset_sort(struct pkgset *s);
void pkgset_text(const struct pkgset *s, struct str *out);
int pkgset_parse(const char *text, struct pkgset *out, struct err *err);

#endif
