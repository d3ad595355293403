/*
 * What somebody keeps in the farm: people/USER/packages has their git repositories, people/USER/srpms the source RPMs that
 * they uploaded. Names that begin with a dot are of things that are being made, or are going.
 *
 * No link is followed on the way to any of it.
 */
#ifndef ARTEL_SHELL_PEOPLE_H
#define ARTEL_SHELL_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;

/* An open folder of the user, "packages" or "srpms", made if `make`. -1; ENOENT as code if there is none. */
int people_open(struct store *s, const char *user, const char *folder, bool make, struct err *err);

/*
 * What all of it takes on disk, in bytes of blocks, with the source RPMs that tasks of theirs name and that are not
 * merged: those are kept for them alone.
 */
int people_usage(struct store *s, const char *user, int64_t *bytes, struct err *err);

/* How many bytes more the user may take; at least 1. -1 with EDQUOT if there are none, and what to do about it. */
int people_left(struct store *s, const char *user, int64_t *bytes, struct err *err);

/* A name for something that is being made, or is going; never twice the same. malloc'ed. */
char *people_scratch(void);
/* Remove what begins so and was left by somebody who was killed: it has not changed for longer than a command may last. */
void people_sweep(int dir, const char *prefix);

#endif
