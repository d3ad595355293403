/*
 * The build itself: the SRPM into the build user's home, rpmbuild over it, and what it made out of there again.
 * Nothing in the home is believed afterwards: the build wrote it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/inside.h"
#include "builder/root.h"
#include "builder/step.h"
#include "builder/verdict.h"
#include "package/facts.h"

enum { RPMBUILD_MORE = 11 };

AUTO_DEFINE(DIR *, closedir);

static int
is_rpm(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".rpm") == 0 && name[0] != '.' && !strchr(name, '/');
}

/* All packages of a build are looked at before it fails for one. */
struct collect {
	const struct inside *in;
	struct verdict verdict;
};

/* The message begins with a path of n bytes that only the sandbox knows. */
static int
rename_error(struct err *err, const char *name, size_t n)
{
	const struct err was = *err;

	return err_set(err, was.code, "%s%s", name, was.msg + n);
}

/* Its facts. What it calls itself is what repositories go by: a file of another name is a mistake, or a disguise. */
static int
facts_of(const char *path, const char *name, struct facts *f, struct err *err)
{
	AUTO(free) char *wanted = NULL;
	size_t n = strlen(path);

	if (facts_from_rpm(path, name, f, err) < 0)
		return strncmp(err->msg, path, n) == 0 ? rename_error(err, name, n) : -1;
	wanted = xasprintf("%s-%s-%s.%s.rpm", f->name, f->version, f->release, f->arch);
	return strcmp(name, wanted) == 0 ? 0 : err_set(err, EBADMSG, "%s is %s by its header", name, wanted);
}

static int
collect_rpm(struct collect *c, int folder, const char *name, struct err *err)
{
	const struct inside *in = c->in;
	AUTO(free) char *to = xasprintf(SANDBOX_DIR "/job/%s/out/%s", in->name, name);
	AUTO(free) char *facts_path = xasprintf("out/%s.facts", name);
	AUTO(free) char *identity_path = xasprintf("out/%s.identity", name);
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str packed = {0};
	AUTO(str_fini) struct str identity = {0};

	if (step_copy_out(folder, name, to, err) < 0 || facts_of(to, name, &f, err) < 0 ||
	    sanity_rpm(to, &f, &c->verdict.policy, now_ms() / 1000, &c->verdict.found, err) < 0)
		return step_failed(in, err->msg, err);
	facts_pack(&packed, &f);
	str_puts(&identity, f.identity);
	return step_write(in, facts_path, &packed, err) < 0 ? -1 : step_write(in, identity_path, &identity, err);
}

/* RPMS/<arch>/<file>.rpm, and RPMS/<file>.rpm. Takes over fd. */
static int
collect_rpms(struct collect *c, int fd, int depth, struct err *err)
{
	AUTO(closedir) DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d)
		return err_sys(err, "read RPMS");
	while ((e = readdir(d))) {
		int below;

		if (e->d_name[0] == '.')
			continue;
		if (is_rpm(e->d_name) && collect_rpm(c, fd, e->d_name, err) < 0)
			return -1;
		if (is_rpm(e->d_name) || depth)
			continue;
		/* Something that is no folder is nothing of ours. */
		below = step_open(fd, e->d_name, O_DIRECTORY, err);
		if (below >= 0 && collect_rpms(c, below, 1, err) < 0)
			return -1;
	}
	return 0;
}

/* Everything that the build wrote belongs to strangers: `home` is the last folder that they cannot have replaced. */
static int
collect(const struct inside *in, const char *home, struct err *err)
{
	AUTO(close) int top = file_open_dir(AT_FDCWD, home, err);
	struct collect c = {.in = in};
	int fd, r;

	if (top < 0)
		return -1;
	fd = step_open(top, "rpmbuild/RPMS", O_DIRECTORY, err);
	if (fd < 0)
		return step_failed(in, err->msg, err);
	r = verdict_begin(in, &c.verdict, err);
	if (r < 0)
		close(fd);
	else
		r = collect_rpms(&c, fd, 0, err);
	if (r == 0)
		r = verdict_end(in, &c.verdict, err);
	verdict_fini(&c.verdict);
	return r < 0 ? -1 : 0;
}

static int
run_rpmbuild(const struct inside *in, const struct root_user *user, const char *const *how, int *status, struct err *err)
{
	AUTO(free) char *inside = xasprintf("/home/builder/%s", in->job->source.name);
	const char *argv[] = {"rpmbuild", how[0], "--define", "_topdir /home/builder/rpmbuild",
	    "--define", "use_source_date_epoch_as_buildtime 1", "--define", "clamp_mtime_to_source_date_epoch 1",
	    "--define", "_buildhost artel", "--define", "_build_name_fmt %%{ARCH}/%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
	    "--target", in->job->arch, inside, how[1], NULL};
	struct sandbox_exec x = user->exec;

	x.argv = argv;
	x.jobs = in->jobs;
	return sandbox_exec(&x, status, err);
}

/* What the source RPM that rpmbuild left behind requires. MORE_NONE: there is none. */
enum { MORE_NONE = 1 };

static int
requires_of(int folder, const char *file, struct srpm_facts *more, struct err *err)
{
	AUTO(close) int fd = step_open(folder, file, 0, err);
	AUTO(free) char *path = xasprintf("/proc/self/fd/%d", fd);

	return fd < 0 ? -1 : facts_from_srpm(path, more, err);
}

static int
read_more(const struct inside *in, const char *home, struct err *err)
{
	AUTO(close) int top = file_open_dir(AT_FDCWD, home, err);
	int fd = top < 0 ? -1 : step_open(top, "rpmbuild/SRPMS", O_DIRECTORY, err);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	AUTO(srpm_facts_fini) struct srpm_facts more = {0};
	AUTO(str_fini) struct str out = {0};
	struct dirent *e;

	if (!d)
		return step_failed(in, err->msg, err);
	while ((e = readdir(d)) && !more.name)
		if (is_rpm(e->d_name) && requires_of(fd, e->d_name, &more, err) < 0)
			return step_failed(in, err->msg, err);
	if (!more.name)
		return MORE_NONE;
	pack_strs(&out, &more.requires);
	return step_write(in, "more", &out, err);
}

/* A source RPM made here says what its spec requires here. */
static int
ask_requires(const struct inside *in, const struct root_user *user, struct err *err)
{
	static const char *const how[] = {"-rs", "--nodeps"};
	int status, r = run_rpmbuild(in, user, how, &status, err);

	if (r == 0 && status == 0)
		r = read_more(in, user->home, err);
	if (r == MORE_NONE || (r == 0 && status))
		return step_failed(in, "rpmbuild: the spec does not say what it requires on this architecture", err);
	return r;
}

/*
 * Status 11 of rpmbuild: BuildRequires are missing. %generate_buildrequires gave them, then it has written a
 * source RPM that requires them all; or the spec has others here than where the SRPM was made.
 */
static int
collect_more(const struct inside *in, const struct root_user *user, struct err *err)
{
	int r = read_more(in, user->home, err);

	return r == MORE_NONE ? ask_requires(in, user, err) : r;
}

/* Who builds, with the SRPM of the job at home. */
static int
lay_out(const struct inside *in, const char *root, struct root_user *user, struct err *err)
{
	AUTO(free) char *copy = NULL;

	if (root_user(in, root, user, err) < 0)
		return -1;
	copy = xasprintf("%s/%s", user->home, in->job->source.name);
	return step_copy_cached(in->job->source.sha256, copy, err);
}

int
inside_requires(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(root_user_fini) struct root_user user = {0};
	AUTO(free) char *root = NULL;

	phases_enter(in->phases, PHASE_ROOT);
	if (root_mount(in, "root", true, &root, err) < 0 || lay_out(in, root, &user, err) < 0)
		return -1;
	phases_enter(in->phases, PHASE_RPMBUILD);
	return ask_requires(in, &user, err);
}

int
inside_build(void *arg, struct err *err)
{
	static const char *const how[] = {"--rebuild", NULL};
	const struct inside *in = arg;
	AUTO(root_user_fini) struct root_user user = {0};
	AUTO(free) char *root = NULL;
	int r, status;

	phases_enter(in->phases, PHASE_ROOT);
	r = root_make(in, "root", "full.set", "build root", &root, err);
	if (r)
		return r < 0 ? -1 : 0;
	phases_enter(in->phases, PHASE_RPMBUILD);
	if (lay_out(in, root, &user, err) < 0 || run_rpmbuild(in, &user, how, &status, err) < 0)
		return -1;
	phases_enter(in->phases, PHASE_FACTS);
	if (status == RPMBUILD_MORE)
		return collect_more(in, &user, err);
	if (status != 0) {
		AUTO(free) char *why = xasprintf("rpmbuild: exit status %d", status);

		return step_failed(in, why, err);
	}
	return collect(in, user.home, err);
}
