/*
 * Where untrusted work runs: a child in its own user, mount, PID, network, IPC
 * and UTS namespaces, whose uids are a range that owns nothing on the host; and
 * inside it, for programs of a build, bubblewrap as an ordinary user.
 *
 * As root the range is mapped directly; as a user by newuidmap from /etc/subuid.
 */
#ifndef ARTEL_BASE_SANDBOX_H
#define ARTEL_BASE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct str;

struct sandbox_ids {
	unsigned first;		/* the host's uid and gid of uid 0 inside, as root; of uid 1, otherwise */
	unsigned count;		/* how many; at least 65536 for whole distributions */
};

enum { SANDBOX_BUILDER = 1000 };	/* uid and gid of the build user inside */

/* The range to use: `first` as root (0: 1000000), the caller's /etc/subuid line otherwise. */
int sandbox_ids_find(struct sandbox_ids *ids, unsigned first, struct err *err);

typedef int sandbox_fn(void *arg, struct err *err);

struct sandbox {
	struct sandbox_ids ids;
	const char *dir;	/* bound on /mnt inside, so that no parent of it need be reachable */
	int log;		/* stdout and stderr of what runs inside; 0: /dev/null */
};

/* Where sandbox.dir is seen from inside. */
#define SANDBOX_DIR "/mnt"

/*
 * Start fn(arg) inside, as uid 0 there, in a child of its own; its error comes
 * back through sandbox_wait(). Everything it started dies with it, and it dies
 * with its parent. fn must not touch databases or sockets it inherited.
 */
struct sandbox_run {
	pid_t pid;
	int report;		/* read end: fn's error message */
};

int sandbox_start(const struct sandbox *s, sandbox_fn *fn, void *arg, struct sandbox_run *run, struct err *err);
/* 0, or -1 with fn's error; EINTR as code when it was killed by a signal. */
int sandbox_wait(struct sandbox_run *run, struct err *err);
/* Both. */
int sandbox_call(const struct sandbox *s, sandbox_fn *fn, void *arg, struct err *err);

/* Remove a tree that belongs to the range's ids; path is relative to s->dir. */
int sandbox_remove_tree(const struct sandbox *s, const char *path, struct err *err);

/* A program run inside a root by bubblewrap, as the build user, without network. */
struct sandbox_exec {
	const char *root;		/* read-only / of the program */
	const char *home;		/* writable, seen as /home/builder */
	const char *const *argv;	/* ends with NULL */
	int64_t source_date_epoch;	/* seconds; 0: unset */
	int jobs;			/* RPM_BUILD_NCPUS; 0: unset */
	int out;			/* stdout; 0: the sandbox's log */
};

/* Run it and wait; only from inside a sandbox_fn. *status is its exit status, 128+n for signal n. */
int sandbox_exec(const struct sandbox_exec *x, int *status, struct err *err);

#endif
