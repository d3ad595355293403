/*
 * A builder's cache kept below a bound: of artefacts and base roots, those go that
 * have not been used for longest. What was used within the last SWEEP_RECENT_MS stays,
 * and so does what a running job has used or holds, and the base root of a kept one.
 */
#ifndef ARTEL_BUILDER_SWEEP_H
#define ARTEL_BUILDER_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "base/sandbox.h"

struct err;

enum { SWEEP_RECENT_MS = 600000 };

struct sweep {
	int dir;			/* the builder's state folder */
	const struct sandbox *box;	/* of the owner of base roots, to remove them by */
	uint64_t limit;			/* bytes */
	int64_t jobs_since;		/* Unix ms; when the oldest running job began, or now */
};

struct swept {
	uint64_t before, after;		/* bytes */
	size_t artefacts, roots;	/* removed */
};

/* Also finishes what a removal that was killed left. */
int sweep_cache(const struct sweep *s, struct swept *out, struct err *err);

/* Somebody is about to use an artefact: it is young from now on. SWEEP_ABSENT: it is not there. */
enum { SWEEP_ABSENT = 1 };
int sweep_touch(int dir, const char *sha256, struct err *err);
/* A base root was made, by whoever holds its lock alone: note what it takes. */
void sweep_note_root(int dir, const char *id);

#endif
