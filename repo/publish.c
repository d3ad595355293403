#include <createrepo_c/createrepo_c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "repo/publish.h"

enum { RUN = 128, LEVEL = 6 };

static const struct {
	const char *name, *open, *close;
} kinds[PUBLISH_KINDS] = {
	[PUBLISH_PRIMARY] = {"primary", "<metadata xmlns=\"" CR_XML_COMMON_NS "\" xmlns:rpm=\"" CR_XML_RPM_NS "\"", "</metadata>"},
	[PUBLISH_FILELISTS] = {"filelists", "<filelists xmlns=\"" CR_XML_FILELISTS_NS "\"", "</filelists>"},
	[PUBLISH_OTHER] = {"other", "<otherdata xmlns=\"" CR_XML_OTHER_NS "\"", "</otherdata>"},
};

AUTO_DEFINE(cr_Repomd *, cr_repomd_free);

const char *
publish_kind_name(enum publish_kind k)
{
	return kinds[k].name;
}

/* Append `raw` to the file as one gzip member, without name or time, and empty it. */
static int
write_member(int fd, struct str *raw, struct err *err)
{
	z_stream z = {.next_in = (unsigned char *)raw->p, .avail_in = (unsigned)raw->n};
	AUTO(free) unsigned char *buf = NULL;
	uLong bound;
	int r;

	if (raw->n == 0)
		return 0;
	if (deflateInit2(&z, LEVEL, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return err_set(err, ENOMEM, "deflate");
	bound = deflateBound(&z, raw->n);
	buf = xcalloc(1, bound);
	z.next_out = buf;
	z.avail_out = (unsigned)bound;
	r = deflate(&z, Z_FINISH);
	deflateEnd(&z);
	if (r != Z_STREAM_END)
		return err_set(err, EIO, "deflate: %d", r);
	str_clear(raw);
	return file_write_fd(fd, buf, z.total_out, err);
}

struct writer {
	int fd[PUBLISH_KINDS];
	struct str raw[PUBLISH_KINDS];
};

static void
writer_fini(struct writer *w)
{
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		if (w->fd[k] >= 0)
			close(w->fd[k]);
		str_fini(&w->raw[k]);
	}
}
AUTO_DEFINE_EMBEDDED(struct writer, writer_fini);

static int
writer_open(struct writer *w, int repodata, size_t n, struct err *err)
{
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		w->fd[k] = openat(repodata, kinds[k].name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (w->fd[k] < 0)
			return err_sys(err, "create repodata/%s", kinds[k].name);
		str_add(&w->raw[k], "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s packages=\"%zu\">\n", kinds[k].open, n);
	}
	return 0;
}

static int
writer_flush(struct writer *w, struct err *err)
{
	for (int k = 0; k < PUBLISH_KINDS; k++)
		if (write_member(w->fd[k], &w->raw[k], err) < 0)
			return err_ctx(err, "write %s", kinds[k].name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct facts *x = &(*(struct repo_package *const *)a)->facts;
	const struct facts *y = &(*(struct repo_package *const *)b)->facts;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->sha256, y->sha256);
}

static int
write_records(int dir, struct writer *w, struct repo_package *const *p, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(str_fini) struct str raw = {0};
		AUTO(facts_fini) struct facts f = {0};

		if (artefact_read(dir, p[i]->facts_sha, FACTS_MAX, &raw, err) < 0 ||
		    facts_unpack_no_elf(raw.p, raw.n, &f, err) < 0)
			return err_ctx(err, "facts of %s", p[i]->facts.file);
		str_puts(&w->raw[PUBLISH_PRIMARY], f.primary);
		str_puts(&w->raw[PUBLISH_FILELISTS], f.filelists);
		str_puts(&w->raw[PUBLISH_OTHER], f.other);
		if ((i + 1) % RUN == 0 && writer_flush(w, err) < 0)
			return -1;
	}
	for (int k = 0; k < PUBLISH_KINDS; k++)
		str_puts(&w->raw[k], kinds[k].close);
	return writer_flush(w, err);
}

/* One link in the pool for each package. */
static int
fill_pool(int dir, const char *repository, struct repo_package *const *p, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(free) char *where = facts_location(p[i]->facts.file, p[i]->facts.sha256);
		AUTO(free) char *path = xasprintf("repo/%s/pool/%s", repository, where);
		char *slash;

		if (file_exists(dir, path))
			continue;
		slash = strrchr(path, '/');
		*slash = '\0';
		if (file_mkdirs(dir, path, err) < 0)
			return -1;
		*slash = '/';
		if (linkat(dir, artefact_path(p[i]->facts.sha256).text, dir, path, 0) < 0 && errno != EEXIST)
			return err_sys(err, "link %s", path);
	}
	return 0;
}

/* Name the files by their hashes, keep them as artefacts, and describe them in repomd.xml. */
static int
write_repomd(int dir, int repodata, const char *path, int64_t when, struct published *out, struct err *err)
{
	const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
	AUTO(cr_repomd_free) cr_Repomd *md = cr_repomd_new();
	AUTO(free) char *revision = xasprintf("%lld", (long long)when);
	AUTO(free) char *xml = NULL;

	cr_repomd_set_revision(md, revision);
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		AUTO(free) char *from = xasprintf("%s/%s", path, kinds[k].name);
		AUTO(free) char *to = NULL;
		AUTO(free) char *name = NULL;
		cr_RepomdRecord *record;

		if (artefact_put_file(dir, from, false, &out->file[k], err) < 0)
			return -1;
		name = xasprintf("%s-%s.xml.gz", out->file[k].hex, kinds[k].name);
		to = xasprintf("%s/%s", path, name);
		if (renameat(repodata, kinds[k].name, repodata, name) < 0 || utimensat(repodata, name, times, 0) < 0)
			return err_sys(err, "rename to %s", to);
		record = cr_repomd_record_new(kinds[k].name, to);
		if (cr_repomd_record_fill(record, CR_CHECKSUM_SHA256, NULL) != CRE_OK) {
			cr_repomd_record_free(record);
			return err_set(err, EIO, "describe %s", to);
		}
		cr_repomd_set_record(md, record);
	}
	xml = cr_xml_dump_repomd(md, NULL);
	if (!xml)
		return err_set(err, EIO, "write repomd.xml");
	return file_replace(repodata, "repomd.xml", xml, strlen(xml), 0644, err);
}

static int
write_tree(int dir, const char *tmp, const char *repository, int64_t when, struct repo_package **p, size_t n,
	struct published *out, struct err *err)
{
	AUTO(free) char *path = xasprintf("/proc/self/fd/%d/%s/repodata", dir, tmp);
	AUTO(free) char *inside = xasprintf("%s/repodata", tmp);
	AUTO(free) char *packages = xasprintf("%s/Packages", tmp);
	AUTO(writer_fini) struct writer w = {.fd = {-1, -1, -1}};
	AUTO(close) int repodata = -1;

	if (file_remove_tree(dir, tmp, err) < 0 || file_mkdirs(dir, inside, err) < 0 ||
	    (repodata = file_open_dir(dir, inside, err)) < 0)
		return -1;
	if (symlinkat("../../../pool", dir, packages) < 0)
		return err_sys(err, "symlink %s", packages);
	if (writer_open(&w, repodata, n, err) < 0 || write_records(dir, &w, p, n, err) < 0 ||
	    write_repomd(dir, repodata, path, when, out, err) < 0)
		return -1;
	if (fill_pool(dir, repository, p, n, err) < 0)
		return -1;
	if ((fault("syncfs") && (errno = EIO)) || syncfs(repodata) < 0)
		return err_sys(err, "sync the new state");
	return 0;
}

int
publish_write(int dir, const char *repository, const char *arch, int64_t serial, int64_t when,
	const struct repo *r, struct published *out, struct err *err)
{
	AUTO(free) char *final = xasprintf("repo/%s/%s/state/%lld", repository, arch, (long long)serial);
	AUTO(free) char *tmp = xasprintf("%s.new", final);
	VEC(struct repo_package *) p = {0};
	int rc;

	for (size_t i = 0; i < r->packages.n; i++)
		if (r->packages.p[i].present)
			vec_push(&p, &r->packages.p[i]);
	if (p.n)
		qsort(p.p, p.n, sizeof(*p.p), by_name);
	rc = write_tree(dir, tmp, repository, when, p.p, p.n, out, err);
	vec_fini(&p);
	if (rc == 0)
		rc = file_remove_tree(dir, final, err);
	if (rc == 0 && renameat(dir, tmp, dir, final) < 0)
		rc = err_sys(err, "rename %s", tmp);
	if (rc == 0)
		rc = file_sync_parent(dir, final, err);
	return rc < 0 ? err_ctx(err, "publish %s %s state %lld", repository, arch, (long long)serial) : 0;
}

int
publish_switch(int dir, const char *repository, const char *arch, int64_t serial, struct err *err)
{
	AUTO(free) char *link = xasprintf("repo/%s/%s/latest", repository, arch);
	AUTO(free) char *target = xasprintf("state/%lld", (long long)serial);
	char now[64];
	ssize_t n = readlinkat(dir, link, now, sizeof(now) - 1);

	if (n > 0) {
		now[n] = '\0';
		if (strcmp(now, target) == 0)
			return 0;
	}
	return file_relink(dir, link, target, err);
}

int
publish_abandon(int dir, const char *repository, const char *arch, int64_t serial, struct err *err)
{
	AUTO(free) char *final = xasprintf("repo/%s/%s/state/%lld", repository, arch, (long long)serial);
	AUTO(free) char *tmp = xasprintf("%s.new", final);

	if (file_remove_tree(dir, tmp, err) < 0)
		return -1;
	return file_remove_tree(dir, final, err);
}
