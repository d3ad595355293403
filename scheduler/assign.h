/* What a builder must know to run a job, read from the database when it is handed out. */
#ifndef ARTEL_SCHEDULER_ASSIGN_H
#define ARTEL_SCHEDULER_ASSIGN_H

#include "schema/build.h"
#include "wire/job.h"

struct err;
struct store;

/* job->attempt is the one that will run; limits are those of a repository that says nothing. */
int assign_job(struct store *s, const struct job *job, const struct limits *limits, struct wire_job *out,
	struct err *err);

#endif
