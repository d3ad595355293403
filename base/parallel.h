/*
 * Work on several processors for a moment: n jobs, taken in order by as many
 * threads as there are processors, all of them gone before the call returns;
 * so a process that forks never has threads while it does.
 */
#ifndef ARTEL_BASE_PARALLEL_H
#define ARTEL_BASE_PARALLEL_H

#include <stddef.h>

struct err;

/* Job i. It runs beside other jobs; a job with a lower number has been begun before it. 0, or -1 with err set. */
typedef int parallel_job(void *arg, size_t i, struct err *err);

/*
 * Run them all, on at most `threads` threads (0: one a processor, 16 at most). After a failure no
 * further job is begun; the error is that of the lowest job that failed.
 */
int parallel_run(size_t n, unsigned threads, parallel_job *job, void *arg, struct err *err);

#endif
