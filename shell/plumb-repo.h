/* The verbs `plumb repo-check` and `plumb repo-try`, in a file of their own. */
#ifndef ARTEL_SHELL_PLUMB_REPO_H
#define ARTEL_SHELL_PLUMB_REPO_H

struct context;
struct err;

int plumb_repo_check(struct context *c, struct err *err);
int plumb_repo_try(struct context *c, struct err *err);

#endif
