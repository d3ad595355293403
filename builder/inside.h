/*
 * What a job does inside its sandbox, as uid 0 of a user namespace, with the
 * builder's state folder at /mnt. What is the package's own fault goes into the
 * file job/<n>/failed; what is ours comes back as an error.
 *
 *   job/<n>/base.set, full.set        what inside_solve() found: the root's packages
 *   job/<n>/test.<i>.set              the same for installing package i
 *   job/<n>/unsatisfied               beside `failed`: for want of a BuildRequires
 *   job/<n>/foreign                   the SRPM is of another architecture: its BuildRequires may be others here
 *   job/<n>/more                      what the build requires, found on the way: once more with these
 *   job/<n>/out/                      SRPM or RPMs, each RPM with <file>.facts and <file>.identity
 *   job/<n>/names                     SRPM: packed (builder/names.h)
 *   job/<n>/report                    test: packed report
 *   job/<n>/test.<i>.seen             test: what was seen of package i, to be kept: see tested.h
 *   job/<n>/notes                     warnings, a line each
 *   job/<n>/ready                     inside_all() went on to the last step
 */
#ifndef ARTEL_BUILDER_INSIDE_H
#define ARTEL_BUILDER_INSIDE_H

#include "base/sandbox.h"
#include "base/str.h"
#include "builder/phases.h"
#include "wire/job.h"

struct inside {
	const struct wire_job *job;
	const char *name;		/* of the folder below job/ */
	const char *base;		/* of the base root below roots/; "": none yet */
	const struct strs *more;	/* what the build requires, found on the way; NULL: what the SRPM says */
	int jobs;			/* RPM_BUILD_NCPUS */
	struct phases *phases;
};

sandbox_fn inside_all;			/* all that follow but inside_base(), or up to inside_solve() */
sandbox_fn inside_solve;		/* which packages */
sandbox_fn inside_base;			/* fill roots/<base>.new, an empty folder, with base.set */
sandbox_fn inside_srpm;
sandbox_fn inside_requires;		/* what a build requires on this architecture, asked of its spec in the base root */
sandbox_fn inside_build;
sandbox_fn inside_check;		/* the test that needs no root: this task alone against its base */
sandbox_fn inside_install;		/* install and remove each new package */

#endif
