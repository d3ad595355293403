#ifndef ARTEL_SHELL_REBUILD_H
#define ARTEL_SHELL_REBUILD_H

struct context;
struct err;

/* `plumb rebuild`: build again from the record and compare. */
enum { REBUILD_DIFFERS = 3 };
int plumb_rebuild(struct context *c, struct err *err);

#endif
