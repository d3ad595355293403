/*
 * The state that a new one follows, as publishing sees it: its metadata files,
 * its table of runs, and which of the new state's packages it had.
 */
#ifndef ARTEL_REPO_BEFORE_H
#define ARTEL_REPO_BEFORE_H

#include <stdbool.h>

#include "base/str.h"
#include "repo/runs.h"

struct published;

#define BEFORE_NONE UINT32_MAX

struct before {
	struct run_table table;
	int file[PUBLISH_KINDS];	/* -1: missing, or not as long as the table says */
	uint32_t *index;		/* of each new package its number in the table, or BEFORE_NONE */
};
#define BEFORE_INIT {.file = {-1, -1, -1}}
void before_fini(struct before *b);
AUTO_DEFINE_EMBEDDED(struct before, before_fini);

/*
 * Look at the state `was` (NULL: there is none), and for the n packages of the new one in it. What is
 * missing or damaged of it is as if it had never been.
 */
void before_open(struct before *b, int dir, const struct published *was, const struct run_id *ids, size_t n);

/* One run of it, expanded; zeroed: none yet. Of one thread. */
struct before_run {
	const struct run *run;
	bool good;
	struct str text;
	struct {
		size_t *p;
		size_t n, cap;
	} ends;				/* of its records in text */
};
void before_run_fini(struct before_run *r);
AUTO_DEFINE_EMBEDDED(struct before_run, before_run_fini);

/* Append the record of its package number i to out; false if that file or run is missing or damaged. */
bool before_record(const struct before *b, enum publish_kind k, uint32_t i, struct before_run *cache, struct str *out);

#endif
