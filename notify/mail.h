/* A message to the owner of a task that ended. RFC 5322, as sendmail-compatible programs take it on stdin. */
#ifndef ARTEL_NOTIFY_MAIL_H
#define ARTEL_NOTIFY_MAIL_H

#include <stdbool.h>

struct event;
struct str;
struct task;

/* Whether an event is one that mail is sent about: a task is DONE, FAILED, TESTED or EPERM. */
bool mail_is_due(const struct event *e);
/* Append the message about such an event. t: its task; both addresses are user_mail_ok(); root: of the farm. */
void mail_write(const struct event *e, const struct task *t, const char *from, const char *to, const char *root,
	struct str *out);

#endif
