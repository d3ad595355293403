/*
 * Something shown again once a second until a key or a signal ends it: in place on a terminal, else one page below the
 * other.
 */
#ifndef ARTEL_SHELL_WATCH_H
#define ARTEL_SHELL_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct page_size;
struct str;

/*
 * in_place: on a terminal. page appends what is to be seen now, no more than fits `size`; 1: it is as it was, and need not be repeated where
 * pages stand one below the other. Ends with 0 at q, ^C, SIGTERM, or when nobody reads the output any more.
 */
int watch_pages(bool in_place, int (*page)(void *arg, const struct page_size *size, struct str *out, struct err *err), void *arg,
	struct err *err);

#endif
