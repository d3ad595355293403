/*
 * How much of the farm one person may take. What holds for somebody is their own line, else that of everybody, else what
 * is built in; administrators are not limited, but in sessions, of which they have twice as many.
 *
 *   tasks      their tasks that are neither DONE nor CANCELLED
 *   jobs       of their tasks: waiting, queued or running, and those that are to be expected
 *   disk       bytes of their git repositories and of what they uploaded
 *   rate       runs of tasks an hour
 *   sessions   commands over ssh at the same time
 *
 * Whoever takes more asks here first, in the transaction that takes it.
 */
#ifndef ARTEL_SCHEMA_QUOTA_H
#define ARTEL_SCHEMA_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct store;

enum quota { QUOTA_TASKS, QUOTA_JOBS, QUOTA_DISK, QUOTA_RATE, QUOTA_SESSIONS, QUOTAS };
const char *quota_name(enum quota q);
/* One line about it, for people. */
const char *quota_help(enum quota q);
/* QUOTAS if there is none of this name. */
enum quota quota_find(const char *name);
/* Whether it is a number of bytes. */
bool quota_is_bytes(enum quota q);

/* What holds for the user; 0: no limit. Who is no user of the farm gets what everybody gets. */
int quota_get(struct store *s, const char *user, enum quota q, int64_t *out, struct err *err);

/* The line of a user, or of everybody (""). QUOTA_UNSET: there is none; *out is then what is built in. */
enum { QUOTA_UNSET = 1 };
int quota_line(struct store *s, const char *user, enum quota q, int64_t *out, struct err *err);
/* Write that line, or take it away; the user must exist. What is so already is not written. */
int quota_set(struct store *s, const char *user, enum quota q, int64_t value, struct err *err);
int quota_unset(struct store *s, const char *user, enum quota q, struct err *err);

/* What is taken now of tasks, jobs or rate; of the others the database knows nothing: 0. */
int quota_used(struct store *s, const char *user, enum quota q, int64_t *used, struct err *err);

/*
 * Whether the user may have one more task; may run this one, whose jobs are its owner's; may run anything now, which is
 * counted at once. In the transaction that does it. -1 with EDQUOT: it says the number, the limit, and what to do.
 */
int quota_check_task(struct store *s, const char *user, struct err *err);
int quota_check_jobs(struct store *s, const char *user, int64_t task, struct err *err);
int quota_spend_run(struct store *s, const char *user, struct err *err);

/*
 * The rule of the rate, by itself: each run moves *spent, a time in ms, on by an hour / rate, and may not move it further
 * than an hour ahead of `now`. So `rate` runs may come at once, then one each hour / rate; in any hour not more than twice
 * the rate. A clock that was set back stops nobody for longer than one run takes. 0, or ms until the next may be.
 */
int64_t quota_take_run(int64_t rate, int64_t now, int64_t *spent);

#endif
