/* What a task waits for, in words. */
#ifndef ARTEL_SHELL_WAIT_TEXT_H
#define ARTEL_SHELL_WAIT_TEXT_H

#include <stdint.h>

#include "shell/wait.h"

struct str;

/* Words of a program; stable. */
const char *wait_why_name(enum why w);
const char *wait_exclude_name(enum exclude e);

/* Append what the task as a whole waits for, and what to do; a sentence a line, each in front of a line end. May be none. */
void wait_task_text(const struct waits *w, struct str *out);
/* "100 build x86_64" */
void wait_job_name(const struct job *j, struct str *out);
/* Append what the job waits for: "queued, 3 of 40: waits for a slot; starts about 14:05, in 3m; ends about 14:20". */
void wait_job_text(const struct waits *w, const struct wait_job *j, struct str *out);
/* Whether the group says something that keeps the job from running, and does not only go without saying. */
bool wait_group_matters(const struct wait_job *j, const struct wait_group *g);
/* "aarch64: not on 12 builders: a, b, c, ..." */
void wait_group_text(const struct wait_group *g, struct str *out);

#endif
