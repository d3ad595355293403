/* What a build ran with, written down; and a build from such a record, without scheduler or daemon. */
#ifndef ARTEL_BUILDER_REBUILD_H
#define ARTEL_BUILDER_REBUILD_H

#include "builder/job.h"
#include "builder/pkgset.h"
#include "wire/buildinfo.h"

/* The record of a job in a root of these packages, `base` its base root. */
void rebuild_info(const struct wire_job *job, int jobs, const struct pkgset *base, const struct pkgset *full,
	struct buildinfo *out);
/* And back: both sets are empty before. */
void rebuild_sets(const struct buildinfo *r, struct pkgset *base, struct pkgset *full);

/*
 * Build from a record, an artefact of the farm in the folder conf->root. conf->jobs 0: as many as it says. The
 * folder conf->out gets the packages, <file>.facts of RPMs, and log.zst. REBUILD_FAILED: the build failed, err says why.
 */
enum { REBUILD_FAILED = 1 };
int rebuild_run(const struct job_conf *conf, const char *record, struct err *err);

#endif
