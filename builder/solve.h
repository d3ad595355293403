/*
 * Which packages make a root: libsolv over the base state's rpm-md and the
 * overlay's RPMs, without the sources that the task removes. Deterministic.
 */
#ifndef ARTEL_BUILDER_SOLVE_H
#define ARTEL_BUILDER_SOLVE_H

#include <stddef.h>

#include "base/auto.h"
#include "base/str.h"
#include "builder/pkgset.h"

struct err;
struct solve;

struct solve_input {
	const char *arch;
	const char *primary, *filelists;	/* paths of gzip'ed rpm-md files */
	struct {
		const char *path, *sha256;
	} *overlay;
	size_t n_overlay;
	const struct strs *removed;		/* names of sources */
};

/* NULL with err set. */
struct solve *solve_open(const struct solve_input *in, struct err *err);
void solve_close(struct solve *s);
AUTO_DEFINE(struct solve *, solve_close);

/*
 * Add to `out` what must be installed for these requirements ("name", "name >= 1", "/path",
 * rich). SOLVE_NOT: they cannot be had; err says which and why, in libsolv's words.
 */
enum { SOLVE_NOT = 1 };
int solve_for(struct solve *s, const struct strs *wanted, struct pkgset *out, struct err *err);
/* The same for overlay package number i and the wanted ones. */
int solve_for_overlay(struct solve *s, size_t i, const struct strs *wanted, struct pkgset *out, struct err *err);

#endif
