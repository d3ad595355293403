/* Rooms of one floor do not include each other: what needs another's code runs its program, which lies beside this one. */
#ifndef ARTEL_SHELL_PROGRAM_H
#define ARTEL_SHELL_PROGRAM_H

struct context;
struct err;

/*
 * Run artel-<name> with these words (ends with NULL) on the context's farm, with this process's output: its exit
 * status, or -1.
 */
int program_run(struct context *c, const char *name, const char *const *words, struct err *err);

/* Let it take this process's place, with all of its descriptors and the terminal. Returns only if it cannot: -1. */
int program_become(struct context *c, const char *name, const char *const *words, struct err *err);

#endif
