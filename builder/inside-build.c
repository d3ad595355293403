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

static int
collect_rpm(struct collect *c, const char *folder, const char *name, struct err *err)
{
	const struct inside *in = c->in;
	AUTO(free) char *from = xasprintf("%s/%s", folder, name);
	AUTO(free) char *to = xasprintf(SANDBOX_DIR "/job/%s/out/%s", in->name, name);
	AUTO(free) char *facts_path = xasprintf("out/%s.facts", name);
	AUTO(free) char *identity_path = xasprintf("out/%s.identity", name);
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str packed = {0};
	AUTO(str_fini) struct str identity = {0};

	if (step_copy_out(from, to, err) < 0 || facts_from_rpm(to, name, &f, err) < 0 ||
	    sanity_rpm(to, &f, &c->verdict.policy, now_ms() / 1000, &c->verdict.found, err) < 0)
		return step_failed(in, err->msg, err);
	facts_pack(&packed, &f);
	str_puts(&identity, f.identity);
	return step_write(in, facts_path, &packed, err) < 0 ? -1 : step_write(in, identity_path, &identity, err);
}

/* RPMS/<arch>/<file>.rpm, and RPMS/<file>.rpm. */
static int
collect_rpms(struct collect *c, const char *folder, int depth, struct err *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return depth ? 0 : err_sys(err, "open %s", folder);
	while ((e = readdir(d))) {
		AUTO(free) char *below = xasprintf("%s/%s", folder, e->d_name);

		if (e->d_name[0] == '.')
			continue;
		if (is_rpm(e->d_name) ? collect_rpm(c, folder, e->d_name, err) < 0 :
		    depth == 0 && collect_rpms(c, below, 1, err) < 0)
			return -1;
	}
	return 0;
}

static int
collect(const struct inside *in, const char *home, struct err *err)
{
	AUTO(free) char *rpms = xasprintf("%s/rpmbuild/RPMS", home);
	struct collect c = {.in = in};
	int r = verdict_begin(in, &c.verdict, err);

	if (r == 0)
		r = collect_rpms(&c, rpms, 0, err);
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
read_more(const struct inside *in, const char *home, struct err *err)
{
	AUTO(free) char *folder = xasprintf("%s/rpmbuild/SRPMS", home);
	AUTO(closedir) DIR *d = opendir(folder);
	AUTO(srpm_facts_fini) struct srpm_facts more = {0};
	AUTO(str_fini) struct str out = {0};
	struct dirent *e;

	while (d && (e = readdir(d)) && !more.name) {
		AUTO(free) char *path = xasprintf("%s/%s", folder, e->d_name);

		if (is_rpm(e->d_name) && facts_from_srpm(path, &more, err) < 0)
			return step_failed(in, err->msg, err);
	}
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
	AUTO(free) char *srpm = step_cached(in->job->source.sha256);
	AUTO(free) char *copy = NULL;

	if (root_user(in, root, user, err) < 0)
		return -1;
	copy = xasprintf("%s/%s", user->home, in->job->source.name);
	return step_copy_out(srpm, copy, err);
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
