#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "schema/login.h"
#include "schema/user.h"
#include "shell/command.h"
#include "shell/context.h"
#include "shell/gate.h"
#include "shell/git.h"
#include "shell/session.h"

enum {
	PATIENCE_S = 3600,	/* of one command that does not only watch */
	ADDRESS_MAX = 64,
};

/* "ssh ADDRESS KEY" for the journal. What sshd says of the address is taken only if it looks like one. */
static char *
origin(const struct visit *v)
{
	const char *connection = getenv("SSH_CONNECTION");
	size_t n = connection ? strspn(connection, "0123456789abcdefABCDEF.:%") : 0;

	return xasprintf("ssh %.*s%s%s", n && n <= ADDRESS_MAX ? (int)n : 1, n && n <= ADDRESS_MAX ? connection : "-",
	    v->key ? " " : "", v->key ? v->key : "");
}

/* Nothing that a client, or sshd for it, has put there is left; git's protocol is asked for in one variable. */
static void
clean_environment(const char *root)
{
	const char *protocol = getenv("GIT_PROTOCOL");
	AUTO(free) char *kept = protocol && strlen(protocol) < ADDRESS_MAX &&
	    strspn(protocol, "abcdefghijklmnopqrstuvwxyz0123456789=:") == strlen(protocol) ? xstrdup(protocol) : NULL;

	clearenv();
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	setenv("HOME", root, 1);
	setenv("LANG", "C.UTF-8", 1);
	if (kept)
		setenv("GIT_PROTOCOL", kept, 1);
}

static void
limit_process(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	alarm(PATIENCE_S);
}

static int
complain(const struct err *err)
{
	AUTO(str_fini) struct str line = {0};

	text_printable(&line, err->msg);
	fprintf(stderr, "artel: %s\n", str_c(&line));
	return err->code == EINVAL ? VERB_USAGE : VERB_FAILED;
}

/* A connection may be older than the end of the key that it came by: each command over it asks anew. */
static int
check_key(struct context *c, const char *key, struct err *err)
{
	int r = key ? user_key_has(c->store, c->user, true, key, err) : 1;

	return r < 0 ? -1 : r ? 0 : err_set(err, EACCES, "%.100s lets %s in no more", key, c->user);
}

/*
 * Before anything is done for them. They are looked at once more when this command counts among theirs: whoever disables
 * them ends those that do.
 */
static int
admit(struct context *c, const char *key, int *slot, struct err *err)
{
	if (!text_is_name(c->user))
		return err_set(err, EACCES, "that cannot be a user's name");
	return context_open(c, err) < 0 || session_take(c->store, c->user, slot, err) < 0 || context_user(c, err) < 0 ? -1 :
	    check_key(c, key, err);
}

/* The one thing that was asked, by somebody who may ask. */
static int
do_it(struct context *c)
{
	AUTO(free) char *path = NULL;
	struct err err = {0};
	int r;

	if (c->args.n == 0)
		return complain((err_set(&err, EINVAL, "which command? `help` lists them"), &err));
	r = command_git(&c->args, &path, &err);
	if (r == COMMAND_NO_GIT)
		return context_main(c, "artel");
	return r < 0 || git_serve(c, r == COMMAND_PUSH, path, &err) < 0 ? complain(&err) : VERB_OK;
}

int
gate_open(const struct visit *v)
{
	AUTO(free) char *from = origin(v);
	AUTO(close) int slot = -1;
	struct context c = {.root = v->root, .user = v->user, .from = from};
	struct err err = {0};
	int status;

	limit_process();
	clean_environment(v->root);
	if (!v->command)
		err_set(&err, EINVAL, "there is no shell here, %.100s; `help` lists the commands: ssh FARM help", v->user);
	if (err.code || command_split(v->command, &c.args, &err) < 0 || admit(&c, v->key, &slot, &err) < 0)
		status = complain(&err);
	else
		status = do_it(&c);
	store_close(c.store);
	strs_fini(&c.args);
	return status;
}

/* A path that sh, which sshd gives the forced command to, and authorized_keys take as it is. */
static bool
is_plain(const char *path)
{
	return path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-")] == '\0';
}

int
gate_path(const char *root, const char *program, char **path, struct err *err)
{
	*path = realpath(root, NULL);
	if (!*path)
		return err_sys(err, "%s", root);
	return is_plain(*path) && is_plain(program) ? 0 : err_set(err, EINVAL, "%s: a farm that is reached over ssh has a path of "
	    "letters, digits and /._+- only, and so has %s", *path, program);
}

void
gate_line(const char *path, const char *program, const char *fingerprint, const struct login *l, struct str *out)
{
	str_add(out, "restrict,command=\"%s --root %s --user %s --key %s\" %s\n", program, path, l->user, fingerprint, l->text);
}

int
gate_key(const char *root, const char *program, const char *fingerprint, struct err *err)
{
	AUTO(store_close) struct store *s = NULL;
	AUTO(login_fini) struct login l = {0};
	AUTO(str_fini) struct str line = {0};
	AUTO(free) char *path = NULL;
	struct user u;
	int r;

	if (gate_path(root, program, &path, err) < 0 || store_open_as_is(path, &s, err) < 0)
		return -1;
	r = login_get(s, fingerprint, &l, err);
	if (r)
		return r < 0 ? -1 : 0;
	r = user_get(s, l.user, &u, err);
	if (r == 0 && !u.disabled)
		gate_line(path, program, fingerprint, &l, &line);
	fputs(str_c(&line), stdout);
	return r < 0 ? -1 : 0;
}
