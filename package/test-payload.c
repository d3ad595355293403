/* What is found in the payloads of real RPMs, however they are compressed; and payloads that are broken. */
#include "package/test-rpm.h"

#include <rpm/rpmlog.h>

#include "package/facts.h"

/* Names of ELF files of every sort, and of what only looks like one. */
static const char spec[] =
    "%%global _binary_payload %s\n"
    "Name: elfs\n"
    "Version: 1\n"
    "Release: 1\n"
    "Summary: files\n"
    "License: Public Domain\n"
    "%%description\n"
    "%%package empty\n"
    "Summary: nothing\n"
    "%%description empty\n"
    "%%install\n"
    "mkdir -p %%buildroot/usr/lib/debug %%buildroot/usr/bin && cd %%buildroot/usr/lib\n"
    "echo 'int given(void) { extern int wanted(void); return wanted(); }' > a.c\n"
    "gcc -shared -fPIC -nostdlib -Wl,-soname,liba.so.1 -o liba.so.1.0 a.c && rm a.c\n"
    "chmod 644 liba.so.1.0\n"
    "ln -s liba.so.1.0 liba.so.1\n"
    "cp liba.so.1.0 liba.debug && cp liba.so.1.0 debug/liba.so && cp liba.so.1.0 data && chmod 644 data\n"
    "cp liba.so.1.0 ../bin/tool && chmod 755 ../bin/tool liba.debug debug/liba.so\n"
    "cp liba.so.1.0 one.so && ln one.so two.so\n"
    "echo 'INPUT(liba.so.1)                                                         ' > libscript.so\n"
    "printf '\\177ELF' > small.so\n"
    "head -c 1000 liba.so.1.0 > cut.so\n"
    "(printf '\\177ELF'; head -c 100 /dev/zero) > zero.so\n"
    "%%files\n/usr/lib/*\n/usr/bin/*\n"
    "%%files empty\n";

static struct folder built;

static int
begin(void **state)
{
	/* What librpm says of broken files is not what is tested. */
	rpmlogSetMask(RPMLOG_UPTO(RPMLOG_EMERG));
	return 0;
}

static void
build(const char *payload)
{
	AUTO(free) char *text = xasprintf(spec, payload);

	built = folder_make();
	rpm_build(&built, text);
}

static char *
show(const struct facts *f)
{
	AUTO(str_fini) struct str out = {0};

	for (size_t i = 0; i < f->elf.n; i++) {
		const struct elf_file *e = &f->elf.p[i];
		AUTO(free) char *defines = strs_join(&e->facts.defines, " ");
		AUTO(free) char *uses = strs_join(&e->facts.uses, " ");

		if (*e->note)
			str_add(&out, "%s: %s\n", e->path, e->note);
		else
			str_add(&out, "%s: %s, has %s, wants %s\n", e->path, e->facts.soname, defines, uses);
	}
	return str_steal(&out);
}

#define FULL "elfs-1-1.x86_64.rpm"
#define EMPTY "elfs-empty-1-1.x86_64.rpm"

static void
test_found(void **state)
{
	static const char *const payloads[] = {"w0.gzdio", "w6.gzdio", "w3.zstdio", "w2.xzdio", "w2.lzdio", "w1.bzdio"};

	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		AUTO(facts_fini) struct facts full = {0};
		AUTO(facts_fini) struct facts empty = {0};
		AUTO(free) char *path = NULL;
		AUTO(free) char *none = NULL;
		AUTO(free) char *text = NULL;
		struct err err = {0};

		build(payloads[i]);
		path = xasprintf("%s/rpms/" FULL, built.path);
		none = xasprintf("%s/rpms/" EMPTY, built.path);
		OK(facts_from_rpm(path, FULL, &full, &err));
		OK(facts_from_rpm(none, EMPTY, &empty, &err));
		assert_true(full.elf_known && empty.elf_known);
		assert_int_equal(empty.elf.n, 0);
		text = show(&full);
		assert_string_equal(text,
		    "/usr/bin/tool: liba.so.1, has given, wants wanted\n"
		    "/usr/lib/cut.so: a segment outside the file\n"
		    "/usr/lib/liba.so.1.0: liba.so.1, has given, wants wanted\n"
		    "/usr/lib/two.so: liba.so.1, has given, wants wanted\n"
		    "/usr/lib/zero.so: a broken header\n");
		folder_fini(&built);
	}
}

static void
fails_as_broken(const char *path, const char *data, size_t n)
{
	AUTO(facts_fini) struct facts f = {0};
	struct err err = {0};

	OK(file_replace(AT_FDCWD, path, data, n, 0644, &err));
	FAILS(facts_from_rpm(path, FULL, &f, &err), "not an RPM, or a broken one");
}

/* Cut anywhere, or with one byte changed where the payload has a checksum: an error. */
static void
test_broken(void **state)
{
	static const char *const payloads[] = {"w6.gzdio", "w2.xzdio", "w3.zstdio"};

	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		AUTO(free) char *path = NULL;
		AUTO(free) char *bad = NULL;
		AUTO(str_fini) struct str raw = {0};
		struct err err = {0};
		size_t payload;

		build(payloads[i]);
		path = xasprintf("%s/rpms/" FULL, built.path);
		bad = xasprintf("%s/bad.rpm", built.path);
		OK(file_read(AT_FDCWD, path, 1 << 20, &raw, &err));
		/* Far behind the header. */
		payload = raw.n - 1000;
		for (size_t n = payload; n + 1 < raw.n; n += 37)
			fails_as_broken(bad, raw.p, n);
		for (size_t n = payload; i < 2 && n < raw.n; n += 101) {
			raw.p[n] ^= 0x20;
			fails_as_broken(bad, raw.p, raw.n);
			raw.p[n] ^= 0x20;
		}
		folder_fini(&built);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
