/* Why a job does not run yet: what keeps it, and what is wrong with each builder. */
#ifndef ARTEL_QUEUE_WHY_H
#define ARTEL_QUEUE_WHY_H

#include <stdint.h>

#include "queue/queue.h"

enum why {
	WHY_NEXT,		/* nothing: it goes when the queue is asked next */
	WHY_RUNNING,
	WHY_HELD,		/* its task */
	WHY_BACKOFF,		/* until not_before */
	WHY_OWNER_LIMIT,	/* as many jobs of its owner run as may */
	WHY_CLASS_LIMIT,
	WHY_NO_BUILDER,		/* none that is known could ever run it */
	WHY_NONE_OPEN,		/* those that could are not open */
	WHY_SLOTS,		/* those that could are busy, or what is free goes to others first */
};
enum why why_waits(const struct queue *q, const struct live *l, int64_t now);

/* Why this builder does not take the job, the most lasting first. */
enum exclude {
	EXCLUDE_NOTHING,
	EXCLUDE_ARCH,
	EXCLUDE_FEATURE,
	EXCLUDE_MEMORY,		/* it has not so much, though another builder has */
	EXCLUDE_CLOSED,
	EXCLUDE_FAILED_HERE,	/* it failed there, and may go elsewhere */
	EXCLUDE_SLOTS,		/* all busy */
	EXCLUDE_MEMORY_TAKEN,	/* not so much free now; or it is kept for a job that needs much */
};
/*
 * As of the last time that the queue was told. *detail, if it is not NULL: what is missing ("kvm"), or the architectures of
 * which it has none ("aarch64 i586"), malloc'ed, or NULL.
 */
enum exclude why_not(const struct queue *q, const struct live *l, const struct host *h, char **detail);

/* Each builder, by name. */
void why_hosts(const struct queue *q, void (*fn)(void *arg, const struct host *h), void *arg);

#endif
