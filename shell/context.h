/* What every verb gets: who asks, where the farm is, what was said. */
#ifndef ARTEL_SHELL_CONTEXT_H
#define ARTEL_SHELL_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "schema/store.h"
#include "schema/task.h"

struct err;

struct context {
	const char *root;		/* of the farm */
	const char *user;		/* who acts */
	bool local;			/* an administrator on the farm's host */
	bool json;
	struct store *store;		/* opened by context_open() */
	struct strs args;		/* the words after the verb */
	size_t at;			/* the next of them */
};

/* What a verb returns. */
enum { VERB_OK = 0, VERB_FAILED = 1, VERB_USAGE = 2 };

struct verb {
	const char *name;		/* "task" or "task new" */
	const char *usage;		/* its arguments */
	const char *help;		/* one line */
	/* 0, a VERB_ or documented code, or -1 with err. */
	int (*run)(struct context *c, struct err *err);
};

int context_open(struct context *c, struct err *err);
/* The next word, or NULL. */
const char *context_next(struct context *c);
const char *context_peek(const struct context *c);
/* The next word; a missing one is an error that names `what`. NULL then. */
const char *context_need(struct context *c, const char *what, struct err *err);
/*
 * The value of `--name VALUE` or `--name=VALUE` if the word is that option. NULL: it is not, or it has none, or an empty
 * one: then err is set, and says that it wants `what`.
 */
const char *context_value(struct context *c, const char *word, const char *name, const char *what, struct err *err);
/* -1 if words are left. */
int context_end(struct context *c, struct err *err);

/* The words that are left, and who says so, as one line: "by joe" or "by joe: a new disk". NULL on error; malloc'ed. */
char *context_reason(struct context *c, struct err *err);

/* The acting user must be one of the farm, and not disabled. */
int context_user(struct context *c, struct err *err);
/* And an administrator, to do `what`. */
int context_admin(struct context *c, const char *what, struct err *err);

/*
 * The task an id names, or without one (NULL) the user's newest that is not DONE. With `write`
 * it must be theirs, or shared, or they an administrator.
 */
int context_task(struct context *c, const char *id, bool write, struct task *out, struct err *err);
/* As with `write` above, for a task that was read already. */
int context_may_write(struct context *c, const struct task *t, struct err *err);
/* "7" or "#7": the number; -1 if it is none. */
int64_t context_id(const char *word);
/* An octal subtask number; -1 if it is none. */
int context_subtask(const char *word);

/* From here on only where nobody else wants the processor: for those who watch, of whom there may be many. */
void context_give_way(void);

/* All of standard input, at most max bytes. */
int context_stdin(struct str *out, size_t max, struct err *err);

extern const struct verb task_verbs[], farm_verbs[], builder_verbs[], repository_verbs[], plumb_verbs[];
extern const size_t n_task_verbs, n_farm_verbs, n_builder_verbs, n_repository_verbs, n_plumb_verbs;

/* Find the verb that the first words name and run it. */
int context_run(struct context *c, struct err *err);
/* Print the verbs. */
void context_help(void);

#endif
