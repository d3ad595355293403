/*
 * A root is the base root with an overlay over it, into which what is beyond the base is installed. The layer beneath
 * is shared by all jobs and read-only; the upper one is this job's and thrown away.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/confine.h"
#include "base/err.h"
#include "base/file.h"
#include "base/vec.h"
#include "builder/inside.h"
#include "builder/install.h"
#include "builder/root.h"
#include "builder/step.h"

static void
paths_of(const struct pkgset *set, struct strs *out)
{
	for (size_t i = 0; i < set->n; i++)
		strs_take(out, step_cached(set->p[i].sha256));
}

/* What rpm says that it installed is what was wanted: a root that is not is ours, not the package's. */
static int
verify(const char *root, const struct pkgset *set, struct err *err)
{
	AUTO(strs_fini) struct strs wanted = {0};

	for (size_t i = 0; i < set->n; i++)
		strs_add(&wanted, set->p[i].nevra);
	return install_verify(root, &wanted, err) < 0 ? err_ctx(err, "the root is not what was asked for") : 0;
}

/* A root in which a scriptlet failed is none to build in. */
static int
install_all(const char *root, const struct strs *paths, struct err *err)
{
	AUTO(seen_list_fini) struct seen_list seen = {0};
	AUTO(str_fini) struct str why = {0};

	if (install_into(root, paths, &seen, err) < 0)
		return -1;
	seen_text(&seen, &why);
	return seen.n ? err_set(err, EINVAL, "install: %s", str_c(&why)) : 0;
}

int
inside_base(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(free) char *root = xasprintf(SANDBOX_DIR "/roots/%s.new", in->base);
	AUTO(pkgset_fini) struct pkgset set = {0};
	AUTO(strs_fini) struct strs paths = {0};

	if (step_read_set(in, "base.set", &set, err) < 0)
		return -1;
	paths_of(&set, &paths);
	if (install_all(root, &paths, err) < 0) {
		AUTO(free) char *why = xasprintf("base root: %s", err->msg);

		if (err->code == CONFINE_OURS)
			return -1;
		return step_failed(in, why, err);
	}
	if (set.n && verify(root, &set, err) < 0)
		return -1;
	return 0;
}

int
root_mount(const struct inside *in, const char *tag, bool on_base, char **root, struct err *err)
{
	AUTO(free) char *upper = xasprintf(SANDBOX_DIR "/job/%s/%s.upper", in->name, tag);
	AUTO(free) char *work = xasprintf(SANDBOX_DIR "/job/%s/%s.work", in->name, tag);
	AUTO(free) char *options = xasprintf("lowerdir=" SANDBOX_DIR "/roots/%s,upperdir=%s,workdir=%s,userxattr,volatile",
	    in->base, upper, work);

	*root = xasprintf(SANDBOX_DIR "/job/%s/%s", in->name, tag);
	if (mkdir(upper, 0755) < 0 || mkdir(work, 0755) < 0 || mkdir(*root, 0755) < 0)
		return err_sys(err, "make folders for a root");
	if (!on_base)
		return 0;
	if (mount("overlay", *root, "overlay", 0, options) < 0)
		return err_sys(err, "mount an overlay over roots/%s", in->base);
	return 0;
}

bool
root_needs(const struct pkgset *base, const struct pkgset *set, struct pkgset *out)
{
	AUTO(pkgset_fini) struct pkgset missing = {0};

	pkgset_minus(base, set, &missing);
	if (missing.n)
		pkgset_union(out, set);
	else
		pkgset_minus(set, base, out);
	return missing.n == 0;
}

/* The mounted root, the packages that are to be installed into it, and all that it will have then. */
static int
begin(const struct inside *in, const char *tag, const char *set_name, char **root, struct strs *paths, struct pkgset *full,
	struct err *err)
{
	AUTO(pkgset_fini) struct pkgset base = {0};
	AUTO(pkgset_fini) struct pkgset needed = {0};

	if (step_read_set(in, "base.set", &base, err) < 0 || step_read_set(in, set_name, full, err) < 0)
		return -1;
	if (root_mount(in, tag, root_needs(&base, full, &needed), root, err) < 0)
		return -1;
	paths_of(&needed, paths);
	return 0;
}

static int
refused(const struct inside *in, const char *what, struct err *err)
{
	AUTO(free) char *why = xasprintf("%s: %s", what, err->msg);

	/* Not rpm's word: it did not come so far. */
	if (err->code == CONFINE_OURS)
		return -1;
	return step_failed(in, why, err) < 0 ? -1 : ROOT_REFUSED;
}

int
root_make(const struct inside *in, const char *tag, const char *set_name, const char *what, char **root, struct err *err)
{
	AUTO(pkgset_fini) struct pkgset full = {0};
	AUTO(strs_fini) struct strs paths = {0};

	if (begin(in, tag, set_name, root, &paths, &full, err) < 0)
		return -1;
	if (install_all(*root, &paths, err) < 0)
		return refused(in, what, err);
	/* A base root is read-only from when it was looked at. */
	return paths.n ? verify(*root, &full, err) : 0;
}

int
root_try(const struct inside *in, const char *tag, const char *set_name, const char *what, const char *remove,
	struct seen_list *seen, struct err *err)
{
	AUTO(pkgset_fini) struct pkgset full = {0};
	AUTO(strs_fini) struct strs paths = {0};
	AUTO(free) char *root = NULL;
	int r = begin(in, tag, set_name, &root, &paths, &full, err);

	/* After some scriptlets rpm gives up: what was seen says why. */
	if (r == 0 && install_try(root, &paths, remove, seen, err) < 0 && !seen_scriptlet(seen))
		r = refused(in, what, err);
	if (root)
		umount2(root, MNT_DETACH);
	return r;
}

void
root_user_fini(struct root_user *u)
{
	free(u->home);
	free(u->tmp);
}

int
root_user(const struct inside *in, const char *root, struct root_user *out, struct err *err)
{
	static const char *const folders[] = {"", "/rpmbuild", "/rpmbuild/SOURCES", "/rpmbuild/SPECS", "/rpmbuild/BUILD",
	    "/rpmbuild/BUILDROOT", "/rpmbuild/RPMS", "/rpmbuild/SRPMS"};

	out->home = step_path(in, "home");
	out->tmp = step_path(in, "tmp");
	out->exec = (struct sandbox_exec){.root = root, .home = out->home, .tmp = out->tmp, .network = in->job->network,
	    .source_date_epoch = in->job->source_date_epoch};
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		AUTO(free) char *path = xasprintf("%s%s", out->home, folders[i]);

		if (mkdir(path, 0755) < 0 || chown(path, SANDBOX_BUILDER, SANDBOX_BUILDER) < 0)
			return err_sys(err, "make %s", path);
	}
	if (mkdir(out->tmp, 0777) < 0 || chmod(out->tmp, 01777) < 0)
		return err_sys(err, "make %s", out->tmp);
	return 0;
}
