/* What is left of a job: its control groups, with all that is in them, and its folder. */
#ifndef ARTEL_BUILDER_CLEAN_H
#define ARTEL_BUILDER_CLEAN_H

#include "wire/message.h"

struct err;
struct job_conf;
struct job_slot;
struct sandbox;

/* Remove job/<name> below box->dir; what was killed just now may still be dying in it. Blocking. */
int clean_folder(const struct sandbox *box, const char *name, struct err *err);
/* Of a job whose process was ended before it could: end the rest of it too. Blocking. */
int clean_job(const struct job_conf *conf, const struct job_slot *slot, struct wire_ref ref, struct err *err);

#endif
