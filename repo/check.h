/*
 * Checks compare: what is new against the repository as it was before a change,
 * what is repaired, and who did it. Used by builders for one task and by the
 * merger for a whole batch; in time proportional to the change.
 */
#ifndef ARTEL_REPO_CHECK_H
#define ARTEL_REPO_CHECK_H

#include "repo/finding.h"
#include "repo/plan.h"
#include "repo/repo.h"

/* Raised whenever a check may answer differently than before. */
#define CHECKER_VERSION "3"

/* More in one list are not listed, only counted; of the symbols that one package misses, these are listed. */
enum { CHECK_MAX_FINDINGS = 2000, CHECK_MAX_SYMBOLS = 8 };

/*
 * Begin a change, apply these tasks in order, and report. The change stays applied: undo or
 * keep it. allow may be NULL. -1 only if a plan contradicts itself; nothing is applied then.
 */
int check_changes(struct repo *r, const struct change *const *changes, size_t n, const struct allow *allow,
	struct report *out, struct err *err);

/* The parts, over a change that is already applied; texts of paths come from `added`. */
struct check {
	const struct repo *r;
	const struct allow *allow;
	const struct facts **added;	/* of the packages that the change added, in order */
	struct report *out;
	uint8_t *symbols;		/* of each package: how many are listed */
};
void check_requirements(struct check *c);
void check_duplicates(struct check *c);
void check_files(struct check *c);
/* Put a finding where it belongs; takes over its texts. */
void check_found(struct check *c, uint32_t package, struct finding f);
/* "name-evr.arch", malloc'ed. */
char *check_nevra(const struct repo *r, uint32_t package);

#endif
