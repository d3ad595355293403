/*
 * Checks compare: what is new against the base, what is repaired, and who did
 * it. Used by builders for one task and by the merger for a whole batch.
 */
#ifndef ARTEL_REPO_CHECK_H
#define ARTEL_REPO_CHECK_H

#include "base/str.h"
#include "repo/plan.h"
#include "repo/repo.h"

/* Raised whenever a check may answer differently than before. */
#define CHECKER_VERSION "1"

struct report {
	struct strs broken;	/* sentences, one a finding: not empty means failed */
	struct strs repaired;
	struct strs notes;	/* of the plan */
	struct strs sources;	/* sources whose packages have new unmets */
};
void report_fini(struct report *r);
AUTO_DEFINE_EMBEDDED(struct report, report_fini);
/* Saved form, for pipes. */
void report_pack(struct str *out, const struct report *r);
int report_unpack(const void *data, size_t n, struct report *r, struct err *err);

/* What the base is like before any change; computed once, used for many tries. */
struct baseline {
	struct map unmets;
};
void baseline_fini(struct baseline *b);
AUTO_DEFINE_EMBEDDED(struct baseline, baseline_fini);
void baseline_take(struct baseline *b, struct repo *base);

/*
 * Apply the changes, in order, to the repository, which is another one afterwards (try in
 * a fork to keep it), and report. -1 if a plan contradicts itself.
 */
int check_changes(struct repo *r, const struct baseline *b, struct change *const *changes, size_t n,
	struct report *out, struct err *err);

#endif
