/* A program that is given some bytes on stdin, has so long, and of whose output the first part is kept. */
#ifndef ARTEL_NOTIFY_RUN_H
#define ARTEL_NOTIFY_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "base/str.h"

struct ended;
struct err;

/* Of its output so much is kept; who writes so much more is killed. Bytes. */
enum { RUN_OUTPUT_MAX = 4096, RUN_LOST_MAX = 1 << 20 };

struct run {
	pid_t pid;			/* 0: nothing runs */
	int64_t deadline;		/* of tick_ms() */
	bool late;			/* it was killed for that */
	bool flood;			/* it was killed for what it wrote */
	int out;			/* of its stdout and stderr; -1 */
	struct loop *loop;
	struct loop_watch *out_watch, *end_watch;
	struct str output;		/* at most RUN_OUTPUT_MAX bytes */
	size_t lost;			/* so many more */
};
#define RUN_INIT {.out = -1}
/* Also kills what still runs. */
void run_fini(struct run *r);

struct run_what {
	const char *const *argv, *const *env;
	const struct str *input;
	int keep;			/* a file descriptor that stays open in it; 0: none */
	int64_t limit_ms;
	loop_fn *ended;			/* called when it has ended: then run_end() */
	void *arg;
};
/* Start it, in /, in a process group of its own. */
int run_start(struct run *r, struct loop *l, const struct run_what *what, struct err *err);
/* Kill it with its group if its time is over. */
void run_expire(struct run *r);
void run_kill(struct run *r);
/* How it ended. What it left in its group is killed; `late`, `flood`, `output` and `lost` stay until the next start. */
int run_end(struct run *r, struct ended *ended, struct err *err);

#endif
