/*
 * A terminal for what runs in a sandbox, on the caller's: a pair of our own, so
 * that nothing inside has a descriptor of the caller's, and bytes pumped between
 * the two until the far end is closed. The window's size follows.
 */
#ifndef ARTEL_BUILDER_TERMINAL_H
#define ARTEL_BUILDER_TERMINAL_H

#include <stdbool.h>

struct err;

struct terminal {
	int master;
	int slave;	/* for the programs; closed by terminal_pump() */
};

/* Standard input and output are one. */
bool terminal_wanted(void);
int terminal_open(struct terminal *t, struct err *err);
/*
 * The caller's terminal is raw meanwhile, and as before afterwards. 0 when all who have the slave are gone;
 * TERMINAL_STOPPED: SIGHUP, SIGTERM or the end of the caller's terminal came first.
 */
enum { TERMINAL_STOPPED = 1 };
int terminal_pump(struct terminal *t, struct err *err);

#endif
