/* The builder's loop: one connection to the scheduler, one child process a job. */
#ifndef ARTEL_BUILDER_DAEMON_H
#define ARTEL_BUILDER_DAEMON_H

#include "builder/job.h"

struct err;

struct daemon_conf {
	struct job_conf job;
	const char *arches;	/* blank-separated */
	const char *features;	/* likewise */
	int slots;
	uint64_t memory;	/* bytes for all jobs; 0: unknown */
	char origin[SHA256_HEX + 1];	/* see struct wire_hello */
	uint64_t cache;		/* bytes that artefacts and base roots may take */
};

/* Run until SIGTERM or SIGINT. */
int daemon_run(const struct daemon_conf *conf, struct err *err);

#endif
