/*
 * librpm works in a process that has the root as its own and little else (base/confine.h): scriptlets, and Lua ones
 * run inside librpm itself, are as strange as what made the package. The RPMs are opened before.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmio.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmps.h>
#include <rpm/rpmts.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/confine.h"
#include "base/err.h"
#include "base/file.h"
#include "base/vec.h"
#include "builder/echo.h"
#include "builder/install.h"

/* Of what a scriptlet wrote, for a reason; names that are told of a folder. */
enum { SAID_LINES = 3, SAID_MAX = 300, ENTRIES_MAX = 4 };

AUTO_DEFINE(rpmts, rpmtsFree);
AUTO_DEFINE(rpmps, rpmpsFree);
AUTO_DEFINE(Header, headerFree);
AUTO_DEFINE(FD_t, Fclose);
AUTO_DEFINE(DIR *, closedir);

/* What is done in a root; the files are opened before it is entered. */
struct install {
	const struct strs *paths;
	int *files;			/* of each path */
	const char *name;		/* to remove */
	struct strs *wanted;		/* to find, sorted */
	int report;			/* memfd: packed `seen` */
	struct seen_list seen;
	struct echo echo;
	bool echoes;
	FD_t payload;
	char said[512];			/* what librpm said last */
	struct str broken;		/* packages whose payload failed */
};

/* The first and the last word of librpm on a scriptlet: "%post(foo-1-1.noarch) scriptlet failed, exit status 3". */
static int
on_log(rpmlogRec record, rpmlogCallbackData data)
{
	struct install *in = data;

	if (rpmlogRecPriority(record) > RPMLOG_WARNING)
		return 0;
	snprintf(in->said, sizeof(in->said), "%s", rpmlogRecMessage(record));
	return RPMLOG_DEFAULT;
}

/* The scriptlet and its package out of that: also a trigger of another package than the one that is installed. */
static void
scriptlet_failed(struct install *in, Header h)
{
	const char *name = h ? headerGetString(h, RPMTAG_NAME) : NULL;
	const char *at = strchr(in->said, '%'), *failed = strstr(in->said, "scriptlet failed, ");
	size_t n = at ? 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
	AUTO(free) char *what = n > 1 ? xstrndup(at, n) : xstrdup("scriptlet");
	AUTO(free) char *package = xstrdup(name ? name : "a package");
	AUTO(str_fini) struct str detail = {0};
	size_t before;

	if (n > 1 && at[n] == '(') {
		char *dash;

		free(package);
		package = xstrndup(at + n + 1, strcspn(at + n + 1, ")"));
		for (int i = 0; i < 2; i++)
			if ((dash = strrchr(package, '-')))
				*dash = '\0';
	}
	str_puts(&detail, failed ? failed + strlen("scriptlet failed, ") : *in->said ? in->said : "it failed");
	while (detail.n && detail.p[detail.n - 1] == '\n')
		detail.p[--detail.n] = '\0';
	before = detail.n;
	str_puts(&detail, ": ");
	echo_lines(&in->echo, SAID_LINES, SAID_MAX, &detail);
	if (detail.n == before + 2)
		detail.p[detail.n = before] = '\0';
	seen_add(&in->seen, SANITY_SCRIPTLET, package, what, str_c(&detail));
}

static void *
notify(const void *header, const rpmCallbackType what, const rpm_loff_t amount, const rpm_loff_t total,
	fnpyKey key, void *arg)
{
	struct install *in = arg;

	switch ((int)what) {
	case RPMCALLBACK_INST_OPEN_FILE:
		/* The next reader begins at the front again. */
		lseek((int)(intptr_t)key, 0, SEEK_SET);
		in->payload = fdDup((int)(intptr_t)key);
		return in->payload;
	case RPMCALLBACK_INST_CLOSE_FILE:
		Fclose(in->payload);
		in->payload = NULL;
		break;
	case RPMCALLBACK_SCRIPT_START:
		in->said[0] = '\0';
		echo_forget(&in->echo);
		break;
	case RPMCALLBACK_SCRIPT_ERROR:
		scriptlet_failed(in, (Header)header);
		break;
	case RPMCALLBACK_UNPACK_ERROR:
	case RPMCALLBACK_CPIO_ERROR:
		str_add(&in->broken, "%s%s", in->broken.n ? ", " : "",
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
run(struct install *in, rpmts ts, bool alone, const char *what, struct err *err)
{
	AUTO(rpmpsFree) rpmps ps = NULL;
	AUTO(Fclose) FD_t script = NULL;
	AUTO(str_fini) struct str why = {0};
	int rc;

	/* Here, not before the root was entered: a thread from before would have kept its rights. */
	if (!in->echoes && echo_start(&in->echo, STDOUT_FILENO, err) < 0)
		return -1;
	in->echoes = true;
	script = fdDup(in->echo.in);
	rpmtsSetScriptFd(ts, script);
	rpmtsSetNotifyCallback(ts, notify, in);
	/* Unless it is verbose, what scriptlets write to stdout is thrown away. */
	rpmlogSetCallback(on_log, in);
	rpmSetVerbosity(RPMLOG_INFO);
	if (!alone)
		rpmtsCheck(ts);
	ps = rpmtsProblems(ts);
	if (rpmpsNumProblems(ps) > 0)
		return problems(ts, what, err);
	rpmtsOrder(ts);
	rc = rpmtsRun(ts, NULL, RPMPROB_FILTER_IGNOREARCH | RPMPROB_FILTER_DISKSPACE | RPMPROB_FILTER_DISKNODES);
	rpmtsSetScriptFd(ts, NULL);
	echo_forget(&in->echo);
	if (rc > 0)
		return problems(ts, what, err);
	if (in->broken.n)
		return err_set(err, EINVAL, "%s: the payload failed in %s", what, str_c(&in->broken));
	seen_text(&in->seen, &why);
	if (rc < 0)
		return err_set(err, EINVAL, "%s: %s", what, why.n ? str_c(&why) : "rpm gave up");
	return 0;
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

/* What was seen leaves the root by a file that was opened before. */
static int
tell(struct install *in, int r, struct err *err)
{
	AUTO(str_fini) struct str packed = {0};
	struct err late;

	seen_pack(&packed, &in->seen);
	seen_list_fini(&in->seen);
	str_fini(&in->broken);
	if (file_write_fd(in->report, packed.p, packed.n, &late) == 0)
		return r;
	return r < 0 ? r : err_set(err, late.code, "%s", late.msg);
}

static int
put_in(struct install *in, struct err *err)
{
	AUTO(rpmtsFree) rpmts ts = open_root();

	for (size_t i = 0; i < in->paths->n; i++)
		if (add(ts, in->files[i], in->paths->p[i], err) < 0)
			return -1;
	return run(in, ts, false, "install", err);
}

static int
install(void *arg, struct err *err)
{
	return tell(arg, put_in(arg, err), err);
}

/* Enter the root and do it; what was seen is taken also after an error. */
static int
enter(const char *root, sandbox_fn *fn, struct install *in, struct seen_list *seen, struct err *err)
{
	AUTO(close) int report = memfd_create("seen", MFD_CLOEXEC);
	AUTO(str_fini) struct str packed = {0};
	struct err why = {0};
	int r;

	if (report < 0)
		return err_sys(err, "memfd");
	in->report = report;
	r = confine_call(root, open_files, fn, in, err);
	if (lseek(report, 0, SEEK_SET) != 0 || file_read_fd(report, SEEN_PACKED_MAX, &packed, &why) < 0 ||
	    (packed.n && seen_unpack(packed.p, packed.n, seen, &why) < 0))
		return r < 0 ? r : err_set(err, EBADMSG, "%s", why.msg);
	return r;
}

int
install_into(const char *root, const struct strs *paths, struct seen_list *seen, struct err *err)
{
	AUTO(free) int *files = xcalloc(paths->n, sizeof(*files));
	struct install in = {.paths = paths, .files = files};

	return paths->n ? enter(root, install, &in, seen, err) : 0;
}

/* Taking out. */

/* Where something is only while a system runs, and what leads to the files of other packages by design. */
static bool
may_dangle(const char *path, const char *target)
{
	static const char *const run[] = {"/proc/", "/sys/", "/run/", "/dev/", "/var/run/", "../run/", "/tmp/"};

	for (size_t i = 0; i < ARRAY_SIZE(run); i++)
		if (strncmp(target, run[i], strlen(run[i])) == 0)
			return true;
	return strncmp(path, "/usr/lib/debug/", 15) == 0 || strncmp(path, "/usr/lib/.build-id/", 19) == 0;
}

static void
look_at_links(struct install *in, rpmfiles files)
{
	for (int i = 0; i < (int)rpmfilesFC(files); i++) {
		const char *target = S_ISLNK(rpmfilesFMode(files, i)) ? rpmfilesFLink(files, i) : NULL;
		AUTO(free) char *path = rpmfilesFN(files, i);
		AUTO(free) char *detail = NULL;
		struct stat st;

		if (!target || rpmfilesFFlags(files, i) & RPMFILE_GHOST || may_dangle(path, target) || stat(path, &st) == 0 ||
		    (errno != ENOENT && errno != ELOOP && errno != ENOTDIR))
			continue;
		detail = xasprintf("-> %s", target);
		seen_add(&in->seen, SANITY_DANGLING_LINK, in->name, path, detail);
	}
}

/* What keeps a folder: a few names. */
static void
put_entries(const char *path, struct str *out)
{
	AUTO(closedir) DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && n++ < ENTRIES_MAX)
			str_add(out, "%s%s", n > 1 ? ", " : "holds ", e->d_name);
	if (n > ENTRIES_MAX)
		str_add(out, " and %d more", n - ENTRIES_MAX);
}

static bool
has_owner(rpmts ts, const char *path)
{
	rpmdbMatchIterator mi = rpmtsInitIterator(ts, RPMDBI_INSTFILENAMES, path, 0);
	bool owned = mi && rpmdbNextIterator(mi);

	rpmdbFreeIterator(mi);
	return owned;
}

static void
look_for_left(struct install *in, rpmfiles files)
{
	AUTO(rpmtsFree) rpmts ts = open_root();

	for (int i = 0; i < (int)rpmfilesFC(files); i++) {
		AUTO(free) char *path = rpmfilesFN(files, i);
		AUTO(str_fini) struct str detail = {0};
		struct stat st;

		if (lstat(path, &st) < 0 || has_owner(ts, path))
			continue;
		if (S_ISDIR(st.st_mode))
			put_entries(path, &detail);
		seen_add(&in->seen, SANITY_LEFT_BEHIND, in->name, path, str_c(&detail));
	}
}

static int
take_out(struct install *in, struct err *err)
{
	AUTO(rpmtsFree) rpmts ts = open_root();
	rpmdbMatchIterator mi = rpmtsInitIterator(ts, RPMDBI_NAME, in->name, 0);
	VEC(rpmfiles) files = {0};
	Header h;
	int r;

	while ((h = rpmdbNextIterator(mi))) {
		rpmtsAddEraseElement(ts, h, -1);
		vec_push(&files, rpmfilesNew(NULL, h, RPMTAG_BASENAMES, RPMFI_KEEPHEADER));
	}
	rpmdbFreeIterator(mi);
	for (size_t i = 0; i < files.n; i++)
		look_at_links(in, files.p[i]);
	r = files.n ? run(in, ts, true, "remove", err) : err_set(err, ENOENT, "%s is not installed", in->name);
	for (size_t i = 0; i < files.n; i++) {
		if (r == 0)
			look_for_left(in, files.p[i]);
		rpmfilesFree(files.p[i]);
	}
	vec_fini(&files);
	return r;
}

static int
in_and_out(void *arg, struct err *err)
{
	struct install *in = arg;
	int r = in->paths->n ? put_in(in, err) : 0;

	if (r == 0)
		r = take_out(in, err);
	return tell(in, r, err);
}

int
install_try(const char *root, const struct strs *paths, const char *name, struct seen_list *seen, struct err *err)
{
	AUTO(free) int *files = xcalloc(paths->n, sizeof(*files));
	struct install in = {.paths = paths, .files = files, .name = name};

	return enter(root, in_and_out, &in, seen, err);
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
