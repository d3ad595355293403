/*
 * One job, from its message to its result, in a process of its own: fetch, solve,
 * make the root, run, send back. Everything of it lies in job/<n>/ and is
 * removed at the end, or moved to kept/ (builder/kept.h).
 */
#ifndef ARTEL_BUILDER_JOB_H
#define ARTEL_BUILDER_JOB_H

#include <stdbool.h>

#include "base/sandbox.h"
#include "wire/job.h"

struct cgroups;
struct err;
struct buildinfo;

struct job_conf {
	const char *state;		/* the builder's folder, an absolute path */
	int dir;			/* the same, open */
	const char *name;		/* the builder's */
	const char *root;		/* the farm's, to connect to; or */
	const char *connect;		/* a command to connect by; NULL */
	struct sandbox_ids ids;		/* whose the base roots are; and the jobs, where slots have none of their own */
	const struct cgroups *groups;	/* where limits are kept by them */
	int jobs;			/* RPM_BUILD_NCPUS */
	int64_t stall_ms;		/* how long the farm may stand still in a transfer */
	bool keep;			/* the job's folder when it failed, whatever the job says */
	int keep_max, keep_days;	/* how many are kept, and how long */
	/*
	 * Run as a record says, in its very packages: nothing is solved, artefacts are read in the folder `root`,
	 * and what is made goes to `out` (an open folder). NULL: as usual.
	 */
	const struct buildinfo *again;
	int out;
};

/* Where a job runs: each of those that run at once has another. */
struct job_slot {
	struct sandbox_ids ids;
	int idmap;			/* base roots as its own (sandbox_idmap()); 0: they are */
};

/* Run it; the result is always filled. Blocking. */
void job_run(const struct job_conf *conf, const struct job_slot *slot, const struct wire_job *job, struct wire_result *out);
/* Whether programs can be run in the sandbox here at all: else every package would seem broken. */
int job_probe(const struct job_conf *conf, const struct job_slot *slot, struct err *err);
/* Remove what jobs of an earlier process left, but not what is kept. */
int job_sweep(const struct job_conf *conf, struct err *err);

#endif
