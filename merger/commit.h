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

/*
 * The two ends of a merge whose row is written: finish what is CURRENT (readers and git records
 * follow), or undo what is PREPARED. Both may be run again.
 */
int commit_finish(struct store *s, const struct repository *repository, int64_t merge, struct err *err);
int commit_abandon(struct store *s, const struct repository *repository, int64_t merge, int64_t serial, struct err *err);

enum { COMMIT_MOVED = 1 };

/*
 * Publish the candidates order[0..n), applied to `states` (one an architecture, the
 * repository's current one), as the next serial. COMMIT_MOVED: one of them was aborted
 * meanwhile, nothing has changed.
 */
int commit_batch(struct store *s, struct repository *repository, struct batch *b, const size_t *order, size_t n,
	struct state *states, int64_t started, struct err *err);

#endif
