#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/pack.h"
#include "base/vec.h"
#include "builder/inside.h"
#include "builder/install.h"
#include "builder/pkgset.h"
#include "builder/solve.h"
#include "package/artefact.h"
#include "package/facts.h"
#include "repo/check.h"
#include "repo/state.h"
#include "source/srpm.h"

enum { SET_MAX = 16 << 20, RPMBUILD_MORE = 11, INDEX_MAX = 2000 << 20 };

AUTO_DEFINE(DIR *, closedir);
typedef struct archive archive_t;
AUTO_DEFINE(archive_t *, archive_read_free);

static char *
job_path(const struct inside *in, const char *what)
{
	return xasprintf(SANDBOX_DIR "/job/%s/%s", in->name, what);
}

static char *
cached(const char *sha256)
{
	return xasprintf(SANDBOX_DIR "/%s", artefact_path(sha256).text);
}

static int
write_file(const struct inside *in, const char *what, const struct str *data, struct err *err)
{
	AUTO(free) char *path = job_path(in, what);

	return file_replace(AT_FDCWD, path, str_c(data), data->n, 0644, err);
}

/* The package's own fault: said in a file, not as an error. */
static int
failed(const struct inside *in, const char *why, struct err *err)
{
	struct str text = {.p = (char *)why, .n = strlen(why)};

	return write_file(in, "failed", &text, err);
}

static int
read_set(const struct inside *in, const char *what, struct pkgset *out, struct err *err)
{
	AUTO(free) char *path = job_path(in, what);
	AUTO(str_fini) struct str text = {0};
	int r = file_read(AT_FDCWD, path, SET_MAX, &text, err);

	if (r)
		return r < 0 ? -1 : err_set(err, ENOENT, "%s is missing", path);
	return pkgset_parse(str_c(&text), out, err);
}

static int
write_set(const struct inside *in, const char *what, struct pkgset *set, struct err *err)
{
	AUTO(str_fini) struct str text = {0};

	pkgset_sort(set);
	pkgset_text(set, &text);
	return write_file(in, what, &text, err);
}

/* Solving. */

static struct solve *
open_solver(const struct inside *in, struct err *err)
{
	const struct wire_job *j = in->job;
	AUTO(free) char *primary = cached(j->primary);
	AUTO(free) char *filelists = cached(j->filelists);
	struct solve_input input = {.arch = j->arch, .primary = primary, .filelists = filelists,
	    .n_overlay = j->overlay.n, .removed = &j->removed};
	struct solve *s;

	input.overlay = xcalloc(j->overlay.n, sizeof(*input.overlay));
	for (size_t i = 0; i < j->overlay.n; i++) {
		input.overlay[i].path = cached(j->overlay.p[i].sha256);
		input.overlay[i].sha256 = j->overlay.p[i].sha256;
	}
	s = solve_open(&input, err);
	for (size_t i = 0; i < j->overlay.n; i++)
		free((char *)input.overlay[i].path);
	free(input.overlay);
	return s;
}

/* Each new package of the task with the base group, or alone where they cannot be together. */
static int
solve_installs(const struct inside *in, struct solve *s, const struct strs *group, struct err *err)
{
	const struct strs nothing = {0};
	size_t first = in->job->overlay.n - in->job->n_own;

	for (size_t i = first; i < in->job->overlay.n; i++) {
		AUTO(free) char *what = xasprintf("test.%zu.set", i);
		AUTO(pkgset_fini) struct pkgset set = {0};
		int r = solve_for_overlay(s, i, group, &set, err);

		if (r == SOLVE_NOT)
			r = solve_for_overlay(s, i, &nothing, &set, err);
		if (r == SOLVE_NOT) {
			AUTO(free) char *why = xasprintf("%s cannot be installed: %s", in->job->overlay.p[i].name, err->msg);

			return failed(in, why, err);
		}
		if (r < 0 || write_set(in, what, &set, err) < 0)
			return -1;
	}
	return 0;
}

static int
solve_build(const struct inside *in, struct solve *s, const struct strs *group, struct err *err)
{
	AUTO(pkgset_fini) struct pkgset full = {0};
	AUTO(strs_fini) struct strs wanted = {0};
	AUTO(strs_fini) struct strs arches = {0};
	AUTO(free) char *srpm = cached(in->job->source.sha256);
	AUTO(free) char *name = NULL;
	AUTO(free) char *evr = NULL;
	int r;

	for (size_t i = 0; i < group->n; i++)
		strs_add(&wanted, group->p[i]);
	if (in->job->kind == WIRE_JOB_BUILD && facts_from_srpm(srpm, &name, &evr, &wanted, &arches, err) < 0)
		return failed(in, err->msg, err);
	for (size_t i = 0; i < in->more->n; i++)
		strs_add(&wanted, in->more->p[i]);
	r = solve_for(s, &wanted, &full, err);
	if (r == SOLVE_NOT) {
		AUTO(free) char *why = xasprintf("BuildRequires: %s", err->msg);
		const struct str empty = {0};

		return write_file(in, "unsatisfied", &empty, err) < 0 ? -1 : failed(in, why, err);
	}
	return r < 0 ? -1 : write_set(in, "full.set", &full, err);
}

int
inside_solve(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(solve_close) struct solve *s = open_solver(in, err);
	AUTO(strs_fini) struct strs group = {0};
	AUTO(pkgset_fini) struct pkgset base = {0};
	int r;

	if (!s)
		return -1;
	strs_split(&group, in->job->base_group, " ");
	r = solve_for(s, &group, &base, err);
	if (r == SOLVE_NOT) {
		AUTO(free) char *why = xasprintf("the base group cannot be installed: %s", err->msg);

		return failed(in, why, err);
	}
	if (r < 0 || write_set(in, "base.set", &base, err) < 0)
		return -1;
	return in->job->kind == WIRE_JOB_TEST ? solve_installs(in, s, &group, err) : solve_build(in, s, &group, err);
}

/* Roots. */

static void
paths_of(const struct pkgset *set, struct strs *out)
{
	for (size_t i = 0; i < set->n; i++)
		strs_take(out, cached(set->p[i].sha256));
}

int
inside_base(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(free) char *final = xasprintf(SANDBOX_DIR "/roots/%s", in->base);
	AUTO(free) char *tmp = xasprintf("%s.new", final);
	AUTO(pkgset_fini) struct pkgset set = {0};
	AUTO(strs_fini) struct strs paths = {0};

	if (read_set(in, "base.set", &set, err) < 0 || file_remove_tree(AT_FDCWD, tmp, err) < 0)
		return -1;
	if (mkdir(tmp, 0755) < 0)
		return err_sys(err, "mkdir %s", tmp);
	paths_of(&set, &paths);
	if (install_into(tmp, &paths, err) < 0) {
		AUTO(free) char *why = xasprintf("base root: %s", err->msg);

		return failed(in, why, err);
	}
	if (rename(tmp, final) < 0)
		return err_sys(err, "rename %s", tmp);
	return 0;
}

/* A fresh writable root at *root: over the base root, or over nothing. */
static int
mount_root(const struct inside *in, const char *tag, bool on_base, char **root, struct err *err)
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

/*
 * A root with exactly the packages of a set: the base root and the difference where the set
 * has all of the base, else all of it anew. 1: rpm refused, and it is said in `failed`.
 */
static int
make_root(const struct inside *in, const char *tag, const char *set_name, const char *what, char **root, struct err *err)
{
	AUTO(pkgset_fini) struct pkgset base = {0};
	AUTO(pkgset_fini) struct pkgset full = {0};
	AUTO(pkgset_fini) struct pkgset rest = {0};
	AUTO(pkgset_fini) struct pkgset missing = {0};
	AUTO(strs_fini) struct strs paths = {0};

	if (read_set(in, "base.set", &base, err) < 0 || read_set(in, set_name, &full, err) < 0)
		return -1;
	pkgset_minus(&full, &base, &rest);
	pkgset_minus(&base, &full, &missing);
	if (mount_root(in, tag, missing.n == 0, root, err) < 0)
		return -1;
	paths_of(missing.n ? &full : &rest, &paths);
	if (install_into(*root, &paths, err) < 0) {
		AUTO(free) char *why = xasprintf("%s: %s", what, err->msg);

		return failed(in, why, err) < 0 ? -1 : 1;
	}
	return 0;
}

/* The build user's home: on plain disk, not on the overlay. */
static int
make_home(const struct inside *in, char **home, struct err *err)
{
	static const char *const folders[] = {"", "/rpmbuild", "/rpmbuild/SOURCES", "/rpmbuild/SPECS", "/rpmbuild/BUILD",
	    "/rpmbuild/BUILDROOT", "/rpmbuild/RPMS", "/rpmbuild/SRPMS"};

	*home = job_path(in, "home");
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		AUTO(free) char *path = xasprintf("%s%s", *home, folders[i]);

		if (mkdir(path, 0755) < 0 || chown(path, SANDBOX_BUILDER, SANDBOX_BUILDER) < 0)
			return err_sys(err, "make %s", path);
	}
	return 0;
}

/* Copy a file that strangers made: only a regular file, never through a link. */
static int
copy_out(const char *from, const char *to, struct err *err)
{
	AUTO(close) int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	AUTO(close) int out = -1;
	struct stat st;

	if (in < 0 || fstat(in, &st) < 0)
		return err_sys(err, "open %s", from);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", from);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		return err_sys(err, "create %s", to);
	return file_copy_fd(in, out, err);
}

/* Source RPMs. */

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

static int
unpack_one(struct archive *a, struct archive_entry *e, const char *folder, char **spec, struct err *err)
{
	const char *name = archive_entry_pathname(e);
	AUTO(free) char *path = NULL;
	AUTO(close) int fd = -1;

	if (name && strncmp(name, "./", 2) == 0)
		name += 2;
	if (!name || !*name || strchr(name, '/') || strcmp(name, "..") == 0 || archive_entry_filetype(e) != AE_IFREG)
		return err_set(err, EBADMSG, "sources: `%s` is not a plain file", name ? name : "");
	path = xasprintf("%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || archive_read_data_into_fd(a, fd) != ARCHIVE_OK || fchown(fd, SANDBOX_BUILDER, SANDBOX_BUILDER) < 0)
		return err_set(err, EBADMSG, "sources: cannot unpack `%s`", name);
	if (!*spec && has_suffix(name, ".spec"))
		*spec = xstrdup(name);
	return 0;
}

/* Unpack the flat tar that the farm made of a tag, its spec first, or an SRPM. *spec: the first spec. */
static int
unpack_tree(const char *tar, const char *folder, char **spec, struct err *err)
{
	AUTO(archive_read_free) struct archive *a = archive_read_new();
	struct archive_entry *e;
	int r;

	archive_read_support_format_tar(a);
	archive_read_support_format_cpio(a);
	archive_read_support_filter_rpm(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_bzip2(a);
	if (archive_read_open_filename(a, tar, 65536) != ARCHIVE_OK)
		return err_set(err, EBADMSG, "sources: %s", archive_error_string(a));
	while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK)
		if (unpack_one(a, e, folder, spec, err) < 0)
			return -1;
	if (r != ARCHIVE_EOF)
		return err_set(err, EBADMSG, "sources: %s", archive_error_string(a));
	return *spec ? 0 : err_set(err, EBADMSG, "sources: no spec");
}

/* Names and architectures of the binaries, as the spec says when it is run: "A arch" and "P name" lines. */
static int
query_names(const char *root, const char *home, const char *spec, struct strs *provides, struct strs *arches, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/names", home);
	AUTO(free) char *inside = xasprintf("/home/builder/rpmbuild/SOURCES/%s", spec);
	const char *argv[] = {"rpmspec", "-q", "--qf", "A %{ARCH}\n[P %{PROVIDENAME}\n]", "--define",
	    "_topdir /home/builder/rpmbuild", inside, NULL};
	AUTO(close) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct sandbox_exec x = {.root = root, .home = home, .argv = argv, .out = fd};
	AUTO(strs_fini) struct strs lines = {0};
	AUTO(str_fini) struct str text = {0};
	char buf[4096];
	int status;
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "create %s", path);
	if (sandbox_exec(&x, &status, err) < 0)
		return -1;
	/* Read what was written to, not what the name may lead to now. */
	while (status == 0 && text.n < SET_MAX && (n = pread(fd, buf, sizeof(buf), (off_t)text.n)) > 0)
		str_put(&text, buf, (size_t)n);
	if (status != 0)
		return err_set(err, EINVAL, "rpmspec could not read the spec");
	strs_split(&lines, str_c(&text), "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (strlen(lines.p[i]) > 2)
			strs_add(lines.p[i][0] == 'A' ? arches : provides, lines.p[i] + 2);
	return 0;
}

static int
write_names(const struct inside *in, const char *srpm, const struct strs *provides, struct strs *binary_arches, struct err *err)
{
	AUTO(strs_fini) struct strs requires = {0};
	AUTO(strs_fini) struct strs arches = {0};
	AUTO(str_fini) struct str out = {0};
	AUTO(free) char *name = NULL;
	AUTO(free) char *evr = NULL;
	bool noarch = binary_arches->n > 0;

	if (facts_from_srpm(srpm, &name, &evr, &requires, &arches, err) < 0)
		return -1;
	for (size_t i = 0; i < binary_arches->n; i++)
		noarch &= strcmp(binary_arches->p[i], "noarch") == 0;
	if (noarch)
		strs_add(&arches, "noarch");
	pack_text(&out, name);
	pack_text(&out, evr);
	pack_strs(&out, provides);
	pack_strs(&out, &requires);
	pack_strs(&out, &arches);
	return write_file(in, "names", &out, err);
}

/* The SRPM that will be built: made of the tree, or the one that was sent, as it is. */
static int
make_srpm(const struct inside *in, const char *root, const char *home, const char *spec, struct err *err)
{
	struct srpm_job job = {.root = root, .home = home, .spec_file = spec, .source_date_epoch = in->job->source_date_epoch};
	bool sent = has_suffix(in->job->source.name, ".src.rpm");
	AUTO(strs_fini) struct strs provides = {0};
	AUTO(strs_fini) struct strs arches = {0};
	AUTO(free) char *name = NULL;
	AUTO(free) char *from = NULL;
	AUTO(free) char *to = NULL;

	if ((!sent && srpm_build(&job, &name, err) < 0) || query_names(root, home, spec, &provides, &arches, err) < 0)
		return failed(in, err->msg, err);
	from = sent ? cached(in->job->source.sha256) : xasprintf("%s/rpmbuild/SRPMS/%s", home, name);
	to = xasprintf(SANDBOX_DIR "/job/%s/out/%s", in->name, sent ? in->job->source.name : name);
	if (copy_out(from, to, err) < 0)
		return -1;
	return write_names(in, to, &provides, &arches, err);
}

int
inside_srpm(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(free) char *tar = cached(in->job->source.sha256);
	AUTO(free) char *root = NULL;
	AUTO(free) char *home = NULL;
	AUTO(free) char *sources = NULL;
	AUTO(free) char *spec = NULL;

	if (mount_root(in, "root", true, &root, err) < 0 || make_home(in, &home, err) < 0)
		return -1;
	sources = xasprintf("%s/rpmbuild/SOURCES", home);
	if (unpack_tree(tar, sources, &spec, err) < 0)
		return failed(in, err->msg, err);
	return make_srpm(in, root, home, spec, err);
}

/* Builds. */

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

	if (copy_out(from, to, err) < 0 || facts_from_rpm(to, name, &f, err) < 0)
		return failed(in, err->msg, err);
	facts_pack(&packed, &f);
	return write_file(in, facts_path, &packed, err);
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
	AUTO(strs_fini) struct strs more = {0};
	AUTO(strs_fini) struct strs arches = {0};
	AUTO(str_fini) struct str out = {0};
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO(free) char *path = xasprintf("%s/%s", folder, e->d_name);
		AUTO(free) char *name = NULL;
		AUTO(free) char *evr = NULL;

		if (strstr(e->d_name, ".buildreqs.nosrc.rpm") &&
		    facts_from_srpm(path, &name, &evr, &more, &arches, err) < 0)
			return failed(in, err->msg, err);
	}
	pack_strs(&out, &more);
	return write_file(in, "more", &out, err);
}

static int
run_rpmbuild(const struct inside *in, const char *root, const char *home, int *status, struct err *err)
{
	AUTO(free) char *inside = xasprintf("/home/builder/%s", in->job->source.name);
	const char *argv[] = {"rpmbuild", "--rebuild", "--define", "_topdir /home/builder/rpmbuild",
	    "--define", "use_source_date_epoch_as_buildtime 1", "--define", "clamp_mtime_to_source_date_epoch 1",
	    "--define", "_buildhost artel", "--define", "_build_name_fmt %%{ARCH}/%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
	    "--target", in->job->arch, inside, NULL};
	const struct sandbox_exec x = {.root = root, .home = home, .argv = argv,
	    .source_date_epoch = in->job->source_date_epoch, .jobs = in->jobs};

	return sandbox_exec(&x, status, err);
}

int
inside_build(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(free) char *srpm = cached(in->job->source.sha256);
	AUTO(free) char *root = NULL;
	AUTO(free) char *home = NULL;
	AUTO(free) char *copy = NULL;
	AUTO(free) char *rpms = NULL;
	int r, status;

	r = make_root(in, "root", "full.set", "build root", &root, err);
	if (r)
		return r < 0 ? -1 : 0;
	if (make_home(in, &home, err) < 0)
		return -1;
	copy = xasprintf("%s/%s", home, in->job->source.name);
	if (copy_out(srpm, copy, err) < 0 || run_rpmbuild(in, root, home, &status, err) < 0)
		return -1;
	if (status == RPMBUILD_MORE)
		return collect_more(in, home, err);
	if (status != 0) {
		AUTO(free) char *why = xasprintf("rpmbuild: exit status %d", status);

		return failed(in, why, err);
	}
	rpms = xasprintf("%s/rpmbuild/RPMS", home);
	return collect_rpms(in, rpms, 0, err);
}

/* Tests. */

static int
load_overlay_facts(const struct wire_file *f, bool elf, struct facts *out, struct err *err)
{
	AUTO(free) char *path = cached(f->facts);
	AUTO(str_fini) struct str raw = {0};

	if (file_read(AT_FDCWD, path, FACTS_MAX, &raw, err))
		return err_ctx(err, "facts of %s", f->name);
	return (elf ? facts_unpack : facts_unpack_no_elf)(raw.p, raw.n, out, err);
}

/* The base as the task finds it: the state, and what the task was built on. */
static int
load_base(const struct inside *in, struct state *st, struct err *err)
{
	const struct wire_job *j = in->job;
	AUTO(free) char *path = cached(j->index);
	AUTO(free) char *since = cached(j->changes);
	AUTO(close) int index = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(close) int changes = *j->changes ? open(since, O_RDONLY | O_CLOEXEC) : -1;
	struct repo *r = &st->repo;

	if (index < 0 || (*j->changes && changes < 0))
		return err_sys(err, "index of the base");
	if (state_open(st, index, changes, err) < 0)
		return err_ctx(err, "index of the base");
	for (size_t i = 0; i < j->on_removed.n; i++)
		repo_remove_source(r, j->on_removed.p[i], 0);
	for (size_t i = 0; i < j->overlay.n - j->n_own; i++) {
		AUTO(facts_fini) struct facts f = {0};

		if (load_overlay_facts(&j->overlay.p[i], true, &f, err) < 0)
			return -1;
		repo_add(r, &f, "", 0);
	}
	repo_keep(r);
	return 0;
}

static int
load_own(const struct inside *in, struct change *c, struct err *err)
{
	const struct wire_job *j = in->job;

	c->task = j->task;
	for (size_t i = 0; i < j->deletes.n; i++)
		strs_add(&c->deletes, j->deletes.p[i]);
	for (size_t i = 0; i < j->builds.n; i++)
		strs_add(&c->builds, j->builds.p[i]);
	for (size_t i = j->overlay.n - j->n_own; i < j->overlay.n; i++) {
		struct facts f = {0};

		if (load_overlay_facts(&j->overlay.p[i], true, &f, err) < 0)
			return -1;
		change_add(c, &f, "");
	}
	return 0;
}

int
inside_check(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(state_fini) struct state base = {0};
	AUTO(allow_fini) struct allow allow = {0};
	AUTO(change_fini) struct change own = {0};
	AUTO(report_fini) struct report report = {0};
	AUTO(str_fini) struct str out = {0};
	const struct change *changes[] = {&own};

	if (load_base(in, &base, err) < 0 || load_own(in, &own, err) < 0 || allow_parse(&allow, in->job->allow, err) < 0)
		return -1;
	if (check_changes(&base.repo, changes, 1, &allow, &report, err) < 0)
		report_refuse(&report, 0, err->msg);
	report_pack(&out, &report);
	return write_file(in, "report", &out, err);
}

/* Install one new package into a root of the next repository, and take it out again. */
static int
try_install(const struct inside *in, size_t i, struct err *err)
{
	AUTO(free) char *tag = xasprintf("test.%zu", i);
	AUTO(free) char *set = xasprintf("test.%zu.set", i);
	AUTO(facts_fini) struct facts f = {0};
	AUTO(free) char *what = NULL;
	AUTO(free) char *root = NULL;
	int r;

	if (load_overlay_facts(&in->job->overlay.p[i], false, &f, err) < 0)
		return -1;
	what = xasprintf("install check of %s", f.name);
	r = make_root(in, tag, set, what, &root, err);
	if (r == 0 && install_remove(root, f.name, err) < 0) {
		AUTO(free) char *why = xasprintf("%s: %s", what, err->msg);

		r = failed(in, why, err) < 0 ? -1 : 1;
	}
	if (root)
		umount2(root, MNT_DETACH);
	return r;
}

int
inside_install(void *arg, struct err *err)
{
	const struct inside *in = arg;
	int r = 0;

	for (size_t i = in->job->overlay.n - in->job->n_own; i < in->job->overlay.n && r == 0; i++)
		r = try_install(in, i, err);
	return r < 0 ? -1 : 0;
}
