/* A job as a simulated builder sees it: no more of it than its result needs, and nothing allocated. */
#ifndef ARTEL_BENCH_FAKE_JOB_H
#define ARTEL_BENCH_FAKE_JOB_H

#include "base/hash.h"
#include "wire/job.h"
#include "wire/message.h"

struct err;

struct fake_job {
	struct wire_ref ref;
	enum wire_job_kind kind;
	char label[128];
	char arch[64];			/* "" where it does not matter */
	char source[256];		/* file name of the source package, or of the tree; a test has none */
	char sha256[SHA256_HEX + 1];	/* of that */
};

/* Of a JOB: -1 unless it is well formed to its last byte. */
int fake_job_read(const struct wire_frame *f, struct fake_job *out, struct err *err);

/*
 * Append the payload of its RESULT, as a scheduler takes it: a source package of the source's name; one noarch package
 * of that name for a build. Their files are nowhere: what they are made of is the source's SHA-256.
 */
void fake_job_result(const struct fake_job *j, enum wire_outcome outcome, const struct usage *usage, struct str *out);

#endif
