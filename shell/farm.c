/* Verbs of the farm's operator. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/text.h"
#include "config.h"
#include "repo/import.h"
#include "schema/event.h"
#include "schema/repository.h"
#include "schema/user.h"
#include "shell/farm.h"
#include "shell/table.h"
#include "source/signature.h"

enum { KEY_MAX = 1 << 20 };

static const char conf_template[] =
	"# artel.conf: `key = value`; each key is the long option of a program of that name.\n"
	"# See artel.conf(5).\n"
	"\n"
	"[scheduler]\n"
	"#tries = 5\n"
	"#build-time = 240\n"
	"\n"
	"[builder]\n"
	"#slots = 2\n"
	"\n"
	"[merger]\n"
	"#testers = 8\n";

static int
farm_init(struct context *c, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/artel.conf", c->root);

	if (context_end(c, err) < 0 || store_create(c->root, err) < 0)
		return -1;
	if (file_exists(AT_FDCWD, path))
		return 0;
	return file_replace(AT_FDCWD, path, conf_template, strlen(conf_template), 0644, err);
}

static int
farm_version(struct context *c, struct err *err)
{
	if (context_end(c, err) < 0)
		return -1;
	printf("artel %s\ndatabase %d\n", VERSION, (int)STORE_VERSION);
	return 0;
}

static int
farm_help(struct context *c, struct err *err)
{
	context_help();
	return 0;
}

/* Repositories. */

static void
show_progress(void *arg, size_t done, size_t all)
{
	if (isatty(STDERR_FILENO) || done == all)
		fprintf(stderr, "%simport: %zu of %zu packages%s", isatty(STDERR_FILENO) ? "\r" : "", done, all,
		    done == all ? "\n" : "");
}

struct create_options {
	const char *arch, *import, *group;
	bool accept_unsigned;
};

static int
create_option(struct context *c, const char *word, struct create_options *o, struct err *err)
{
	static const char *const names[] = {"--arch", "--import", "--base-group"};
	const char **values[] = {&o->arch, &o->import, &o->group};

	if (strcmp(word, "--accept-unsigned") == 0) {
		o->accept_unsigned = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(word, names[i], n) != 0 || (word[n] && word[n] != '='))
			continue;
		*values[i] = word[n] ? word + n + 1 : context_need(c, names[i], err);
		return *values[i] ? 0 : -1;
	}
	return err_set(err, EINVAL, "no option `%s`", word);
}

static int
repo_create(struct context *c, struct err *err)
{
	struct create_options o = {.arch = "x86_64", .group = ""};
	AUTO(repository_fini) struct repository r = {0};
	AUTO(strs_fini) struct strs names = {0};
	const char *name = context_need(c, "a name", err), *word;

	if (!name)
		return -1;
	while ((word = context_next(c)))
		if (create_option(c, word, &o, err) < 0)
			return -1;
	if (!text_is_name(name) || !text_is_name(o.arch))
		return err_set(err, EINVAL, "`%s` cannot be a name", text_is_name(name) ? o.arch : name);
	if (context_open(c, err) < 0 || repository_names(c->store, &names, err) < 0)
		return -1;
	if (strs_has(&names, name))
		return err_set(err, EEXIST, "there is a repository %s already", name);
	r.name = xstrdup(name);
	r.base_group = xstrdup(o.group);
	for (char *p = r.base_group; *p; p++)
		*p = *p == ',' ? ' ' : *p;
	r.accept_unsigned = o.accept_unsigned;
	strs_add(&r.arches, o.arch);
	return import_repository(c->store, &r, o.arch, o.import, show_progress, NULL, err);
}

static int
repo_list(struct context *c, struct err *err)
{
	AUTO(strs_fini) struct strs names = {0};
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};

	table_init(&t, 4);
	table_cell(&t, "REPOSITORY");
	table_cell(&t, "STATE");
	table_cell(&t, "ARCHES");
	table_cell(&t, "BASE GROUP");
	if (context_end(c, err) < 0 || context_open(c, err) < 0 || repository_names(c->store, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		AUTO(repository_fini) struct repository r = {0};
		AUTO(free) char *arches = NULL;

		if (repository_get(c->store, names.p[i], &r, err))
			return -1;
		arches = strs_join(&r.arches, " ");
		table_cell(&t, r.name);
		table_cellf(&t, "%lld", (long long)r.serial);
		table_cell(&t, arches);
		table_cell(&t, r.base_group);
	}
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
	return 0;
}

static int
repo_set(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err);
	const char *key = name ? context_need(c, "base-group or accept-unsigned", err) : NULL;
	const char *value = key ? context_need(c, "a value", err) : NULL;
	AUTO(repository_fini) struct repository r = {0};

	if (!value || context_end(c, err) < 0 || context_open(c, err) < 0 || repository_get(c->store, name, &r, err))
		return -1;
	if (strcmp(key, "base-group") == 0) {
		free(r.base_group);
		r.base_group = xstrdup(value);
		for (char *p = r.base_group; *p; p++)
			*p = *p == ',' ? ' ' : *p;
	} else if (strcmp(key, "accept-unsigned") == 0 && (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)) {
		r.accept_unsigned = value[0] == 'y';
	} else {
		return err_set(err, EINVAL, "not base-group NAME,NAME... or accept-unsigned yes|no");
	}
	return repository_save(c->store, &r, err);
}

/* Current packages: name, evr, arch, source, sha256; tab-separated. */
static int
repo_packages(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err);
	AUTO(repository_fini) struct repository r = {0};

	if (!name || context_end(c, err) < 0 || context_open(c, err) < 0 || repository_get(c->store, name, &r, err))
		return -1;
	for (size_t a = 0; a < r.arches.n; a++) {
		AUTO(member_list_fini) struct member_list l = {0};

		if (member_find(c->store, name, r.arches.p[a], NULL, &l, err) < 0)
			return -1;
		for (size_t i = 0; i < l.n; i++)
			printf("%s\t%s\t%s\t%s\t%s\n", l.p[i].name, l.p[i].evr, l.p[i].arch, l.p[i].source, l.p[i].sha256);
	}
	return 0;
}

/* People. */

static int
user_add_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *word = context_next(c);
	AUTO(free) char *home = NULL;
	struct user u;
	int r;

	if (!name || context_end(c, err) < 0)
		return -1;
	if (!text_is_name(name) || (word && strcmp(word, "--admin") != 0))
		return err_set(err, EINVAL, "`%s`: not a user's name, or not --admin", word ? word : name);
	if (context_open(c, err) < 0)
		return -1;
	r = user_get(c->store, name, &u, err);
	if (r != USER_ABSENT)
		return r < 0 ? -1 : err_set(err, EEXIST, "there is a user %s already", name);
	home = xasprintf("people/%s/packages", name);
	if (file_mkdirs(c->store->dir, home, err) < 0)
		return -1;
	return user_add(c->store, name, word != NULL, err);
}

static int
user_key_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *file = name ? context_need(c, "a file with a public key", err) : NULL;
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str fingerprint = {0};
	enum key_kind kind;
	struct user u;
	int r;

	if (!file || context_end(c, err) < 0 || context_open(c, err) < 0 || user_get(c->store, name, &u, err))
		return -1;
	if (strcmp(file, "-") == 0)
		r = context_stdin(&text, KEY_MAX, err);
	else
		r = file_read(AT_FDCWD, file, KEY_MAX, &text, err);
	if (r)
		return r < 0 ? -1 : err_set(err, ENOENT, "%s: no such file", file);
	if (signature_key_parse(str_c(&text), &kind, &fingerprint, err) < 0)
		return -1;
	return user_key_add(c->store, name, kind == KEY_GPG ? "gpg" : "ssh", str_c(&fingerprint), str_c(&text), err);
}

static int
user_list(struct context *c, struct err *err)
{
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};
	sqlite3_stmt *q;
	int r;

	table_init(&t, 4);
	table_cell(&t, "USER");
	table_cell(&t, "ADMIN");
	table_cell(&t, "DISABLED");
	table_cell(&t, "KEYS");
	if (context_end(c, err) < 0 || context_open(c, err) < 0)
		return -1;
	q = store_query(c->store, STMT_USER_FIND, err, "");
	while ((r = store_row(c->store, q, err)) > 0) {
		table_cell(&t, store_text(q, 0));
		table_cell(&t, store_int(q, 1) ? "yes" : "no");
		table_cell(&t, store_int(q, 2) ? "yes" : "no");
		table_cell(&t, store_text(q, 3));
	}
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
	return r;
}

/* The merger is a program of its own, beside this one. */
static int
farm_merge(struct context *c, struct err *err)
{
	const char *name = context_next(c);
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - sizeof("-merger"));
	const char *argv[] = {self, "--once", "--root", c->root, name ? "--repository" : NULL, name, NULL};
	struct ended e;
	pid_t pid;

	if (n < 0 || context_end(c, err) < 0)
		return n < 0 ? err_sys(err, "find artel-merger") : -1;
	memcpy(self + n, "-merger", sizeof("-merger"));
	pid = spawn_start(&(struct spawn){.argv = argv, .out = STDOUT_FILENO}, err);
	if (pid < 0 || spawn_wait(pid, 0, &e, err) < 0)
		return -1;
	return e.how == ENDED_EXIT ? e.code : VERB_FAILED;
}

static int
print_event(void *arg, const struct event *e)
{
	AUTO(str_fini) struct str text = {0};

	text_printable(&text, e->text);
	printf("%lld\t%lld\t%s\t%lld\t%s\t%s\t%s\n", (long long)e->id, (long long)e->at, e->kind, (long long)e->task,
	    *e->user ? e->user : "-", *e->state ? e->state : "-", str_c(&text));
	return 0;
}

static int
farm_events(struct context *c, struct err *err)
{
	const char *word = context_next(c);
	int64_t since = 0;

	if (word && strncmp(word, "--since=", 8) == 0) {
		since = text_number(word + 8, INT64_MAX);
		word = context_next(c);
	}
	if (word || since < 0)
		return err_set(err, EINVAL, "only --since=N is understood");
	if (context_open(c, err) < 0)
		return -1;
	return event_each(c->store, since, 0, print_event, NULL, err);
}

const struct verb farm_verbs[] = {
	{"init", "", "Make a farm in --root", farm_init},
	{"repo create", "NAME [--arch ARCH] [--import DIR] [--base-group A,B] [--accept-unsigned]",
	    "Make a repository, empty or from an rpm-md folder", repo_create},
	{"repo ls", "", "List repositories", repo_list},
	{"repo set", "NAME base-group A,B | accept-unsigned yes|no", "Change its settings", repo_set},
	{"repo packages", "NAME", "Its packages: name, evr, arch, source, sha256; tab-separated", repo_packages},
	{"user add", "NAME [--admin]", "Add a user", user_add_verb},
	{"user key", "NAME FILE|-", "Add a public key (GPG or SSH) that the user signs tags with", user_key_verb},
	{"user ls", "", "List users", user_list},
	{"status", "[--watch] [--all] [--json]", "Builders, tasks, merges", farm_status},
	{"log", "[TASK[.SUBTASK[.ARCH]]] [--follow]", "What its jobs wrote", farm_log},
	{"events", "[--since=N]", "The journal: id, ms, kind, task, user, state, text; tab-separated", farm_events},
	{"merge", "[REPOSITORY]", "Run one merge cycle now", farm_merge},
	{"help", "", "This text", farm_help},
	{"version", "", "Print versions", farm_version},
};
const size_t n_farm_verbs = ARRAY_SIZE(farm_verbs);
