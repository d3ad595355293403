/* artel: everything that a person or a script asks of a farm. See artel(1). */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
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

static void
complain(const struct err *err)
{
	AUTO(str_fini) struct str line = {0};

	text_printable(&line, err->msg);
	fprintf(stderr, "artel: %s\n", str_c(&line));
}

int
main(int argc, const char **argv)
{
	struct context c = {.local = true};
	struct err err = {0};
	int r;

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
	r = context_run(&c, &err);
	if (r >= 0 && flush(&err) < 0)
		r = -1;
	if (r < 0)
		complain(&err);
	store_close(c.store);
	strs_fini(&c.args);
	return r >= 0 ? r : err.code == EINVAL ? VERB_USAGE : VERB_FAILED;
}
