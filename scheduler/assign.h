/* What a builder must know to run a job, read from the database when it is handed out. */
#ifndef ARTEL_SCHEDULER_ASSIGN_H
#define ARTEL_SCHEDULER_ASSIGN_H

#include "schema/build.h"
#include "wire/job.h"

struct err;
struct store;

/*
 * job->attempt is the one that will run; arches are those of its builder, of which the first that the repository
 * has too takes a job that is not bound to one; limits are those of a repository that says nothing.
 */
int assign_job(struct store *s, const struct job *job, const struct strs *arches, const struct limits *limits,
	struct wire_job *out, struct err *err);

#endif
