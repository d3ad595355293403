#include <stdio.h>
#include <stdlib.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/options.h"
#include "config.h"

struct options_common options_common;

static char *root_option, *conf_option;

struct poptOption options_common_table[] = {
	{"root", '\0', POPT_ARG_STRING, &root_option, 0, "The farm's folder (default: $ARTEL_ROOT, else .)", "DIR"},
	{"conf", '\0', POPT_ARG_STRING, &conf_option, 0, "Configuration (default: ROOT/artel.conf)", "FILE"},
	{"verbose", 'v', POPT_ARG_NONE, &options_common.verbose, 0, "Say more", NULL},
	{"quiet", 'q', POPT_ARG_NONE, &options_common.quiet, 0, "Only warnings and errors", NULL},
	{"version", '\0', POPT_ARG_NONE, &options_common.version, 0, "Print the version and exit", NULL},
	POPT_TABLEEND
};

static void __attribute__((noreturn))
usage_error(const char *program, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s%s%s\nTry `%s --help`.\n", program, what, why ? ": " : "", why ? why : "", program);
	exit(EXIT_USAGE);
}

void
options_parse(int argc, const char **argv, const char *program, const char *section,
	const struct poptOption *table, const char *usage, int posix, struct strs *rest)
{
	static struct strs args;	/* popt points into it for the process's life */
	struct err err = {0};
	const char *word;
	poptContext ctx;
	int rc;

	options_common.root = conf_root(argc, argv);
	if (conf_args(argc, argv, section, &args, &err) < 0)
		usage_error(program, err.msg, NULL);
	ctx = poptGetContext(program, (int)args.n, (const char **)args.p, table, posix ? POPT_CONTEXT_POSIXMEHARDER : 0);
	poptSetOtherOptionHelp(ctx, usage);
	rc = poptGetNextOpt(ctx);
	if (rc < -1)
		usage_error(program, poptBadOption(ctx, POPT_BADOPTION_NOALIAS), poptStrerror(rc));
	while ((word = poptGetArg(ctx))) {
		if (!rest)
			usage_error(program, word, "not expected");
		strs_add(rest, word);
	}
	poptFreeContext(ctx);
	if (options_common.version) {
		printf("%s %s\n", program, VERSION);
		exit(0);
	}
	log_open(program, options_common.verbose ? LOG_DEBUG : options_common.quiet ? LOG_WARN : LOG_INFO);
}
