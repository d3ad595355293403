/* A shell, or a command, in a kept root, as the failed build had it. */
#ifndef ARTEL_BUILDER_ENTER_H
#define ARTEL_BUILDER_ENTER_H

struct err;

struct enter {
	const char *state;		/* the builder's folder */
	const char *name;		/* JOB.ATTEMPT */
	const char *const *words;	/* the command, ends with NULL; empty: a shell */
};

/*
 * Root, or the user whose builder it is: root becomes that user first. Blocks until it has ended; *status is how,
 * 128+n for signal n. On a terminal of its own where stdin and stdout are one, else on ours.
 */
int enter_run(const struct enter *e, int *status, struct err *err);

#endif
