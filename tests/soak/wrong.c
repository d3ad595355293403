#include <stdarg.h>
#include <stdio.h>

#include "tests/soak/wrong.h"

enum { SHOWN = 10 };

static const char *const names[RULES] = {
	[RULE_ARROW] = "arrow", [RULE_REST] = "rest", [RULE_JOB] = "job", [RULE_TWICE] = "twice", [RULE_OVERLAP] = "overlap",
	[RULE_ABORTED] = "aborted", [RULE_HELD] = "held", [RULE_CLOSED] = "closed", [RULE_SLOTS] = "slots",
	[RULE_OWNER_LIMIT] = "owner-limit", [RULE_CLASS_LIMIT] = "class-limit", [RULE_DEPENDS] = "depends",
	[RULE_CYCLE] = "cycle", [RULE_GIVEN] = "given", [RULE_ACKED] = "acked", [RULE_LEFT_OVER] = "left-over",
	[RULE_TABLE] = "table", [RULE_DATABASE] = "database", [RULE_PROCESS] = "process", [RULE_HANG] = "hang",
};

void
wrong_add(struct wrongs *w, enum rule rule, const char *fmt, ...)
{
	va_list ap;

	if (w->n[rule]++ > SHOWN)
		return;
	printf("%s: ", names[rule]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	puts(w->n[rule] > SHOWN ? "; and more" : "");
	fflush(stdout);
}

size_t
wrong_count(const struct wrongs *w)
{
	size_t n = 0;

	for (int i = 0; i < RULES; i++)
		n += w->n[i];
	return n;
}
