/* Verbs of the farm's operator. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "config.h"
#include "schema/repository.h"
#include "schema/user.h"
#include "shell/farm.h"
#include "shell/join.h"
#include "shell/merger.h"
#include "shell/table.h"
#include "source/signature.h"

enum { KEY_MAX = 1 << 20 };

static const char conf_template[] =
	"# artel.conf: `key = value`; each key is the long option of a program of that name.\n"
	"# See artel.conf(5).\n"
	"\n"
	"[scheduler]\n"
	"#tries = 5\n"
	"#limits = time=2h memory=16G\n"
	"\n"
	"[builder]\n"
	"#slots = 2\n"
	"#features = kvm\n"
	"\n"
	"[merger]\n"
	"#testers = 8\n"
	"\n"
	"[hooks]\n"
	"#sendmail = /usr/sbin/sendmail\n";

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
	if (word && strcmp(word, "--admin") != 0)
		return err_set(err, EINVAL, "`%s`: not --admin", word);
	if (!text_is_name(name))
		return err_set(err, EINVAL, "`%.40s`: a user's name is at most 128 letters, digits and ._+-, begins with a letter or "
		    "digit, and has no ..", name);
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

enum { WEIGHT_MAX = 1000, LIMIT_MAX = 1000000 };

static int
share_option(const char *value, bool weight, struct user *u, struct err *err)
{
	int64_t n = text_number(value, weight ? WEIGHT_MAX : LIMIT_MAX);

	if (n < weight)
		return err_set(err, EINVAL, "%s: a number, %d to %d, not `%s`", weight ? "--weight" : "--limit",
		    (int)weight, weight ? (int)WEIGHT_MAX : (int)LIMIT_MAX, value);
	*(weight ? &u->weight : &u->max_running) = (int)n;
	return 0;
}

/* In a transaction: what is not said stays. */
static int
share(struct context *c, const char *name, struct err *err)
{
	const char *word = context_need(c, "--weight N or --limit N", err), *value;
	struct user u, was;

	if (!word || user_get(c->store, name, &u, err))
		return -1;
	was = u;
	for (; word; word = context_next(c)) {
		bool weight = (value = context_value(c, word, "--weight", "a number", err)) != NULL;

		if (!value && !err->code)
			value = context_value(c, word, "--limit", "a number", err);
		if (!value)
			return err->code ? -1 : err_set(err, EINVAL, "`%s`: not --weight or --limit", word);
		if (share_option(value, weight, &u, err) < 0)
			return -1;
	}
	if (u.weight == was.weight && u.max_running == was.max_running)
		return 0;
	return user_share(c->store, name, &u, err);
}

static int
user_share_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err);

	if (!name || context_open(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (share(c, name, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

static int
user_mail_verb(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a name", err), *address = context_next(c);
	AUTO(str_fini) struct str now = {0};
	struct user u;

	if (!name || context_end(c, err) < 0 || context_open(c, err) < 0 || user_get(c->store, name, &u, err))
		return -1;
	if (address)
		return user_mail_set(c->store, name, strcmp(address, "-") == 0 ? "" : address, err);
	if (user_mail_get(c->store, name, &now, err) < 0)
		return -1;
	if (now.n)
		puts(str_c(&now));
	return 0;
}

static int
user_list(struct context *c, struct err *err)
{
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};
	sqlite3_stmt *q;
	int r;

	table_init(&t, 6);
	table_cell(&t, "USER");
	table_cell(&t, "ADMIN");
	table_cell(&t, "DISABLED");
	table_cell(&t, "KEYS");
	table_cell(&t, "WEIGHT");
	table_cell(&t, "LIMIT");
	if (context_end(c, err) < 0 || context_open(c, err) < 0)
		return -1;
	q = store_query(c->store, STMT_USER_FIND, err, "");
	while ((r = store_row(c->store, q, err)) > 0) {
		table_cell(&t, store_text(q, 0));
		table_cell(&t, store_int(q, 1) ? "yes" : "no");
		table_cell(&t, store_int(q, 2) ? "yes" : "no");
		table_cell(&t, store_text(q, 3));
		table_cell(&t, store_text(q, 4));
		table_cell(&t, store_int(q, 5) ? store_text(q, 5) : "-");
	}
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
	return r;
}

const struct verb farm_verbs[] = {
	{"init", "", "Make a farm in --root", farm_init},
	{"user add", "NAME [--admin]", "Add a user", user_add_verb},
	{"user key", "NAME FILE|-", "Add a public key (GPG or SSH) that the user signs tags with", user_key_verb},
	{"user share", "NAME [--weight N] [--limit N]", "How much of the farm is theirs: a share of the slots, jobs at once", user_share_verb},
	{"user mail", "NAME [ADDRESS|-]", "Where the ends of the user's tasks are mailed to; -: nowhere", user_mail_verb},
	{"user ls", "", "List users", user_list},
	{"farm show", "", "What is set for the whole farm", farm_show},
	{"farm set", "SETTING=NUMBER...", "Set it: owner-limit, limit.urgent, limit.normal, limit.background", farm_set},
	{"status", "[--watch] [--all] [--json] [--repository NAME] [--owner USER]",
	    "Queues, jobs, builders, tasks, merges: the farm at a glance", farm_status},
	{"log", "[TASK[.SUBTASK[.ARCH]]] [--follow] [--reason] [--tail N] [--attempt N] [--raw]", "What its jobs wrote", farm_log},
	{"shell", "[--state DIR] TASK.SUBTASK[.ARCH] [COMMAND...]", "Enter the kept root of a job that failed", farm_shell},
	{"events", "[--follow] [--json] [--since N] [--task ID] [--kind KIND] [--limit N]",
	    "The journal: id, ms, kind, task, user, state, text; tab-separated", farm_events},
	{"merge", "[REPOSITORY] [--dry-run] [--json]", "Run one merge cycle now, or say what it would do", merger_merge},
	{"join", "[NAME]", "Connect a remote builder: the scheduler on stdin and stdout", farm_join},
	{"help", "", "This text", farm_help},
	{"version", "", "Print versions", farm_version},
};
const size_t n_farm_verbs = ARRAY_SIZE(farm_verbs);
