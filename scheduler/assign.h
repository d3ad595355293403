/*
 * What a builder must know to run a job, read from the database when it is handed out. Many jobs are handed out at
 * once: what was read of tasks and repositories is kept for the next, until assign_forget().
 */
#ifndef ARTEL_SCHEDULER_ASSIGN_H
#define ARTEL_SCHEDULER_ASSIGN_H

#include "base/auto.h"
#include "wire/job.h"

struct assign;
struct err;
struct store;

/* limits: of a repository that says nothing; borrowed, as is the store. */
struct assign *assign_new(struct store *s, const struct limits *limits);
void assign_free(struct assign *a);
AUTO_DEFINE(struct assign *, assign_free);

/*
 * ref is the attempt that will run; arches are those of its builder, of which the first that the repository has too
 * takes a job that is not bound to one. ASSIGN_GONE: no such job is to be started any more.
 */
enum { ASSIGN_GONE = 1 };
int assign_job(struct assign *a, const struct wire_ref *ref, const struct strs *arches, struct wire_job *out, struct err *err);
/* The database may have changed since. */
void assign_forget(struct assign *a);

#endif
