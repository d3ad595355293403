/*
 * From an ELF file to its symbols. What counts is what the dynamic loader would
 * look at: PT_DYNAMIC and the tables that it points to, found through PT_LOAD.
 * The table of sections is asked for one thing only, how many dynamic symbols
 * there are. Without it (strip can take it away) that is what the hash tables and
 * the relocations reach; a symbol that neither names is of no use to anybody.
 *
 * All offsets, counts and strings come from a stranger. Tables are taken by
 * elf_getdata_rawchunk(), which stays in the file and turns other byte orders, and
 * every access to one is checked against its size. Loops are bounded by a table,
 * by the 15 bits of a version, or by the bytes that all names together may take.
 * libelf copies a table of another byte order, so what is asked of it is bounded too.
 * The first thing wrong ends it: `why` is set, and there are no facts.
 */
#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "package/elf.h"

enum {
	VERSION_MASK = 0x7fff,
	NAME_COST = 16,		/* what a name costs beyond its bytes: many empty ones are a burden too */
	TAIL_MAX = 64 << 20,	/* bytes of a table whose size is not said */
	TABLES_MAX = 3,		/* all others, in sizes of the file: some are asked for twice */
};

struct load {
	uint64_t address, offset, size;
};

struct version {
	const char *name;	/* NULL: there is no version of this index */
	bool needed;		/* of another file */
};

struct reader {
	Elf *elf;
	GElf_Ehdr ehdr;
	size_t file_size;
	VEC(struct load) load;
	Elf_Data *dynamic;
	uint64_t tag[DT_NUM];	/* values of the dynamic section; 0 if absent */
	uint64_t versym, verdef, verneed, gnu_hash;
	Elf_Data *strings, *symbols;
	size_t n_symbols;
	VEC(struct version) versions;
	unsigned char *copied;	/* of each symbol: whether it is a copy of another file's object */
	size_t text_left, tables_left;
	const char *why;
};

static void
reader_fini(struct reader *r)
{
	vec_fini(&r->load);
	vec_fini(&r->versions);
	free(r->copied);
	if (r->elf)
		elf_end(r->elf);
}
AUTO_DEFINE_EMBEDDED(struct reader, reader_fini);

void
elf_facts_fini(struct elf_facts *e)
{
	free(e->soname);
	free(e->runpath);
	strs_fini(&e->needed);
	strs_fini(&e->defines);
	strs_fini(&e->uses);
	*e = (struct elf_facts){0};
}

static bool
wrong(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return false;
}

/* The bytes at an address, of this size, or up to the end of the segment if it is 0; NULL and `why`. */
static Elf_Data *
table(struct reader *r, uint64_t address, uint64_t size, Elf_Type type, const char *why)
{
	Elf_Data *data = NULL;

	for (size_t i = 0; i < r->load.n; i++) {
		const struct load *l = &r->load.p[i];
		uint64_t skip = address - l->address, unit = gelf_fsize(r->elf, type, 1, EV_CURRENT);

		if (address < l->address || skip >= l->size)
			continue;
		if (size > l->size - skip || size > r->tables_left)
			break;
		r->tables_left -= size;
		if (size == 0)
			size = l->size - skip < TAIL_MAX ? l->size - skip : TAIL_MAX;
		/* These two are chains of things of different sizes. */
		if (type != ELF_T_VDEF && type != ELF_T_VNEED)
			size -= size % unit;
		if (size)
			data = elf_getdata_rawchunk(r->elf, (int64_t)(l->offset + skip), size, type);
		break;
	}
	if (!data || !data->d_buf) {
		wrong(r, why);
		return NULL;
	}
	return data;
}

/* PT_LOAD and PT_DYNAMIC. False without `why` if there is no dynamic section. */
static bool
read_segments(struct reader *r)
{
	GElf_Phdr p, dynamic = {0};
	size_t n;

	if (elf_getphdrnum(r->elf, &n) < 0)
		return wrong(r, "broken program headers");
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(r->elf, (int)i, &p))
			return wrong(r, "broken program headers");
		if (p.p_type == PT_DYNAMIC)
			dynamic = p;
		if (p.p_type != PT_LOAD || p.p_filesz == 0)
			continue;
		if (p.p_offset > r->file_size || p.p_filesz > r->file_size - p.p_offset)
			return wrong(r, "a segment outside the file");
		vec_push(&r->load, ((struct load){p.p_vaddr, p.p_offset, p.p_filesz}));
	}
	if (dynamic.p_type != PT_DYNAMIC)
		return false;
	if (dynamic.p_filesz == 0 || dynamic.p_offset > r->file_size || dynamic.p_filesz > r->file_size - dynamic.p_offset)
		return wrong(r, "a dynamic section outside the file");
	r->dynamic = elf_getdata_rawchunk(r->elf, (int64_t)dynamic.p_offset, dynamic.p_filesz, ELF_T_DYN);
	return r->dynamic || wrong(r, "a broken dynamic section");
}

static bool
read_dynamic(struct reader *r)
{
	GElf_Dyn d;

	for (int i = 0; gelf_getdyn(r->dynamic, i, &d) && d.d_tag != DT_NULL; i++)
		switch (d.d_tag) {
		case DT_VERSYM: r->versym = d.d_un.d_val; break;
		case DT_VERDEF: r->verdef = d.d_un.d_val; break;
		case DT_VERNEED: r->verneed = d.d_un.d_val; break;
		case DT_GNU_HASH: r->gnu_hash = d.d_un.d_val; break;
		default:
			if (d.d_tag >= 0 && d.d_tag < DT_NUM)
				r->tag[d.d_tag] = d.d_un.d_val;
		}
	if (!r->tag[DT_STRTAB] || !r->tag[DT_STRSZ])
		return wrong(r, "no string table");
	r->strings = table(r, r->tag[DT_STRTAB], r->tag[DT_STRSZ], ELF_T_BYTE, "a string table outside the file");
	return r->strings != NULL;
}

/* A string of the string table, paid for from the bytes that names may take; NULL and `why`. */
static const char *
string_at(struct reader *r, uint64_t offset)
{
	const char *p = r->strings->d_buf, *end;
	size_t max;

	if (offset >= r->strings->d_size) {
		wrong(r, "a name outside the string table");
		return NULL;
	}
	p += offset;
	max = r->strings->d_size - offset;
	end = memchr(p, '\0', max < ELF_NAME_MAX ? max : ELF_NAME_MAX);
	if (!end || (size_t)(end - p) + NAME_COST > r->text_left) {
		wrong(r, end ? "too many names" : "a name without an end");
		return NULL;
	}
	r->text_left -= (size_t)(end - p) + NAME_COST;
	return p;
}

/* How many symbols there are. */

static size_t
count_by_section(struct reader *r)
{
	Elf_Scn *section = NULL;
	GElf_Shdr s;

	while ((section = elf_nextscn(r->elf, section)))
		if (gelf_getshdr(section, &s) && s.sh_type == SHT_DYNSYM && s.sh_addr == r->tag[DT_SYMTAB])
			return s.sh_size / gelf_fsize(r->elf, ELF_T_SYM, 1, EV_CURRENT);
	return 0;
}

static size_t
count_by_hash(struct reader *r)
{
	Elf_Data *d;

	/* These two have words of 64 bits in it. */
	if (!r->tag[DT_HASH] || r->ehdr.e_machine == EM_S390 || r->ehdr.e_machine == EM_ALPHA)
		return 0;
	d = table(r, r->tag[DT_HASH], 2 * sizeof(uint32_t), ELF_T_WORD, "a hash table outside the file");
	return d ? ((const uint32_t *)d->d_buf)[1] : 0;
}

/* The last chain of the GNU hash table ends with the last symbol. */
static size_t
count_by_gnu_hash(struct reader *r)
{
	Elf_Data *d = r->gnu_hash ? table(r, r->gnu_hash, 0, ELF_T_WORD, "a hash table outside the file") : NULL;
	const uint32_t *word = d ? d->d_buf : NULL;
	size_t n = d ? d->d_size / sizeof(*word) : 0, first, buckets, chains, last = 0;

	if (n < 4)
		return 0;
	first = word[1];
	buckets = 4 + (size_t)word[2] * (gelf_getclass(r->elf) == ELFCLASS64 ? 2 : 1);
	chains = buckets + word[0];
	for (size_t i = buckets; i < chains && i < n; i++)
		if (word[i] > last)
			last = word[i];
	if (last < first || last == 0)
		return first;
	for (size_t i = last; chains + (i - first) < n; i++)
		if (word[chains + (i - first)] & 1)
			return i + 1;
	wrong(r, "a broken hash table");
	return 0;
}

/* Relocations: what they reach, and the symbols that are copied from another file. */

static uint32_t
copy_type(unsigned machine)
{
	static const struct {
		unsigned machine;
		uint32_t type;
	} types[] = {{EM_X86_64, R_X86_64_COPY}, {EM_386, R_386_COPY}, {EM_AARCH64, R_AARCH64_COPY}, {EM_ARM, R_ARM_COPY},
	    {EM_PPC64, R_PPC64_COPY}, {EM_PPC, R_PPC_COPY}, {EM_S390, R_390_COPY}, {EM_RISCV, R_RISCV_COPY},
	    {EM_LOONGARCH, R_LARCH_COPY}, {EM_MIPS, R_MIPS_COPY}, {EM_SPARCV9, R_SPARC_COPY}};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].machine == machine)
			return types[i].type;
	return 0;
}

struct relocations {
	uint64_t address, size;
	Elf_Type type;
};

static bool
relocation(const struct relocations *l, Elf_Data *d, int i, GElf_Xword *info)
{
	GElf_Rela rela;
	GElf_Rel rel;

	if (l->type == ELF_T_RELA ? !gelf_getrela(d, i, &rela) : !gelf_getrel(d, i, &rel))
		return false;
	*info = l->type == ELF_T_RELA ? rela.r_info : rel.r_info;
	return true;
}

/* Before the symbols are counted, `copied` is NULL, and the result is one past the largest that is named. */
static size_t
walk_relocations(struct reader *r)
{
	const struct relocations lists[] = {
		{r->tag[DT_RELA], r->tag[DT_RELASZ], ELF_T_RELA}, {r->tag[DT_REL], r->tag[DT_RELSZ], ELF_T_REL},
		{r->tag[DT_JMPREL], r->tag[DT_PLTRELSZ], r->tag[DT_PLTREL] == DT_RELA ? ELF_T_RELA : ELF_T_REL}};
	uint32_t copy = copy_type(r->ehdr.e_machine);
	size_t n = 0;

	for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
		GElf_Xword info;
		Elf_Data *d;

		if (!lists[k].address || !lists[k].size)
			continue;
		d = table(r, lists[k].address, lists[k].size, lists[k].type, "relocations outside the file");
		for (int i = 0; d && relocation(&lists[k], d, i, &info); i++) {
			size_t symbol = GELF_R_SYM(info);

			if (symbol >= n)
				n = symbol + 1;
			if (r->copied && copy && GELF_R_TYPE(info) == copy && symbol < r->n_symbols)
				r->copied[symbol] = 1;
		}
	}
	return n;
}

static bool
read_symbols(struct reader *r)
{
	size_t n, counts[3], size = gelf_fsize(r->elf, ELF_T_SYM, 1, EV_CURRENT);

	if (!r->tag[DT_SYMTAB])
		return true;
	n = count_by_section(r);
	if (n == 0) {
		counts[0] = count_by_hash(r);
		counts[1] = count_by_gnu_hash(r);
		counts[2] = walk_relocations(r);
		for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
			n = counts[i] > n ? counts[i] : n;
	}
	if (r->why || n == 0)
		return !r->why;
	if (n > r->file_size / size)
		return wrong(r, "more symbols than the file can hold");
	r->n_symbols = n;
	r->symbols = table(r, r->tag[DT_SYMTAB], n * size, ELF_T_SYM, "a symbol table outside the file");
	if (!r->symbols)
		return false;
	r->copied = xcalloc(n, 1);
	walk_relocations(r);
	return !r->why;
}

/* Versions. */

static bool
add_version(struct reader *r, unsigned index, uint64_t name, bool base, bool needed)
{
	const char *text = string_at(r, name);

	if (!text)
		return false;
	index &= VERSION_MASK;
	while (r->versions.n <= index)
		vec_push(&r->versions, ((struct version){0}));
	/* The base version is the file itself: its symbols have none. */
	r->versions.p[index] = (struct version){base ? "" : text, needed};
	return true;
}

static bool
read_definitions(struct reader *r)
{
	Elf_Data *d = r->verdef ? table(r, r->verdef, 0, ELF_T_VDEF, "version definitions outside the file") : NULL;
	uint64_t at = 0;

	if (!r->verdef || !d)
		return !r->why;
	for (int left = VERSION_MASK; left > 0; left--) {
		GElf_Verdef def;
		GElf_Verdaux name;

		if (at > INT32_MAX || !gelf_getverdef(d, (int)at, &def) || at + def.vd_aux > INT32_MAX ||
		    !gelf_getverdaux(d, (int)(at + def.vd_aux), &name))
			return wrong(r, "broken version definitions");
		if (!add_version(r, def.vd_ndx, name.vda_name, def.vd_flags & VER_FLG_BASE, false))
			return false;
		if (!def.vd_next)
			return true;
		at += def.vd_next;
	}
	return wrong(r, "too many version definitions");
}

/* The versions wanted of one file; *left bounds those of all. */
static bool
read_needed_of(struct reader *r, Elf_Data *d, uint64_t at, int *left)
{
	GElf_Vernaux name;

	for (; *left > 0; --*left) {
		if (at > INT32_MAX || !gelf_getvernaux(d, (int)at, &name))
			return wrong(r, "broken version references");
		if (!add_version(r, name.vna_other, name.vna_name, false, true))
			return false;
		if (!name.vna_next)
			return true;
		at += name.vna_next;
	}
	return wrong(r, "too many version references");
}

static bool
read_needed(struct reader *r)
{
	Elf_Data *d = r->verneed ? table(r, r->verneed, 0, ELF_T_VNEED, "version references outside the file") : NULL;
	int left = VERSION_MASK;
	uint64_t at = 0;

	if (!r->verneed || !d)
		return !r->why;
	for (int files = VERSION_MASK; files > 0; files--) {
		GElf_Verneed need;

		if (at > INT32_MAX || !gelf_getverneed(d, (int)at, &need))
			return wrong(r, "broken version references");
		if (need.vn_cnt && !read_needed_of(r, d, at + need.vn_aux, &left))
			return false;
		if (!need.vn_next)
			return true;
		at += need.vn_next;
	}
	return wrong(r, "too many version references");
}

/* Facts. */

static bool
is_definition(const GElf_Sym *s)
{
	static const unsigned types = 1u << STT_NOTYPE | 1u << STT_OBJECT | 1u << STT_FUNC | 1u << STT_COMMON | 1u << STT_TLS |
	    1u << STT_GNU_IFUNC;
	unsigned bind = GELF_ST_BIND(s->st_info), visibility = GELF_ST_VISIBILITY(s->st_other);

	return (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
	    (visibility == STV_DEFAULT || visibility == STV_PROTECTED) && types >> GELF_ST_TYPE(s->st_info) & 1;
}

static char *
join(const char *name, const char *version)
{
	size_t n = strlen(name), m = strlen(version);
	char *text = xcalloc(1, n + m + 2);

	memcpy(text, name, n);
	if (m) {
		text[n] = '@';
		memcpy(text + n + 1, version, m);
	}
	return text;
}

/*
 * An executable has a copy of an object of a library, under the library's version:
 * it wants the object, and gives nothing.
 */
static bool
add_symbol(struct reader *r, const GElf_Sym *s, size_t i, unsigned index, struct elf_facts *out)
{
	static const struct version none = {.name = ""};
	const struct version *v = &none;
	bool use = s->st_shndx == SHN_UNDEF || r->copied[i];
	const char *name;

	if (index > VER_NDX_GLOBAL && index < r->versions.n && r->versions.p[index].name)
		v = &r->versions.p[index];
	else if (index > VER_NDX_GLOBAL)
		return wrong(r, "a symbol of a version that there is not");
	use |= v->needed;
	if (use ? GELF_ST_BIND(s->st_info) != STB_GLOBAL : !is_definition(s) || index == VER_NDX_LOCAL)
		return true;
	name = string_at(r, s->st_name);
	if (!name || strlen(v->name) > r->text_left)
		return wrong(r, "too many names");
	r->text_left -= strlen(v->name);
	/* Some linkers mark each version by a symbol of its own name, which nothing ever wants. */
	if (*name && !(s->st_shndx == SHN_ABS && strcmp(name, v->name) == 0))
		strs_take(use ? &out->uses : &out->defines, join(name, v->name));
	return true;
}

static bool
add_symbols(struct reader *r, struct elf_facts *out)
{
	Elf_Data *d = NULL;

	if (r->symbols && r->versym)
		d = table(r, r->versym, r->n_symbols * sizeof(uint16_t), ELF_T_HALF, "versions of symbols outside the file");
	for (size_t i = 1; i < r->n_symbols && !r->why; i++) {
		GElf_Versym version = VER_NDX_GLOBAL;
		GElf_Sym s;

		if (!gelf_getsym(r->symbols, (int)i, &s) || (d && !gelf_getversym(d, (int)i, &version)))
			return wrong(r, "a broken symbol table");
		add_symbol(r, &s, i, version & VERSION_MASK, out);
	}
	return !r->why;
}

static bool
add_names(struct reader *r, struct elf_facts *out)
{
	const char *soname = "", *runpath = "";
	GElf_Dyn d;

	for (int i = 0; gelf_getdyn(r->dynamic, i, &d) && d.d_tag != DT_NULL; i++) {
		bool path = d.d_tag == DT_RUNPATH || d.d_tag == DT_RPATH;
		const char *name = path || d.d_tag == DT_NEEDED || d.d_tag == DT_SONAME ? string_at(r, d.d_un.d_val) : "";

		if (!name)
			return false;
		if (path)
			runpath = name;
		else if (d.d_tag == DT_SONAME)
			soname = name;
		else if (*name)
			strs_add(&out->needed, name);
	}
	out->soname = xstrdup(soname);
	out->runpath = xstrdup(runpath);
	return true;
}

static void
sort_unique(struct strs *l)
{
	size_t n = 0;

	strs_sort(l);
	for (size_t i = 0; i < l->n; i++) {
		if (n && strcmp(l->p[n - 1], l->p[i]) == 0)
			free(l->p[i]);
		else
			l->p[n++] = l->p[i];
	}
	l->n = n;
}

static bool
read_all(struct reader *r, struct elf_facts *out)
{
	if (!gelf_getehdr(r->elf, &r->ehdr))
		return wrong(r, "a broken header");
	if (r->ehdr.e_type != ET_DYN && r->ehdr.e_type != ET_EXEC)
		return false;
	out->machine = r->ehdr.e_machine;
	out->bits = gelf_getclass(r->elf) == ELFCLASS64 ? 64 : 32;
	if (!read_segments(r) || !read_dynamic(r) || !read_symbols(r) || !read_definitions(r) || !read_needed(r) ||
	    !add_names(r, out) || !add_symbols(r, out))
		return false;
	sort_unique(&out->needed);
	sort_unique(&out->defines);
	sort_unique(&out->uses);
	return *out->soname || out->needed.n || out->defines.n || out->uses.n;
}

/*
 * Sections beyond the 16 bits of the header. No linked file has so many, and libelf
 * would fill hundreds of bytes for each before anything can be asked.
 */
static bool
has_too_many_sections(const unsigned char *p, size_t n)
{
	static const unsigned char zero[sizeof(Elf64_Off)];
	bool wide = p[EI_CLASS] == ELFCLASS64;

	if (n < sizeof(Elf64_Ehdr))
		return false;
	if (memcmp(p + (wide ? offsetof(Elf64_Ehdr, e_shnum) : offsetof(Elf32_Ehdr, e_shnum)), zero, sizeof(Elf64_Half)) != 0)
		return false;
	return wide ? memcmp(p + offsetof(Elf64_Ehdr, e_shoff), zero, sizeof(Elf64_Off)) != 0 :
	    memcmp(p + offsetof(Elf32_Ehdr, e_shoff), zero, sizeof(Elf32_Off)) != 0;
}

int
elf_facts_read(const void *data, size_t n, struct elf_facts *out, const char **why)
{
	AUTO(reader_fini) struct reader r = {.file_size = n, .text_left = ELF_TEXT_MAX, .tables_left = TABLES_MAX * n};

	*out = (struct elf_facts){0};
	if (n < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG) != 0)
		return ELF_NOTHING;
	if (has_too_many_sections(data, n)) {
		*why = "more sections than a linked file has";
		return ELF_BROKEN;
	}
	elf_version(EV_CURRENT);
	r.elf = elf_memory((char *)data, n);
	if (!r.elf || elf_kind(r.elf) != ELF_K_ELF)
		r.why = "a broken header";
	else if (read_all(&r, out))
		return 0;
	elf_facts_fini(out);
	*why = r.why;
	return r.why ? ELF_BROKEN : ELF_NOTHING;
}
