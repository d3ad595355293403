/*
 * How many commands of one person are under way over ssh: each holds the lock of a file, run/session/USER.N, for as long as
 * its process lives. So nothing has to be given back, whatever the process dies of. The file has the process's number.
 */
#ifndef ARTEL_SHELL_SESSION_H
#define ARTEL_SHELL_SESSION_H

struct err;
struct store;

/* Take one: *fd holds it until it is closed; no program that is run inherits it. -1 with EDQUOT: all are taken. */
int session_take(struct store *s, const char *user, int *fd, struct err *err);
/* End those of a user, by SIGTERM. */
int session_end(struct store *s, const char *user, struct err *err);

#endif
