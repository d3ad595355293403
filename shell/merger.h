/* Verbs that the merger carries out: the program artel-merger, beside this one. */
#ifndef ARTEL_SHELL_MERGER_H
#define ARTEL_SHELL_MERGER_H

struct context;
struct err;

/* Run it with these words (ends with NULL) on the context's farm; what it returns, or -1. */
int merger_run(struct context *c, const char *const *words, struct err *err);

int merger_merge(struct context *c, struct err *err);
int merger_fold(struct context *c, struct err *err);
int merger_replay(struct context *c, struct err *err);
int merger_rollback(struct context *c, struct err *err);
int merger_sweep(struct context *c, struct err *err);

#endif
