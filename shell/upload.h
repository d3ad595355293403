/* Source RPMs that people upload, people/USER/srpms/NAME-VERSION-RELEASE.src.rpm, to be built by `task add srpm`. */
#ifndef ARTEL_SHELL_UPLOAD_H
#define ARTEL_SHELL_UPLOAD_H

struct err;
struct srpm_facts;
struct store;

/* Whether a source RPM can have this name. */
int upload_check_name(const char *name, struct err *err);
/* An open upload of the user, for reading; -1 with ENOENT as code: there is none, and how to make one. */
int upload_open(struct store *s, const char *user, const char *name, struct err *err);
/* What the source RPM says that is open there; -1 if it is none, or not the one that its name says. */
int upload_facts(int fd, const char *name, struct srpm_facts *out, struct err *err);

#endif
