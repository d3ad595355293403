/*
 * What sanity checks found in the packages of a job, judged: by the levels of the
 * repository and its allow-list. Warnings and what is allowed go to the log and,
 * the warnings, into the file job/<n>/notes; what is fatal fails the job.
 */
#ifndef ARTEL_BUILDER_VERDICT_H
#define ARTEL_BUILDER_VERDICT_H

#include "builder/seen.h"
#include "package/sanity.h"
#include "repo/finding.h"

struct err;
struct inside;

struct verdict {
	struct sanity_policy policy;
	struct allow allow;
	struct sanity_list found;
};
void verdict_fini(struct verdict *v);
AUTO_DEFINE_EMBEDDED(struct verdict, verdict_fini);

int verdict_begin(const struct inside *in, struct verdict *v, struct err *err);
void verdict_seen(struct verdict *v, const struct seen_list *seen);
/* VERDICT_FATAL: it is said in `failed`. */
enum { VERDICT_FATAL = 1, VERDICT_NOTES = 50 };
int verdict_end(const struct inside *in, const struct verdict *v, struct err *err);

/* Append the notes, outside: of the job whose folder below `dir` is job/<name>. */
int verdict_notes(int dir, const char *name, struct strs *out, struct err *err);

#endif
