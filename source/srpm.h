/*
 * Spec and sources to source RPM, by rpmbuild -bs inside a sandbox: a spec runs code when parsed.
 */
#ifndef ARTEL_SOURCE_SRPM_H
#define ARTEL_SOURCE_SRPM_H

#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"

struct err;
struct sandbox_exec;

struct srpm_job {
	const struct sandbox_exec *in;	/* where and how; its home is owned by SANDBOX_BUILDER, its argv is not used */
	const char *target;		/* the architecture that the spec is read for, as rpm names it; NULL: rpm's choice */
	const char *spec_file;		/* name in home/rpmbuild/SOURCES, where all files lie */
};

/*
 * Call inside a sandbox_fn. On success *name is the file name of the one SRPM made, in
 * home/rpmbuild/SRPMS (malloc'ed). Output of rpmbuild goes to the sandbox's log.
 */
int srpm_build(const struct srpm_job *job, char **name, struct err *err);

#endif
