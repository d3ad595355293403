/* A build from its record, without scheduler or daemon. */
#ifndef ARTEL_BUILDER_REBUILD_H
#define ARTEL_BUILDER_REBUILD_H

#include "builder/job.h"

struct err;

/*
 * Build from a record, an artefact of the farm in the folder conf->root. conf->jobs 0: as many as it says. The
 * folder conf->out gets the packages, <file>.facts of RPMs, and log.zst. REBUILD_FAILED: the build failed, err says why.
 */
enum { REBUILD_FAILED = 1 };
int rebuild_run(const struct job_conf *conf, const char *record, struct err *err);

#endif
