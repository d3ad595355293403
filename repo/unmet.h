/*
 * Unmets: (binary package, requirement) with no provider in the repository. This
 * is the pass over everything, which believes no count that is kept: what the
 * incremental checks are compared with, and what a repository of strangers gets.
 */
#ifndef ARTEL_REPO_UNMET_H
#define ARTEL_REPO_UNMET_H

#include "repo/repo.h"

struct unmet {
	uint32_t package;
	uint32_t requirement;
};

struct unmet_list {
	struct unmet *p;
	size_t n, cap;
};
void unmet_list_fini(struct unmet_list *l);
AUTO_DEFINE_EMBEDDED(struct unmet_list, unmet_list_fini);

/* All unmets of present packages, symbols too, in order of requirement. */
void unmet_find(const struct repo *r, struct unmet_list *out);
/* "name.arch<TAB>requirement". */
void unmet_key(const struct repo *r, const struct unmet *u, struct str *out);

#endif
