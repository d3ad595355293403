/*
 * Bytes handed from one thread to another, a batch at a time and in order: what
 * the caller fills the thread empties, so that two halves of a job go on at once.
 * The thread is gone when belt_end() returns.
 */
#ifndef ARTEL_BASE_BELT_H
#define ARTEL_BASE_BELT_H

#include "base/str.h"

struct belt;

/* In the thread: a batch, which may be changed. */
typedef void belt_fn(void *arg, struct str *batch);

/* Without a thread to be had the caller does it all. */
struct belt *belt_new(belt_fn *take, void *arg);
/* What is being filled: empty at first and after belt_send(). */
struct str *belt_batch(struct belt *b);
/* Hand it over; waits while the thread has all that it can hold. */
void belt_send(struct belt *b);
/* Hand the last over, wait until all is taken, and free the belt. NULL is fine. */
void belt_end(struct belt *b);

#endif
