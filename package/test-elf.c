/*
 * Symbols of ELF files: of files made by gcc for one point each, of the libraries
 * and programs of the host with readelf as the judge, and of broken files.
 */
#include "package/test-rpm.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>

#include "base/map.h"
#include "package/elf.h"

AUTO_DEFINE(Elf *, elf_end);

static struct folder tmp;

/* gcc with these words, in the folder of all tests. */
static void
gcc(const char *words)
{
	AUTO(strs_fini) struct strs argv = {0};

	strs_add(&argv, "gcc");
	strs_split(&argv, words, " ");
	strs_take(&argv, NULL);
	rpm_run(tmp.path, (const char *const *)argv.p, NULL);
}

static void
make(const char *name, const char *source, const char *words)
{
	AUTO(free) char *file = xasprintf("%s.c", name);
	AUTO(free) char *all = xasprintf("-w -O1 -fno-asynchronous-unwind-tables -o %s %s %s", name, file, words);

	folder_put(&tmp, file, source);
	gcc(all);
}

static void
load(const char *path, struct str *raw)
{
	struct err err = {0};

	OK(file_read(tmp.fd, path, 1 << 30, raw, &err));
}

/* The facts of a file as one text. */
static char *
show(const struct elf_facts *e)
{
	AUTO(free) char *needed = strs_join(&e->needed, " ");
	AUTO(free) char *defines = strs_join(&e->defines, " ");
	AUTO(free) char *uses = strs_join(&e->uses, " ");

	return xasprintf("%s: needs %s; has %s; wants %s", e->soname, needed, defines, uses);
}

static void
says_raw(const struct str *raw, const char *want)
{
	AUTO(elf_facts_fini) struct elf_facts e = {0};
	AUTO(free) char *got = NULL;
	const char *why = NULL;
	int r = elf_facts_read(raw->p, raw->n, &e, &why);

	if (r != 0)
		fail_msg("%d: %s", r, why ? why : "nothing");
	got = show(&e);
	assert_string_equal(got, want);
}

static void
says(const char *path, const char *want)
{
	AUTO(str_fini) struct str raw = {0};

	load(path, &raw);
	says_raw(&raw, want);
}

static void
says_nothing(const char *path)
{
	AUTO(str_fini) struct str raw = {0};
	struct elf_facts e;
	const char *why = NULL;

	load(path, &raw);
	assert_int_equal(elf_facts_read(raw.p, raw.n, &e, &why), ELF_NOTHING);
	assert_null(why);
	assert_null(e.soname);
}

static const char versions[] =
    "int foo_1(void) { return 1; }\n"
    "int foo_2(void) { return 2; }\n"
    "int bar(void) { return 3; }\n"
    "int secret(void) { return 4; }\n"
    "int loose(void) { return 5; }\n"
    "extern int outside(void);\n"
    "int calls(void) { return outside(); }\n"
    "__asm__(\".symver foo_1,foo@V1\"); __asm__(\".symver foo_2,foo@@V2\");\n";

/* A file that is broken at every byte should have few. */
#define SMALL "-Wl,-z,noseparate-code -Wl,-z,max-page-size=32 -Wl,-z,norelro"

#define VERSIONS_SAY "libv.so.1: needs ; has bar@V1 calls@V2 foo@V1 foo@V2; wants outside"

static int
begin(void **state)
{
	tmp = folder_make();
	elf_version(EV_CURRENT);
	folder_put(&tmp, "base.map", "V1 { local: foo_1; };\n");
	folder_put(&tmp, "v.map", "V1 { global: bar; local: secret; foo_1; foo_2; loose; };\nV2 { global: calls; } V1;\n");
	make("libv.so", versions, "-shared -fPIC -nostdlib -Wl,-soname,libv.so.1 -Wl,--version-script,v.map "
	    SMALL " -Wl,--hash-style=both");
	return 0;
}

static int
end(void **state)
{
	folder_fini(&tmp);
	return 0;
}

static void
test_versions(void **state)
{
	says("libv.so", VERSIONS_SAY);
	make("user", "extern int foo(void), bar(void); int outside(void) { return 0; } void _start(void) { foo(); bar(); }",
	    "-nostdlib libv.so -Wl,--export-dynamic-symbol=_start -no-pie");
	says("user", ": needs libv.so.1; has _start outside; wants bar@V1 foo@V2");
}

/* What has no version script, or only a base version. */
static void
test_unversioned(void **state)
{
	make("libu.so", "int one; int two(void) { return one; }", "-shared -fPIC -nostdlib");
	says("libu.so", ": needs ; has one two; wants ");
	make("libb.so", "int one; int two(void) { return one; }", "-shared -fPIC -nostdlib -Wl,--default-symver -Wl,-soname,libb.so.0");
	says("libb.so", "libb.so.0: needs ; has one@libb.so.0 two@libb.so.0; wants ");
	make("libbase.so", "int foo_1(void) { return 1; } int two; __asm__(\".symver foo_1,foo@V1\");",
	    "-shared -fPIC -nostdlib -Wl,--version-script,base.map");
	says("libbase.so", ": needs ; has foo@V1 two; wants ");
}

static void
test_kinds(void **state)
{
	make("libk.so",
	    "int common; int data = 1; const int constant = 2; __thread int thread = 3;\n"
	    "static int f(void) { return 0; } static void *pick(void) { return f; }\n"
	    "int chosen(void) __attribute__((ifunc(\"pick\")));\n"
	    "__attribute__((weak)) int weak(void) { return 0; }\n"
	    "__attribute__((visibility(\"hidden\"))) int hidden(void) { return 0; }\n"
	    "__attribute__((visibility(\"internal\"))) int internal(void) { return 0; }\n"
	    "__attribute__((visibility(\"protected\"))) int protected(void) { return 0; }\n"
	    "__asm__(\".globl bare\\nbare:\\n.globl single\\n.type single, @gnu_unique_object\\n.data\\nsingle: .long 0\\n.size single, 4\\n.text\");\n"
	    "extern int wanted(void); extern __thread int thread_wanted;\n"
	    "extern int maybe(void) __attribute__((weak));\n"
	    "int use(void) { return wanted() + thread_wanted + (maybe ? maybe() : 0) + hidden() + internal(); }\n",
	    "-shared -fPIC -nostdlib -fcommon");
	says("libk.so", ": needs ; has bare chosen common constant data protected single thread use weak; wants __tls_get_addr thread_wanted wanted");
}

/* An object of a library that the linker copies into the executable is wanted, not given; its version may be none. */
static void
test_copied(void **state)
{
	make("libo.so", "int object = 1; __attribute__((weak)) int soft = 2;", "-shared -fPIC -nostdlib -Wl,-soname,libo.so");
	make("copies", "extern int object, soft; int own; int *gives(void) { return &own; } int _start(void) { return object + soft; }",
	    "-nostdlib -no-pie -fno-pic -Wl,--export-dynamic-symbol=own -Wl,--export-dynamic-symbol=gives libo.so");
	says("copies", ": needs libo.so; has gives own; wants object");
	folder_put(&tmp, "o.map", "O1 { *; };");
	make("libo2.so", "int object = 1;", "-shared -fPIC -nostdlib -Wl,-soname,libo2.so -Wl,--version-script,o.map");
	make("copies2", "extern int object; int _start(void) { return object; }", "-nostdlib -no-pie -fno-pic libo2.so");
	says("copies2", ": needs libo2.so; has ; wants object@O1");
}

static void
test_nothing(void **state)
{
	make("static", "int _start(void) { return 0; }", "-static -nostdlib");
	make("object.o", "int x; int main(void) { return x; }", "-c");
	folder_put(&tmp, "script", "#!/bin/sh\nexit 0\n");
	folder_put(&tmp, "short", "\177ELF");
	rpm_run(tmp.path, (const char *const[]){"ar", "cr", "archive.a", "object.o", NULL}, NULL);
	says_nothing("static");
	says_nothing("object.o");
	says_nothing("script");
	says_nothing("short");
	says_nothing("archive.a");
}

/* Symbols are there when the table of sections and the names of sections are not. */
static void
test_no_sections(void **state)
{
	static const char *const hashes[] = {"sysv", "gnu", "both"};

	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		AUTO(free) char *library = xasprintf("-shared -fPIC -nostdlib -Wl,--hash-style=%s -Wl,-soname,libh.so", hashes[i]);
		AUTO(free) char *program = xasprintf("-nostdlib -no-pie libh.so -Wl,--unresolved-symbols=ignore-all "
		    "-Wl,--hash-style=%s", hashes[i]);
		AUTO(str_fini) struct str raw = {0};
		AUTO(str_fini) struct str user = {0};

		make("libh.so", "extern int far(void); int near_1(void) { return far(); } int near_2(void) { return 1; }", library);
		load("libh.so", &raw);
		((Elf64_Ehdr *)raw.p)->e_shoff = 0;
		((Elf64_Ehdr *)raw.p)->e_shnum = 0;
		says_raw(&raw, "libh.so: needs ; has near_1 near_2; wants far");
		/* An executable that defines nothing: its GNU hash table is empty. */
		make("user", "extern int near_1(void), far(void); void _start(void) { near_1(); far(); }", program);
		load("user", &user);
		((Elf64_Ehdr *)user.p)->e_shoff = 0;
		((Elf64_Ehdr *)user.p)->e_shnum = 0;
		says_raw(&user, ": needs libh.so; has ; wants far near_1");
	}
}

static void
test_32_bits(void **state)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(elf_facts_fini) struct elf_facts e = {0};
	const char *why = NULL;

	make("lib32.so", versions, "-m32 -shared -fPIC -nostdlib -Wl,-soname,libv.so.1 -Wl,--version-script,v.map");
	says("lib32.so", VERSIONS_SAY);
	load("lib32.so", &raw);
	assert_int_equal(elf_facts_read(raw.p, raw.n, &e, &why), 0);
	assert_int_equal(e.bits, 32);
	assert_int_equal(e.machine, EM_386);
}

/* The other byte order: every table of a file is turned, as its section says what it is. */

static void
turn(Elf *elf, char *copy, uint64_t offset, uint64_t size, Elf_Type type)
{
	Elf_Data from = {.d_buf = elf_rawfile(elf, NULL) + offset, .d_type = type, .d_size = size, .d_version = EV_CURRENT};
	size_t unit = gelf_fsize(elf, type, 1, EV_CURRENT);
	Elf_Data to;

	/* What a chain of versions does not reach is copied as it is: they come first. */
	from.d_size = (size + unit - 1) / unit * unit;
	to = from;
	to.d_buf = copy + offset;
	assert_non_null(gelf_xlatetof(elf, &to, &from, ELFDATA2MSB));
}

static void
turn_file(const struct str *raw, struct str *out)
{
	static const struct {
		unsigned section;
		Elf_Type type;
	} types[] = {{SHT_GNU_verdef, ELF_T_VDEF}, {SHT_GNU_verneed, ELF_T_VNEED}, {SHT_DYNSYM, ELF_T_SYM}, {SHT_DYNAMIC, ELF_T_DYN},
	    {SHT_GNU_versym, ELF_T_HALF}, {SHT_RELA, ELF_T_RELA}, {SHT_REL, ELF_T_REL}, {SHT_HASH, ELF_T_WORD},
	    {SHT_GNU_HASH, ELF_T_GNUHASH}};
	AUTO(elf_end) Elf *elf = elf_memory(raw->p, raw->n);
	Elf_Scn *section = NULL;
	GElf_Ehdr h;
	GElf_Shdr s;

	str_put(out, raw->p, raw->n);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		while ((section = elf_nextscn(elf, section)))
			if (gelf_getshdr(section, &s) && s.sh_type == types[i].section)
				turn(elf, out->p, s.sh_offset, s.sh_size, types[i].type);
	assert_non_null(gelf_getehdr(elf, &h));
	turn(elf, out->p, h.e_shoff, (uint64_t)h.e_shnum * h.e_shentsize, ELF_T_SHDR);
	turn(elf, out->p, h.e_phoff, (uint64_t)h.e_phnum * h.e_phentsize, ELF_T_PHDR);
	turn(elf, out->p, 0, h.e_ehsize, ELF_T_EHDR);
	out->p[EI_DATA] = ELFDATA2MSB;
}

static void
test_byte_order(void **state)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(str_fini) struct str turned = {0};

	load("libv.so", &raw);
	turn_file(&raw, &turned);
	says_raw(&turned, VERSIONS_SAY);
	memset(turned.p + offsetof(Elf64_Ehdr, e_shoff), 0, 8);
	memset(turned.p + offsetof(Elf64_Ehdr, e_shnum), 0, 2);
	says_raw(&turned, VERSIONS_SAY);
}

/* Broken files. */

static void
in_order(const struct strs *l)
{
	for (size_t i = 1; i < l->n; i++)
		assert_true(strcmp(l->p[i - 1], l->p[i]) < 0);
}

/* Whatever the bytes are, the answer is one of three; from memory of exactly their size. */
static int
survives(const char *data, size_t n)
{
	AUTO(elf_facts_fini) struct elf_facts e = {0};
	AUTO(free) char *exact = memcpy(xcalloc(1, n + !n), data, n);
	const char *why = NULL;
	int r = elf_facts_read(exact, n, &e, &why);

	assert_true(r == 0 || r == ELF_NOTHING || r == ELF_BROKEN);
	assert_true((why != NULL) == (r == ELF_BROKEN));
	assert_true((e.soname != NULL) == (r == 0));
	in_order(&e.needed);
	in_order(&e.defines);
	in_order(&e.uses);
	assert_memory_equal(exact, data, n);
	return r;
}

static void
garble(const struct str *raw)
{
	static const unsigned char masks[] = {0xff, 0x80, 0x01, 0x10};
	size_t ends[3] = {0};

	for (size_t n = 0; n < raw->n; n++)
		ends[survives(raw->p, n)]++;
	/* Every table lies before the last byte of the sections. */
	assert_true(ends[ELF_BROKEN] > 100 && ends[ELF_NOTHING] >= EI_NIDENT);
	for (size_t i = 0; i < raw->n; i++)
		for (size_t k = 0; k < sizeof(masks); k++) {
			raw->p[i] ^= masks[k];
			survives(raw->p, raw->n);
			raw->p[i] ^= masks[k];
		}
	/* Words that are large are as bad as they can be. */
	for (size_t i = 0; i + 8 <= raw->n; i += 4) {
		char old[8];

		memcpy(old, raw->p + i, 8);
		memset(raw->p + i, 0xff, i % 8 ? 4 : 8);
		survives(raw->p, raw->n);
		memcpy(raw->p + i, old, 8);
	}
}

static void
test_broken(void **state)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(str_fini) struct str turned = {0};
	AUTO(str_fini) struct str bits32 = {0};

	load("libv.so", &raw);
	turn_file(&raw, &turned);
	garble(&raw);
	garble(&turned);
	make("small32.so", versions, "-m32 -shared -fPIC -nostdlib -Wl,--version-script,v.map " SMALL);
	load("small32.so", &bits32);
	garble(&bits32);
	/* Without sections the counts come from elsewhere. */
	memset(raw.p + offsetof(Elf64_Ehdr, e_shoff), 0, 8);
	memset(raw.p + offsetof(Elf64_Ehdr, e_shnum), 0, 2);
	garble(&raw);
}

static void
test_limits(void **state)
{
	AUTO(free) char *name = memset(xcalloc(1, ELF_NAME_MAX + 1), 'a', ELF_NAME_MAX);
	AUTO(free) char *source = xasprintf("int %s(void) { return 0; }", name);
	AUTO(str_fini) struct str raw = {0};
	struct elf_facts e;
	const char *why = NULL;

	make("long.so", source, "-shared -fPIC -nostdlib");
	load("long.so", &raw);
	assert_int_equal(elf_facts_read(raw.p, raw.n, &e, &why), ELF_BROKEN);
	assert_string_equal(why, "a name without an end");
	/* As many sections as the file could hold, were they there. */
	str_clear(&raw);
	load("libv.so", &raw);
	memset(raw.p + offsetof(Elf64_Ehdr, e_shnum), 0, 2);
	assert_int_equal(elf_facts_read(raw.p, raw.n, &e, &why), ELF_BROKEN);
	assert_string_equal(why, "more sections than a linked file has");
}

/* Symbols that all have one long name, and more of them than their names may take: refused, and soon. */
static void
test_many_names(void **state)
{
	enum { SYMBOLS = 4000, LONG = 32 << 10 };
	const struct {
		Elf64_Ehdr h;
		Elf64_Phdr p[2];
		Elf64_Dyn d[5];
		uint32_t hash[4];
	} start = {
		.h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_DYN, .e_machine = EM_X86_64,
		    .e_version = EV_CURRENT, .e_phoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr),
		    .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2},
		.p = {{.p_type = PT_LOAD, .p_filesz = sizeof(start) + SYMBOLS * sizeof(Elf64_Sym) + LONG},
		    {.p_type = PT_DYNAMIC, .p_offset = offsetof(__typeof__(start), d), .p_filesz = sizeof(start.d)}},
		.d = {{DT_SYMTAB, {sizeof(start)}}, {DT_STRTAB, {sizeof(start) + SYMBOLS * sizeof(Elf64_Sym)}}, {DT_STRSZ, {LONG}},
		    {DT_HASH, {offsetof(__typeof__(start), hash)}}},
		.hash = {0, SYMBOLS},
	};
	const Elf64_Sym symbol = {.st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1};
	AUTO(str_fini) struct str raw = {0};
	struct elf_facts e;
	const char *why = NULL;

	str_put(&raw, &start, sizeof(start));
	for (int i = 0; i < SYMBOLS; i++)
		str_put(&raw, &symbol, sizeof(symbol));
	str_putc(&raw, '\0');
	for (int i = 0; i < LONG - 2; i++)
		str_putc(&raw, 'x');
	str_putc(&raw, '\0');
	assert_int_equal(elf_facts_read(raw.p, raw.n, &e, &why), ELF_BROKEN);
	assert_string_equal(why, "too many names");
	/* Half of them are not too many. */
	((uint32_t *)(raw.p + offsetof(__typeof__(start), hash)))[1] = SYMBOLS / 2;
	assert_int_equal(elf_facts_read(raw.p, raw.n, &e, &why), 0);
	assert_int_equal(e.defines.n, 1);
	elf_facts_fini(&e);
}

/* readelf is the judge: what it says of real files must be what is found. */

struct judged {
	struct map copied;	/* names without versions */
	struct strs defines, uses;
};

static void
judged_fini(struct judged *j)
{
	map_fini(&j->copied);
	strs_fini(&j->defines);
	strs_fini(&j->uses);
}
AUTO_DEFINE_EMBEDDED(struct judged, judged_fini);

/* "NUMBER: VALUE SIZE TYPE BIND VISIBILITY SECTION NAME[@VERSION or @@VERSION] [(NUMBER)]" */
static void
judge_symbol(struct judged *j, const struct strs *w)
{
	const char *type = w->p[3], *bind = w->p[4], *seen = w->p[5], *section = w->p[6];
	AUTO(free) char *name = xstrdup(w->p[7]);
	AUTO(free) char *plain = xstrndup(name, strcspn(name, "@"));
	char *at = strstr(name, "@@");
	bool use = strcmp(section, "UND") == 0 || w->n > 8 || map_find(&j->copied, plain) != MAP_NONE;
	bool marker = strcmp(section, "ABS") == 0 && strcmp(type, "OBJECT") == 0 && !strchr(name, '@') &&
	    strspn(w->p[1], "0") == strlen(w->p[1]);

	if (at)
		memmove(at, at + 1, strlen(at));
	if (use && strcmp(bind, "GLOBAL") == 0)
		strs_add(&j->uses, name);
	else if (!use && !marker && (strcmp(bind, "GLOBAL") == 0 || strcmp(bind, "WEAK") == 0 || strcmp(bind, "UNIQUE") == 0) &&
	    (strcmp(seen, "DEFAULT") == 0 || strcmp(seen, "PROTECTED") == 0) && strcmp(type, "SECTION") != 0 &&
	    strcmp(type, "FILE") != 0)
		strs_add(&j->defines, name);
}

static void
judge(const char *path, struct judged *j)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(strs_fini) struct strs lines = {0};
	AUTO(free) char *list = xasprintf("%s/list", tmp.path);
	struct err err = {0};
	struct ended ended;
	int out = open(list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	/* Not spawn_run(): that keeps a mebibyte. */
	OK(spawn_wait(spawn_start(&(struct spawn){.argv = (const char *const[]){"readelf", "--relocs", "--dyn-syms", "--wide", path,
	    NULL}, .out = out}, &err), 0, &ended, &err));
	close(out);
	assert_true(ended.how == ENDED_EXIT && ended.code == 0);
	OK(file_read(AT_FDCWD, list, 256 << 20, &text, &err));
	strs_split(&lines, str_c(&text), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		AUTO(strs_fini) struct strs w = {0};

		/* As readelf has it where the file is not of the GNU ABI. */
		if (strstr(lines.p[i], "<OS specific>: 10"))
			memcpy(strstr(lines.p[i], "<OS specific>: 10"), "UNIQUE           ", 17);
		strs_split(&w, lines.p[i], " ");
		if (w.n > 4 && strstr(w.p[2], "_COPY")) {
			w.p[4][strcspn(w.p[4], "@")] = '\0';
			map_add(&j->copied, w.p[4]);
		} else if (w.n >= 8 && strchr(w.p[0], ':') && strspn(w.p[0], "0123456789") == strlen(w.p[0]) - 1) {
			judge_symbol(j, &w);
		}
	}
}

static void
same(const char *path, const char *what, const struct strs *got, struct strs *want)
{
	size_t n = 0;

	strs_sort(want);
	for (size_t i = 0; i < want->n; i++) {
		if (i && strcmp(want->p[i], want->p[i - 1]) == 0)
			continue;
		if (n >= got->n || strcmp(got->p[n], want->p[i]) != 0)
			fail_msg("%s %s: readelf says %s, not %s", path, what, want->p[i], n < got->n ? got->p[n] : "the end");
		n++;
	}
	assert_int_equal(n, got->n);
}

static size_t
compare(const char *path)
{
	AUTO(judged_fini) struct judged j = {0};
	AUTO(elf_facts_fini) struct elf_facts e = {0};
	AUTO(str_fini) struct str raw = {0};
	const char *why = NULL;
	struct err err = {0};

	OK(file_read(AT_FDCWD, path, 1 << 30, &raw, &err));
	if (elf_facts_read(raw.p, raw.n, &e, &why) != 0)
		fail_msg("%s: %s", path, why ? why : "nothing");
	judge(path, &j);
	same(path, "defines", &e.defines, &j.defines);
	same(path, "uses", &e.uses, &j.uses);
	return e.defines.n + e.uses.n;
}

/* Every library that this program runs with, this program, and some others. */
static void
test_real(void **state)
{
	AUTO(fclose) FILE *maps = fopen("/proc/self/maps", "r");
	AUTO(map_fini) struct map seen = {0};
	AUTO(str_fini) struct str where = {0};
	size_t symbols = 0;
	char line[4096];
	struct err err = {0};
	struct ended ended;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		char *path = strchr(line, '/');

		if (path) {
			path[strcspn(path, "\n")] = '\0';
			if (strstr(path, "/lib/") && strstr(path, ".so"))
				map_add(&seen, path);
		}
	}
	OK(spawn_run(&(struct spawn){.argv = (const char *const[]){"gcc", "-print-file-name=libstdc++.so.6", NULL}}, NULL, &where,
	    10000, &ended, &err));
	if (str_c(&where)[0] == '/')
		map_add(&seen, strtok(where.p, "\n"));
	map_add(&seen, "/bin/bash");
	map_add(&seen, "/usr/bin/git");
	map_add(&seen, "/proc/self/exe");
	for (uint32_t i = 0; i < seen.n; i++)
		symbols += compare(strcmp(seen.key[i].text, "/proc/self/exe") == 0 ? realpath("/proc/self/exe", line) : seen.key[i].text);
	/* libc alone has 3000. */
	assert_true(seen.n > 5 && symbols > 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_unversioned),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_copied),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_no_sections),
		cmocka_unit_test(test_32_bits),
		cmocka_unit_test(test_byte_order),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
