/*
 * From a settled batch to the next state of the repository, in steps of which
 * each may be the last one before a SIGKILL: see schema/merge.h.
 */
#ifndef ARTEL_MERGER_COMMIT_H
#define ARTEL_MERGER_COMMIT_H

#include "merger/batch.h"
#include "repo/state.h"

struct err;
struct store;

/* Finish or abandon what an earlier merger left. */
int commit_recover(struct store *s, struct repository *repository, struct err *err);

enum { COMMIT_MOVED = 1 };

/*
 * Publish the candidates order[0..n), applied to `states` (one an architecture, the
 * repository's current one), as the next serial. COMMIT_MOVED: one of them was aborted
 * meanwhile, nothing has changed.
 */
int commit_batch(struct store *s, struct repository *repository, struct batch *b, const size_t *order, size_t n,
	struct state *states, int64_t started, struct err *err);

#endif
