/*
 * Less than a sandbox gives its uid 0: for what installs packages, whose
 * scriptlets run as that uid, and for what bubblewrap starts.
 */
#ifndef ARTEL_BASE_CONFINE_H
#define ARTEL_BASE_CONFINE_H

#include <errno.h>

#include "base/sandbox.h"

struct err;

/*
 * From inside a sandbox_fn: run fn(arg) in a child that sees nothing but `root`, with a /dev of its own, as the first
 * process of a PID namespace, without the capabilities that installing does not need, and without the system calls of
 * confine_filter(). before(arg) runs in the child while it still sees all; the descriptors it opens are fn's. Waits;
 * all that fn started is dead then. -1 with the error of before or fn; its code is CONFINE_OURS if it did not come as
 * far as fn, else ECHILD.
 */
enum { CONFINE_OURS = ENOTRECOVERABLE };
int confine_call(const char *root, sandbox_fn *before, sandbox_fn *fn, void *arg, struct err *err);

/*
 * The filter as a program that bubblewrap takes by --seccomp: an open file, -1. Refused (EPERM, or ENOSYS where a
 * program then tries something else) are calls that no build needs and through which the kernel was broken before:
 * mounting, namespaces, keys, bpf, io_uring, modules, raw and exotic sockets, typing into a terminal.
 */
int confine_filter(struct err *err);

#endif
