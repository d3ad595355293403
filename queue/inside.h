/* What a queue is made of: for the files of this room. */
#ifndef ARTEL_QUEUE_INSIDE_H
#define ARTEL_QUEUE_INSIDE_H

#include "queue/lane.h"
#include "queue/roll.h"

struct queue {
	struct fleet fleet;
	struct map owner_names;
	VEC(struct owner *) owners;	/* as owner_names has them */
	struct map lane_names;
	VEC(struct lane *) lanes;	/* as lane_names has them */
	struct roll jobs;
	struct roll tasks;		/* the first job of each */
	struct heap delayed;		/* struct live, by not_before */
	struct queue_limits limits;
	struct queue_counts counts;	/* but those of owners, hosts, lanes and slots */
	double virtual;			/* ms over weight */
	struct host *kept;		/* for one lane, see keep.h; NULL: none is */
	int64_t kept_last;		/* ms: when the last such job started */
	int64_t usual_ms[3];		/* of load.h: what jobs of each enum job_kind take; 0: unknown */
	int64_t now;			/* as a caller said it last */
	/* Of the last queue_next(): */
	int64_t chosen;			/* job */
	bool aged[QUEUE_CLASSES];	/* its next job had waited for long, and could have gone */
	int64_t patient_until;		/* when a job may go to the builder that it failed on; INT64_MAX */
	int passed[QUEUE_CLASSES];	/* jobs of classes above that went meanwhile */
	struct str scratch;
	VEC(const char *) words;
};

/* Since when it could go. */
static inline int64_t
live_since(const struct live *l)
{
	return l->queued > l->not_before ? l->queued : l->not_before;
}

/* The lane of what is asked for, made if it is new. */
struct lane *queue_lane(struct queue *q, const struct ask *a);
/* Jobs whose back-off has ended stand in their lines. */
void queue_take_due(struct queue *q, int64_t now);
/* Whether it keeps off the builder that it failed on: not for long, and only if there is another one. */
bool queue_wary(const struct queue *q, const struct live *l, int64_t now);
bool queue_class_full(const struct queue *q, int class);

#endif
