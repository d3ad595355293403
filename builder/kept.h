/*
 * Kept roots: the folder of a job that failed, kept/<n>/ below the builder's, and
 * beside it kept/<n>.how, what it takes to enter it. There are not more than so
 * many, none is older than so long, and of a task only those of its last run.
 */
#ifndef ARTEL_BUILDER_KEPT_H
#define ARTEL_BUILDER_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/sandbox.h"

struct err;
struct job_conf;

struct kept {
	int64_t task;
	int64_t when;			/* ms */
	char *label;			/* "#12.100 x86_64 build" */
	char *base;			/* of its base root; "" if it failed before it had one */
	struct sandbox_ids ids;		/* whose its files are */
	unsigned base_first;		/* whose the base root's are; the same where jobs share a range */
	int64_t source_date_epoch;	/* seconds */
	int jobs;			/* RPM_BUILD_NCPUS */
	bool network, bits32;		/* as of struct sandbox */
};
void kept_fini(struct kept *k);
AUTO_DEFINE_EMBEDDED(struct kept, kept_fini);

/* Keep job/<name>; it takes the place of an older one of that label. Then trim. */
int kept_add(const struct job_conf *conf, const char *name, const struct kept *k, struct err *err);
/* *lock, to be closed, holds it against removal. KEPT_ABSENT: there is none of that name. */
enum { KEPT_ABSENT = 1 };
int kept_get(int dir, const char *name, struct kept *out, int *lock, struct err *err);
/* Those of a task that runs again. One that someone is in stays, here and below. */
int kept_forget(const struct job_conf *conf, int64_t task, struct err *err);
/* Those that are too old, or of the oldest too many. */
int kept_trim(const struct job_conf *conf, struct err *err);

#endif
