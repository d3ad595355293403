/* What the checker found that must not be: each under the rule that it breaks. */
#ifndef ARTEL_TESTS_SOAK_WRONG_H
#define ARTEL_TESTS_SOAK_WRONG_H

#include <stddef.h>

enum rule {
	RULE_ARROW,		/* a task moves as task_may_move() has it */
	RULE_REST,		/* and ends in a state in which it may stay */
	RULE_JOB,		/* a job is queued, runs, ends: and nothing else, in no other order */
	RULE_TWICE,		/* it is done at most once */
	RULE_OVERLAP,		/* one attempt ends before the next begins */
	RULE_ABORTED,		/* nothing of a task runs or is done when that is not BUILDING, or is at another iteration */
	RULE_HELD,		/* nothing of a held task starts */
	RULE_CLOSED,		/* nothing starts on a builder that is offline, draining, disabled */
	RULE_SLOTS,		/* no builder runs more than it has slots */
	RULE_OWNER_LIMIT,
	RULE_CLASS_LIMIT,
	RULE_DEPENDS,		/* a task begins when what it depends on is there */
	RULE_CYCLE,		/* and never if it depends on itself */
	RULE_GIVEN,		/* what a builder is given is in the journal by then */
	RULE_ACKED,		/* and so is the end of what is acknowledged */
	RULE_LEFT_OVER,		/* no job is open in the end */
	RULE_TABLE,		/* the tables are what the journal makes of them */
	RULE_DATABASE,		/* and whole */
	RULE_PROCESS,		/* no program ends unless it is told to */
	RULE_HANG,		/* everything comes to rest */
	RULES
};

struct wrongs {
	size_t n[RULES];
};

/* Count it, and print the first few of each rule: "RULE: text". */
void wrong_add(struct wrongs *w, enum rule rule, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* How many there are of all rules. */
size_t wrong_count(const struct wrongs *w);

#endif
