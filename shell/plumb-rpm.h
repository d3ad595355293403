/* The verbs `plumb rpm-diff` and `plumb sanity`. */
#ifndef ARTEL_SHELL_PLUMB_RPM_H
#define ARTEL_SHELL_PLUMB_RPM_H

struct context;
struct err;

int plumb_rpm_diff(struct context *c, struct err *err);
int plumb_sanity(struct context *c, struct err *err);

#endif
