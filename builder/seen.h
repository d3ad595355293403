/*
 * What was seen while packages were installed into a root and removed from it:
 * for the sanity checks (package/sanity.h) of an installed package. It comes out
 * of a confined process, and is kept from job to job (builder/tested.h).
 */
#ifndef ARTEL_BUILDER_SEEN_H
#define ARTEL_BUILDER_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "package/sanity.h"

struct err;
struct str;

struct seen {
	enum sanity_id check;		/* one that is `installed` */
	char *package;			/* its name */
	char *what;			/* "%post", or a path */
	char *detail;
};

struct seen_list {
	struct seen *p;
	size_t n, cap;
};
void seen_list_fini(struct seen_list *l);
AUTO_DEFINE_EMBEDDED(struct seen_list, seen_list_fini);

/* Texts are copied, made printable and cut. More than SEEN_MAX are not taken. */
enum { SEEN_MAX = 1000, SEEN_PACKED_MAX = 4 << 20 };
void seen_add(struct seen_list *l, enum sanity_id check, const char *package, const char *what, const char *detail);
void seen_pack(struct str *out, const struct seen_list *l);
/* Append what was packed. */
int seen_unpack(const void *data, size_t n, struct seen_list *l, struct err *err);
/* Whether a scriptlet failed. */
bool seen_scriptlet(const struct seen_list *l);
/* "%post of foo (exit status 1: no such file)": the first, and how many more. */
void seen_text(const struct seen_list *l, struct str *out);

#endif
