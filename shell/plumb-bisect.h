/* The verb `plumb bisect-sim`, in a file of its own. */
#ifndef ARTEL_SHELL_PLUMB_BISECT_H
#define ARTEL_SHELL_PLUMB_BISECT_H

struct context;
struct err;

int plumb_bisect_sim(struct context *c, struct err *err);

#endif
