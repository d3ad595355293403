/* The record of a build of a task (wire/buildinfo.h), out of the farm's artefacts. */
#ifndef ARTEL_SHELL_BUILDINFO_H
#define ARTEL_SHELL_BUILDINFO_H

#include "schema/build.h"
#include "wire/buildinfo.h"

struct context;
struct err;

/*
 * A task's build or, with arch "", the making of its SRPM. *sha256 points into `outs`. -1 with a sentence if there is
 * none, or if it is no longer there.
 */
int buildinfo_find(struct context *c, const struct output_list *outs, int subtask, const char *arch, const char **sha256,
	struct buildinfo *out, struct err *err);

/* `task root` */
int task_root(struct context *c, struct err *err);

#endif
