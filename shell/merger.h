/* Verbs that the merger carries out, by program_run(). */
#ifndef ARTEL_SHELL_MERGER_H
#define ARTEL_SHELL_MERGER_H

struct context;
struct err;

int merger_merge(struct context *c, struct err *err);
int merger_fold(struct context *c, struct err *err);
int merger_replay(struct context *c, struct err *err);
int merger_rollback(struct context *c, struct err *err);
int merger_sweep(struct context *c, struct err *err);

#endif
