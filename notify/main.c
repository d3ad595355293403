/* artel-hooks: bring the events of a farm to programs, and to the owners of tasks as mail. See artel-hooks(8). */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/options.h"
#include "notify/notify.h"
#include "schema/store.h"
#include "schema/user.h"

enum { EXIT_FAILED = 1, LIMIT_MAX = 86400, PARALLEL_MAX = 64, TRIES_MAX = 100 };

static struct {
	char *hooks, *sendmail, *mail_from, *skip;
	int limit, parallel, tries, once;
} conf = {.limit = 30, .parallel = 8, .tries = 5};

static const struct poptOption options[] = {
	{"hooks", '\0', POPT_ARG_STRING, &conf.hooks, 0, "The folder of hooks (default: ROOT/hooks.d)", "DIR"},
	{"limit", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.limit, 0, "What runs longer is killed", "SECONDS"},
	{"parallel", 'j', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.parallel, 0, "Programs at once", "N"},
	{"tries", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.tries, 0, "Tries for a program that exits with 75", "N"},
	{"sendmail", '\0', POPT_ARG_STRING, &conf.sendmail, 0, "Mail the ends of tasks by this command (default: no mail)", "COMMAND"},
	{"mail-from", '\0', POPT_ARG_STRING, &conf.mail_from, 0, "Who the mail is from (default: artel@HOST)", "ADDRESS"},
	{"once", '1', POPT_ARG_NONE, &conf.once, 0, "Do what is due, then exit (for cron)", NULL},
	{"skip", '\0', POPT_ARG_STRING, &conf.skip, 0, "Let this one (mail, hook:NAME) begin at the present, then exit", "READER"},
	OPTIONS_COMMON
};

/* NULL, or what is wrong. */
static const char *
check_options(void)
{
	static char from[HOST_NAME_MAX + sizeof("artel@")] = "artel@";

	if (conf.limit < 1 || conf.limit > LIMIT_MAX || conf.parallel < 1 || conf.parallel > PARALLEL_MAX ||
	    conf.tries < 1 || conf.tries > TRIES_MAX)
		return "--limit is 1 to 86400, --parallel 1 to 64, --tries 1 to 100";
	if (conf.sendmail && strspn(conf.sendmail, " \t") == strlen(conf.sendmail))
		return "--sendmail wants a command";
	if (conf.mail_from && !conf.sendmail)
		return "--mail-from goes with --sendmail";
	if (!conf.mail_from) {
		gethostname(from + strlen(from), HOST_NAME_MAX);
		conf.mail_from = from;
	}
	if (conf.sendmail && !user_mail_ok(conf.mail_from))
		return "--mail-from wants an address: LOCAL@DOMAIN of ASCII letters, digits and ._+=~'&#-";
	return NULL;
}

static int
run(struct store *s, struct err *err)
{
	AUTO(free) char *root = realpath(options_common.root, NULL);
	AUTO(free) char *hooks = conf.hooks ? realpath(conf.hooks, NULL) : xasprintf("%s/hooks.d", root ? root : "");
	struct notify_conf c = {.root = root, .hooks = hooks, .limit_ms = conf.limit * 1000ll, .parallel = conf.parallel,
	    .tries = conf.tries, .once = conf.once, .mail_from = conf.mail_from};
	int r;

	if (!root || !hooks)
		return err_sys(err, "%s", root ? conf.hooks : options_common.root);
	strs_split(&c.sendmail, conf.sendmail ? conf.sendmail : "", " \t");
	r = notify_run(s, &c, err);
	strs_fini(&c.sendmail);
	return r;
}

int
main(int argc, const char **argv)
{
	AUTO(store_close) struct store *s = NULL;
	struct err err = {0};
	const char *wrong;
	int r;

	options_parse(argc, argv, "artel-hooks", "hooks", options, "[OPTION...]", 0, NULL);
	if ((wrong = check_options())) {
		fprintf(stderr, "artel-hooks: %s\n", wrong);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	if (store_open(options_common.root, &s, &err) < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		return EXIT_FAILED;
	}
	s->user = "hooks";
	r = conf.skip ? notify_skip(s, conf.skip, &err) : run(s, &err);
	if (r == NOTIFY_BUSY) {
		log_at(LOG_NOTE, "another artel-hooks runs on this farm; nothing done");
		return EX_TEMPFAIL;
	}
	if (r < 0)
		log_at(LOG_ERROR, "%s", err.msg);
	return r ? EXIT_FAILED : 0;
}
