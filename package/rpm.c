/* From an RPM file to facts. */
#include <createrepo_c/createrepo_c.h>
#include <errno.h>
#include <fcntl.h>
#include <rpm/rpmds.h>
#include <rpm/rpmfi.h>
#include <rpm/rpmtd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/evr.h"
#include "package/facts.h"
#include "package/header.h"
#include "package/identity.h"
#include "package/payload.h"

AUTO_DEFINE(rpmds, rpmdsFree);
AUTO_DEFINE(rpmfi, rpmfiFree);
AUTO_DEFINE(cr_Package *, cr_package_free);

/* librpm gives NULL for what a header that cannot be lacks, or has of another type. */
static char *
text_or_empty(const char *text)
{
	return xstrdup(text ? text : "");
}

static char *
text_of(Header h, rpmTag tag)
{
	return text_or_empty(headerGetString(h, tag));
}

/* "zlib-1.2-3.src.rpm" -> "zlib"; a package without a source RPM is its own source. */
static char *
source_of(Header h)
{
	AUTO(free) char *srpm = text_of(h, RPMTAG_SOURCERPM);
	char *dash;

	for (int i = 0; i < 2; i++)
		if ((dash = strrchr(srpm, '-')))
			*dash = '\0';
	return *srpm ? STEAL(srpm) : text_of(h, RPMTAG_NAME);
}

static void
read_deps(Header h, rpmTag tag, struct dep_list *out)
{
	AUTO(rpmdsFree) rpmds ds = rpmdsNew(h, tag, 0);

	while (ds && rpmdsNext(ds) >= 0) {
		vec_push(out, ((struct dep){text_or_empty(rpmdsN(ds)), text_or_empty(rpmdsEVR(ds)), rpmdsFlags(ds)}));
	}
}

static void
read_files(Header h, struct facts *f)
{
	AUTO(rpmfiFree) rpmfi fi = rpmfiNew(NULL, h, RPMTAG_BASENAMES, RPMFI_KEEPHEADER);

	while (fi && rpmfiNext(fi) >= 0) {
		struct fact_file file = {.path = text_or_empty(rpmfiFN(fi)), .mode = rpmfiFMode(fi),
		    .flags = rpmfiFFlags(fi), .size = rpmfiFSize(fi)};

		if (S_ISLNK(file.mode))
			file.content = text_or_empty(rpmfiFLink(fi));
		else if (S_ISREG(file.mode))
			file.content = rpmfiFDigestHex(fi, NULL);
		if (!file.content)
			file.content = xstrdup("");
		vec_push(&f->files, file);
	}
}

static void
read_all(Header h, struct facts *f)
{
	static const rpmTag tags[DEP_KINDS] = {RPMTAG_PROVIDENAME, RPMTAG_REQUIRENAME, RPMTAG_CONFLICTNAME, RPMTAG_OBSOLETENAME};
	const char *epoch;

	f->name = text_of(h, RPMTAG_NAME);
	epoch = headerIsEntry(h, RPMTAG_EPOCH) ? "x" : "";
	f->epoch = *epoch ? xasprintf("%llu", (unsigned long long)headerGetNumber(h, RPMTAG_EPOCH)) : xstrdup("");
	f->version = text_of(h, RPMTAG_VERSION);
	f->release = text_of(h, RPMTAG_RELEASE);
	f->arch = text_of(h, RPMTAG_ARCH);
	f->evr = evr_join(f->epoch, f->version, f->release);
	f->source = source_of(h);
	f->srpm = text_of(h, RPMTAG_SOURCERPM);
	f->build_time = (int64_t)headerGetNumber(h, RPMTAG_BUILDTIME);
	for (int k = 0; k < DEP_KINDS; k++)
		read_deps(h, tags[k], &f->dep[k]);
	read_files(h, f);
}

static int
read_records(const char *path, struct facts *f, struct err *err)
{
	AUTO(free) char *location = facts_location(f->file, f->sha256);
	AUTO(free) char *href = xasprintf("Packages/%s", location);
	AUTO(cr_package_free) cr_Package *pkg = NULL;
	struct cr_XmlStruct xml;
	GError *why = NULL;

	pkg = cr_package_from_rpm(path, CR_CHECKSUM_SHA256, href, NULL, 10, NULL, CR_HDRR_NONE, &why);
	if (pkg) {
		/* The file's own time would differ from builder to builder. */
		pkg->time_file = pkg->time_build;
		xml = cr_xml_dump(pkg, &why);
	}
	if (why) {
		err_set(err, EBADMSG, "%s: %s", path, why->message);
		g_error_free(why);
		return -1;
	}
	f->primary = xml.primary;
	f->filelists = xml.filelists;
	f->other = xml.other;
	return 0;
}

static int
check_names(const struct facts *f, struct err *err)
{
	const char *evil[] = {f->name, f->version, f->release, f->arch, f->source};

	for (size_t i = 0; i < ARRAY_SIZE(evil); i++)
		if (!*evil[i] || strpbrk(evil[i], "/ \n\t\"'<>\\") || strlen(evil[i]) > 200)
			return err_set(err, EBADMSG, "%s: a name, version, release or architecture that cannot be", f->file);
	return 0;
}

/* rpm cleans the paths that it writes; whoever installs one that it did not write is led out of the root by them. */
static int
check_paths(const struct facts *f, struct err *err)
{
	for (size_t i = 0; i < f->files.n; i++) {
		AUTO(free) char *closed = xasprintf("%s/", f->files.p[i].path);

		if (closed[0] != '/' || strstr(closed, "/../") || strstr(closed, "/./"))
			return err_set(err, EBADMSG, "%s: a path that cannot be, `%s`", f->file, f->files.p[i].path);
	}
	return 0;
}

int
facts_from_rpm(const char *path, const char *file, struct facts *f, struct err *err)
{
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(Fclose) FD_t rpm = NULL;
	AUTO(headerFree) Header h = NULL;
	struct sha256 sum;

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (hash_fd(fd, &sum, err) < 0)
		return -1;
	f->file = xstrdup(file);
	f->sha256 = xstrdup(sum.hex);
	if (header_read(path, &rpm, &h, err) < 0)
		return -1;
	if (headerIsSource(h))
		return err_set(err, EINVAL, "%s: a source RPM, not a binary one", path);
	read_all(h, f);
	f->identity = xstrdup(identity_of(h).hex);
	if (check_names(f, err) < 0 || check_paths(f, err) < 0 || payload_read(rpm, h, path, f, err) < 0)
		return -1;
	return read_records(path, f, err);
}

void
srpm_facts_fini(struct srpm_facts *f)
{
	free(f->name);
	free(f->evr);
	free(f->arch);
	strs_fini(&f->requires);
	strs_fini(&f->exclusive);
	strs_fini(&f->excluded);
	*f = (struct srpm_facts){0};
}

static void
read_texts(Header h, rpmTag tag, struct strs *out)
{
	rpmtd td = rpmtdNew();
	const char *text;

	if (headerGet(h, tag, td, HEADERGET_MINMEM))
		while ((text = rpmtdNextString(td)))
			strs_add(out, text);
	rpmtdFreeData(td);
	rpmtdFree(td);
}

int
facts_from_srpm(const char *path, struct srpm_facts *out, struct err *err)
{
	AUTO(Fclose) FD_t rpm = NULL;
	AUTO(headerFree) Header h = NULL;
	AUTO(facts_fini) struct facts f = {0};

	if (header_read(path, &rpm, &h, err) < 0)
		return -1;
	if (!headerIsSource(h))
		return err_set(err, EINVAL, "%s: a binary RPM, not a source one", path);
	read_all(h, &f);
	out->name = STEAL(f.name);
	out->evr = STEAL(f.evr);
	out->arch = STEAL(f.arch);
	for (size_t i = 0; i < f.dep[DEP_REQUIRES].n; i++) {
		AUTO(str_fini) struct str text = {0};

		if (f.dep[DEP_REQUIRES].p[i].flags & DEP_RPMLIB)
			continue;
		dep_text(&f.dep[DEP_REQUIRES].p[i], &text);
		strs_add(&out->requires, str_c(&text));
	}
	read_texts(h, RPMTAG_EXCLUSIVEARCH, &out->exclusive);
	read_texts(h, RPMTAG_EXCLUDEARCH, &out->excluded);
	return 0;
}
