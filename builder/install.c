#include <errno.h>
#include <fcntl.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmps.h>
#include <rpm/rpmts.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "builder/install.h"

AUTO_DEFINE(rpmts, rpmtsFree);
AUTO_DEFINE(rpmps, rpmpsFree);
AUTO_DEFINE(Header, headerFree);
AUTO_DEFINE(FD_t, Fclose);

/* What the callback of a transaction gathers. */
struct progress {
	FD_t fd;
	struct str failed;	/* packages whose scriptlets or payload failed */
};

static void *
notify(const void *header, const rpmCallbackType what, const rpm_loff_t amount, const rpm_loff_t total,
	fnpyKey key, void *arg)
{
	struct progress *p = arg;

	switch ((int)what) {
	case RPMCALLBACK_INST_OPEN_FILE:
		p->fd = Fopen(key, "r.ufdio");
		return p->fd;
	case RPMCALLBACK_INST_CLOSE_FILE:
		Fclose(p->fd);
		p->fd = NULL;
		break;
	case RPMCALLBACK_SCRIPT_ERROR:
	case RPMCALLBACK_UNPACK_ERROR:
	case RPMCALLBACK_CPIO_ERROR:
		str_add(&p->failed, "%s%s", p->failed.n ? ", " : "",
		    header ? headerGetString((Header)header, RPMTAG_NAME) : "a package");
		break;
	}
	return NULL;
}

static int
open_root(const char *root, rpmts *out, struct err *err)
{
	AUTO(rpmtsFree) rpmts ts = NULL;

	rpmReadConfigFiles(NULL, NULL);
	rpmSetVerbosity(RPMLOG_WARNING);
	rpmDefineMacro(NULL, "_dbpath /var/lib/rpm", RMIL_CMDLINE);
	rpmDefineMacro(NULL, "_pkgverify_level none", RMIL_CMDLINE);
	rpmDefineMacro(NULL, "_flush_io 0", RMIL_CMDLINE);
	ts = rpmtsCreate();
	/* A path that is not absolute is ignored by rpm, and the host's root used instead. */
	if (root[0] != '/' || strcmp(root, "/") == 0 || rpmtsSetRootDir(ts, root) != 0)
		return err_set(err, EINVAL, "%s: not a root to install into", root);
	rpmtsSetVSFlags(ts, RPMVSF_MASK_NOSIGNATURES | RPMVSF_MASK_NODIGESTS);
	*out = STEAL(ts);
	return 0;
}

static int
problems(rpmts ts, const char *what, struct err *err)
{
	AUTO(rpmpsFree) rpmps ps = rpmtsProblems(ts);
	rpmpsi i = rpmpsInitIterator(ps);
	AUTO(str_fini) struct str text = {0};
	rpmProblem p;
	int n = 0;

	while ((p = rpmpsiNext(i)) && n++ < 4) {
		char *line = rpmProblemString(p);

		str_add(&text, "%s%s", text.n ? "; " : "", line);
		free(line);
	}
	rpmpsFreeIterator(i);
	return err_set(err, EINVAL, "%s: %s", what, text.n ? str_c(&text) : "rpm refused");
}

/* With `alone` what is left need not have its requirements: a package that others need is taken out too. */
static int
run(rpmts ts, bool alone, const char *what, struct err *err)
{
	struct progress p = {0};
	AUTO(rpmpsFree) rpmps ps = NULL;
	int rc;

	rpmtsSetNotifyCallback(ts, notify, &p);
	if (!alone)
		rpmtsCheck(ts);
	ps = rpmtsProblems(ts);
	if (rpmpsNumProblems(ps) > 0)
		return problems(ts, what, err);
	rpmtsOrder(ts);
	rc = rpmtsRun(ts, NULL, RPMPROB_FILTER_IGNOREARCH | RPMPROB_FILTER_DISKSPACE | RPMPROB_FILTER_DISKNODES);
	if (rc > 0)
		rc = problems(ts, what, err);
	else if (rc < 0 || p.failed.n)
		rc = err_set(err, EINVAL, "%s: a scriptlet or the payload failed in %s", what, p.failed.n ? str_c(&p.failed) : "?");
	str_fini(&p.failed);
	return rc;
}

static int
add(rpmts ts, const char *path, struct err *err)
{
	AUTO(Fclose) FD_t fd = Fopen(path, "r.ufdio");
	AUTO(headerFree) Header h = NULL;
	rpmRC rc;

	if (!fd || Ferror(fd))
		return err_sys(err, "open %s", path);
	rc = rpmReadPackageFile(ts, fd, path, &h);
	if ((rc != RPMRC_OK && rc != RPMRC_NOKEY && rc != RPMRC_NOTTRUSTED) ||
	    rpmtsAddInstallElement(ts, h, path, 1, NULL) != 0)
		return err_set(err, EBADMSG, "%s: not an RPM that can be installed", path);
	return 0;
}

int
install_into(const char *root, const struct strs *paths, struct err *err)
{
	AUTO(rpmtsFree) rpmts ts = NULL;

	if (paths->n == 0)
		return 0;
	if (open_root(root, &ts, err) < 0)
		return -1;
	for (size_t i = 0; i < paths->n; i++)
		if (add(ts, paths->p[i], err) < 0)
			return -1;
	return run(ts, false, "install", err);
}

int
install_remove(const char *root, const char *name, struct err *err)
{
	AUTO(rpmtsFree) rpmts ts = NULL;
	rpmdbMatchIterator mi;
	Header h;
	int n = 0;

	if (open_root(root, &ts, err) < 0)
		return -1;
	mi = rpmtsInitIterator(ts, RPMDBI_NAME, name, 0);
	while ((h = rpmdbNextIterator(mi))) {
		rpmtsAddEraseElement(ts, h, -1);
		n++;
	}
	rpmdbFreeIterator(mi);
	if (n == 0)
		return err_set(err, ENOENT, "%s is not installed", name);
	return run(ts, true, "remove", err);
}
