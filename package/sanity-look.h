/* What the checks of sanity.c are given to look at. */
#ifndef ARTEL_PACKAGE_SANITY_LOOK_H
#define ARTEL_PACKAGE_SANITY_LOOK_H

#include "package/facts.h"
#include "package/header.h"
#include "package/sanity.h"

struct sanity_look {
	enum sanity_id check;		/* whose turn it is */
	const struct sanity_policy *policy;
	struct sanity_list *out;
	const struct facts *facts;
	Header header;
	rpmfiles files;			/* in the order of facts->files; NULL: none */
	int64_t now_s;
};

/* A check looks at the package, or at one file after another; `i` is into facts->files. */
typedef void sanity_package_fn(const struct sanity_look *l);
typedef void sanity_file_fn(const struct sanity_look *l, const struct fact_file *f, int i);

struct sanity_look_at {
	sanity_package_fn *package;
	sanity_file_fn *file;
};
/* By check; both NULL where it is found elsewhere. */
extern const struct sanity_look_at sanity_look_at[SANITY_CHECKS];

#endif
