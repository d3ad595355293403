/*
 * What the spec runs while it is parsed may write anywhere in home: afterwards
 * nothing there is trusted, links are not followed, and the one file found must be plain.
 *
 * Reproducible: the time stamps are those of the tag; host name and owners of files are fixed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/sandbox.h"
#include "source/srpm.h"

/* Where sandbox_exec() shows the home. */
#define TOP "/home/builder/rpmbuild"

AUTO_DEFINE(DIR *, closedir);

static int
run(const struct srpm_job *job, struct err *err)
{
	AUTO(free) char *spec = xasprintf(TOP "/SOURCES/%s", job->spec_file);
	const char *argv[] = {"rpmbuild", "-bs", "--nodeps",
	    "--define", "_topdir " TOP, "--define", "_sourcedir " TOP "/SOURCES",
	    "--define", "_specdir " TOP "/SOURCES", "--define", "_srcrpmdir " TOP "/SRPMS",
	    "--define", "_builddir " TOP "/BUILD", "--define", "_buildhost artel",
	    "--define", "use_source_date_epoch_as_buildtime 1",
	    "--define", "clamp_mtime_to_source_date_epoch 1",
	    "--define", "source_date_epoch_from_changelog 0",
	    "--define", "_srcdefattr (-,root,root)", spec, job->target ? "--target" : NULL, job->target, NULL};
	struct sandbox_exec x = *job->in;
	int status;

	x.argv = argv;
	if (sandbox_exec(&x, &status, err) < 0)
		return -1;
	if (status > 128)
		return err_set(err, EINVAL, "rpmbuild -bs %s was killed by signal %d", job->spec_file, status - 128);
	if (status)
		return err_set(err, EINVAL, "rpmbuild -bs %s failed with status %d; its log says why",
		    job->spec_file, status);
	return 0;
}

static bool
is_srpm(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 8 && strcmp(name + n - 8, ".src.rpm") == 0;
}

/* The one source RPM in home/rpmbuild/SRPMS. */
static int
find(const char *home, char **name, struct err *err)
{
	AUTO(close) int top = file_open_dir(AT_FDCWD, home, err);
	AUTO(free) char *found = NULL;
	AUTO(closedir) DIR *d = NULL;
	struct dirent *e;
	struct stat st;
	int fd;

	if (top < 0)
		return -1;
	fd = file_open_beneath(top, "rpmbuild/SRPMS", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return errno == ELOOP ? err_set(err, ELOOP, "rpmbuild/SRPMS is a link, or behind one") : err_sys(err, "open SRPMS");
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_sys(err, "read SRPMS");
	}
	while ((e = readdir(d))) {
		if (!is_srpm(e->d_name))
			continue;
		if (found)
			return err_set(err, EINVAL, "rpmbuild -bs left more than one source RPM");
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			return err_set(err, EINVAL, "the source RPM is not a plain file");
		found = xstrdup(e->d_name);
	}
	if (!found)
		return err_set(err, ENOENT, "rpmbuild -bs left no source RPM");
	*name = STEAL(found);
	return 0;
}

int
srpm_build(const struct srpm_job *job, char **name, struct err *err)
{
	if (run(job, err) < 0)
		return -1;
	return find(job->in->home, name, err);
}
