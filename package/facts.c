#include <assert.h>
#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/evr.h"
#include "package/facts.h"

/*
 * A packed form is the core, the records, from version 2 on the ELF files, as one
 * zstd frame of known size (names of symbols are long and much alike), and from
 * version 3 on the identity. The core is the same in all versions, and stands for
 * itself in a saved repository.
 */
enum { ELF_LEVEL = 9 };

static char **
texts(struct facts *f, size_t i)
{
	char **all[] = {&f->name, &f->epoch, &f->version, &f->release, &f->arch, &f->source, &f->file, &f->sha256};

	return i < ARRAY_SIZE(all) ? all[i] : NULL;
}

void
elf_file_fini(struct elf_file *e)
{
	free(e->path);
	free(e->note);
	elf_facts_fini(&e->facts);
}

void
facts_fini(struct facts *f)
{
	char **text;

	for (size_t i = 0; (text = texts(f, i)); i++)
		free(*text);
	free(f->evr);
	free(f->srpm);
	free(f->identity);
	for (int k = 0; k < DEP_KINDS; k++) {
		for (size_t i = 0; i < f->dep[k].n; i++)
			dep_fini(&f->dep[k].p[i]);
		vec_fini(&f->dep[k]);
	}
	for (size_t i = 0; i < f->files.n; i++) {
		free(f->files.p[i].path);
		free(f->files.p[i].content);
	}
	vec_fini(&f->files);
	free(f->primary);
	free(f->filelists);
	free(f->other);
	for (size_t i = 0; i < f->elf.n; i++)
		elf_file_fini(&f->elf.p[i]);
	vec_fini(&f->elf);
	*f = (struct facts){0};
}

static void
pack_core(struct str *out, const struct facts *f)
{
	char **text;

	for (size_t i = 0; (text = texts((struct facts *)f, i)); i++)
		pack_text(out, *text);
	pack_u64(out, (uint64_t)f->build_time);
	for (int k = 0; k < DEP_KINDS; k++) {
		pack_u32(out, (uint32_t)f->dep[k].n);
		for (size_t i = 0; i < f->dep[k].n; i++) {
			pack_text(out, f->dep[k].p[i].name);
			pack_text(out, f->dep[k].p[i].evr);
			pack_u32(out, f->dep[k].p[i].flags);
		}
	}
	pack_u32(out, (uint32_t)f->files.n);
	for (size_t i = 0; i < f->files.n; i++) {
		pack_text(out, f->files.p[i].path);
		pack_u32(out, f->files.p[i].mode);
		pack_u32(out, f->files.p[i].flags);
		pack_u64(out, f->files.p[i].size);
		pack_text(out, f->files.p[i].content);
	}
}

static void
unpack_deps(struct unpack *u, struct dep_list *l)
{
	uint32_t n = unpack_count(u, 3 * sizeof(uint32_t));

	while (n-- > 0 && !u->bad) {
		struct dep d = {.name = unpack_text(u)};

		d.evr = unpack_text(u);
		d.flags = unpack_u32(u);
		vec_push(l, d);
	}
}

static void
unpack_core(struct unpack *u, struct facts *f)
{
	uint32_t n;
	char **text;

	for (size_t i = 0; (text = texts(f, i)); i++)
		*text = unpack_text(u);
	f->evr = evr_join(f->epoch, f->version, f->release);
	f->build_time = (int64_t)unpack_u64(u);
	for (int k = 0; k < DEP_KINDS; k++)
		unpack_deps(u, &f->dep[k]);
	n = unpack_count(u, 3 * sizeof(uint32_t));
	while (n-- > 0 && !u->bad) {
		struct fact_file file = {.path = unpack_text(u)};

		file.mode = unpack_u32(u);
		file.flags = unpack_u32(u);
		file.size = unpack_u64(u);
		file.content = unpack_text(u);
		vec_push(&f->files, file);
	}
}

static void
pack_elf(struct str *out, const struct facts *f)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(free) void *packed = NULL;
	size_t n;

	pack_u32(&raw, (uint32_t)f->elf.n);
	for (size_t i = 0; i < f->elf.n; i++) {
		const struct elf_facts *e = &f->elf.p[i].facts;

		pack_text(&raw, f->elf.p[i].path);
		pack_text(&raw, f->elf.p[i].note);
		pack_u32(&raw, e->machine);
		pack_u32(&raw, e->bits);
		pack_text(&raw, e->soname);
		pack_strs(&raw, &e->needed);
		pack_strs(&raw, &e->defines);
		pack_strs(&raw, &e->uses);
	}
	packed = xcalloc(1, ZSTD_compressBound(raw.n));
	n = ZSTD_compress(packed, ZSTD_compressBound(raw.n), raw.p, raw.n, ELF_LEVEL);
	/* It has room for the worst case. */
	assert(!ZSTD_isError(n));
	pack_u32(out, (uint32_t)raw.n);
	pack_bytes(out, packed, n);
}

/* Checks rely on the order; that all differ also bounds the memory that they take. */
static void
unpack_sorted(struct unpack *u, struct strs *l)
{
	unpack_strs(u, l);
	for (size_t i = 1; i < l->n; i++)
		u->bad |= strcmp(l->p[i - 1], l->p[i]) >= 0;
}

static void
unpack_elf_files(struct unpack *u, struct facts *f)
{
	uint32_t n = unpack_count(u, 8 * sizeof(uint32_t));

	while (n-- > 0 && !u->bad) {
		struct elf_file file = {.path = unpack_text(u)};

		file.note = unpack_text(u);
		file.facts.machine = unpack_u32(u);
		file.facts.bits = unpack_u32(u);
		file.facts.soname = unpack_text(u);
		unpack_sorted(u, &file.facts.needed);
		unpack_sorted(u, &file.facts.defines);
		unpack_sorted(u, &file.facts.uses);
		if (f->elf.n && strcmp(f->elf.p[f->elf.n - 1].path, file.path) >= 0)
			u->bad = true;
		vec_push(&f->elf, file);
	}
}

/* Pass over the ELF files, or take them in. */
static int
unpack_elf(struct unpack *u, bool wanted, struct facts *f, struct err *err)
{
	uint32_t size = unpack_u32(u);
	AUTO(free) void *raw = NULL;
	const void *packed;
	struct unpack inner;
	size_t n;

	packed = unpack_bytes(u, &n);
	if (u->bad || !wanted)
		return 0;
	if (size > FACTS_MAX || ZSTD_getFrameContentSize(packed, n) != size)
		return err_set(err, EBADMSG, "facts: ELF files of a size that cannot be");
	raw = xcalloc(1, size);
	if (ZSTD_decompress(raw, size, packed, n) != size)
		return err_set(err, EBADMSG, "facts: ELF files that cannot be unpacked");
	inner = unpack_begin(raw, size);
	unpack_elf_files(&inner, f);
	f->elf_known = true;
	return unpack_end(&inner, "facts: ELF files", err);
}

void
facts_pack(struct str *out, const struct facts *f)
{
	bool identity = f->elf_known && f->identity && *f->identity;

	pack_u32(out, identity ? 3 : f->elf_known ? 2 : 1);
	pack_core(out, f);
	pack_text(out, f->primary);
	pack_text(out, f->filelists);
	pack_text(out, f->other);
	if (f->elf_known)
		pack_elf(out, f);
	if (identity)
		pack_text(out, f->identity);
}

static int
unpack_facts(const void *data, size_t n, bool elf, struct facts *f, struct err *err)
{
	struct unpack u = unpack_begin(data, n);
	uint32_t version = unpack_u32(&u);

	if (version == 0 || version > FACTS_VERSION)
		u.bad = true;
	unpack_core(&u, f);
	f->primary = unpack_text(&u);
	f->filelists = unpack_text(&u);
	f->other = unpack_text(&u);
	if (version > 1 && unpack_elf(&u, elf, f, err) < 0)
		return -1;
	f->identity = version > 2 ? unpack_text(&u) : xstrdup("");
	if (unpack_end(&u, "facts", err) < 0)
		return -1;
	if (version > 2 && !hash_valid(f->identity))
		return err_set(err, EBADMSG, "facts: an identity that cannot be");
	/* Both become part of a path in the pool. */
	if (!hash_valid(f->sha256))
		return err_set(err, EBADMSG, "facts: no SHA-256");
	if (!*f->file || *f->file == '.' || strchr(f->file, '/'))
		return err_set(err, EBADMSG, "facts: a file name that cannot be");
	return 0;
}

int
facts_unpack(const void *data, size_t n, struct facts *f, struct err *err)
{
	return unpack_facts(data, n, true, f, err);
}

int
facts_unpack_no_elf(const void *data, size_t n, struct facts *f, struct err *err)
{
	return unpack_facts(data, n, false, f, err);
}

static struct fact_record
bytes_of(struct unpack *u)
{
	struct fact_record r;

	r.p = unpack_bytes(u, &r.n);
	return r;
}

int
facts_unpack_records(const void *data, size_t n, struct fact_records *out, struct err *err)
{
	struct unpack u = unpack_begin(data, n);
	uint32_t left, version;
	char **text;

	version = unpack_u32(&u);
	if (version == 0 || version > FACTS_VERSION)
		u.bad = true;
	for (size_t i = 0; (text = texts(&(struct facts){0}, i)); i++)
		out->sha256 = bytes_of(&u);	/* the last of them */
	unpack_u64(&u);
	for (int k = 0; k < DEP_KINDS; k++)
		for (left = unpack_count(&u, 3 * sizeof(uint32_t)); left > 0 && !u.bad; left--) {
			bytes_of(&u);
			bytes_of(&u);
			unpack_u32(&u);
		}
	for (left = unpack_count(&u, 3 * sizeof(uint32_t)); left > 0 && !u.bad; left--) {
		bytes_of(&u);
		unpack_u32(&u);
		unpack_u32(&u);
		unpack_u64(&u);
		bytes_of(&u);
	}
	out->primary = bytes_of(&u);
	out->filelists = bytes_of(&u);
	out->other = bytes_of(&u);
	if (version > 1) {
		unpack_u32(&u);
		bytes_of(&u);
	}
	if (version > 2)
		bytes_of(&u);
	return unpack_end(&u, "facts", err);
}

char *
facts_location(const char *file, const char *sha256)
{
	return xasprintf("%c/%.8s/%s", file[0], sha256, file);
}

static int
deps_differ(const struct dep_list *a, const struct dep_list *b)
{
	if (a->n != b->n)
		return 1;
	for (size_t i = 0; i < a->n; i++)
		if (a->p[i].flags != b->p[i].flags || strcmp(a->p[i].name, b->p[i].name) != 0 ||
		    strcmp(a->p[i].evr, b->p[i].evr) != 0)
			return 1;
	return 0;
}

int
facts_differ(const struct facts *a, const struct facts *b, char **what)
{
	static const char *const kinds[DEP_KINDS] = {"provides", "requires", "conflicts", "obsoletes"};

	for (int k = 0; k < DEP_KINDS; k++)
		if (deps_differ(&a->dep[k], &b->dep[k])) {
			*what = xstrdup(kinds[k]);
			return 1;
		}
	for (size_t i = 0; i < a->files.n || i < b->files.n; i++) {
		const struct fact_file *x = &a->files.p[i], *y = &b->files.p[i];

		if (i >= a->files.n || i >= b->files.n || strcmp(x->path, y->path) != 0) {
			*what = xasprintf("the file list (%s)", i < a->files.n ? x->path : y->path);
			return 1;
		}
		if (x->mode != y->mode || x->size != y->size || strcmp(x->content, y->content) != 0) {
			*what = xasprintf("%s of %s", x->mode != y->mode ? "the mode" : "the content", x->path);
			return 1;
		}
	}
	return 0;
}
