/*
 * Metadata for tests: written by libcreaterepo_c, compressed in every way, and described in words, by
 * what this project reads and by what libcreaterepo_c reads, so that the two can be compared.
 */
#ifndef ARTEL_PACKAGE_TEST_RPMMD_H
#define ARTEL_PACKAGE_TEST_RPMMD_H

#include "tests/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <createrepo_c/createrepo_c.h>
#include <zlib.h>
#include <zstd.h>

#include "base/hash.h"
#include "package/rpmmd.h"

static inline void
say(struct str *out, const char *kind, const char *const *words, size_t n)
{
	str_puts(out, kind);
	for (size_t i = 0; i < n; i++)
		str_add(out, " [%s]", words[i] ? words[i] : "");
	str_putc(out, '\n');
}
#define SAY(out, kind, ...) do {					\
	const char *const words_[] = {__VA_ARGS__};			\
	say(out, kind, words_, ARRAY_SIZE(words_));			\
} while (0)

/* A package as this project reads it. */
static int
describe(void *arg, const struct rpmmd_package *p, struct err *err)
{
	static const char *const dep_kinds[] = {"provides", "requires", "conflicts", "obsoletes"};
	static const char *const kinds[] = {"file", "dir", "ghost"};
	struct str *out = arg;

	SAY(out, "package", p->name, p->arch, p->epoch, p->version, p->release, p->sha256, p->href, p->source);
	for (int k = 0; k < DEP_KINDS; k++)
		for (size_t i = 0; i < p->dep[k].n; i++) {
			const struct rpmmd_dep *d = &p->dep[k].p[i];

			SAY(out, dep_kinds[k], d->name, d->evr,
			    d->flags & DEP_LESS ? "<" : "", d->flags & DEP_GREATER ? ">" : "", d->flags & DEP_EQUAL ? "=" : "");
		}
	for (size_t i = 0; i < p->files.n; i++)
		SAY(out, kinds[p->files.p[i].kind], p->files.p[i].path);
	return 0;
}

static inline void
oracle_deps(struct str *out, const char *kind, GSList *l)
{
	for (; l; l = l->next) {
		const cr_Dependency *d = l->data;
		const char *flags = d->flags ? d->flags : "";
		bool epoch = d->version && d->epoch && strcmp(d->epoch, "0") != 0, release = d->release && *d->release;
		AUTO(free) char *evr = xasprintf("%s%s%s%s%s", epoch ? d->epoch : "", epoch ? ":" : "",
		    d->version ? d->version : "", release ? "-" : "", release ? d->release : "");

		SAY(out, kind, d->name, evr, *flags == 'L' ? "<" : "", *flags == 'G' ? ">" : "",
		    strchr(flags, 'E') ? "=" : "");
	}
}

/* The same as libcreaterepo_c reads it. */
static int
oracle_describe(cr_Package *p, void *arg, GError **why)
{
	struct str *out = arg;
	bool primary = p->location_href != NULL;
	AUTO(free) char *source = xstrdup(p->rpm_sourcerpm && *p->rpm_sourcerpm ? p->rpm_sourcerpm : primary ? p->name : "");
	char *dash;

	for (int i = 0; i < 2 && p->rpm_sourcerpm && *p->rpm_sourcerpm; i++)
		if ((dash = strrchr(source, '-')))
			*dash = '\0';
	SAY(out, "package", p->name, p->arch, p->epoch && strcmp(p->epoch, "0") == 0 ? "" : p->epoch, p->version, p->release,
	    p->pkgId, p->location_href, source);
	oracle_deps(out, "provides", p->provides);
	oracle_deps(out, "requires", p->requires);
	oracle_deps(out, "conflicts", p->conflicts);
	oracle_deps(out, "obsoletes", p->obsoletes);
	for (GSList *l = p->files; l; l = l->next) {
		const cr_PackageFile *f = l->data;
		AUTO(free) char *path = xasprintf("%s%s", f->path ? f->path : "", f->name ? f->name : "");

		SAY(out, f->type && *f->type ? f->type : "file", path);
	}
	cr_package_free(p);
	return CR_CB_RET_OK;
}

/* libcreaterepo_c 0.17 leaves the '&' of an attribute half decoded. */
static inline void
mend(struct str *out)
{
	static const char half[] = "&#38;";
	struct str whole = {0};
	const char *p = str_c(out), *found;

	for (; (found = strstr(p, half)); p = found + strlen(half)) {
		str_put(&whole, p, (size_t)(found - p));
		str_putc(&whole, '&');
	}
	str_puts(&whole, p);
	str_fini(out);
	*out = whole;
}

/* All packages of a plain or gzip file. */
static inline void
oracle(const char *path, enum rpmmd_kind kind, struct str *out)
{
	GError *why = NULL;

	if (kind == RPMMD_PRIMARY)
		cr_xml_parse_primary(path, NULL, NULL, oracle_describe, out, NULL, NULL, 1, &why);
	else if (kind == RPMMD_FILELISTS)
		cr_xml_parse_filelists(path, NULL, NULL, oracle_describe, out, NULL, NULL, &why);
	else
		cr_xml_parse_other(path, NULL, NULL, oracle_describe, out, NULL, NULL, &why);
	if (why)
		fail_msg("%s: %s", path, why->message);
	mend(out);
}

enum press { PLAIN, GZIP, GZIP_MEMBERS, ZSTD, ZSTD_FRAMES, XZ, BZIP2, PRESSES };

static inline void
press_gzip(const char *p, size_t n, struct str *out)
{
	z_stream z = {.next_in = (unsigned char *)(uintptr_t)p, .avail_in = (unsigned)n};
	size_t room = n + n / 100 + 1000;
	AUTO(free) unsigned char *buf = xcalloc(1, room);

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = buf;
	z.avail_out = (unsigned)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	str_put(out, buf, z.total_out);
	deflateEnd(&z);
}

static inline void
press_zstd(const char *p, size_t n, struct str *out)
{
	size_t room = ZSTD_compressBound(n), got;
	AUTO(free) char *buf = xcalloc(1, room);

	got = ZSTD_compress(buf, room, p, n, 3);
	assert_false(ZSTD_isError(got));
	str_put(out, buf, got);
}

static inline void
press_archive(const char *p, size_t n, bool xz, struct str *out)
{
	size_t room = n + n / 10 + 100000, used = 0;
	AUTO(free) char *buf = xcalloc(1, room);
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();

	archive_write_set_format_raw(a);
	assert_int_equal(xz ? archive_write_add_filter_xz(a) : archive_write_add_filter_bzip2(a), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(a, buf, room, &used), ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, p, n), (la_ssize_t)n);
	archive_entry_free(e);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	str_put(out, buf, used);
}

static inline void
press(enum press how, const char *p, size_t n, struct str *out)
{
	/* Pieces that end anywhere, also inside a tag. */
	size_t piece = how == GZIP_MEMBERS || how == ZSTD_FRAMES ? 7001 : n;

	for (size_t at = 0; at < n || (at == 0 && n == 0); at += piece ? piece : 1) {
		size_t some = n - at < piece ? n - at : piece;

		switch (how) {
		case GZIP: case GZIP_MEMBERS: press_gzip(p + at, some, out); break;
		case ZSTD: case ZSTD_FRAMES: press_zstd(p + at, some, out); break;
		case XZ: case BZIP2: press_archive(p + at, some, how == XZ, out); break;
		default: str_put(out, p + at, some);
		}
	}
}

static const char *const type_names[RPMMD_KINDS] = {"primary", "filelists", "other"};

/* A repository of one file with these bytes, and a repomd.xml that says so. */
static inline void
put_repository(const struct folder *f, enum rpmmd_kind kind, const void *bytes, size_t n)
{
	AUTO(free) char *repomd = xasprintf("<?xml version=\"1.0\"?>\n<repomd xmlns=\"http://linux.duke.edu/metadata/repo\">\n"
	    "<data type=\"other_db\"><checksum type=\"sha256\">0</checksum><location href=\"no\"/></data>"
	    "<data type=\"%s\">\n <checksum type=\"sha256\">%s</checksum>\n <open-checksum type=\"sha256\">1</open-checksum>\n"
	    " <location href=\"repodata/file\"/>\n</data></repomd>\n", type_names[kind], hash_bytes(bytes, n).hex);
	struct err err = {0};

	OK(file_mkdirs(f->fd, "repodata", &err));
	OK(file_replace(f->fd, "repodata/file", bytes, n, 0644, &err));
	folder_put(f, "repodata/repomd.xml", repomd);
}

#endif
