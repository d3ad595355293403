#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/user.h"
#include "shell/context.h"

enum { HELP_INDENT = 8, HELP_WIDTH = 79, REASON_MAX = 500 };

int
context_user(struct context *c, struct err *err)
{
	struct user u;
	int r = user_get(c->store, c->user, &u, err);

	if (r == 0 && u.disabled)
		return err_set(err, EACCES, "user %s is disabled", c->user);
	return r ? -1 : 0;
}

int
context_admin(struct context *c, const char *what, struct err *err)
{
	struct user u;

	if (context_user(c, err) < 0 || user_get(c->store, c->user, &u, err))
		return -1;
	return u.admin ? 0 : err_set(err, EACCES, "only an administrator may %s; %s is none", what, c->user);
}

int
context_open(struct context *c, struct err *err)
{
	if (c->store)
		return 0;
	if (store_open(c->root, &c->store, err) < 0)
		return -1;
	c->store->user = c->user;
	c->store->origin = c->local ? "local" : "ssh";
	return c->local ? 0 : context_user(c, err);
}

const char *
context_peek(const struct context *c)
{
	return c->at < c->args.n ? c->args.p[c->at] : NULL;
}

const char *
context_next(struct context *c)
{
	return c->at < c->args.n ? c->args.p[c->at++] : NULL;
}

const char *
context_need(struct context *c, const char *what, struct err *err)
{
	const char *word = context_next(c);

	if (!word)
		err_set(err, EINVAL, "%s is missing", what);
	return word;
}

const char *
context_value(struct context *c, const char *word, const char *name, const char *what, struct err *err)
{
	size_t n = strlen(name);
	const char *value;

	if (strncmp(word, name, n) != 0 || (word[n] && word[n] != '='))
		return NULL;
	value = word[n] ? word + n + 1 : context_next(c);
	if (!value || !*value) {
		err_set(err, EINVAL, "%s wants %s", name, what);
		return NULL;
	}
	return value;
}

int
context_end(struct context *c, struct err *err)
{
	const char *word = context_next(c);

	return word ? err_set(err, EINVAL, "`%s` is not expected here", word) : 0;
}

char *
context_reason(struct context *c, struct err *err)
{
	AUTO(str_fini) struct str words = {0};
	const char *word = context_peek(c);

	if (word && word[0] == '-') {
		err_set(err, EINVAL, "no option `%s`", word);
		return NULL;
	}
	if (!word)
		return xasprintf("by %s", c->user);
	while ((word = context_next(c)))
		str_add(&words, "%s%s", words.n ? " " : "", word);
	if (strspn(str_c(&words), " ") == words.n) {
		err_set(err, EINVAL, "the reason is empty: say one, or leave it out");
		return NULL;
	}
	if (words.n > REASON_MAX || !text_is_printable(words.p)) {
		err_set(err, EINVAL, "a reason is one line of at most %d bytes, of printable UTF-8", (int)REASON_MAX);
		return NULL;
	}
	return xasprintf("by %s: %s", c->user, words.p);
}

int64_t
context_id(const char *word)
{
	return text_number(*word == '#' ? word + 1 : word, INT64_MAX / 2);
}

int
context_subtask(const char *word)
{
	char *end;
	long n = strtol(word, &end, 8);

	return *word >= '0' && *word <= '7' && !*end && n > 0 && n < 1 << 24 ? (int)n : -1;
}

static int
newest(struct context *c, struct task *out, struct err *err)
{
	const struct task_filter f = {.states = ((1u << TASK_STATES) - 1) & ~(1u << TASK_DONE), .owner = c->user, .limit = 1};
	AUTO(task_list_fini) struct task_list l = {0};

	if (task_find(c->store, &f, &l, err) < 0)
		return -1;
	if (l.n == 0)
		return err_set(err, ENOENT, "you have no unfinished task; `task new` makes one");
	*out = l.p[0];
	l.n = 0;
	return 0;
}

int
context_may_write(struct context *c, const struct task *t, struct err *err)
{
	struct user u = {0};
	int r;

	if (strcmp(t->owner, c->user) == 0 || t->shared)
		return 0;
	r = user_get(c->store, c->user, &u, err);
	if (r < 0)
		return -1;
	return r == 0 && u.admin ? 0 : err_set(err, EACCES, "task #%lld belongs to %s, not to %s; its owner can "
	    "`task share %lld enable`", (long long)t->id, t->owner, c->user, (long long)t->id);
}

int
context_task(struct context *c, const char *id, bool write, struct task *out, struct err *err)
{
	int64_t n = id ? context_id(id) : 0;
	int r;

	if (context_open(c, err) < 0)
		return -1;
	if (n < 0)
		return err_set(err, EINVAL, "`%s` is not a task id", id);
	r = id ? task_get(c->store, n, out, err) : newest(c, out, err);
	if (r)
		return -1;
	return write ? context_may_write(c, out, err) : 0;
}

void
context_give_way(void)
{
	const struct sched_param none = {0};

	if (sched_setscheduler(0, SCHED_IDLE, &none) < 0)
		setpriority(PRIO_PROCESS, 0, 19);
}

int
context_stdin(struct str *out, size_t max, struct err *err)
{
	char buf[4096];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0) {
		str_put(out, buf, n);
		if (out->n > max)
			return err_set(err, EFBIG, "standard input: more than %zu bytes", max);
	}
	return memchr(str_c(out), '\0', out->n) ? err_set(err, EINVAL, "standard input: a NUL byte") : 0;
}

static const struct {
	const char *title;
	const struct verb *verbs;
	const size_t *n;
} groups[] = {
	{"Maintainers", task_verbs, &n_task_verbs},
	{"The farm", farm_verbs, &n_farm_verbs},
	{"Builders", builder_verbs, &n_builder_verbs},
	{"Repositories", repository_verbs, &n_repository_verbs},
	{"For scripts", plumb_verbs, &n_plumb_verbs},
};

/* Words from column `at` on, folded at HELP_WIDTH, continued below column HELP_INDENT. */
static void
help_words(const char *text, size_t at)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, text, " ");
	for (size_t i = 0; i < words.n; i++) {
		size_t n = strlen(words.p[i]);
		bool fold = at > HELP_INDENT && at + 1 + n > HELP_WIDTH;

		printf("%s%s", fold ? "\n        " : i ? " " : "", words.p[i]);
		at = (fold ? HELP_INDENT : at + (i > 0)) + n;
	}
	putchar('\n');
}

void
context_help(void)
{
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
		printf("%s:\n", groups[g].title);
		for (size_t i = 0; i < *groups[g].n; i++) {
			const struct verb *v = &groups[g].verbs[i];
			AUTO(free) char *line = xasprintf("%s %s", v->name, v->usage);

			printf("  ");
			help_words(line, 2);
			printf("        ");
			help_words(v->help, HELP_INDENT);
		}
	}
}

/* How many of the words a verb's name takes; 0: it is not this verb. */
static size_t
match(const struct context *c, const struct verb *v)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, v->name, " ");
	for (size_t i = 0; i < words.n; i++)
		if (i >= c->args.n || strcmp(words.p[i], c->args.p[i]) != 0)
			return 0;
	return words.n;
}

int
context_run(struct context *c, struct err *err)
{
	const struct verb *best = NULL;
	size_t most = 0;
	int r;

	for (size_t g = 0; g < ARRAY_SIZE(groups); g++)
		for (size_t i = 0; i < *groups[g].n; i++) {
			size_t n = match(c, &groups[g].verbs[i]);

			if (n > most) {
				most = n;
				best = &groups[g].verbs[i];
			}
		}
	if (!best) {
		err_set(err, EINVAL, "no command `%s%s%s`; `help` lists them", c->args.p[0], c->args.n > 1 ? " " : "",
		    c->args.n > 1 ? c->args.p[1] : "");
		return -VERB_USAGE;
	}
	c->at = most;
	r = best->run(c, err);
	if (r < 0 && err->code == EINVAL)
		err_ctx(err, "%s", best->name);
	return r;
}
