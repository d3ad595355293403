/*
 * The same sandbox as for the job: ids, base root, network, environment, the
 * build user, home and /tmp. The root is an overlay again, of the base root and
 * what the job added, but of lower layers only: no work folder, nothing in it can
 * change, and several may be in it at once. The job's limits are not set again:
 * it is a person who waits.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/enter.h"
#include "builder/kept.h"
#include "builder/roots.h"
#include "builder/terminal.h"

enum { LOCK_POLL_MS = 50 };

AUTO_DEFINE(DIR *, closedir);

/* What the child inside is told, and where it says how the command ended. */
struct visit {
	const struct enter *e;
	const struct kept *kept;
	const char *terminal;		/* $TERM; NULL: none */
	int *status;			/* shared with it */
};

static char *
below(const struct visit *v, const char *what)
{
	return xasprintf(SANDBOX_DIR "/kept/%s/%s", v->e->name, what);
}

static bool
is_empty(const char *path)
{
	AUTO(closedir) DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
	return true;
}

/* The job's only root, or the last that a test installed into: "root" or "test.<i>". */
static char *
root_tag(const struct visit *v)
{
	AUTO(free) char *path = below(v, "");
	AUTO(closedir) DIR *d = opendir(path);
	int64_t last = -1;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, "root") == 0)
			return xstrdup("root");
		if (strncmp(e->d_name, "test.", 5) == 0 && text_number(e->d_name + 5, INT32_MAX) > last)
			last = text_number(e->d_name + 5, INT32_MAX);
	}
	return last < 0 ? NULL : xasprintf("test.%d", (int)last);
}

static int
mount_root(const struct visit *v, char **root, struct err *err)
{
	AUTO(free) char *tag = root_tag(v);
	AUTO(free) char *upper_name = tag ? xasprintf("%s.upper", tag) : NULL;
	AUTO(free) char *upper = NULL;
	AUTO(free) char *options = NULL;

	if (!tag)
		return err_set(err, ENOENT, "%s failed before it had a root", v->kept->label);
	*root = below(v, tag);
	/* One that had nothing of the base root is no overlay. */
	if (!is_empty(*root))
		return 0;
	upper = below(v, upper_name);
	options = xasprintf("lowerdir=%s:" SANDBOX_DIR "/roots/%s,userxattr", upper, v->kept->base);
	return mount("overlay", *root, "overlay", MS_RDONLY, options) < 0 ? err_sys(err, "mount %s", tag) : 0;
}

/* Home and /tmp: those of the build; a test had none. */
static int
own_folder(const struct visit *v, const char *what, mode_t mode, char **out, struct err *err)
{
	*out = below(v, what);
	if (mkdir(*out, mode) < 0)
		return errno == EEXIST ? 0 : err_sys(err, "make %s", *out);
	if (chown(*out, SANDBOX_BUILDER, SANDBOX_BUILDER) < 0 || chmod(*out, mode) < 0)
		return err_sys(err, "make %s", *out);
	return 0;
}

/* Where the build was: the one folder in BUILD. malloc'ed, as it is seen inside. */
static char *
build_folder(const char *home)
{
	AUTO(free) char *path = xasprintf("%s/rpmbuild/BUILD", home);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	AUTO(strs_fini) struct strs names = {0};
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
			strs_add(&names, e->d_name);
	if (!d)
		return xstrdup("/home/builder");
	return xasprintf("/home/builder/rpmbuild/BUILD%s%s", names.n == 1 ? "/" : "", names.n == 1 ? names.p[0] : "");
}

static const char *
shell_of(const char *root)
{
	AUTO(free) char *bash = xasprintf("%s/usr/bin/bash", root);

	return access(bash, X_OK) == 0 ? "/usr/bin/bash" : "/bin/sh";
}

static int
inside(void *arg, struct err *err)
{
	const struct visit *v = arg;
	AUTO(free) char *root = NULL;
	AUTO(free) char *home = NULL;
	AUTO(free) char *tmp = NULL;
	AUTO(free) char *cwd = NULL;
	const char *shell[] = {NULL, NULL};

	if (mount_root(v, &root, err) < 0 || own_folder(v, "home", 0755, &home, err) < 0 ||
	    own_folder(v, "tmp", 01777, &tmp, err) < 0)
		return -1;
	cwd = build_folder(home);
	shell[0] = shell_of(root);
	return sandbox_exec(&(struct sandbox_exec){.root = root, .home = home, .tmp = tmp, .network = v->kept->network,
	    .argv = *v->e->words ? v->e->words : shell, .source_date_epoch = v->kept->source_date_epoch, .jobs = v->kept->jobs,
	    .cwd = cwd, .terminal = v->terminal}, v->status, err);
}

/* The folder's owner is whose builder it is. */
static int
become_owner(const char *state, struct err *err)
{
	const struct passwd *pw;
	struct stat st;

	if (stat(state, &st) < 0)
		return err_sys(err, "%s", state);
	if (st.st_uid == geteuid())
		return 0;
	pw = getpwuid(st.st_uid);
	if (geteuid() != 0)
		return err_set(err, EPERM, "%s is %s's: only root or that user may enter a root there", state, pw ? pw->pw_name : "another user");
	if (!pw)
		return err_set(err, EPERM, "%s belongs to a user that does not exist", state);
	if (initgroups(pw->pw_name, pw->pw_gid) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return err_sys(err, "become %s", pw->pw_name);
	return 0;
}

/* With our own descriptors: copies, as 0 to 2 say other things to a sandbox. */
static int
with_ours(struct sandbox *box, struct visit *v, struct err *err)
{
	AUTO(close) int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	AUTO(close) int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	AUTO(close) int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	if (in < 0 || out < 0 || errors < 0)
		return err_sys(err, "copy descriptors");
	box->in = in;
	box->log = out;
	box->errors = errors;
	return sandbox_call(box, inside, v, err);
}

static int
with_terminal(struct sandbox *box, struct visit *v, struct err *err)
{
	const char *term = getenv("TERM");
	struct terminal t = {-1, -1};
	struct sandbox_run run;
	struct err ended;
	int r;

	v->terminal = term && text_is_name(term) ? term : "dumb";
	if (terminal_open(&t, err) < 0)
		return -1;
	box->in = box->log = t.slave;
	if (sandbox_start(box, inside, v, &run, err) < 0)
		return -1;
	r = terminal_pump(&t, err);
	if (r)
		kill(run.pid, SIGKILL);
	if (sandbox_wait(&run, &ended) < 0 && r == 0) {
		*err = ended;
		r = -1;
	}
	return r == TERMINAL_STOPPED ? err_set(err, EINTR, "the terminal was closed") : r;
}

static int
enter_kept(const struct enter *e, int dir, const struct kept *k, int *status, struct err *err)
{
	AUTO(free) char *folder = xasprintf("kept/%s", e->name);
	AUTO(free) char *base = xasprintf("roots/%s", k->base);
	AUTO(close) int idmap = -1;
	AUTO(close) int held = -1;
	struct sandbox_bind binds[] = {{.path = folder, .write = true}, {.path = base}};
	struct sandbox box = {.ids = k->ids, .dir = e->state, .binds = binds, .n_binds = 2, .network = k->network,
	    .bits32 = k->bits32};
	struct visit v = {.e = e, .kept = k, .status = status};
	int r;

	if (!*k->base)
		return err_set(err, ENOENT, "%s failed before it had a root", k->label);
	while ((r = roots_use(dir, k->base, &held, err)) == ROOTS_BUSY)
		poll(NULL, 0, LOCK_POLL_MS);
	if (r)
		return r < 0 ? -1 : err_set(err, ENOENT, "%s: its base root %s/%s is gone", k->label, e->state, base);
	if (k->base_first != k->ids.first) {
		idmap = sandbox_idmap(k->base_first, &k->ids, err);
		if (idmap < 0)
			return -1;
		binds[1].idmap = idmap;
	}
	return terminal_wanted() ? with_terminal(&box, &v, err) : with_ours(&box, &v, err);
}

int
enter_run(const struct enter *e, int *status, struct err *err)
{
	AUTO(kept_fini) struct kept k = {0};
	AUTO(close) int dir = -1;
	AUTO(close) int lock = -1;
	int *shared, r;

	if (become_owner(e->state, err) < 0 || (dir = file_open_dir(AT_FDCWD, e->state, err)) < 0)
		return -1;
	r = kept_get(dir, e->name, &k, &lock, err);
	if (r)
		return r < 0 ? -1 : err_set(err, ENOENT, "%s: no root of job %s is kept there, or not any more", e->state, e->name);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return err_sys(err, "mmap");
	r = enter_kept(e, dir, &k, shared, err);
	*status = *shared;
	munmap(shared, sizeof(*shared));
	return r;
}
