/* Rooms of one floor do not include each other: what needs another's code runs its program, which lies beside this one. */
#ifndef ARTEL_SHELL_PROGRAM_H
#define ARTEL_SHELL_PROGRAM_H

#include <stddef.h>

#include "base/auto.h"

struct context;
struct err;

/* Words that are not its own, for a vector of arguments. */
struct words {
	const char **p;
	size_t n, cap;
};
void words_fini(struct words *w);
AUTO_DEFINE_EMBEDDED(struct words, words_fini);

/* Where artel-<name> lies: beside this program; malloc'ed. */
int program_path(const char *name, char **path, struct err *err);

/*
 * Run artel-<name> with these words (ends with NULL) on the context's farm, with this process's output: its exit
 * status, or -1.
 */
int program_run(struct context *c, const char *name, const char *const *words, struct err *err);

/* Let it take this process's place, with all of its descriptors and the terminal. Returns only if it cannot: -1. */
int program_become(struct context *c, const char *name, const char *const *words, struct err *err);

#endif
