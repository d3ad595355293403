/*
 * From sources to the SRPM that every architecture builds, and what its spec says when it is run: macros and shell
 * are expanded in the root, never outside.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "builder/inside.h"
#include "builder/names.h"
#include "builder/root.h"
#include "builder/step.h"
#include "package/facts.h"
#include "source/srpm.h"

enum { NAMES_MAX = 16 << 20 };

typedef struct archive archive_t;
AUTO_DEFINE(archive_t *, archive_read_free);

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

/* What the binaries provide by name, as the spec says when it is run. */
static int
query_names(const struct root_user *user, const char *arch, const char *spec, struct strs *provides, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/names", user->home);
	AUTO(free) char *inside = xasprintf("/home/builder/rpmbuild/SOURCES/%s", spec);
	const char *argv[] = {"rpmspec", "-q", "--qf", "[%{PROVIDENAME}\n]", "--define",
	    "_topdir /home/builder/rpmbuild", "--target", arch, inside, NULL};
	AUTO(close) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct sandbox_exec x = user->exec;
	AUTO(str_fini) struct str text = {0};
	char buf[4096];
	int status;
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "create %s", path);
	x.argv = argv;
	x.out = fd;
	if (sandbox_exec(&x, &status, err) < 0)
		return -1;
	/* Read what was written to, not what the name may lead to now. */
	while (status == 0 && text.n < NAMES_MAX && (n = pread(fd, buf, sizeof(buf), (off_t)text.n)) > 0)
		str_put(&text, buf, (size_t)n);
	if (status != 0)
		return err_set(err, EINVAL, "rpmspec could not read the spec");
	strs_split(provides, str_c(&text), "\n");
	return 0;
}

static int
write_names(const struct inside *in, const char *srpm, const struct strs *provides, struct err *err)
{
	AUTO(srpm_facts_fini) struct srpm_facts f = {0};
	AUTO(str_fini) struct str out = {0};

	if (facts_from_srpm(srpm, &f, err) < 0)
		return step_failed(in, err->msg, err);
	names_pack(&out, &(struct names){f.name, f.evr, *provides, f.requires, f.exclusive, f.excluded});
	return step_write(in, "names", &out, err);
}

static int
take_srpm(const char *home, const char *name, const char *to, struct err *err)
{
	AUTO(free) char *from = xasprintf("rpmbuild/SRPMS/%s", name);
	AUTO(close) int top = file_open_dir(AT_FDCWD, home, err);

	return top < 0 ? -1 : step_copy_out(top, from, to, err);
}

/* The SRPM that will be built: made of the tree, or the one that was sent, as it is. */
static int
make_srpm(const struct inside *in, const struct root_user *user, const char *spec, struct err *err)
{
	struct srpm_job job = {.in = &user->exec, .target = in->job->arch, .spec_file = spec};
	bool sent = has_suffix(in->job->source.name, ".src.rpm");
	AUTO(strs_fini) struct strs provides = {0};
	AUTO(free) char *name = NULL;
	AUTO(free) char *to = NULL;

	phases_enter(in->phases, PHASE_RPMBUILD);
	if (!sent && srpm_build(&job, &name, err) < 0)
		return step_failed(in, err->msg, err);
	to = xasprintf(SANDBOX_DIR "/job/%s/out/%s", in->name, sent ? in->job->source.name : name);
	/* Before the spec is run once more, and could put something else there. */
	if ((sent ? step_copy_cached(in->job->source.sha256, to, err) : take_srpm(user->home, name, to, err)) < 0 ||
	    query_names(user, in->job->arch, spec, &provides, err) < 0)
		return step_failed(in, err->msg, err);
	phases_enter(in->phases, PHASE_FACTS);
	return write_names(in, to, &provides, err);
}

int
inside_srpm(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(free) char *tar = step_cached(in->job->source.sha256);
	AUTO(free) char *root = NULL;
	AUTO(root_user_fini) struct root_user user = {0};
	AUTO(free) char *sources = NULL;
	AUTO(free) char *spec = NULL;

	phases_enter(in->phases, PHASE_ROOT);
	if (root_mount(in, "root", true, &root, err) < 0 || root_user(in, root, &user, err) < 0)
		return -1;
	sources = xasprintf("%s/rpmbuild/SOURCES", user.home);
	if (unpack_tree(tar, sources, &spec, err) < 0)
		return step_failed(in, err->msg, err);
	return make_srpm(in, &user, spec, err);
}
