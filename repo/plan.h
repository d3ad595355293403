/*
 * The plan of a task on one architecture: which sources leave and which packages
 * come. The new binaries of a source replace all binaries of its old version; a
 * binary name that now comes from another source takes the old source away with
 * all its binaries, and says so. A package that is there already, the very same
 * file, neither leaves nor comes.
 */
#ifndef ARTEL_REPO_PLAN_H
#define ARTEL_REPO_PLAN_H

#include "base/str.h"
#include "package/facts.h"
#include "repo/repo.h"

struct err;

/* One task's change, on one architecture. */
struct change {
	int64_t task;
	struct strs deletes;		/* sources to delete */
	struct strs builds;		/* sources that were built, also those without binaries here */
	struct {
		struct change_package {
			struct facts facts;
			char *facts_sha;
		} *p;
		size_t n, cap;
	} packages;
};
void change_fini(struct change *c);
AUTO_DEFINE_EMBEDDED(struct change, change_fini);
/* Takes over *facts. */
void change_add(struct change *c, struct facts *facts, const char *facts_sha);

/*
 * Refuse what contradicts itself: nothing to do, a source deleted and built, two subtasks
 * that give the same source (builds has it twice) or the same binary. -1 with the reason.
 */
int plan_check(const struct change *c, struct err *err);

/*
 * A noarch package must be the same whichever architecture built it: 1 and a sentence if the change has one of the
 * other's name that differs (malloc'ed), else 0.
 */
int plan_noarch_differs(const struct change *c, const struct facts *other, char **why);

/*
 * Apply to the repository. removed (may be NULL) gets the sources of which a package left; notes (may
 * be NULL) a line for each source that was not named by the task. Packages come in the order of c.
 */
void plan_apply(struct repo *r, const struct change *c, struct strs *removed, struct strs *notes);

#endif
