/* What a build ran with, written down, and read again. */
#ifndef ARTEL_BUILDER_RECORD_H
#define ARTEL_BUILDER_RECORD_H

#include "builder/pkgset.h"
#include "wire/buildinfo.h"
#include "wire/job.h"

/* The record of a job in a root of these packages, `base` its base root. */
void record_make(const struct wire_job *job, int jobs, const struct pkgset *base, const struct pkgset *full,
	struct buildinfo *out);
/* And back: both sets are empty before. */
void record_sets(const struct buildinfo *r, struct pkgset *base, struct pkgset *full);

#endif
