/*
 * What scriptlets write goes to the log as they write it, and the last of it is
 * remembered for the reason of a failure. A thread copies; it allocates nothing,
 * so that librpm may fork beside it.
 */
#ifndef ARTEL_BUILDER_ECHO_H
#define ARTEL_BUILDER_ECHO_H

#include <pthread.h>
#include <stddef.h>

struct err;
struct str;

enum { ECHO_MAX = 4096 };	/* bytes that are remembered */

struct echo {
	int in;			/* what is written here... */
	int from, to;		/* ...is read here and written there */
	pthread_mutex_t lock;
	char ring[ECHO_MAX];
	size_t total;		/* bytes since echo_forget() */
};

/* Copy to the descriptor `to` for as long as the process lives; e stays where it is. */
int echo_start(struct echo *e, int to, struct err *err);
/* From here on. */
void echo_forget(struct echo *e);
/* Append the last lines that were written, joined by "; ", at most `max` bytes of them. */
void echo_lines(struct echo *e, size_t lines, size_t max, struct str *out);

#endif
