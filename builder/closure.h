/*
 * Of a repository, the packages that a root could hold: whatever provides what is
 * wanted, what those require in turn, and so on, by every way that a solver might
 * choose. It is a small part of a large repository, and all that has to be solved over.
 */
#ifndef ARTEL_BUILDER_CLOSURE_H
#define ARTEL_BUILDER_CLOSURE_H

#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/vec.h"

struct err;
struct repo;

struct closure_dep {
	const char *name;		/* or a whole rich expression, or a path */
	const char *evr;
	uint32_t flags;			/* DEP_COMPARE (package/depend.h); 0: evr says nothing */
};

enum closure_list { CLOSURE_PROVIDES, CLOSURE_REQUIRES, CLOSURE_CONFLICTS, CLOSURE_OBSOLETES, CLOSURE_LISTS };

struct closure_package {
	uint32_t number;		/* in the repository */
	const char *name, *evr, *arch;
	const unsigned char *rpm;	/* 32 bytes: its SHA-256 */
	struct {
		uint32_t at, n;
	} list[CLOSURE_LISTS];		/* runs of deps */
};

struct closure {
	VEC(struct closure_package) packages;	/* by name, then by hash: the same whatever numbers they have */
	VEC(struct closure_dep) deps;
	struct strs paths;		/* texts of provided paths */
};
void closure_fini(struct closure *c);
AUTO_DEFINE_EMBEDDED(struct closure, closure_fini);

/*
 * What is present of it, for these requirements and one package (INDEX_NONE: none). The other texts in it are the
 * repository's, which is changed meanwhile but is as before in the end: valid until it is changed again. -1 if
 * a requirement cannot be understood.
 */
int closure_find(struct repo *r, const struct strs *wanted, uint32_t package, struct closure *out, struct err *err);

#endif
