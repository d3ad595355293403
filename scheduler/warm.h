/*
 * Where a job finds its base root made already: which root jobs of a repository
 * had last, as their results say, against those that a builder says it has. A hint:
 * what it says wrong costs time and nothing else.
 */
#ifndef ARTEL_SCHEDULER_WARM_H
#define ARTEL_SCHEDULER_WARM_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/vec.h"

struct warm_last {
	char *jobs;			/* of which: repository and architectures */
	char *root;
};

struct warm {
	VEC(struct warm_last) last;
};
void warm_fini(struct warm *w);
AUTO_DEFINE_EMBEDDED(struct warm, warm_fini);

/* A job of a repository, for one of these architectures, was in this root. */
void warm_note(struct warm *w, const char *repository, const struct strs *arches, const char *root);
/* Whether the next such job would find its root among these. */
bool warm_at(const struct warm *w, const char *repository, const struct strs *arches, const struct strs *roots);

#endif
