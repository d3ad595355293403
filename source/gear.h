/*
 * gear: from a signed tag to what rpmbuild needs: the spec and its source files,
 * made from the commit's tree by the rules in .gear/rules or .gear-rules.
 * The rules are those of gear(7) as far as docs/gear.md lists them.
 */
#ifndef ARTEL_SOURCE_GEAR_H
#define ARTEL_SOURCE_GEAR_H

#include <git2.h>

#include "base/auto.h"
#include "base/str.h"
#include "source/spec.h"

struct err;
struct tag;

struct gear {
	struct spec spec;		/* as scanned */
	char *spec_file;		/* file name of the spec in the output folder */
	struct strs files;		/* every file written, spec included, in order of writing */
	struct strs notes;		/* what the maintainer should know: unknown directives, ... */
};

void gear_fini(struct gear *g);
AUTO_DEFINE_EMBEDDED(struct gear, gear_fini);

/* Limits against hostile trees. */
enum {
	GEAR_MAX_FILES = 1 << 20,	/* members over all archives, and files copied */
	GEAR_MAX_SEEN = 4 << 20,	/* names in all folders read */
	GEAR_MAX_BASES = 100,		/* commits and tags named by the rules */
	GEAR_MAX_OUTPUT = 20000,	/* files written */
	GEAR_MAX_DEPTH = 100,		/* folders in folders */
	GEAR_MAX_TEXT = 4 << 20,	/* bytes of a spec, of the rules and of the list of tags */
	GEAR_MAX_BLOB = 1 << 30,	/* bytes of one file: it is held in memory */
	GEAR_MAX_DIFF = 64 << 20,	/* bytes of one file to be compared with another */
	GEAR_MAX_TREE = 64 << 20,	/* bytes of one folder's list of names */
};
#define GEAR_MAX_BYTES (8ll << 30)	/* uncompressed, over all output */

/*
 * Write the spec and sources of a tag into the (existing, empty) folder open as `dir`.
 * Deterministic: the same tag gives the same bytes; member times are tag->when.
 */
int gear_export(git_repository *repo, const struct tag *tag, int dir, struct gear *out, struct err *err);

#endif
