/* Whose turn it is: accounts of owners, and the order of their lines in a lane. */
#ifndef ARTEL_QUEUE_SHARE_H
#define ARTEL_QUEUE_SHARE_H

#include "queue/lane.h"

/* Whether a's owner goes before b's; 0: equal so far. */
int share_compare(const struct line *a, const struct line *b);

/* Whether he may not start one more. */
bool share_limited(const struct queue *q, const struct owner *o);
/* Its jobs, or the first of them, have changed. */
void share_line(struct queue *q, struct line *l);
/* So have the account, the weight, the limit or what runs. */
void share_owner(struct queue *q, struct owner *o);
/* A job of the line starts: what it will cost, and what is known of the time then. Its start tag. */
double share_charge(struct queue *q, struct line *l, int64_t expected_ms);
/* It has ended after so long. */
void share_settle(struct line *line, const struct live *job, int64_t elapsed_ms);

#endif
