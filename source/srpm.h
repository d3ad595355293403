/*
 * Spec and sources to source RPM, by rpmbuild -bs inside a sandbox: a spec runs code when parsed.
 */
#ifndef ARTEL_SOURCE_SRPM_H
#define ARTEL_SOURCE_SRPM_H

#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"

struct err;

struct srpm_job {
	const char *root;		/* the root to run in, as seen inside the sandbox; "/" for the host's tools */
	const char *home;		/* writable home of the build user, as seen inside the sandbox, owned by SANDBOX_BUILDER */
	const char *spec_file;		/* name in home/rpmbuild/SOURCES, where all files lie */
	int64_t source_date_epoch;
};

/*
 * Call inside a sandbox_fn. On success *name is the file name of the one SRPM made, in
 * home/rpmbuild/SRPMS (malloc'ed). Output of rpmbuild goes to the sandbox's log.
 */
int srpm_build(const struct srpm_job *job, char **name, struct err *err);

#endif
