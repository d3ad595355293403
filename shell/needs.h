/* `repo needs`: what the jobs of a package need of a builder. */
#ifndef ARTEL_SHELL_NEEDS_H
#define ARTEL_SHELL_NEEDS_H

#include "shell/context.h"

struct err;

int needs_verb(struct context *c, struct err *err);

#endif
