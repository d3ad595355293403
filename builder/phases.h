/*
 * What a job spends its time on: at every moment it is in one phase. Kept in
 * memory that its sandboxes share, as most of them are entered inside.
 */
#ifndef ARTEL_BUILDER_PHASES_H
#define ARTEL_BUILDER_PHASES_H

#include <stdint.h>

#include "base/auto.h"

struct str;

enum phase {
	PHASE_START,		/* folders, the connection */
	PHASE_FETCH,
	PHASE_SOLVE,
	PHASE_BASE,		/* make a base root, or wait for who makes it */
	PHASE_ROOT,		/* mount, install the difference */
	PHASE_RPMBUILD,		/* rpmbuild and rpmspec, bubblewrap with them */
	PHASE_FACTS,		/* take out what was made and read it */
	PHASE_CHECK,		/* a test's report */
	PHASE_INSTALL,		/* a test's packages in and out */
	PHASE_SEND,
	PHASES
};

struct phases {
	int64_t spent_us[PHASES];
	int64_t since_us;	/* of the one that it is in */
	enum phase now;
};

/* Begun, in PHASE_START; NULL for want of memory to share. */
struct phases *phases_new(void);
void phases_free(struct phases *p);
AUTO_DEFINE(struct phases *, phases_free);
/* The next one begins. */
void phases_enter(struct phases *p, enum phase phase);
/* "solve 0.021 s, root 0.110 s, in all 0.480 s": those that took any time, up to now. */
void phases_text(const struct phases *p, struct str *out);

#endif
