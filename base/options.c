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

/* One pass of popt over these words; leftovers go to `rest`. */
static void
parse(int argc, const char **argv, const char *program, const struct poptOption *table, const char *usage, int posix,
	struct strs *rest)
{
	poptContext ctx = poptGetContext(program, argc, argv, table, posix ? POPT_CONTEXT_POSIXMEHARDER : 0);
	const char *word;
	int rc;

	poptSetOtherOptionHelp(ctx, usage);
	rc = poptGetNextOpt(ctx);
	if (rc < -1)
		usage_error(program, poptBadOption(ctx, POPT_BADOPTION_NOALIAS), poptStrerror(rc));
	while ((word = poptGetArg(ctx)))
		strs_add(rest, word);
	poptFreeContext(ctx);
}

/*
 * Twice: the first pass finds --root and --conf (and --help), the second reads what the configuration
 * says, then the command line again, so that it wins.
 */
void
options_parse(int argc, const char **argv, const char *program, const char *section,
	const struct poptOption *table, const char *usage, int posix, struct strs *rest)
{
	static struct strs args;	/* popt points into it for the process's life */
	AUTO(strs_fini) struct strs words = {0};
	const char *env = getenv("ARTEL_ROOT");
	struct err err = {0};

	parse(argc, argv, program, table, usage, posix, &words);
	if (options_common.version) {
		printf("%s %s\n", program, VERSION);
		exit(0);
	}
	if (words.n && !rest)
		usage_error(program, words.p[0], "not expected");
	options_common.root = root_option ? root_option : env && *env ? env : ".";
	strs_add(&args, program);
	if (conf_read(options_common.root, conf_option, section, &args, &err) < 0)
		usage_error(program, err.msg, NULL);
	for (int i = 1; i < argc; i++)
		strs_add(&args, argv[i]);
	strs_fini(&words);
	parse((int)args.n, (const char **)args.p, program, table, usage, posix, rest ? rest : &words);
	log_open(program, options_common.verbose ? LOG_DEBUG : options_common.quiet ? LOG_WARN : LOG_INFO);
}
