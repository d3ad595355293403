/* Facts of real, tiny RPMs; and their packed form, whole and broken. */
#include "package/test-rpm.h"

#include <rpm/rpmlog.h>

#include "base/hash.h"
#include "base/pack.h"
#include "base/vec.h"
#include "package/facts.h"

static const char spec[] =
    "Name: tiny\n"
    "Epoch: 2\n"
    "Version: 1.0~rc1\n"
    "Release: alt1\n"
    "Summary: <tiny> & small\n"
    "License: Public Domain\n"
    "BuildRequires: gcc >= 4, (meson or ninja)\n"
    "ExclusiveArch: x86_64 aarch64 noarch\n"
    "ExcludeArch: s390x ppc64\n"
    "%description\n%package data\n"
    "Summary: data\n"
    "BuildArch: noarch\n"
    "Provides: tiny-files = 7\n"
    "Requires: tiny >= 2:1.0, /bin/sh, (a if b)\n"
    "Conflicts: huge\n"
    "Obsoletes: tiny-old < 1\n"
    "%description data\n"
    "%install\n"
    "mkdir -p %buildroot/usr/share/tiny %buildroot/usr/bin\n"
    "echo hello > %buildroot/usr/share/tiny/hello\n"
    "ln -s hello %buildroot/usr/share/tiny/link\n"
    "echo '#!/bin/sh' > %buildroot/usr/bin/tiny\n"
    "%files\n%attr(4755,root,root) /usr/bin/tiny\n"
    "%files data\n%dir /usr/share/tiny\n%doc /usr/share/tiny/hello\n/usr/share/tiny/link\n"
    "%changelog\n* Tue Nov 14 2023 Joe <joe@example.org> 1.0~rc1-alt1\n- first\n";

/* Built once for all tests. */
static struct folder built;

static int
build(void **state)
{
	/* What librpm says of broken files is not what is tested. */
	rpmlogSetMask(RPMLOG_UPTO(RPMLOG_CRIT));
	built = folder_make();
	rpm_build(&built, spec);
	return 0;
}

static int
unbuild(void **state)
{
	folder_fini(&built);
	return 0;
}

static void
read_facts(const char *file, struct facts *out)
{
	AUTO(free) char *path = xasprintf("%s/rpms/%s", built.path, file);
	struct err err = {0};

	OK(facts_from_rpm(path, file, out, &err));
}

#define DATA "tiny-data-1.0~rc1-alt1.noarch.rpm"
#define TINY "tiny-1.0~rc1-alt1.x86_64.rpm"
#define SRPM "tiny-1.0~rc1-alt1.src.rpm"

/* The list as text, rpmlib() left out. */
static void
show(const struct dep_list *l, struct str *out)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->p[i].flags & DEP_RPMLIB)
			continue;
		dep_text(&l->p[i], out);
		str_puts(out, "; ");
	}
}

static void
has_deps(const struct facts *f, enum dep_kind kind, const char *want)
{
	AUTO(str_fini) struct str text = {0};

	show(&f->dep[kind], &text);
	assert_string_equal(str_c(&text), want);
}

static void
test_names(void **state)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(free) char *path = xasprintf("rpms/%s", DATA);
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	read_facts(DATA, &f);
	assert_string_equal(f.name, "tiny-data");
	assert_string_equal(f.epoch, "2");
	assert_string_equal(f.version, "1.0~rc1");
	assert_string_equal(f.release, "alt1");
	assert_string_equal(f.evr, "2:1.0~rc1-alt1");
	assert_string_equal(f.arch, "noarch");
	assert_string_equal(f.source, "tiny");
	assert_string_equal(f.file, DATA);
	OK(file_read(built.fd, path, 1 << 20, &raw, &err));
	assert_string_equal(f.sha256, hash_bytes(raw.p, raw.n).hex);
	assert_true(f.build_time > 1500000000);
}

static void
test_dependencies(void **state)
{
	AUTO(facts_fini) struct facts f = {0};

	read_facts(DATA, &f);
	has_deps(&f, DEP_PROVIDES, "tiny-data = 2:1.0~rc1-alt1; tiny-files = 7; ");
	has_deps(&f, DEP_REQUIRES, "(a if b); /bin/sh; tiny >= 2:1.0; ");
	has_deps(&f, DEP_CONFLICTS, "huge; ");
	has_deps(&f, DEP_OBSOLETES, "tiny-old < 1; ");
}

static const struct fact_file *
find_file(const struct facts *f, const char *path)
{
	for (size_t i = 0; i < f->files.n; i++)
		if (strcmp(f->files.p[i].path, path) == 0)
			return &f->files.p[i];
	fail_msg("no %s", path);
	return NULL;
}

static void
test_files(void **state)
{
	AUTO(facts_fini) struct facts data = {0};
	AUTO(facts_fini) struct facts tiny = {0};
	const struct fact_file *hello;

	read_facts(DATA, &data);
	read_facts(TINY, &tiny);
	assert_int_equal(data.files.n, 3);
	assert_int_equal(find_file(&data, "/usr/share/tiny")->mode, 040755);
	assert_string_equal(find_file(&data, "/usr/share/tiny")->content, "");
	assert_int_equal(find_file(&data, "/usr/share/tiny/link")->mode, 0120777);
	assert_string_equal(find_file(&data, "/usr/share/tiny/link")->content, "hello");
	hello = find_file(&data, "/usr/share/tiny/hello");
	assert_int_equal(hello->mode, 0100644);
	assert_int_equal(hello->size, 6);
	assert_string_equal(hello->content, hash_bytes("hello\n", 6).hex);
	assert_int_equal(hello->flags, 1 << 1);
	assert_int_equal(find_file(&tiny, "/usr/bin/tiny")->mode, 0104755);
	assert_string_equal(tiny.arch, "x86_64");
}

/* Records are XML fragments, and say where the package lies. */
static void
test_records(void **state)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(free) char *href = NULL;

	read_facts(TINY, &f);
	href = xasprintf("<location href=\"Packages/t/%.8s/%s\"", f.sha256, TINY);
	unit_has(f.primary, href);
	unit_has(f.primary, "&lt;tiny&gt; &amp; small");
	unit_has(f.primary, f.sha256);
	unit_has(f.filelists, "<file>/usr/bin/tiny</file>");
	unit_has(f.other, "- first");
}

static void
test_srpm(void **state)
{
	AUTO(free) char *path = xasprintf("%s/rpms/%s", built.path, SRPM);
	AUTO(free) char *binary = xasprintf("%s/rpms/%s", built.path, TINY);
	AUTO(srpm_facts_fini) struct srpm_facts other = {0};
	AUTO(free) char *needs = NULL;
	AUTO(free) char *on = NULL;
	AUTO(free) char *off = NULL;
	AUTO(srpm_facts_fini) struct srpm_facts srpm = {0};
	AUTO(facts_fini) struct facts f = {0};
	struct err err = {0};

	OK(facts_from_srpm(path, &srpm, &err));
	assert_string_equal(srpm.name, "tiny");
	assert_string_equal(srpm.evr, "2:1.0~rc1-alt1");
	needs = strs_join(&srpm.requires, "; ");
	on = strs_join(&srpm.exclusive, " ");
	off = strs_join(&srpm.excluded, " ");
	assert_string_equal(needs, "(meson or ninja); gcc >= 4");
	assert_string_equal(on, "x86_64 aarch64 noarch");
	assert_string_equal(off, "s390x ppc64");
	FAILS(facts_from_rpm(path, SRPM, &f, &err), "a source RPM");
	err = (struct err){0};
	FAILS(facts_from_srpm(binary, &other, &err), "a binary RPM");
}

static void
test_not_an_rpm(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *good = xasprintf("%s/rpms/%s", built.path, TINY);
	AUTO(free) char *bad = xasprintf("%s/bad.rpm", f.path);
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	OK(file_read(AT_FDCWD, good, 1 << 20, &raw, &err));
	for (size_t n = 0; n < raw.n; n += n < 300 ? 1 : raw.n / 10) {
		AUTO(facts_fini) struct facts facts = {0};

		OK(file_replace(AT_FDCWD, bad, raw.p, n, 0644, &err));
		if (n < raw.n / 2)
			FAILS(facts_from_rpm(bad, "bad.rpm", &facts, &err), "bad.rpm");
		else
			(void)facts_from_rpm(bad, "bad.rpm", &facts, &err);
	}
	FAILS(facts_from_rpm("/nonexistent", "x", &(struct facts){0}, &err), "open /nonexistent");
}

/* A package that would be unpacked elsewhere than it says. */
static void
test_paths(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(facts_fini) struct facts facts = {0};
	AUTO(free) char *good = xasprintf("%s/rpms/%s", built.path, DATA);
	AUTO(free) char *bad = xasprintf("%s/bad.rpm", f.path);
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};
	char *at;

	OK(file_read(AT_FDCWD, good, 1 << 20, &raw, &err));
	at = memmem(raw.p, raw.n, "/usr/share/", 11);
	assert_non_null(at);
	memcpy(at, "/../share/", 10);
	OK(file_replace(AT_FDCWD, bad, raw.p, raw.n, 0644, &err));
	FAILS(facts_from_rpm(bad, "bad.rpm", &facts, &err), "bad.rpm: a path that cannot be, `/../share/");
}

static void
test_pack(void **state)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(facts_fini) struct facts got = {0};
	AUTO(str_fini) struct str raw = {0};
	AUTO(str_fini) struct str again = {0};
	AUTO(free) char *what = NULL;
	struct err err = {0};

	read_facts(DATA, &f);
	facts_pack(&raw, &f);
	OK(facts_unpack(raw.p, raw.n, &got, &err));
	assert_string_equal(got.evr, f.evr);
	assert_int_equal(got.build_time, f.build_time);
	assert_string_equal(got.other, f.other);
	assert_int_equal(facts_differ(&f, &got, &what), 0);
	facts_pack(&again, &got);
	assert_int_equal(again.n, raw.n);
	assert_memory_equal(again.p, raw.p, raw.n);
}

/* Two ELF files, as if they had been in the package. */
static void
add_elf(struct facts *f)
{
	for (int i = 0; i < 2; i++) {
		struct elf_file e = {.path = xasprintf("/usr/lib/lib%d.so", i), .note = xstrdup(i ? "a broken header" : "")};

		e.facts.machine = 62;
		e.facts.bits = 64;
		e.facts.soname = xstrdup(i ? "" : "lib0.so.1");
		for (int k = 0; i == 0 && k < 3; k++) {
			strs_take(&e.facts.needed, xasprintf("libneeded%d.so", k));
			strs_take(&e.facts.defines, xasprintf("defined%d@V1", k));
			strs_take(&e.facts.uses, xasprintf("used%d", k));
		}
		vec_push(&f->elf, e);
	}
}

static void
same_strs(const struct strs *a, const struct strs *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->p[i], b->p[i]);
}

static void
test_pack_elf(void **state)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(facts_fini) struct facts got = {0};
	AUTO(facts_fini) struct facts without = {0};
	AUTO(str_fini) struct str raw = {0};
	AUTO(free) char *what = NULL;
	struct err err = {0};

	read_facts(DATA, &f);
	assert_true(f.elf_known);
	assert_int_equal(f.elf.n, 0);
	add_elf(&f);
	facts_pack(&raw, &f);
	OK(facts_unpack(raw.p, raw.n, &got, &err));
	assert_true(got.elf_known);
	assert_int_equal(got.elf.n, f.elf.n);
	for (size_t i = 0; i < f.elf.n; i++) {
		const struct elf_file *a = &f.elf.p[i], *b = &got.elf.p[i];

		assert_string_equal(a->path, b->path);
		assert_string_equal(a->note, b->note);
		assert_int_equal(a->facts.machine, b->facts.machine);
		assert_int_equal(a->facts.bits, b->facts.bits);
		assert_string_equal(a->facts.soname, b->facts.soname);
		same_strs(&a->facts.needed, &b->facts.needed);
		same_strs(&a->facts.defines, &b->facts.defines);
		same_strs(&a->facts.uses, &b->facts.uses);
	}
	assert_int_equal(facts_differ(&f, &got, &what), 0);
	OK(facts_unpack_no_elf(raw.p, raw.n, &without, &err));
	assert_false(without.elf_known);
	assert_int_equal(without.elf.n, 0);
	assert_string_equal(without.other, f.other);
}

/* What a check may rely on: files and names in order, each once. */
static void
test_elf_order(void **state)
{
	for (int i = 0; i < 4; i++) {
		AUTO(facts_fini) struct facts f = {0};
		AUTO(facts_fini) struct facts got = {0};
		AUTO(str_fini) struct str raw = {0};
		struct err err = {0};

		read_facts(DATA, &f);
		add_elf(&f);
		if (i == 0)
			f.elf.p[0].path[0] = '~';
		else if (i == 1)
			f.elf.p[0].facts.uses.p[0][0] = 'z';
		else if (i == 2)
			memcpy(f.elf.p[0].facts.defines.p[2], f.elf.p[0].facts.defines.p[1], strlen("defined1@V1"));
		else
			f.elf.p[0].facts.needed.p[1][0] = 'z';
		facts_pack(&raw, &f);
		FAILS(facts_unpack(raw.p, raw.n, &got, &err), "facts: ELF files: malformed");
	}
}

/* A frame that is not one, or not of the size that is said. */
static void
test_elf_frame(void **state)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str plain = {0};
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	read_facts(DATA, &f);
	add_elf(&f);
	facts_pack(&raw, &f);
	f.elf_known = false;
	facts_pack(&plain, &f);
	for (size_t i = plain.n; i < raw.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			AUTO(facts_fini) struct facts got = {0};

			raw.p[i] ^= (char)(1 << bit);
			if (i < plain.n + 2 * sizeof(uint32_t))
				FAILS(facts_unpack(raw.p, raw.n, &got, &err), "facts: ");
			else
				(void)facts_unpack(raw.p, raw.n, &got, &err);
			raw.p[i] ^= (char)(1 << bit);
		}
}

/* Farms have facts of version 1: read, they do not know their ELF files, and are packed as they were. */
static void
test_version_1(void **state)
{
	const char *data = getenv("TEST_DATA");
	AUTO(free) char *path = xasprintf("%s/../fuzz/corpus/facts/facts", data ? data : "tests/data");
	AUTO(facts_fini) struct facts f = {0};
	AUTO(facts_fini) struct facts without = {0};
	AUTO(facts_fini) struct facts later = {0};
	AUTO(str_fini) struct str raw = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};
	struct unpack u;

	OK(file_read(AT_FDCWD, path, 1 << 20, &raw, &err));
	u = unpack_begin(raw.p, raw.n);
	assert_int_equal(unpack_u32(&u), 1);
	OK(facts_unpack(raw.p, raw.n, &f, &err));
	OK(facts_unpack_no_elf(raw.p, raw.n, &without, &err));
	assert_string_equal(f.name, "tiny");
	assert_true(f.files.n > 0);
	assert_false(f.elf_known);
	assert_int_equal(f.elf.n, 0);
	facts_pack(&again, &f);
	assert_int_equal(again.n, raw.n);
	assert_memory_equal(again.p, raw.p, raw.n);
	/* A version that is still to come is not guessed at. */
	raw.p[0] = FACTS_VERSION + 1;
	FAILS(facts_unpack(raw.p, raw.n, &later, &err), "facts: malformed");
}

/* Version 3 is version 2 and the identity. */
static void
test_identity(void **state)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(facts_fini) struct facts got = {0};
	AUTO(facts_fini) struct facts two = {0};
	AUTO(facts_fini) struct facts bad = {0};
	AUTO(str_fini) struct str raw = {0};
	AUTO(str_fini) struct str without = {0};
	AUTO(free) char *identity = NULL;
	struct fact_records records;
	struct err err = {0};

	read_facts(DATA, &f);
	add_elf(&f);
	assert_int_equal(strlen(f.identity), SHA256_HEX);
	facts_pack(&raw, &f);
	assert_int_equal(raw.p[0], FACTS_VERSION);
	OK(facts_unpack_no_elf(raw.p, raw.n, &got, &err));
	assert_string_equal(got.identity, f.identity);
	OK(facts_unpack_records(raw.p, raw.n, &records, &err));
	assert_memory_equal(records.other.p, f.other, records.other.n);
	identity = STEAL(f.identity);
	facts_pack(&without, &f);
	assert_int_equal(without.p[0], 2);
	assert_int_equal(without.n + sizeof(uint32_t) + SHA256_HEX, raw.n);
	assert_memory_equal(without.p + 1, raw.p + 1, without.n - 1);
	OK(facts_unpack(without.p, without.n, &two, &err));
	assert_true(two.elf_known);
	assert_string_equal(two.identity, "");
	raw.p[raw.n - 1] = 'X';
	FAILS(facts_unpack(raw.p, raw.n, &bad, &err), "an identity that cannot be");
}

/* Every cut is an error; copies of exact size let a sanitizer see a read beyond. */
static void
test_cut(void **state)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	read_facts(DATA, &f);
	add_elf(&f);
	facts_pack(&raw, &f);
	for (size_t n = 0; n < raw.n; n++) {
		AUTO(free) void *copy = memcpy(xcalloc(1, n), raw.p, n);
		AUTO(facts_fini) struct facts got = {0};

		FAILS(facts_unpack(copy, n, &got, &err), "facts: malformed or cut short");
	}
	for (int i = 0; i < 2; i++) {
		AUTO(facts_fini) struct facts got = {0};

		str_putc(&raw, i ? 'x' : '\0');
		FAILS(facts_unpack(raw.p, raw.n, &got, &err), "bytes too many");
	}
}

/* What becomes a path in the pool is looked at. */
static void
test_hostile(void **state)
{
	static const char *const names[] = {"", "../x.rpm", "a/b.rpm", ".hidden.rpm"};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(names) + 1; i++) {
		AUTO(facts_fini) struct facts f = {0};
		AUTO(facts_fini) struct facts got = {0};
		AUTO(str_fini) struct str raw = {0};

		read_facts(DATA, &f);
		if (i < ARRAY_SIZE(names)) {
			free(f.file);
			f.file = xstrdup(names[i]);
		} else {
			memcpy(f.sha256, "../..", 5);
		}
		facts_pack(&raw, &f);
		FAILS(facts_unpack(raw.p, raw.n, &got, &err), i < ARRAY_SIZE(names) ? "a file name that cannot be" : "no SHA-256");
	}
}

/* How two packages differ after `change` to one of them. */
static void
differs(void (*change)(struct facts *f), const char *want)
{
	AUTO(facts_fini) struct facts a = {0};
	AUTO(facts_fini) struct facts b = {0};
	AUTO(free) char *one = NULL;
	AUTO(free) char *two = NULL;

	read_facts(DATA, &a);
	read_facts(DATA, &b);
	change(&b);
	assert_int_equal(facts_differ(&a, &b, &one), 1);
	assert_string_equal(one, want);
	assert_int_equal(facts_differ(&b, &a, &two), 1);
	assert_string_equal(two, want);
}

static void
more_provides(struct facts *f)
{
	struct dep_list *l = &f->dep[DEP_PROVIDES];

	dep_fini(&l->p[--l->n]);
}

static void
other_version(struct facts *f)
{
	f->dep[DEP_CONFLICTS].p[0].flags = DEP_LESS;
}

static void
other_mode(struct facts *f)
{
	f->files.p[1].mode ^= 0111;
}

static void
other_size(struct facts *f)
{
	f->files.p[1].size++;
}

static void
other_content(struct facts *f)
{
	f->files.p[2].content[0] ^= 1;
}

static void
other_path(struct facts *f)
{
	struct fact_file *last = &f->files.p[--f->files.n];

	free(last->path);
	free(last->content);
}

static void
no_files(struct facts *f)
{
	while (f->files.n)
		other_path(f);
	free(f->files.p);
	f->files.p = NULL;
}

static void
test_differ(void **state)
{
	AUTO(facts_fini) struct facts a = {0};
	AUTO(facts_fini) struct facts b = {0};
	AUTO(free) char *what = NULL;

	read_facts(DATA, &a);
	read_facts(DATA, &b);
	b.build_time++;
	assert_int_equal(facts_differ(&a, &b, &what), 0);
	assert_null(what);
	differs(more_provides, "provides");
	differs(other_version, "conflicts");
	differs(other_mode, "the mode of /usr/share/tiny/hello");
	differs(other_size, "the content of /usr/share/tiny/hello");
	differs(other_content, "the content of /usr/share/tiny/link");
	differs(other_path, "the file list (/usr/share/tiny/link)");
	differs(no_files, "the file list (/usr/share/tiny)");
}

static void
test_location(void **state)
{
	AUTO(free) char *where = facts_location("zlib-1-1.noarch.rpm", "0123456789abcdef");

	assert_string_equal(where, "z/01234567/zlib-1-1.noarch.rpm");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_dependencies),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_srpm),
		cmocka_unit_test(test_not_an_rpm),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_pack_elf),
		cmocka_unit_test(test_elf_order),
		cmocka_unit_test(test_elf_frame),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_differ),
		cmocka_unit_test(test_location),
	};

	return cmocka_run_group_tests(tests, build, unbuild);
}
