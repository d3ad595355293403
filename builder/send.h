/* What a job sends back at its end, out of its folder job/<name>: what it made, and its log. */
#ifndef ARTEL_BUILDER_SEND_H
#define ARTEL_BUILDER_SEND_H

#include <stddef.h>

struct cache;
struct err;
struct wire_files;

/* Put the packages in out/, by name, with their facts and identities. *n: how many there were. */
int send_outputs(struct cache *c, const char *name, struct wire_files *out, size_t *n, struct err *err);
/* Put the log that is in this open file (-1: none), packed, if anything is in it; *sha256 is replaced. */
int send_log(struct cache *c, int log, const char *name, char **sha256, struct err *err);

#endif
