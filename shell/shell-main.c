/* artel-shell: what sshd runs for those who come in. See artel-shell(8). */
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/options.h"
#include "shell/gate.h"

static struct {
	char *user, *key, *keys;
} conf;

static const struct poptOption options[] = {
	{"user", 'u', POPT_ARG_STRING, &conf.user, 0, "Whose key it was: the forced command of sshd says it", "NAME"},
	{"key", '\0', POPT_ARG_STRING, &conf.key, 0, "Fingerprint of that key: it must still be theirs", "FINGERPRINT"},
	{"keys", '\0', POPT_ARG_STRING, &conf.keys, 0, "For sshd's AuthorizedKeysCommand: print the line for this key", "FINGERPRINT"},
	OPTIONS_COMMON
};

/*
 * The account that sshd logged in to: several may have one uid, so its name comes from sshd, and the uid must be the
 * one that we run as. NULL: none.
 */
static const struct passwd *
account(void)
{
	const char *name = getenv("LOGNAME");
	const struct passwd *pw = name ? getpwnam(name) : NULL;

	return pw && pw->pw_uid == getuid() ? pw : NULL;
}

/* As a login shell: the account's name is the user's, its home the farm. sshd runs it with -c COMMAND, or with nothing. */
static int
login(const char *command)
{
	const struct passwd *pw = account();
	struct visit v = {.command = command};
	AUTO(free) char *keys = NULL;

	if (!pw) {
		fprintf(stderr, "artel-shell: $LOGNAME is not the account that this runs as\n");
		return 1;
	}
	keys = xasprintf("%s/.ssh/authorized_keys", pw->pw_dir);
	if (access(keys, F_OK) == 0) {
		fprintf(stderr, "artel-shell: %s: these keys let their owners in as every account that has this home; see artel-shell(8)\n", keys);
		return 1;
	}
	v.root = pw->pw_dir;
	v.user = pw->pw_name;
	return gate_open(&v);
}

static int
print_key(void)
{
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	struct err err = {0};

	if (n < 0)
		err_sys(&err, "find artel-shell");
	else
		program[n] = '\0';
	if (n < 0 || gate_key(options_common.root, program, conf.keys, &err) < 0) {
		fprintf(stderr, "artel-shell: %s\n", err.msg);
		return 1;
	}
	return 0;
}

int
main(int argc, const char **argv)
{
	struct visit v;

	if (argc == 3 && strcmp(argv[1], "-c") == 0)
		return login(argv[2]);
	if (argc == 1 && argv[0][0] == '-')
		return login(NULL);
	options_parse(argc, argv, "artel-shell", "shell", options, "[OPTION...]   (run by sshd)", 0, NULL);
	if (conf.keys)
		return print_key();
	if (!conf.user) {
		fprintf(stderr, "artel-shell: --user: whose key was it? sshd's forced command says it; see artel-shell(8)\n");
		return EXIT_USAGE;
	}
	v = (struct visit){.root = options_common.root, .user = conf.user, .key = conf.key, .command = getenv("SSH_ORIGINAL_COMMAND")};
	return gate_open(&v);
}
