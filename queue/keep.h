/*
 * A builder kept for a job that asks for much memory: small jobs would take what others leave, each time, for ever. When
 * nothing but memory has kept a job back for AGING_MS, the builder with the most free memory starts no other lane's
 * jobs until one of this lane has started. One builder at a time is kept, and none for AGING_MS after that, so that
 * small jobs have their part too; of several lanes it is for the one that has waited longest.
 */
#ifndef ARTEL_QUEUE_KEEP_H
#define ARTEL_QUEUE_KEEP_H

#include "queue/lane.h"

struct queue;

/* Give it back if what it is kept for has gone, or can go elsewhere. */
void keep_review(struct queue *q, int64_t now);
/* Since when a lane has waited though a slot is free that its first job could have; INT64_MAX: it has not. */
int64_t keep_since(const struct queue *q, const struct lane *l);
/* The lane has no room: keep a builder for it, if it has waited for so long. Whether one is kept that was not before. */
bool keep_try(struct queue *q, struct lane *l, int64_t now);
/* A job of this lane has started. */
void keep_started(struct queue *q, const struct lane *l, int64_t now);

#endif
