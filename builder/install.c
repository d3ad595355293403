/*
 * librpm works in a process that has the root as its own and little else (base/confine.h): scriptlets, and Lua ones
 * run inside librpm itself, are as strange as what made the package. The RPMs are opened before.
 */
#include <errno.h>
#include <fcntl.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmio.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmps.h>
#include <rpm/rpmts.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/confine.h"
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
		/* The next reader begins at the front again. */
		lseek((int)(intptr_t)key, 0, SEEK_SET);
		p->fd = fdDup((int)(intptr_t)key);
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

static void
configure(void)
{
	rpmReadConfigFiles(NULL, NULL);
	rpmSetVerbosity(RPMLOG_WARNING);
	rpmDefineMacro(NULL, "_dbpath /var/lib/rpm", RMIL_CMDLINE);
	rpmDefineMacro(NULL, "_pkgverify_level none", RMIL_CMDLINE);
	rpmDefineMacro(NULL, "_flush_io 0", RMIL_CMDLINE);
}

static rpmts
open_root(void)
{
	rpmts ts = rpmtsCreate();

	rpmtsSetVSFlags(ts, RPMVSF_MASK_NOSIGNATURES | RPMVSF_MASK_NODIGESTS);
	/* Plugins are of this host's rpm, and would be looked for in the root. */
	rpmtsSetFlags(ts, RPMTRANS_FLAG_NOPLUGINS);
	return ts;
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
add(rpmts ts, int file, const char *path, struct err *err)
{
	AUTO(Fclose) FD_t fd = fdDup(file);
	AUTO(headerFree) Header h = NULL;
	rpmRC rc;

	if (!fd || Ferror(fd))
		return err_sys(err, "open %s", path);
	rc = rpmReadPackageFile(ts, fd, path, &h);
	if ((rc != RPMRC_OK && rc != RPMRC_NOKEY && rc != RPMRC_NOTTRUSTED) ||
	    rpmtsAddInstallElement(ts, h, (fnpyKey)(intptr_t)file, 1, NULL) != 0)
		return err_set(err, EBADMSG, "%s: not an RPM that can be installed", path);
	return 0;
}

/* What is done in a root; the files are opened before it is entered. */
struct install {
	const struct strs *paths;
	int *files;			/* of each path */
	const char *name;		/* to remove */
	struct strs *wanted;		/* to find, sorted */
};

static int
open_files(void *arg, struct err *err)
{
	struct install *in = arg;
	struct rlimit limit;

	configure();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (size_t i = 0; in->paths && i < in->paths->n; i++) {
		in->files[i] = open(in->paths->p[i], O_RDONLY | O_CLOEXEC);
		if (in->files[i] < 0)
			return err_sys(err, "open %s", in->paths->p[i]);
	}
	return 0;
}

static int
install(void *arg, struct err *err)
{
	const struct install *in = arg;
	AUTO(rpmtsFree) rpmts ts = open_root();

	for (size_t i = 0; i < in->paths->n; i++)
		if (add(ts, in->files[i], in->paths->p[i], err) < 0)
			return -1;
	return run(ts, false, "install", err);
}

int
install_into(const char *root, const struct strs *paths, struct err *err)
{
	AUTO(free) int *files = xcalloc(paths->n, sizeof(*files));
	struct install in = {.paths = paths, .files = files};

	return paths->n ? confine_call(root, open_files, install, &in, err) : 0;
}

static int
take_out(void *arg, struct err *err)
{
	const struct install *in = arg;
	AUTO(rpmtsFree) rpmts ts = open_root();
	rpmdbMatchIterator mi = rpmtsInitIterator(ts, RPMDBI_NAME, in->name, 0);
	Header h;
	int n = 0;

	while ((h = rpmdbNextIterator(mi))) {
		rpmtsAddEraseElement(ts, h, -1);
		n++;
	}
	rpmdbFreeIterator(mi);
	if (n == 0)
		return err_set(err, ENOENT, "%s is not installed", in->name);
	return run(ts, true, "remove", err);
}

static int
in_and_out(void *arg, struct err *err)
{
	const struct install *in = arg;

	return in->paths->n && install(arg, err) < 0 ? -1 : take_out(arg, err);
}

int
install_try(const char *root, const struct strs *paths, const char *name, struct err *err)
{
	AUTO(free) int *files = xcalloc(paths->n, sizeof(*files));
	struct install in = {.paths = paths, .files = files, .name = name};

	return confine_call(root, open_files, in_and_out, &in, err);
}

/* The first of a that is not the same in b; both are sorted. */
static const char *
first_other(const struct strs *a, const struct strs *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (i == b->n || strcmp(a->p[i], b->p[i]) != 0)
			return a->p[i];
	return NULL;
}

static int
look(void *arg, struct err *err)
{
	const struct install *in = arg;
	AUTO(rpmtsFree) rpmts ts = open_root();
	AUTO(strs_fini) struct strs have = {0};
	rpmdbMatchIterator mi;
	const char *odd, *lost;
	Header h;

	/* Without a database there is nothing to iterate over, which is not the same as nothing installed. */
	if (rpmtsOpenDB(ts, O_RDONLY) != 0)
		return err_set(err, EIO, "there is no database of packages, or a broken one");
	mi = rpmtsInitIterator(ts, RPMDBI_PACKAGES, NULL, 0);
	while ((h = rpmdbNextIterator(mi))) {
		/* The name that libsolv gives it, with the epoch only if there is one. */
		char *nevra = headerFormat(h, "%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH}", NULL);

		strs_take(&have, nevra ? nevra : xstrdup(""));
	}
	rpmdbFreeIterator(mi);
	strs_sort(&have);
	odd = first_other(&have, in->wanted);
	lost = first_other(in->wanted, &have);
	if (odd || lost)
		return err_set(err, EBADMSG, "it has %zu packages instead of %zu: %s instead of %s", have.n, in->wanted->n,
		    odd ? odd : "nothing", lost ? lost : "nothing");
	return 0;
}

int
install_verify(const char *root, struct strs *nevras, struct err *err)
{
	struct install in = {.wanted = nevras};

	strs_sort(nevras);
	return confine_call(root, open_files, look, &in, err);
}
