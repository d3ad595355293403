/* The jobs that a word TASK[.SUBTASK[.ARCH]] names. */
#ifndef ARTEL_SHELL_CHOICE_H
#define ARTEL_SHELL_CHOICE_H

#include <stdbool.h>

#include "base/auto.h"
#include "schema/build.h"
#include "schema/task.h"

struct context;
struct err;

struct choice {
	struct task task;
	int subtask;		/* -1: all of them */
	char *arch;		/* "srpm" is the job that makes the SRPM; NULL: all */
};
void choice_fini(struct choice *c);
AUTO_DEFINE_EMBEDDED(struct choice, choice_fini);

/* Without a word (NULL): the user's newest task. */
int choice_parse(struct context *c, const char *word, struct choice *out, struct err *err);
bool choice_has(const struct choice *c, const struct job *j);
/* The job as such a word; malloc'ed. */
char *choice_word(const struct job *j);

#endif
