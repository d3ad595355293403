/*
 * Unmets: (binary package, requirement) with no provider in the repository.
 * The whole-repository pass checks every distinct requirement once.
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

/* All unmets of present packages, in order of requirement. */
void unmet_find(struct repo *r, struct unmet_list *out);
/* The set as keys "name.arch<TAB>requirement": what is compared between two states. */
void unmet_keys(const struct repo *r, const struct unmet_list *l, struct map *out);
/* "name.arch<TAB>requirement". */
void unmet_key(const struct repo *r, const struct unmet *u, struct str *out);
/*
 * A sentence for people: who requires what, who provided it and which task took it away.
 */
void unmet_explain(const struct repo *r, const struct unmet *u, struct str *out);

#endif
