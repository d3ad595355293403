/*
 * A merge that might be: transactions given as rpm-md folders, folded onto
 * repositories given as rpm-md folders. No database, no RPM files.
 *
 * The file holds one JSON object a line, in order:
 *   {"id": 7, "add": "DIR", "del": ["source", ...], "deps": [ids]}
 */
#ifndef ARTEL_MERGER_WHAT_IF_H
#define ARTEL_MERGER_WHAT_IF_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct strategy;

struct what_if {
	const char *const *bases;	/* rpm-md folders */
	size_t n_bases;
	const char *batch;		/* the file; relative folders in it are below the file's own */
	const struct strategy *strategy;	/* NULL: auto */
	size_t testers;
	bool json;
};
/* Print what becomes of each; see artel(1), plumb fold. */
int what_if(const struct what_if *w, struct err *err);

#endif
