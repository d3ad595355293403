/* `repo import`, and what `repo create --import` shares with it. */
#ifndef ARTEL_SHELL_IMPORT_H
#define ARTEL_SHELL_IMPORT_H

#include <stddef.h>

#include "base/str.h"

struct context;
struct err;

int import_verb(struct context *c, struct err *err);

/*
 * Which folder is for which architecture: words are ARCH=DIR, or DIR alone where there is one architecture. dirs: one for
 * each of them, NULL at first; they point into words. option: what stands before such a word, "--import " or "".
 */
int import_place(const struct strs *arches, const struct strs *words, const char *option, const char **dirs, struct err *err);

/* An import_progress; arg: what is counted, "packages". */
void import_show(void *arg, size_t done, size_t all);

#endif
