/*
 * A repository's history is linear, and every state of it can be made again from
 * the one before and the tasks of its merge. Call these with the repository's lock
 * held (state_lock): only one works on it at a time.
 */
#ifndef ARTEL_MERGER_HISTORY_H
#define ARTEL_MERGER_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;

enum { REPLAY_DIFFERS = 1 };

/*
 * Make a state again from the one it was made of, beside the repository, and compare every file with what was
 * published: 0, or REPLAY_DIFFERS and err names the first that differs. *tasks: of its merge.
 */
int history_replay(struct store *s, const char *repository, int64_t serial, int64_t *tasks, struct err *err);

/* Make an old state current again, as a new serial. */
int history_rollback(struct store *s, const char *repository, int64_t to, int64_t *serial, struct err *err);

struct history_swept {
	int64_t states, packages, artefacts, bytes;
};
enum { HISTORY_MIN_AGE_S = 86400 };
/*
 * Remove all states but the newest `keep` and those that an unfinished task was built on, the packages that
 * are in no state that is left, and artefacts that nothing names and that are older than a day. dry: count only.
 */
int history_sweep(struct store *s, const char *repository, int64_t keep, bool dry, struct history_swept *out, struct err *err);

#endif
