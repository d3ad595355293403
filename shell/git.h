/*
 * git's two services over ssh: whoever comes may fetch from every repository of a user and from the records, and push to
 * their own, which the first push makes.
 */
#ifndef ARTEL_SHELL_GIT_H
#define ARTEL_SHELL_GIT_H

#include <stdbool.h>

struct context;
struct err;

/*
 * Serve one client on stdin and stdout: git-receive-pack if `push`, else git-upload-pack. path is what was typed:
 *
 *   /people/USER/packages/NAME.git   packages/NAME.git   NAME.git    of a user; the short ones: one's own
 *   /git/X/NAME.git                  /gears/X/NAME.git               the record of a source package
 *
 * The .git may be left out. 0, or -1 with err.
 */
int git_serve(struct context *c, bool push, const char *path, struct err *err);

#endif
