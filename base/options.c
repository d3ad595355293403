#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/options.h"
#include "base/vec.h"
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
	if (rc < -1) {
		AUTO(free) char *option = xstrdup(poptBadOption(ctx, POPT_BADOPTION_NOALIAS));

		poptFreeContext(ctx);
		usage_error(program, option, poptStrerror(rc));
	}
	while ((word = poptGetArg(ctx)))
		strs_add(rest, word);
	poptFreeContext(ctx);
}

/* Where a table's options put their strings, and what is there. */
struct slot {
	char **at, *was;
};
struct slots {
	struct slot *p;
	size_t n, cap;
};

static void
find_slots(const struct poptOption *table, struct slots *out)
{
	for (; table->longName || table->shortName || table->arg; table++) {
		int kind = (int)(table->argInfo & POPT_ARG_MASK);

		if (kind == POPT_ARG_INCLUDE_TABLE)
			find_slots(table->arg, out);
		else if (kind == POPT_ARG_STRING && table->arg)
			vec_push(out, ((struct slot){table->arg, *(char **)table->arg}));
	}
}

/* Strings of the first pass are popt's copies, which the second would leave behind. */
static void
put_back(struct slots *slots)
{
	for (size_t i = 0; i < slots->n; i++) {
		if (*slots->p[i].at != slots->p[i].was)
			free(*slots->p[i].at);
		*slots->p[i].at = slots->p[i].was;
	}
	vec_fini(slots);
}

static const char *
root_folder(void)
{
	const char *env = getenv("ARTEL_ROOT");

	return root_option ? root_option : env && *env ? env : ".";
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
	struct slots slots = {0};
	struct err err = {0};

	find_slots(table, &slots);
	parse(argc, argv, program, table, usage, posix, &words);
	if (options_common.version) {
		printf("%s %s\n", program, VERSION);
		exit(0);
	}
	if (words.n && !rest)
		usage_error(program, words.p[0], "not expected");
	strs_add(&args, program);
	if (conf_read(root_folder(), conf_option, section, &args, &err) < 0)
		usage_error(program, err.msg, NULL);
	put_back(&slots);
	for (int i = 1; i < argc; i++)
		strs_add(&args, argv[i]);
	strs_fini(&words);
	parse((int)args.n, (const char **)args.p, program, table, usage, posix, rest ? rest : &words);
	options_common.root = root_folder();
	log_open(program, options_common.verbose ? LOG_DEBUG : options_common.quiet ? LOG_WARN : LOG_INFO);
}
