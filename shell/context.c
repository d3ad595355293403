#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/user.h"
#include "shell/context.h"

enum { HELP_INDENT = 8, HELP_WIDTH = 79, REASON_MAX = 500 };

int
context_user(struct context *c, struct err *err)
{
	AUTO(str_fini) struct str why = {0};
	struct user u;
	int r = user_get(c->store, c->user, &u, err);

	if (r == 0 && u.disabled)
		return user_why(c->store, c->user, &why, err) < 0 ? -1 :
		    err_set(err, EACCES, "user %s is disabled%s%s", c->user, why.n ? " " : "", str_c(&why));
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
	if ((c->local ? store_open : store_open_as_is)(c->root, &c->store, err) < 0)
		return -1;
	c->store->user = c->user;
	c->store->origin = c->from;
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
context_options(struct context *c, const char *word, const struct context_option *options, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = context_value(c, word, options[i].name, options[i].what, err);

		if (!value && err->code)
			return -1;
		if (!value)
			continue;
		if (options[i].list)
			strs_add(options[i].list, value);
		else
			*options[i].value = value;
		return 1;
	}
	return 0;
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
	alarm(0);
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

int
context_text(struct str *out, size_t max, struct err *err)
{
	if (context_stdin(out, max, err) < 0)
		return -1;
	while (out->n && out->p[out->n - 1] == '\n')
		out->p[--out->n] = '\0';
	return text_is_lines(str_c(out)) ? 0 : err_set(err, EINVAL, "standard input: not lines of printable UTF-8");
}

int
context_input(const struct context *c, const char *file, size_t max, struct str *out, struct err *err)
{
	int r;

	if (strcmp(file, "-") == 0)
		return context_stdin(out, max, err);
	if (!c->local)
		return err_set(err, EINVAL, "`%s`: over ssh it is `-`, with the text on standard input", file);
	r = file_read(AT_FDCWD, file, max, out, err);
	return r == FILE_ABSENT ? err_set(err, ENOENT, "%s: no such file", file) : r;
}

static const struct {
	const char *title;
	const struct verb *verbs;
	const size_t *n;
} groups[] = {
	{"Maintainers", task_verbs, &n_task_verbs},
	{"Their files", upload_verbs, &n_upload_verbs},
	{"The farm", farm_verbs, &n_farm_verbs},
	{"People", user_verbs, &n_user_verbs},
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

/* How many of the words a verb's name takes; 0: it is not this verb. `words` may be fewer: then its first ones. */
static size_t
match(const struct strs *words, const char *name, bool whole)
{
	AUTO(strs_fini) struct strs parts = {0};
	size_t n;

	strs_split(&parts, name, " ");
	n = whole || parts.n < words->n ? parts.n : words->n;
	if (n > words->n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (strcmp(parts.p[i], words->p[i]) != 0)
			return 0;
	return n;
}

static void
help_verb(const struct verb *v)
{
	AUTO(free) char *line = xasprintf("%s %s", v->name, v->usage);

	printf("  ");
	help_words(line, 2);
	printf("        ");
	help_words(v->help, HELP_INDENT);
}

int
context_help(struct context *c, const struct strs *words, struct err *err)
{
	struct user u = {.admin = true};
	int n = 0;

	if (!c->local && (context_open(c, err) < 0 || user_get(c->store, c->user, &u, err)))
		return -1;
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
		bool titled = words->n > 0;

		for (size_t i = 0; i < *groups[g].n; i++) {
			const struct verb *v = &groups[g].verbs[i];

			if ((!c->local && (v->reach == REACH_HOST || (v->reach == REACH_ADMIN && !u.admin))) ||
			    (words->n && !match(words, v->name, false)))
				continue;
			if (!titled)
				printf("%s:\n", groups[g].title);
			titled = true;
			help_verb(v);
			n++;
		}
	}
	return n;
}

static const struct verb *
find(const struct strs *words, size_t *used)
{
	const struct verb *best = NULL;

	*used = 0;
	for (size_t g = 0; g < ARRAY_SIZE(groups); g++)
		for (size_t i = 0; i < *groups[g].n; i++) {
			size_t n = match(words, groups[g].verbs[i].name, true);

			if (n > *used) {
				*used = n;
				best = &groups[g].verbs[i];
			}
		}
	return best;
}

/* Whether it is one word that verbs of more words begin with. */
static bool
is_begun(const struct strs *words)
{
	for (size_t g = 0; words->n == 1 && g < ARRAY_SIZE(groups); g++)
		for (size_t i = 0; i < *groups[g].n; i++)
			if (match(words, groups[g].verbs[i].name, false))
				return true;
	return false;
}

/* NAME... --help: 1 if that is what was asked, and answered. */
static int
asked_help(struct context *c, struct err *err)
{
	AUTO(strs_fini) struct strs words = {0};
	int n;

	if (c->args.n < 2 || strcmp(c->args.p[c->args.n - 1], "--help") != 0)
		return 0;
	for (size_t i = 0; i + 1 < c->args.n && c->args.p[i][0] != '-'; i++)
		strs_add(&words, c->args.p[i]);
	n = context_help(c, &words, err);
	return n > 0 ? 1 : n;
}

/* Whether the user may use it from where they are. */
static int
within_reach(struct context *c, const struct verb *v, struct err *err)
{
	AUTO(free) char *what = NULL;

	if (c->local || v->reach == REACH_USER)
		return 0;
	if (v->reach == REACH_HOST)
		return err_set(err, EACCES, "`%s` is for the farm's own host, not for ssh", v->name);
	if (context_open(c, err) < 0)
		return -1;
	what = xasprintf("`%s`", v->name);
	return context_admin(c, what, err);
}

int
context_run(struct context *c, struct err *err)
{
	const struct verb *v = find(&c->args, &c->at);
	int r = asked_help(c, err);

	if (r)
		return r < 0 ? -1 : VERB_OK;
	if (!v && is_begun(&c->args))
		return err_set(err, EINVAL, "`%s` what? `help %s` lists its commands", c->args.p[0], c->args.p[0]);
	if (!v)
		return err_set(err, EINVAL, "no command `%s%s%s`; `help` lists them", c->args.p[0], c->args.n > 1 ? " " : "",
		    c->args.n > 1 ? c->args.p[1] : "");
	if (within_reach(c, v, err) < 0)
		return -1;
	r = v->run(c, err);
	if (r < 0 && err->code == EINVAL)
		err_ctx(err, "%s", v->name);
	return r;
}

/* What it printed must be out; whoever does not read it wants no more of it. */
static int
flush(struct err *err)
{
	struct pollfd out = {.fd = STDOUT_FILENO};
	bool failed = fflush(stdout) != 0;

	if (failed && errno != EPIPE)
		return err_sys(err, "write");
	if (failed || !ferror(stdout) || (poll(&out, 1, 0) > 0 && out.revents & POLLERR))
		return 0;
	return err_set(err, EIO, "write: a part of the output is lost");
}

int
context_main(struct context *c, const char *program)
{
	AUTO(str_fini) struct str line = {0};
	struct err err = {0};
	int r = context_run(c, &err);

	if (r >= 0 && flush(&err) < 0)
		r = -1;
	text_printable(&line, err.msg);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", program, str_c(&line));
	store_close(c->store);
	c->store = NULL;
	return r >= 0 ? r : err.code == EINVAL ? VERB_USAGE : VERB_FAILED;
}
