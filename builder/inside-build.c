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
#include "builder/inside.h"
#include "builder/root.h"
#include "builder/step.h"
#include "package/facts.h"

enum { RPMBUILD_MORE = 11 };

AUTO_DEFINE(DIR *, closedir);

static int
is_rpm(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".rpm") == 0 && name[0] != '.' && !strchr(name, '/');
}

static int
collect_rpm(const struct inside *in, const char *folder, const char *name, struct err *err)
{
	AUTO(free) char *from = xasprintf("%s/%s", folder, name);
	AUTO(free) char *to = xasprintf(SANDBOX_DIR "/job/%s/out/%s", in->name, name);
	AUTO(free) char *facts_path = xasprintf("out/%s.facts", name);
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str packed = {0};

	if (step_copy_out(from, to, err) < 0 || facts_from_rpm(to, name, &f, err) < 0)
		return step_failed(in, err->msg, err);
	facts_pack(&packed, &f);
	return step_write(in, facts_path, &packed, err);
}

/* RPMS/<arch>/<file>.rpm, and RPMS/<file>.rpm. */
static int
collect_rpms(const struct inside *in, const char *folder, int depth, struct err *err)
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
		if (is_rpm(e->d_name) ? collect_rpm(in, folder, e->d_name, err) < 0 :
		    depth == 0 && collect_rpms(in, below, 1, err) < 0)
			return -1;
	}
	return 0;
}

/* Status 11 of rpmbuild: it wrote an SRPM whose requirements are those that %generate_buildrequires gave. */
static int
collect_more(const struct inside *in, const char *home, struct err *err)
{
	AUTO(free) char *folder = xasprintf("%s/rpmbuild/SRPMS", home);
	AUTO(closedir) DIR *d = opendir(folder);
	AUTO(srpm_facts_fini) struct srpm_facts more = {0};
	AUTO(str_fini) struct str out = {0};
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO(free) char *path = xasprintf("%s/%s", folder, e->d_name);

		if (!strstr(e->d_name, ".buildreqs.nosrc.rpm"))
			continue;
		srpm_facts_fini(&more);
		if (facts_from_srpm(path, &more, err) < 0)
			return step_failed(in, err->msg, err);
	}
	pack_strs(&out, &more.requires);
	return step_write(in, "more", &out, err);
}

static int
run_rpmbuild(const struct inside *in, const struct root_user *user, int *status, struct err *err)
{
	AUTO(free) char *inside = xasprintf("/home/builder/%s", in->job->source.name);
	const char *argv[] = {"rpmbuild", "--rebuild", "--define", "_topdir /home/builder/rpmbuild",
	    "--define", "use_source_date_epoch_as_buildtime 1", "--define", "clamp_mtime_to_source_date_epoch 1",
	    "--define", "_buildhost artel", "--define", "_build_name_fmt %%{ARCH}/%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
	    "--target", in->job->arch, inside, NULL};
	struct sandbox_exec x = user->exec;

	x.argv = argv;
	x.jobs = in->jobs;
	return sandbox_exec(&x, status, err);
}

int
inside_build(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(free) char *srpm = step_cached(in->job->source.sha256);
	AUTO(free) char *root = NULL;
	AUTO(root_user_fini) struct root_user user = {0};
	AUTO(free) char *copy = NULL;
	AUTO(free) char *rpms = NULL;
	int r, status;

	r = root_make(in, "root", "full.set", "build root", &root, err);
	if (r)
		return r < 0 ? -1 : 0;
	if (root_user(in, root, &user, err) < 0)
		return -1;
	copy = xasprintf("%s/%s", user.home, in->job->source.name);
	if (step_copy_out(srpm, copy, err) < 0 || run_rpmbuild(in, &user, &status, err) < 0)
		return -1;
	if (status == RPMBUILD_MORE)
		return collect_more(in, user.home, err);
	if (status != 0) {
		AUTO(free) char *why = xasprintf("rpmbuild: exit status %d", status);

		return step_failed(in, why, err);
	}
	rpms = xasprintf("%s/rpmbuild/RPMS", user.home);
	return collect_rpms(in, rpms, 0, err);
}
