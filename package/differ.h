/* What differs between two RPM files, told line by line, and whether that matters to a user. */
#ifndef ARTEL_PACKAGE_DIFFER_H
#define ARTEL_PACKAGE_DIFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/hash.h"

struct err;

struct difference {
	char *what;		/* a tag, a kind of dependency, or a path and the attribute: "/usr/bin/x mode" */
	char *old, *new;	/* in the form of package/identity.h; NULL: not there */
	bool counts;		/* it makes the identity another; else it is about when, where or how */
};

struct differences {
	struct difference *p;	/* what counts first, then by what */
	size_t n, cap;
	struct sha256 identity[2];
};

void differences_fini(struct differences *d);
AUTO_DEFINE_EMBEDDED(struct differences, differences_fini);

enum {
	/* As exit statuses: 1 is an error, 2 usage. */
	DIFFER_BUILD = 3,	/* other bytes, the same identity */
	DIFFER_CONTENT = 4,	/* another identity */
};
/*
 * 0: the same bytes; a DIFFER_; -1. librpm parses the headers: call it in a sandbox for RPMs from
 * strangers. Payloads are compared by the digests that the headers say.
 */
int rpm_differ(const char *a, const char *b, struct differences *out, struct err *err);

#endif
