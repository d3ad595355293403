/* Which packages make a root: libsolv over what of a repository could be in it. Deterministic. */
#ifndef ARTEL_BUILDER_SOLVE_H
#define ARTEL_BUILDER_SOLVE_H

#include <stdint.h>

#include "base/str.h"
#include "builder/pkgset.h"

struct err;
struct repo;

struct solve {
	struct repo *repo;		/* the base as it is to be, the overlay in it; borrowed, and as before in the end */
	const char *arch;
	uint32_t overlay;		/* packages from this number on go before others */
};

/*
 * Add to `out` what must be installed for these requirements ("name", "name >= 1", "/path",
 * rich), and for one package (INDEX_NONE: none). SOLVE_NOT: it cannot be had; err says what and why,
 * mostly in libsolv's words.
 */
enum { SOLVE_NOT = 1 };
int solve_for(const struct solve *s, const struct strs *wanted, uint32_t package, struct pkgset *out, struct err *err);

#endif
