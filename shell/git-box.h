/*
 * git's own programs, for one repository: in namespaces of their own, without network, with the system's programs and
 * that repository to see, and a configuration of the farm's.
 */
#ifndef ARTEL_SHELL_GIT_BOX_H
#define ARTEL_SHELL_GIT_BOX_H

#include <stdbool.h>
#include <stdint.h>

struct ended;
struct err;

struct git_box {
	bool push;		/* git-receive-pack, which may write; else git-upload-pack, which may not */
	int repository;		/* its open folder */
	const char *path;	/* as whom git knows it, for what git says */
	int64_t max_bytes;	/* that a pack may have which is pushed */
};

/* Serve one client on stdin and stdout, and wait for the end. -1: it could not be started. */
int git_box_run(const struct git_box *b, struct ended *ended, struct err *err);

#endif
