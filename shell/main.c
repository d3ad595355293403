/* artel: everything that a person or a script asks of a farm. See artel(1). */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/options.h"
#include "base/text.h"
#include "shell/context.h"

static struct {
	char *user;
	int json;
} conf;

static const struct poptOption options[] = {
	{"user", 'u', POPT_ARG_STRING, &conf.user, 0, "Act as this user (default: $ARTEL_USER, else the login)", "NAME"},
	{"json", '\0', POPT_ARG_NONE, &conf.json, 0, "JSON where a command has it", NULL},
	OPTIONS_COMMON
};

static const char *
who(void)
{
	const char *name = conf.user ? conf.user : getenv("ARTEL_USER");
	const struct passwd *pw = name && *name ? NULL : getpwuid(geteuid());

	return name && *name ? name : pw ? pw->pw_name : "nobody";
}

/* From where, for the journal: "local", and whose process it is. */
static const char *
origin(void)
{
	static char text[160];
	const struct passwd *pw = getpwuid(getuid());

	if (pw && text_is_name(pw->pw_name))
		snprintf(text, sizeof(text), "local %s", pw->pw_name);
	else
		snprintf(text, sizeof(text), "local %ld", (long)getuid());
	return text;
}

int
main(int argc, const char **argv)
{
	struct context c = {.local = true, .from = origin()};
	int status;

	options_parse(argc, argv, "artel", "artel", options, "[OPTION...] COMMAND [ARGUMENT...]   (`artel help` lists commands)",
	    1, &c.args);
	if (c.args.n == 0) {
		fprintf(stderr, "artel: which command? `artel help` lists them\n");
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	c.root = options_common.root;
	c.user = who();
	c.json = conf.json;
	if (!text_is_name(c.user)) {
		fprintf(stderr, "artel: `%s` cannot be a user\n", c.user);
		return EXIT_USAGE;
	}
	status = context_main(&c, "artel");
	strs_fini(&c.args);
	return status;
}
