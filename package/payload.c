/*
 * One pass over the payload of an RPM, always to its end: what is cut short or
 * does not decompress must not become part of a repository. Of the files only
 * those that may be dynamic ELF are held in memory, one at a time. What is wrong
 * with such a file is no error, there are packages of files made to be broken; it
 * is noted, so that a check knows that nothing is known of it.
 */
#include <errno.h>
#include <rpm/rpmfi.h>
/* It does not include what it needs. */
#include <rpm/rpmarchive.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/vec.h"
#include "package/facts.h"
#include "package/header.h"
#include "package/payload.h"

AUTO_DEFINE(rpmfi, rpmfiFree);

enum {
	ELF_SIZE_MIN = 64,
	NAMES_MAX = 128 << 20,		/* bytes of the names of all files of a package */
};

struct walk {
	rpmfi fi;
	const char *path;		/* of the RPM */
	struct facts *facts;
	size_t names_left;
};

static int
broken(const struct walk *w, int rc, struct err *err)
{
	AUTO(free) char *why = rpmfileStrerror(rc);

	return err_set(err, EBADMSG, "%s: not an RPM, or a broken one: its payload: %s", w->path, why ? why : "?");
}

static bool
is_candidate(rpmfi fi)
{
	const char *path = rpmfiFN(fi), *name = rpmfiBN(fi);
	size_t n = strlen(path);

	if (!S_ISREG(rpmfiFMode(fi)) || !rpmfiArchiveHasContent(fi) || rpmfiFSize(fi) < ELF_SIZE_MIN)
		return false;
	if (strncmp(path, "/usr/lib/debug/", 15) == 0 || (n > 6 && strcmp(path + n - 6, ".debug") == 0))
		return false;
	return rpmfiFMode(fi) & 0111 || strstr(name, ".so");
}

static int
read_exact(const struct walk *w, char *out, size_t n, struct err *err)
{
	while (n > 0) {
		ssize_t got = rpmfiArchiveRead(w->fi, out, n);

		if (got <= 0)
			return broken(w, RPMERR_READ_FAILED, err);
		out += got;
		n -= (size_t)got;
	}
	return 0;
}

static size_t
names_of(const struct elf_facts *e)
{
	const struct strs *lists[] = {&e->needed, &e->defines, &e->uses};
	size_t n = strlen(e->soname);

	for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			n += strlen(lists[k]->p[i]) + sizeof(uint32_t);
	return n;
}

static void
note(struct walk *w, const char *why)
{
	vec_push(&w->facts->elf, ((struct elf_file){.path = xstrdup(rpmfiFN(w->fi)), .note = xstrdup(why),
	    .facts = {.soname = xstrdup("")}}));
}

static void
take(struct walk *w, const char *data, size_t n)
{
	AUTO(elf_facts_fini) struct elf_facts e = {0};
	const char *why = NULL;
	int r = elf_facts_read(data, n, &e, &why);

	if (r == ELF_BROKEN) {
		note(w, why);
	} else if (r == 0 && names_of(&e) > w->names_left) {
		note(w, "too many names in one package");
	} else if (r == 0) {
		w->names_left -= names_of(&e);
		vec_push(&w->facts->elf, ((struct elf_file){.path = xstrdup(rpmfiFN(w->fi)), .note = xstrdup(""), .facts = e}));
		e = (struct elf_facts){0};
	}
}

static int
look_into(struct walk *w, struct err *err)
{
	static const char magic[4] = "\177ELF";
	size_t n = rpmfiFSize(w->fi);
	char first[sizeof(magic)];
	AUTO(free) char *data = NULL;

	if (read_exact(w, first, sizeof(first), err) < 0)
		return -1;
	if (memcmp(first, magic, sizeof(magic)) != 0)
		return 0;
	if (n > PAYLOAD_ELF_MAX) {
		note(w, "too large to be looked into");
		return 0;
	}
	data = xcalloc(1, n);
	memcpy(data, first, sizeof(first));
	if (read_exact(w, data + sizeof(first), n - sizeof(first), err) < 0)
		return -1;
	take(w, data, n);
	return 0;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct elf_file *)a)->path, ((const struct elf_file *)b)->path);
}

/* A header may name a path twice; the first is kept. */
static void
sort_files(struct facts *f)
{
	size_t n = 0;

	if (f->elf.n)
		qsort(f->elf.p, f->elf.n, sizeof(*f->elf.p), by_path);
	for (size_t i = 0; i < f->elf.n; i++) {
		if (n && by_path(&f->elf.p[n - 1], &f->elf.p[i]) == 0)
			elf_file_fini(&f->elf.p[i]);
		else
			f->elf.p[n++] = f->elf.p[i];
	}
	f->elf.n = n;
}

/* NULL for a way of compression that librpm may know and this program does not. */
static const char *
mode_of(Header h)
{
	static const struct {
		const char *name, *mode;
	} modes[] = {{"gzip", "r.gzdio"}, {"zstd", "r.zstdio"}, {"xz", "r.xzdio"}, {"lzma", "r.lzdio"}, {"bzip2", "r.bzdio"}};
	const char *name = headerGetString(h, RPMTAG_PAYLOADCOMPRESSOR);

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (!name || strcmp(modes[i].name, name) == 0)
			return modes[i].mode;
	return NULL;
}

/* What is left after the last file: checksums are looked at only there. */
static int
drain(const struct walk *w, FD_t fd, struct err *err)
{
	char rest[4096];
	ssize_t n;

	while ((n = Fread(rest, 1, sizeof(rest), fd)) > 0)
		;
	return n < 0 || Ferror(fd) ? broken(w, RPMERR_READ_FAILED, err) : 0;
}

int
payload_read(FD_t fd, Header h, const char *path, struct facts *f, struct err *err)
{
	AUTO(rpmfilesFree) rpmfiles files = rpmfilesNew(NULL, h, RPMTAG_BASENAMES, RPMFI_KEEPHEADER);
	AUTO(rpmfiFree) rpmfi fi = NULL;
	struct walk w = {.path = path, .facts = f, .names_left = NAMES_MAX};
	const char *mode = mode_of(h);
	int rc;

	if (!mode || !Fdopen(fd, mode))
		return err_set(err, EBADMSG, "%s: its payload is compressed in a way that is not known", path);
	w.fi = fi = rpmfiNewArchiveReader(fd, files, RPMFI_ITER_READ_ARCHIVE);
	if (!fi)
		return broken(&w, RPMERR_BAD_HEADER, err);
	while ((rc = rpmfiNext(fi)) >= 0)
		if (is_candidate(fi) && look_into(&w, err) < 0)
			return -1;
	if (rc != RPMERR_ITER_END)
		return broken(&w, rc, err);
	if (drain(&w, fd, err) < 0)
		return -1;
	sort_files(f);
	f->elf_known = true;
	return 0;
}
