/*
 * The options that every program has, as a table to include in its own, and what
 * to do with a command line: configuration first, then options, one error.
 */
#ifndef ARTEL_BASE_OPTIONS_H
#define ARTEL_BASE_OPTIONS_H

#include <popt.h>

#include "base/str.h"

struct err;

struct options_common {
	const char *root;	/* from options_parse(): never NULL */
	int verbose, quiet;
	int version;
};
extern struct options_common options_common;
extern struct poptOption options_common_table[];

#define OPTIONS_COMMON \
	{NULL, 0, POPT_ARG_INCLUDE_TABLE, options_common_table, 0, "Options of all artel programs:", NULL}, \
	POPT_AUTOHELP \
	POPT_TABLEEND

enum { EXIT_USAGE = 2 };

/*
 * Read ROOT/artel.conf's common part and section, then argv. Exits on --help, --version and
 * on bad usage (with EXIT_USAGE). Leftover words go to `rest` (NULL: none are allowed). With
 * `posix`, options end at the first word. Also opens the log under the program's name.
 */
void options_parse(int argc, const char **argv, const char *program, const char *section,
	const struct poptOption *table, const char *usage, int posix, struct strs *rest);

#endif
