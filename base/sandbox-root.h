/*
 * What can be seen in a sandbox: a root of its own, with the host's programs
 * read-only, a few devices, and the folders that it was given.
 */
#ifndef ARTEL_BASE_SANDBOX_ROOT_H
#define ARTEL_BASE_SANDBOX_ROOT_H

#include "base/sandbox.h"

/*
 * In a mount namespace of our own: put the root together on SANDBOX_DIR. As root this comes before the
 * user namespace, so that nothing inside can make writable again what is read-only.
 */
int sandbox_root_make(const struct sandbox *s, struct err *err);
/* As the first process of the PID namespace: mount /proc there, make it the root, leave the old one. */
int sandbox_root_enter(struct err *err);

#endif
