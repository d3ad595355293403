/*
 * Why a build failed, out of what it wrote: which section of the spec, the
 * first error in it, and how it ended. For people; printable, and bounded.
 */
#ifndef ARTEL_BUILDER_REASON_H
#define ARTEL_BUILDER_REASON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"

struct err;
struct str;
struct strs;

enum { REASON_SECTION = 32, REASON_CAUSE = 300, REASON_LAST = 240 };	/* bytes at most */

struct reason {
	char *section;		/* "%build"; "" where none is known */
	char *cause;		/* the first error; the last line where none is known for one; "" if the log is silent */
	char *last;		/* the last error or what it led to; "" if that is the cause */
	char *end;		/* the last line, whatever it says: what was going on when it was stopped */
};
void reason_fini(struct reason *r);
AUTO_DEFINE_EMBEDDED(struct reason, reason_fini);

/* All of the log, or its end, as it was written: any bytes. out is filled always. */
void reason_find(const char *log, size_t n, struct reason *out);
/* Of an open log: its last megabytes. */
int reason_read(int fd, struct reason *out, struct err *err);
/* Append "%build: CAUSE", one line. */
void reason_text(const struct reason *r, struct str *out);
/*
 * Of a job that failed with `said`, the lines for people: why, at least; what it led to. Where rpm's programs only had
 * a status to give, the log tells more; where the job was stopped, what it was at.
 */
void reason_lines(int log, const char *said, bool stopped, struct strs *out);

#endif
