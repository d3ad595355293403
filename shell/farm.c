/* Verbs of the farm's operator. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "config.h"
#include "schema/store.h"
#include "shell/farm.h"
#include "shell/join.h"
#include "shell/merger.h"

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
	AUTO(strs_fini) struct strs words = {0};
	const char *word;

	while ((word = context_next(c)))
		strs_add(&words, word);
	return context_help(c, &words, err) < 0 ? -1 : 0;
}

const struct verb farm_verbs[] = {
	{"init", "", "Make a farm in --root", farm_init},
	{"farm show", "", "What is set for the whole farm", farm_show, REACH_USER},
	{"farm set", "SETTING=NUMBER...", "Set it: owner-limit, limit.urgent, limit.normal, limit.background", farm_set, REACH_ADMIN},
	{"status", "[--watch] [--all] [--json] [--repository NAME] [--owner USER]",
	    "Queues, jobs, builders, tasks, merges: the farm at a glance", farm_status, REACH_USER},
	{"log", "[TASK[.SUBTASK[.ARCH]]] [--follow] [--reason] [--tail N] [--attempt N] [--raw]", "What its jobs wrote", farm_log, REACH_USER},
	{"shell", "[--state DIR] TASK.SUBTASK[.ARCH] [COMMAND...]", "Enter the kept root of a job that failed", farm_shell},
	{"events", "[--follow] [--json] [--since N] [--task ID] [--user NAME] [--kind KIND] [--limit N] [--long]",
	    "The journal: id, ms, kind, task, user, state, text; tab-separated", farm_events, REACH_USER},
	{"merge", "[REPOSITORY] [--dry-run] [--json]", "Run one merge cycle now, or say what it would do", merger_merge, REACH_ADMIN},
	{"join", "[NAME]", "Connect a remote builder: the scheduler on stdin and stdout", farm_join},
	{"help", "[COMMAND]", "This text, or what is said of a command", farm_help, REACH_USER},
	{"version", "", "Print versions", farm_version, REACH_USER},
};
const size_t n_farm_verbs = ARRAY_SIZE(farm_verbs);
