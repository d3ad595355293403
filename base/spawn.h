/*
 * The one way to start a child: an argument vector, /dev/null as stdin unless
 * told otherwise, a process group of its own, killed when its parent dies.
 */
#ifndef ARTEL_BASE_SPAWN_H
#define ARTEL_BASE_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct str;

struct spawn {
	const char *const *argv;	/* argv[0] is looked up in PATH; ends with NULL */
	const char *const *env;		/* NULL: the parent's; ends with NULL */
	const char *cwd;		/* NULL: the parent's */
	int in, out, err;		/* file descriptors; 0: /dev/null, /dev/null, the parent's stderr */
	int keep;			/* one more that stays open in it; 0: none */
};

/* How a process ended; decoded here and nowhere else. */
struct ended {
	enum { ENDED_EXIT, ENDED_SIGNAL } how;
	int code;			/* exit status or signal */
};

struct ended ended_decode(int wait_status);
/* "exit status 3" or "killed by signal 9". */
void ended_text(struct ended e, struct str *out);

/* Start it; the pid, or -1. An exec that fails is reported here, not as a status. */
pid_t spawn_start(const struct spawn *s, struct err *err);
/* Wait until `deadline_ms` (of tick_ms(); 0: for ever); at the deadline its group is killed and -1 returned. */
int spawn_wait(pid_t pid, int64_t deadline_ms, struct ended *ended, struct err *err);
/*
 * Start, give it `input` (NULL: nothing), collect stdout and stderr together in
 * `output` (at most 1 MiB is kept), and wait; the whole within timeout_ms.
 * -1 if it could not be run or timed out; otherwise 0 and *ended.
 */
int spawn_run(const struct spawn *s, const struct str *input, struct str *output,
	int64_t timeout_ms, struct ended *ended, struct err *err);

#endif
