/* Bring the events of a farm to its hooks and, as mail, to the owners of tasks. One process, one duty. */
#ifndef ARTEL_NOTIFY_NOTIFY_H
#define ARTEL_NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct store;

struct notify_conf {
	const char *root;	/* of the farm, absolute */
	const char *hooks;	/* the folder, absolute */
	int64_t limit_ms;	/* of one program */
	int parallel;		/* programs at once */
	int tries;		/* of one that asks for another */
	bool once;
	struct strs sendmail;	/* a command; empty: no mail */
	const char *mail_from;	/* user_mail_ok() */
};

/* Another one runs on this farm. */
enum { NOTIFY_BUSY = 1 };
/* Run until SIGTERM or SIGINT, or with `once` until all is done that was due. */
int notify_run(struct store *s, const struct notify_conf *conf, struct err *err);
/* Let the reader of this name (mail, hook:NAME) begin at the present. */
int notify_skip(struct store *s, const char *reader, struct err *err);

#endif
