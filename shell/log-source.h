/* The bytes of one attempt's log: as they come in while it runs, or stored and compressed. */
#ifndef ARTEL_SHELL_LOG_SOURCE_H
#define ARTEL_SHELL_LOG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/auto.h"

struct err;
struct job;

struct log_source {
	int fd;			/* -1: not open */
	void *unpack;		/* ZSTD_DStream, of a stored one */
	char *packed;		/* read, not yet unpacked: from `taken` to `got` */
	size_t taken, got;
	off_t at;		/* bytes given out so far */
};
#define LOG_SOURCE_INIT {.fd = -1}
void log_source_fini(struct log_source *s);
AUTO_DEFINE_EMBEDDED(struct log_source, log_source_fini);

/*
 * The stored log, or the live one where there is none; attempts before the last only have a live one. Goes on
 * where s is. LOG_ABSENT, with a sentence in err: nothing was written yet, or it is gone.
 */
enum { LOG_ABSENT = 1 };
int log_source_open(struct log_source *s, int dir, const struct job *j, int attempt, struct err *err);
/* How many bytes; 0 at the end, for now. */
ssize_t log_source_read(struct log_source *s, char *buf, size_t n, struct err *err);

#endif
