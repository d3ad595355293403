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
	const char *from;		/* and from where, for the journal: "local", "ssh ADDRESS KEY" */
	bool local;			/* on the farm's host, and may write its folder: needs no permission of the farm */
	bool json;
	struct store *store;		/* opened by context_open() */
	struct strs args;		/* the words after the verb */
	size_t at;			/* the next of them */
};

/* What a verb returns. */
enum { VERB_OK = 0, VERB_FAILED = 1, VERB_USAGE = 2 };

/* Who may use a verb: those on the farm's host any, over ssh the farm's users, or its administrators only. */
enum reach { REACH_HOST, REACH_USER, REACH_ADMIN };

struct verb {
	const char *name;		/* "task" or "task new" */
	const char *usage;		/* its arguments */
	const char *help;		/* one line */
	/* 0, a VERB_ or documented code, or -1 with err. */
	int (*run)(struct context *c, struct err *err);
	enum reach reach;		/* not said: on the farm's host only */
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
/* An option with a value, of a table: where the value goes. */
struct context_option {
	const char *name, *what;
	struct strs *list;		/* each of several, or */
	const char **value;		/* the last of them */
};
/* 1 if the word is one of them, and its value was taken; 0: it is none; -1. */
int context_options(struct context *c, const char *word, const struct context_option *options, size_t n, struct err *err);
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

/*
 * From here on only where nobody else wants the processor: for those who watch, of whom there may be many. They may stay
 * as long as they like.
 */
void context_give_way(void);

/* All of standard input, at most max bytes. */
int context_stdin(struct str *out, size_t max, struct err *err);
/* The same of text in lines of printable UTF-8, without the line ends behind the last. */
int context_text(struct str *out, size_t max, struct err *err);
/* The same as context_stdin() of a file, or of standard input where it is `-`; over ssh it is always that: no file of the host is read. */
int context_input(const struct context *c, const char *file, size_t max, struct str *out, struct err *err);

extern const struct verb task_verbs[], upload_verbs[], farm_verbs[], user_verbs[], builder_verbs[], repository_verbs[], plumb_verbs[];
extern const size_t n_task_verbs, n_upload_verbs, n_farm_verbs, n_user_verbs, n_builder_verbs, n_repository_verbs, n_plumb_verbs;

/*
 * Find the verb that the first words name and run it, if it is within the user's reach: what it returned. `--help` as
 * the last word prints what is said of the verbs that the words before it begin.
 */
int context_run(struct context *c, struct err *err);
/* context_run(), the complaint if it failed, and the end of the store and of the output: the exit status. */
int context_main(struct context *c, const char *program);
/* Print the verbs that are within reach, all or those that the words name. How many there were; -1: it could not be told. */
int context_help(struct context *c, const struct strs *words, struct err *err);

#endif
