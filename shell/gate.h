/*
 * Where people come in by ssh. sshd says whose key it was and what was typed; from here on there is a context with a
 * user, a clean environment, and one verb: nothing that was typed is ever given to a shell.
 */
#ifndef ARTEL_SHELL_GATE_H
#define ARTEL_SHELL_GATE_H

struct err;
struct login;
struct str;

/* Who came, as sshd's configuration says it. */
struct visit {
	const char *root;	/* of the farm */
	const char *user;
	const char *key;	/* fingerprint, one of the farm's login keys; NULL: not known */
	const char *command;	/* as it was typed; NULL: none, a terminal was wanted */
};

/*
 * Let the visitor do the one thing that was asked: the exit status. Says on stderr what is wrong. Takes over the
 * process: environment, limits, descriptors beyond 2, and a time after which it ends.
 */
int gate_open(const struct visit *v);

/*
 * For sshd's AuthorizedKeysCommand: print the line of authorized_keys for a key by its fingerprint, nothing if it is
 * nobody's, or of a user who is disabled. The forced command in it runs `program`. 0, -1.
 */
int gate_key(const char *root, const char *program, const char *fingerprint, struct err *err);
/*
 * The same line, appended, for a key that is known; *path is the farm's as gate_path() has it, which refuses a farm or a
 * program whose path cannot stand in such a line.
 */
void gate_line(const char *path, const char *program, const char *fingerprint, const struct login *l, struct str *out);
int gate_path(const char *root, const char *program, char **path, struct err *err);

#endif
