/*
 * A job while it runs, for the files that share the work on it: job.c leads, base-root.c has its base root. See job.h
 * for what it is from outside.
 */
#ifndef ARTEL_BUILDER_RUNNING_H
#define ARTEL_BUILDER_RUNNING_H

#include <stdbool.h>

#include "base/sandbox.h"
#include "base/str.h"
#include "builder/cache.h"
#include "builder/guard.h"
#include "builder/job.h"
#include "builder/pkgset.h"
#include "builder/roots.h"
#include "builder/watch.h"
#include "wire/conn.h"

struct err;
struct phases;

struct running {
	const struct job_conf *conf;
	const struct job_slot *slot;
	const struct wire_job *job;
	struct wire_result *out;
	char *name;			/* of the folder below job/ */
	struct roots_id base;		/* the base root; "": none yet */
	int base_held;			/* its lock */
	struct conn conn;
	struct cache cache;
	struct watch watch;
	struct guard guard;
	struct sandbox box;
	struct strs more;		/* what the build requires, once it was found out */
	bool has_more;
	struct phases *phases;
	bool limit;			/* it failed for going beyond one */
};

/* How a step ended, besides 0 and -1 (ours). */
enum { STEP_FAILED = 1 };

/* The package's own fault: the reason goes into the result. STEP_FAILED. */
int running_fail(struct running *t, const char *why);
/* A file of the job's folder that a step left. As file_read(). */
int running_small(struct running *t, const char *what, struct str *out, struct err *err);
int running_set(struct running *t, const char *what, struct pkgset *out, struct err *err);
/* Run one of inside.h's functions under watch. STEP_FAILED if it said so, or went beyond a limit. */
int running_inside(struct running *t, sandbox_fn *fn, struct err *err);

/* Hold the root that such jobs had last, if it is there: most likely this one gets it too. */
void base_root_guess(struct running *t);
/* Have the base root of base.set and hold it: made by the first job that needs it. STEP_FAILED if rpm refuses. */
int base_root_have(struct running *t, struct err *err);

#endif
