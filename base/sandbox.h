/*
 * Where untrusted work runs: a child in its own user, mount, PID, network, IPC
 * and UTS namespaces, whose uids are a range that owns nothing on the host, and
 * which sees a root of its own (base/sandbox-root.c); and inside it, for programs
 * of a build, bubblewrap as an ordinary user.
 *
 * As root the range is mapped directly; as a user by newuidmap from /etc/subuid.
 */
#ifndef ARTEL_BASE_SANDBOX_H
#define ARTEL_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
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

/* Where sandbox.dir is seen from inside. */
#define SANDBOX_DIR "/mnt"
enum { SANDBOX_BINDS = 8 };

struct sandbox_bind {
	const char *path;	/* below sandbox.dir and, inside, below SANDBOX_DIR; "": the folder itself */
	bool write;
	int idmap;		/* of sandbox_idmap(): whose its files are inside; 0: as they are */
};

struct sandbox {
	struct sandbox_ids ids;
	const char *dir;
	const struct sandbox_bind *binds;	/* what of it is there; none: all of it, writable */
	size_t n_binds;		/* at most SANDBOX_BINDS */
	bool network;		/* the host's */
	int log;		/* stdout and stderr of what runs inside; 0: /dev/null */
	bool bits32;		/* what runs inside sees a machine of 32 bits: uname says i686 on x86_64 */
	int in;			/* stdin; 0: /dev/null */
	int errors;		/* stderr, if it is not the log; 0: it is */
	/* Called with the process of which all others will be children, before it starts any; NULL: not. -1 ends it. */
	int (*started)(void *arg, pid_t pid, struct err *err);
	void *started_arg;
};

/*
 * As root: a descriptor by which files of one range belong to another in a sandbox, both ways. The kernel has that
 * since 5.12, for an overlay since 5.19, and not for every file system: sandbox_idmap_try() tells.
 */
int sandbox_idmap(unsigned from, const struct sandbox_ids *to, struct err *err);
int sandbox_idmap_try(const char *dir, int idmap, struct err *err);

/*
 * Start fn(arg) inside, as uid 0 there, in a child of its own; its error comes
 * back through sandbox_wait(). Everything it started dies with it, and it dies
 * with its parent. fn has no descriptor but stdin, stdout, stderr: all others are closed.
 */
struct sandbox_run {
	pid_t pid;
	int report;		/* read end: fn's error message */
};

int sandbox_start(const struct sandbox *s, sandbox_fn *fn, void *arg, struct sandbox_run *run, struct err *err);
/* Kill all that it started; sandbox_wait() then ends when nothing of it is left. */
void sandbox_kill(const struct sandbox_run *run);
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
	const char *tmp;		/* writable, seen as /tmp and /var/tmp; NULL: in memory */
	bool network;			/* the sandbox's */
	const char *const *argv;	/* ends with NULL */
	int64_t source_date_epoch;	/* seconds; 0: unset */
	int jobs;			/* RPM_BUILD_NCPUS; 0: unset */
	int out;			/* stdout; 0: the sandbox's log */
	const char *cwd;		/* NULL: /home/builder */
	const char *terminal;		/* $TERM of the terminal that stdin, stdout and stderr are, for it alone; NULL: none */
};

/* Run it and wait, until all that it started has ended or, if it stayed behind, was killed; only from inside a sandbox_fn. *status is its exit status, 128+n for signal n. */
int sandbox_exec(const struct sandbox_exec *x, int *status, struct err *err);

#endif
