/* Verbs about the farm as a whole. */
#ifndef ARTEL_SHELL_FARM_H
#define ARTEL_SHELL_FARM_H

#include "shell/context.h"

struct err;

int farm_status(struct context *c, struct err *err);
int farm_events(struct context *c, struct err *err);
int farm_log(struct context *c, struct err *err);
int farm_show(struct context *c, struct err *err);
int farm_set(struct context *c, struct err *err);
int farm_shell(struct context *c, struct err *err);

#endif
