/* Hard links that a new state needs, and the folders that must be synced for them. */
#ifndef ARTEL_REPO_POOL_H
#define ARTEL_REPO_POOL_H

#include "base/map.h"
#include "repo/before.h"

struct err;
struct publish;

/* Folders below the farm's root that got an entry. */
struct touched {
	struct map folders;
};
static inline void touched_fini(struct touched *t) { map_fini(&t->folders); }
AUTO_DEFINE_EMBEDDED(struct touched, touched_fini);
/* Note the folder of path and those above it. */
void touched_add(struct touched *t, const char *path);
/* Make them durable, `dir` being the farm's root. */
int touched_sync(const struct touched *t, int dir, struct err *err);

/* One link in the pool for each package that the state before did not have; their number in *linked. */
int pool_fill(const struct publish *p, const struct before *b, struct touched *t, int64_t *linked, struct err *err);
/* Link the metadata files of the state before that are not too old into the open folder repodata. */
int pool_retain(const struct publish *p, int repodata, struct err *err);

#endif
