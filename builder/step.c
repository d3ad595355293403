/* Where a job's files are inside the sandbox, and how a step says what it found: by files, since it may be killed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "builder/step.h"
#include "package/artefact.h"
#include "package/facts.h"

enum { SET_MAX = 16 << 20 };

char *
step_path(const struct inside *in, const char *what)
{
	return xasprintf(SANDBOX_DIR "/job/%s/%s", in->name, what);
}

char *
step_cached(const char *sha256)
{
	return xasprintf(SANDBOX_DIR "/%s", artefact_path(sha256).text);
}

int
step_write(const struct inside *in, const char *what, const struct str *data, struct err *err)
{
	AUTO(free) char *path = step_path(in, what);

	return file_write(AT_FDCWD, path, str_c(data), data->n, 0644, err);
}

int
step_failed(const struct inside *in, const char *why, struct err *err)
{
	struct str text = {.p = (char *)why, .n = strlen(why)};

	return step_write(in, "failed", &text, err);
}

int
step_read_set(const struct inside *in, const char *what, struct pkgset *out, struct err *err)
{
	AUTO(free) char *path = step_path(in, what);
	AUTO(str_fini) struct str text = {0};
	int r = file_read(AT_FDCWD, path, SET_MAX, &text, err);

	if (r)
		return r < 0 ? -1 : err_set(err, ENOENT, "%s is missing", path);
	return pkgset_parse(str_c(&text), out, err);
}

int
step_write_set(const struct inside *in, const char *what, struct pkgset *set, struct err *err)
{
	AUTO(str_fini) struct str text = {0};

	pkgset_sort(set);
	pkgset_text(set, &text);
	return step_write(in, what, &text, err);
}

int
step_open_state(const struct inside *in, struct state *out, struct err *err)
{
	const struct wire_job *j = in->job;
	AUTO(free) char *path = step_cached(j->index);
	AUTO(free) char *since = step_cached(j->changes);
	AUTO(close) int index = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(close) int changes = *j->changes ? open(since, O_RDONLY | O_CLOEXEC) : -1;

	if (index < 0 || (*j->changes && changes < 0))
		return err_sys(err, "index of the base");
	return state_open(out, index, changes, err) < 0 ? err_ctx(err, "index of the base") : 0;
}

int
step_read_facts(const struct wire_file *f, bool elf, struct facts *out, struct err *err)
{
	AUTO(free) char *path = step_cached(f->facts);
	AUTO(str_fini) struct str raw = {0};

	if (file_read(AT_FDCWD, path, FACTS_MAX, &raw, err))
		return err_ctx(err, "facts of %s", f->name);
	return (elf ? facts_unpack : facts_unpack_no_elf)(raw.p, raw.n, out, err);
}

int
step_open(int dir, const char *path, int flags, struct err *err)
{
	AUTO(close) int fd = file_open_beneath(dir, path, O_RDONLY | flags);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return err_set(err, ELOOP, "%s is a link, or behind one", path);
	if (fd < 0 && errno == ENOTDIR)
		return err_set(err, ENOTDIR, "%s is not a folder", path);
	if (fd < 0 && errno != ENXIO)
		return err_sys(err, "open %s", path);
	if (fd < 0 || fstat(fd, &st) < 0 || (!(flags & O_DIRECTORY) && !S_ISREG(st.st_mode)))
		return err_set(err, EINVAL, "%s is not a regular file", path);
	return STEAL_FD(fd);
}

int
step_copy_out(int dir, const char *from, const char *to, struct err *err)
{
	AUTO(close) int in = step_open(dir, from, 0, err);
	AUTO(close) int out = -1;

	if (in < 0)
		return -1;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		return err_sys(err, "create %s", to);
	return file_copy_fd(in, out, err);
}

int
step_copy_cached(const char *sha256, const char *to, struct err *err)
{
	AUTO(close) int dir = file_open_dir(AT_FDCWD, SANDBOX_DIR, err);

	return dir < 0 ? -1 : step_copy_out(dir, artefact_path(sha256).text, to, err);
}
