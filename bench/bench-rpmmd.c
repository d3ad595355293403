/*
 * Reading rpm-md metadata, beside libcreaterepo_c's parser and libsolv: DIR, or a synthetic repository of
 * 63 000 packages made in a temporary folder. Prints `name value unit` lines; the best of five runs each,
 * by turns; of all threads together where it says cpu. All three count what they read, and it is an error
 * if they do not agree.
 */
#include <createrepo_c/createrepo_c.h>
#include <fcntl.h>
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/repo_rpmmd.h>
#include <solv/solv_xfopen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"
#include "package/repomd.h"
#include "package/rpmmd.h"

enum { PACKAGES = 63000, RUNS = 5 };

struct count {
	size_t packages, requirements, files, bytes;
};

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* 1. The synthetic repository. */

static void
add_primary(struct str *out, unsigned i)
{
	str_add(out, "<package type=\"rpm\">\n  <name>package-%u</name>\n  <arch>x86_64</arch>\n"
	    "  <version epoch=\"0\" ver=\"1.%u\" rel=\"alt1\"/>\n  <checksum type=\"sha256\" pkgid=\"YES\">%064x</checksum>\n"
	    "  <summary>A synthetic package</summary>\n  <description>It has a description of about the usual length, that is, "
	    "of some lines of text &amp; a list: it does nothing, it is read by nobody, and nothing depends on what it says. "
	    "There are longer ones in real repositories, and there are shorter ones too.</description>\n"
	    "  <packager>Nobody &lt;nobody@example.org&gt;</packager>\n  <url>https://example.org/package-%u</url>\n"
	    "  <time file=\"1700000000\" build=\"1700000000\"/>\n  <size package=\"%u\" installed=\"40000\" archive=\"41000\"/>\n"
	    "  <location href=\"Packages/package-%u-1.%u-alt1.x86_64.rpm\"/>\n  <format>\n    <rpm:license>GPL</rpm:license>\n"
	    "    <rpm:vendor/>\n    <rpm:group>Development/C</rpm:group>\n    <rpm:buildhost>localhost</rpm:buildhost>\n"
	    "    <rpm:sourcerpm>source-%u-1.%u-alt1.src.rpm</rpm:sourcerpm>\n    <rpm:header-range start=\"4504\" end=\"9000\"/>\n"
	    "    <rpm:provides>\n      <rpm:entry name=\"package-%u\" flags=\"EQ\" epoch=\"0\" ver=\"1.%u\" rel=\"alt1\"/>\n"
	    "    </rpm:provides>\n    <rpm:requires>\n", i, i % 9, i * 2654435761u, i,
	    i * 37 % 90001, i, i % 9, i / 3, i % 9, i, i % 9);
	for (unsigned k = 0; k < 4; k++)
		str_add(out, "      <rpm:entry name=\"package-%u\" flags=\"GE\" epoch=\"0\" ver=\"1.%u\"/>\n", (i * 7 + k * 911) % PACKAGES, k);
	str_puts(out, "    </rpm:requires>\n");
	str_add(out, "    <file>/usr/bin/package-%u</file>\n  </format>\n</package>\n", i);
}

static void
add_filelists(struct str *out, unsigned i)
{
	str_add(out, "<package pkgid=\"%064x\" name=\"package-%u\" arch=\"x86_64\">\n  <version epoch=\"0\" ver=\"1.%u\" rel=\"alt1\"/>\n"
	    "  <file>/usr/bin/package-%u</file>\n  <file type=\"dir\">/usr/share/package-%u</file>\n", i * 2654435761u, i, i % 9, i, i);
	for (unsigned k = 0; k < 20; k++)
		str_add(out, "  <file>/usr/share/package-%u/file-%u.xml</file>\n", i, i * 31 + k * 77);
	str_puts(out, "</package>\n");
}

static const struct {
	const char *name, *open, *close;
	void (*add)(struct str *out, unsigned i);
} kinds[] = {
	[RPMMD_PRIMARY] = {"primary", "<metadata xmlns=\"http://linux.duke.edu/metadata/common\" "
	    "xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\"", "</metadata>\n", add_primary},
	[RPMMD_FILELISTS] = {"filelists", "<filelists xmlns=\"http://linux.duke.edu/metadata/filelists\"", "</filelists>\n",
	    add_filelists},
};

static int
make_file(int dir, enum rpmmd_kind kind, struct str *repomd, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(free) char *href = xasprintf("repodata/%s.xml.gz", kinds[kind].name);
	AUTO(free) unsigned char *packed = NULL;
	z_stream z = {0};

	str_add(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s packages=\"%d\">\n", kinds[kind].open, PACKAGES);
	for (unsigned i = 0; i < PACKAGES; i++)
		kinds[kind].add(&text, i);
	str_puts(&text, kinds[kind].close);
	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return err_set(err, ENOMEM, "deflate");
	packed = xcalloc(1, deflateBound(&z, text.n));
	z.next_in = (unsigned char *)text.p;
	z.avail_in = (unsigned)text.n;
	z.next_out = packed;
	z.avail_out = (unsigned)deflateBound(&z, text.n);
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	str_add(repomd, "<data type=\"%s\"><checksum type=\"sha256\">%s</checksum><location href=\"%s\"/></data>\n",
	    kinds[kind].name, hash_bytes(packed, z.total_out).hex, href);
	return file_replace(dir, href, packed, z.total_out, 0644, err);
}

static int
make_repository(const char *path, struct err *err)
{
	AUTO(close) int dir = file_open_dir(AT_FDCWD, path, err);
	AUTO(str_fini) struct str repomd = {0};

	str_puts(&repomd, "<?xml version=\"1.0\"?>\n<repomd xmlns=\"http://linux.duke.edu/metadata/repo\">\n");
	if (dir < 0 || file_mkdirs(dir, "repodata", err) < 0 || make_file(dir, RPMMD_PRIMARY, &repomd, err) < 0 ||
	    make_file(dir, RPMMD_FILELISTS, &repomd, err) < 0)
		return -1;
	str_puts(&repomd, "</repomd>\n");
	return file_replace(dir, "repodata/repomd.xml", repomd.p, repomd.n, 0644, err);
}

/* 2. The readers. */

static int
count_ours(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct count *c = arg;

	c->packages++;
	c->requirements += p->dep[DEP_REQUIRES].n;
	c->files += p->files.n;
	c->bytes += p->record_n;
	return 0;
}

static int
read_ours(const char *dir, const char *path, enum rpmmd_kind kind, struct count *c, struct err *err)
{
	return rpmmd_read(dir, kind, count_ours, c, err);
}

static int
count_createrepo(cr_Package *p, void *arg, GError **why)
{
	struct count *c = arg;

	c->packages++;
	c->requirements += g_slist_length(p->requires);
	c->files += g_slist_length(p->files);
	cr_package_free(p);
	return CR_CB_RET_OK;
}

static int
read_createrepo(const char *dir, const char *path, enum rpmmd_kind kind, struct count *c, struct err *err)
{
	GError *why = NULL;

	if (kind == RPMMD_PRIMARY)
		cr_xml_parse_primary(path, NULL, NULL, count_createrepo, c, NULL, NULL, 1, &why);
	else
		cr_xml_parse_filelists(path, NULL, NULL, count_createrepo, c, NULL, NULL, &why);
	if (!why)
		return 0;
	err_set(err, EBADMSG, "%s: %s", path, why->message);
	g_error_free(why);
	return -1;
}

/* Into a pool of its own, the primary only: it takes filelists for packages that it has. */
static int
read_solv(const char *dir, const char *path, enum rpmmd_kind kind, struct count *c, struct err *err)
{
	Pool *pool = pool_create();
	Repo *repo = repo_create(pool, "bench");
	FILE *f = solv_xfopen(path, "r");
	Solvable *s;
	int p, r = f ? repo_add_rpmmd(repo, f, NULL, 0) : -1;

	if (r != 0)
		err_set(err, EBADMSG, "%s: %s", path, f ? pool_errstr(pool) : "not to be opened");
	if (f)
		fclose(f);
	FOR_REPO_SOLVABLES(repo, p, s)
		c->packages++;
	pool_free(pool);
	return r ? -1 : 0;
}

static const struct reader {
	const char *name;
	int (*read)(const char *dir, const char *path, enum rpmmd_kind kind, struct count *c, struct err *err);
	bool only_primary;
} readers[] = {{"artel", read_ours, false}, {"createrepo_c", read_createrepo, false}, {"libsolv", read_solv, true}};

enum { READERS = ARRAY_SIZE(readers) };

static int
report(enum rpmmd_kind kind, const double *best, const double *cpu, const struct count *count)
{
	const char *name = kinds[kind].name;
	double ours = best[0];

	printf("rpmmd-%s-packages %zu packages\nrpmmd-%s-requirements %zu requirements\nrpmmd-%s-files %zu files\n", name,
	    count[0].packages, name, count[0].requirements, name, count[0].files);
	printf("rpmmd-%s-speed %.0f MB/s\nrpmmd-%s-rate %.0f packages/s\n", name, (double)count[0].bytes / ours / 1e3, name,
	    (double)count[0].packages / ours * 1e3);
	for (size_t i = 0; i < READERS; i++) {
		if (best[i] == 0)
			continue;
		printf("rpmmd-%s-%s %.1f ms\n", name, readers[i].name, best[i]);
		printf("rpmmd-%s-%s-cpu %.1f ms\n", name, readers[i].name, cpu[i]);
		if (i > 0)
			printf("rpmmd-%s-%s-ratio %.1f times\n", name, readers[i].name, best[i] / ours);
		if (count[i].packages != count[0].packages || (readers[i].read == read_createrepo &&
		    (count[i].requirements != count[0].requirements || count[i].files != count[0].files))) {
			fprintf(stderr, "%s has read something else than %s\n", readers[i].name, readers[0].name);
			return -1;
		}
	}
	return 0;
}

static int
measure(const char *dir, enum rpmmd_kind kind, struct err *err)
{
	AUTO(close) int folder = file_open_dir(AT_FDCWD, dir, err);
	struct repomd_file file = {0};
	AUTO(free) char *path = NULL;
	struct count count[READERS] = {0};
	double best[READERS] = {0}, cpu[READERS] = {0};

	if (folder < 0 || repomd_find(folder, dir, kinds[kind].name, &file, err) < 0)
		return -1;
	path = xasprintf("%s/%s", dir, file.href);
	free(file.href);
	for (int run = 0; run < RUNS; run++)
		for (size_t i = 0; i < READERS; i++) {
			double t = now(CLOCK_MONOTONIC), c = now(CLOCK_PROCESS_CPUTIME_ID);

			if (readers[i].only_primary && kind != RPMMD_PRIMARY)
				continue;
			count[i] = (struct count){0};
			if (readers[i].read(dir, path, kind, &count[i], err) < 0)
				return -1;
			t = now(CLOCK_MONOTONIC) - t;
			c = now(CLOCK_PROCESS_CPUTIME_ID) - c;
			best[i] = run == 0 || t < best[i] ? t : best[i];
			cpu[i] = run == 0 || c < cpu[i] ? c : cpu[i];
		}
	return report(kind, best, cpu, count) < 0 ? err_set(err, EBADMSG, "%s", path) : 0;
}

int
main(int argc, char **argv)
{
	char made[] = "/tmp/bench-rpmmd.XXXXXX";
	struct err err = {0}, ignored;
	int r;

	if (argc < 2 && !mkdtemp(made))
		return 1;
	r = argc < 2 ? make_repository(made, &err) : 0;
	for (int kind = RPMMD_PRIMARY; r == 0 && kind <= RPMMD_FILELISTS; kind++)
		r = measure(argc < 2 ? made : argv[1], kind, &err);
	if (argc < 2)
		file_remove_tree(AT_FDCWD, made, &ignored);
	if (r < 0)
		fprintf(stderr, "bench-rpmmd: %s\n", err.msg);
	return r < 0;
}
