/* rpm-md metadata against libcreaterepo_c's reading of it, in every form; and what is malformed. */
#include "package/test-rpmmd.h"

#include "package/document.h"

/* 1. Packages with all that is odd in them, written by libcreaterepo_c. */

static cr_Dependency *
dependency(const char *name, const char *flags, const char *epoch, const char *version, const char *release, bool pre)
{
	cr_Dependency *d = cr_dependency_new();

	d->name = (char *)(uintptr_t)name;
	d->flags = (char *)(uintptr_t)flags;
	d->epoch = (char *)(uintptr_t)epoch;
	d->version = (char *)(uintptr_t)version;
	d->release = (char *)(uintptr_t)release;
	d->pre = pre;
	return d;
}

static cr_PackageFile *
file(const char *type, const char *path, const char *name)
{
	cr_PackageFile *f = cr_package_file_new();

	f->type = (char *)(uintptr_t)type;
	f->path = (char *)(uintptr_t)path;
	f->name = (char *)(uintptr_t)name;
	return f;
}

static void
fill_deps(cr_Package *p, unsigned i)
{
	p->provides = g_slist_append(p->provides, dependency(p->name, "EQ", p->epoch, p->version, p->release, false));
	p->provides = g_slist_append(p->provides, dependency("lib<a>&\"b\"'c'.so()(64bit)", NULL, NULL, NULL, NULL, false));
	p->requires = g_slist_append(p->requires, dependency("/bin/sh", NULL, NULL, NULL, NULL, true));
	p->requires = g_slist_append(p->requires, dependency("glibc", "GE", "0", "2.36", NULL, false));
	p->requires = g_slist_append(p->requires, dependency("(a >= 1 if (b or c < 2:3-4))", NULL, NULL, NULL, NULL, false));
	for (unsigned k = 0; k < i % 50; k++)
		p->requires = g_slist_append(p->requires, dependency("x", k % 2 ? "LT" : "GT", "3", "1~rc1^git", "alt1", k % 3 == 0));
	if (i % 3 == 0)
		p->conflicts = g_slist_append(p->conflicts, dependency("bad", "LE", "1", "7", "1", false));
	if (i % 5 == 0)
		p->obsoletes = g_slist_append(p->obsoletes, dependency("old", "EQ", "0", "1", "2", false));
	p->recommends = g_slist_append(p->recommends, dependency("not-read", NULL, NULL, NULL, NULL, false));
}

static cr_Package *
package(unsigned i)
{
	cr_Package *p = cr_package_new();
	AUTO(free) char *name = xasprintf("p%u%s", i, i % 7 == 0 ? "&<\xc3\xa9>'\"" : "");
	AUTO(free) char *id = xasprintf("%064x", i);
	AUTO(free) char *source = xasprintf("s-%u-1.0-%u.src.rpm", i / 3, i);

	p->pkgId = g_string_chunk_insert(p->chunk, id);
	p->name = g_string_chunk_insert(p->chunk, name);
	p->arch = (char *)(i % 11 == 0 ? "src" : i % 2 ? "noarch" : "x86_64");
	p->epoch = (char *)(i % 4 ? "0" : "12");
	p->version = (char *)"1.0~rc1";
	p->release = (char *)"alt1^2";
	p->summary = (char *)"a & b";
	p->description = (char *)"<package>\n</package> ]]> \xe2\x82\xac\t\"quoted\" &amp; more";
	p->checksum_type = (char *)"sha256";
	p->location_href = (char *)"Packages/a%20b&c.rpm";
	p->rpm_sourcerpm = i % 13 == 0 ? (char *)"" : g_string_chunk_insert(p->chunk, source);
	p->rpm_license = p->rpm_group = p->rpm_vendor = p->url = (char *)"x";
	fill_deps(p, i);
	p->files = g_slist_append(p->files, file("", "/usr/bin/", "a b&c"));
	p->files = g_slist_append(p->files, file("dir", "/etc/", "\xd0\xb4\xd0\xb8\xd1\x80"));
	p->files = g_slist_append(p->files, file("ghost", "/var/log/", "<g>"));
	for (unsigned k = 0; k < (i == 650 ? 15000 : i % 30); k++)
		p->files = g_slist_append(p->files, file("", "/usr/share/a rather long folder/", "file"));
	return p;
}

/* Text of the kind; the file of its name in the folder has it too. */
static char *
write_metadata(const struct folder *f, enum rpmmd_kind kind, unsigned n)
{
	static const cr_XmlFileType types[] = {CR_XMLFILE_PRIMARY, CR_XMLFILE_FILELISTS, CR_XMLFILE_OTHER};
	AUTO(free) char *path = xasprintf("%s/%s", f->path, type_names[kind]);
	cr_XmlFile *xml = cr_xmlfile_sopen(path, types[kind], CR_CW_NO_COMPRESSION, NULL, NULL);

	assert_non_null(xml);
	cr_xmlfile_set_num_of_pkgs(xml, n, NULL);
	for (unsigned i = 0; i < n; i++) {
		cr_Package *p = package(i);

		assert_int_equal(cr_xmlfile_add_pkg(xml, p, NULL), CRE_OK);
		cr_package_free(p);
	}
	cr_xmlfile_close(xml, NULL);
	return folder_get(f, type_names[kind]);
}

static void
same(const struct str *a, const struct str *b)
{
	size_t i = 0, line = 0;

	for (; i < a->n && i < b->n && a->p[i] == b->p[i]; i++)
		if (a->p[i] == '\n')
			line = i + 1;
	if (i < a->n || i < b->n)
		fail_msg("differ at byte %zu: %.200s\nbut: %.200s", i, str_c(a) + line, str_c(b) + line);
}

static void
test_oracle(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	int fds = unit_open_fds();

	for (int kind = 0; kind < RPMMD_KINDS; kind++) {
		AUTO(free) char *text = write_metadata(&f, kind, 700);
		AUTO(free) char *path = xasprintf("%s/%s", f.path, type_names[kind]);
		AUTO(str_fini) struct str theirs = {0};

		/* More than one block, or the joints are not tried. */
		assert_true(strlen(text) > 900000 || kind == RPMMD_OTHER);
		oracle(path, kind, &theirs);
		assert_true(theirs.n > 700 * 80);
		for (int how = 0; how < PRESSES; how++) {
			AUTO(str_fini) struct str pressed = {0};
			AUTO(str_fini) struct str ours = {0};
			struct err err = {0};

			press(how, text, strlen(text), &pressed);
			put_repository(&f, kind, pressed.p, pressed.n);
			OK(rpmmd_read(f.path, kind, describe, &ours, &err));
			same(&ours, &theirs);
		}
	}
	assert_int_equal(unit_open_fds(), fds);
}

static int
gather(void *arg, const struct rpmmd_package *p, struct err *err)
{
	str_put(arg, p->record, p->record_n);
	return 0;
}

static void
test_records(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();

	for (int kind = 0; kind < RPMMD_KINDS; kind++) {
		AUTO(free) char *text = write_metadata(&f, kind, 300);
		AUTO(str_fini) struct str records = {0};
		const char *first = strstr(text, "<package ");
		struct err err = {0};

		put_repository(&f, kind, text, strlen(text));
		OK(rpmmd_read(f.path, kind, gather, &records, &err));
		assert_true(records.n > 1000 && memcmp(records.p, first, records.n) == 0);
		assert_int_equal(strncmp(first + records.n, "</", 2), 0);
	}
}

/* A text that ends with a block, or a byte before or behind that. */
static void
test_ends(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *text = xcalloc(1, 2 * BLOCK_SIZE + 2);

	memset(text, '\n', 2 * BLOCK_SIZE + 1);
	memcpy(text, "<metadata/>", strlen("<metadata/>"));
	for (int how = 0; how < PRESSES; how++)
		for (size_t n = 2 * BLOCK_SIZE - 1; n <= 2 * BLOCK_SIZE + 1; n++) {
			AUTO(str_fini) struct str pressed = {0};
			AUTO(str_fini) struct str out = {0};
			struct err err = {0};

			press(how, text, n, &pressed);
			put_repository(&f, RPMMD_PRIMARY, pressed.p, pressed.n);
			OK(rpmmd_primary(f.path, describe, &out, &err));
		}
}

/* 2. Text by hand, cut into blocks of any size. */

enum { CUT_HEAD = 100 };

struct cut {
	const char *p;
	size_t n, piece;
	char *held[2];
};

static int
cut_take(void *arg, struct block *out, struct err *err)
{
	struct cut *c = arg;
	size_t n = c->n < c->piece ? c->n : c->piece;
	char *memory;

	if (n == 0)
		return 0;
	/* To the byte, so that a sanitizer sees what goes beyond. */
	memory = xcalloc(1, CUT_HEAD + n + BLOCK_SLACK);
	memcpy(memory + CUT_HEAD, c->p, n);
	*out = (struct block){memory + CUT_HEAD, n};
	assert_null(c->held[1]);
	c->held[c->held[0] != NULL] = memory;
	c->p += n;
	c->n -= n;
	return 1;
}

static void
cut_give(void *arg)
{
	struct cut *c = arg;

	assert_non_null(c->held[0]);
	free(c->held[0]);
	c->held[0] = STEAL(c->held[1]);
}

static int
read_cut(const char *text, size_t n, size_t piece, enum rpmmd_kind kind, struct str *out, struct err *err)
{
	struct cut c = {text, n, piece, {NULL, NULL}};
	int r = document_read(&(struct source){cut_take, cut_give, &c, CUT_HEAD}, kind, describe, out, err);

	free(c.held[0]);
	free(c.held[1]);
	return r;
}

#define HEAD "<?xml version='1.0' encoding=\"UTF-8\"?>\n<!-- <metadata> --><metadata xmlns='c' xmlns:rpm=\"r\" packages='2'>\n"
#define PACKAGE "<package type='rpm'><name>a</name><arch>noarch</arch><version ver='1' rel='1'/>" \
	"<checksum pkgid='YES' type='sha256'>11</checksum><location href='a.rpm'/></package>"

static const char by_hand[] = HEAD
    "<?an instruction?> text <unknown a='>' b=\"'\"><deep><deeper/></deep></unknown>\n"
    "<!-- <package> -->\n"
    "<package >\n\t<location xml:base='http://x' href='a&amp;b&#x20;&#1076;.rpm' />\n"
    "<checksum type='sha256' >not this</checksum><checksum pkgid=\"YES\"\n type='sha256'>ab<!-- c -->cd</checksum>\n"
    "<version rel=\"1\" ver='2&lt;3' epoch='7'></version><arch>no<![CDATA[<ar]]><![CDATA[ch>]]></arch>"
    "<name>&quot;n&apos;\r\nx\ry</name ><format>"
    "<r:requires xmlns:r='r'><r:entry ver='1' name='a\tb\nc' rel='2' epoch='' flags='GE' pre='1'/>"
    "<entry name='no-version' flags='EQ'/><entry name='&#10;' epoch='1' rel='5'></entry></r:requires>"
    "<rpm:provides/><rpm:obsoletes></rpm:obsoletes><rpm:suggests><rpm:entry name='no'/></rpm:suggests>"
    "<file type='dir'>/a&gt;b</file><file/><file type='what'>/x\r\n</file></format></package>"
    PACKAGE "</metadata>\n<!-- the end -->\n";

static const char by_hand_means[] =
    "package [\"n'\nx\ny] [no<arch>] [7] [2<3] [1] [abcd] [a&b \xd0\xb4.rpm] [\"n'\nx\ny]\n"
    "requires [a b c] [1-2] [] [>] [=]\n"
    "requires [no-version] [] [] [] [=]\n"
    "requires [\n] [1:-5] [] [] []\n"
    "dir [/a>b]\nfile []\nfile [/x\n]\n"
    "package [a] [noarch] [] [1] [1] [11] [a.rpm] [a]\n";

static void
test_by_hand(void **state)
{
	for (size_t piece = 1; piece <= sizeof(by_hand); piece++) {
		AUTO(str_fini) struct str out = {0};
		struct err err = {0};

		OK(read_cut(by_hand, strlen(by_hand), piece, RPMMD_PRIMARY, &out, &err));
		assert_string_equal(str_c(&out), by_hand_means);
	}
}

/* However the text is cut short, it is no document. */
static void
test_cut_short(void **state)
{
	size_t whole = strlen(by_hand) - strlen("\n<!-- the end -->\n");

	for (size_t n = 0; n < whole; n++) {
		AUTO(str_fini) struct str out = {0};
		struct err err = {0};

		FAILS(read_cut(by_hand, n, 4096, RPMMD_PRIMARY, &out, &err), "ends before");
		FAILS(read_cut(by_hand, n, 7, RPMMD_PRIMARY, &out, &err), "ends before");
	}
}

/* A record of many blocks, in front of others. */
static void
test_long_record(void **state)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str out = {0};
	struct err err = {0};

	str_puts(&text, "<filelists>" "<package pkgid='1' name='long' arch='noarch'><version ver='1' rel='1'/>");
	for (int i = 0; i < 60000; i++)
		str_add(&text, "<file>/usr/share/long/file%d</file>", i);
	str_puts(&text, "</package>");
	for (int i = 0; i < 9000; i++)
		str_add(&text, "<package pkgid='%d' name='p%d' arch='noarch'><version ver='1' rel='1'/></package>", i, i);
	str_puts(&text, "</filelists>");
	for (size_t piece = 64 << 10; piece < 8 << 20; piece = piece * 2 + 1) {
		str_clear(&out);
		OK(read_cut(text.p, text.n, piece, RPMMD_FILELISTS, &out, &err));
		unit_has(str_c(&out), "file [/usr/share/long/file59999]\npackage [p0] [noarch]");
		unit_has(str_c(&out), "package [p8999] [noarch]");
	}
}

/* 3. What is malformed. */

static const struct {
	const char *text, *says;
} malformed[] = {
	{"", "ends before its root"},
	{"no xml at all", "ends before its root"},
	{"<filelists></filelists>", "not the root"},
	{"</metadata>", "not the root"},
	{"<!DOCTYPE metadata [<!ENTITY a 'b'>]><metadata/>", "document type"},
	{"<metadata>" PACKAGE "\n", "after 1 packages: ends before its root's close tag"},
	{"<metadata></metadata ><metadata/>", "a tag behind the root"},
	{"<metadata></metadat>", "close tag of another"},
	{"<metadata><package></package></metadata>", "without a name"},
	{"<metadata><package/></metadata>", "nothing inside"},
	{"<metadata><package><name>a</nam></package></metadata>", "close tag of another"},
	{"<metadata><package><name>a<b/></name></package></metadata>", "an element inside text"},
	{"<metadata><package><name>&unknown;</name></package></metadata>", "entity"},
	{"<metadata><package><name>&#0;</name></package></metadata>", "entity"},
	{"<metadata><package><name>&#xd800;</name></package></metadata>", "entity"},
	{"<metadata><package><name>&#x110000;</name></package></metadata>", "entity"},
	{"<metadata><package><name>&#99999999999999999999;</name></package></metadata>", "entity"},
	{"<metadata><package><name>&#12</name></package></metadata>", "entity"},
	{"<metadata><package><name>&#;</name></package></metadata>", "entity"},
	{"<metadata><package><name>a&</name></package></metadata>", "entity"},
	{"<metadata><package><location href=a/></package></metadata>", "without quotes"},
	{"<metadata><package><location href/></package></metadata>", "no attribute"},
	{"<metadata><package><location href='a<b'/></package></metadata>", "an attribute without end"},
	{"<metadata><package><location href='a' href='b'/></package></metadata>", "given twice"},
	{"<metadata><package><location href='a'b='c'/></package></metadata>", "without a blank"},
	{"<metadata><package><location / ></package></metadata>", "a `/` in a tag"},
	{"<metadata><package><rpm:format><requires><entry/></requires></rpm:format></package></metadata>", "dependency without"},
	{"<metadata>< package></metadata>", "begins no tag"},
	{"<metadata><a><b></a></b></metadata>", "close tag of another"},
	{"<metadata><![CDATA[ </metadata>", "ends before"},
	{"<metadata><a></a b></metadata>", "no close tag"},
	{"<metadata><!what></metadata>", "an unknown `<!`"},
	{"<metadata><package><arch>x</arch><name>n</name><version ver='1'/><checksum pkgid='YES'>1</checksum></package></metadata>",
	    "without a location"},
	{"<metadata><package><name>n</name><version ver='1'/><checksum pkgid='YES'>1</checksum></package></metadata>",
	    "without an arch"},
	{"<metadata><package><arch>x</arch><name>n</name><version/><checksum pkgid='YES'>1</checksum></package></metadata>",
	    "without a version"},
	{"<metadata><package><arch>x</arch><name>n</name><version ver='1'/><checksum>1</checksum></package></metadata>",
	    "without a pkgid"},
};

static void
test_malformed(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		for (size_t piece = 1; piece < 300; piece += 37) {
			AUTO(str_fini) struct str out = {0};
			struct err err = {0};

			FAILS(read_cut(malformed[i].text, strlen(malformed[i].text), piece, RPMMD_PRIMARY, &out, &err),
			    malformed[i].says);
			unit_has(err.msg, "byte ");
		}
}

static void
test_deep(void **state)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str out = {0};
	struct err err;

	str_puts(&text, "<metadata>");
	for (int i = 0; i < 100000; i++)
		str_puts(&text, "<a>");
	FAILS(read_cut(text.p, text.n, 4096, RPMMD_PRIMARY, &out, &err), "too deep");
}

static int
endless_take(void *arg, struct block *out, struct err *err)
{
	char *memory = arg;
	bool first = memory[0] == '\0';

	memory[0] = 1;
	memset(memory + CUT_HEAD, 'x', BLOCK_SIZE);
	if (first)
		memcpy(memory + CUT_HEAD, "<metadata><a>", strlen("<metadata><a>"));
	*out = (struct block){memory + CUT_HEAD, BLOCK_SIZE};
	return 1;
}

static void
endless_give(void *arg)
{
}

static void
test_endless(void **state)
{
	AUTO(free) char *memory = xcalloc(1, CUT_HEAD + BLOCK_SIZE + BLOCK_SLACK);
	AUTO(str_fini) struct str out = {0};
	struct source from = {endless_take, endless_give, memory, CUT_HEAD};
	struct err err;

	FAILS(document_read(&from, RPMMD_PRIMARY, describe, &out, &err), "byte 10, after 0 packages: a record over 256 MiB");
}

/* 4. Files that are not what repomd.xml says, and repositories that are none. */

static int
stop(void *arg, const struct rpmmd_package *p, struct err *err)
{
	int *left = arg;

	return --*left == 0 ? err_set(err, ECANCELED, "enough") : 0;
}

static void
test_stop(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *text = write_metadata(&f, RPMMD_PRIMARY, 2000);
	int fds = unit_open_fds();
	struct err err;

	put_repository(&f, RPMMD_PRIMARY, text, strlen(text));
	for (int n = 1; n <= 2000; n += 333) {
		int left = n;

		FAILS(rpmmd_primary(f.path, stop, &left, &err), "enough");
		assert_int_equal(left, 0);
		assert_string_equal(err.msg, "enough");
	}
	assert_int_equal(unit_open_fds(), fds);
}

static void
test_damaged(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *text = write_metadata(&f, RPMMD_PRIMARY, 300);

	for (int how = 0; how < PRESSES; how++)
		for (int damage = 0; damage < 3; damage++) {
			AUTO(str_fini) struct str pressed = {0};
			AUTO(str_fini) struct str out = {0};
			AUTO(free) char *repomd = NULL;
			struct err err = {0};

			press(how, text, strlen(text), &pressed);
			put_repository(&f, RPMMD_PRIMARY, pressed.p, pressed.n);
			repomd = folder_get(&f, "repodata/repomd.xml");
			if (damage == 0)
				pressed.p[pressed.n / 2] ^= 1;
			else if (damage == 1)
				pressed.n -= 30;
			else
				str_puts(&pressed, "\n");
			OK(file_replace(f.fd, "repodata/file", pressed.p, pressed.n, 0644, &err));
			FAILS(rpmmd_primary(f.path, describe, &out, &err), "its SHA-256 is not what repomd.xml says");
			unit_has(err.msg, "repodata/file: ");
			/* The same with a repomd.xml that agrees: the form itself shows it, or the XML. */
			put_repository(&f, RPMMD_PRIMARY, pressed.p, pressed.n);
			if (damage == 1)
				FAILS(rpmmd_primary(f.path, describe, &out, &err), "");
		}
}

static void
test_nul(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *text = write_metadata(&f, RPMMD_PRIMARY, 1000);
	size_t n = strlen(text);

	for (size_t at = 0; at < n; at += n / 7) {
		AUTO(str_fini) struct str out = {0};
		char was = text[at];
		struct err err;

		text[at] = '\0';
		put_repository(&f, RPMMD_PRIMARY, text, n);
		FAILS(rpmmd_primary(f.path, describe, &out, &err), ": a NUL");
		text[at] = was;
	}
}

static const struct {
	const char *repomd, *says;
} bad_repomd[] = {
	{"<repomd></repomd>", "names no primary"},
	{"<repomd><data type='primary'/></repomd>", "names no primary"},
	{"<repomd><data type='primary'><checksum type='sha256'>x</checksum></data></repomd>", "names no primary"},
	{"<repomd><data type='primary'><location href='f'/></data></repomd>", "no SHA-256 of primary"},
	{"<repomd><data type='primary'><checksum type='sha'>x</checksum><location href='f'/></data></repomd>", "no SHA-256"},
	{"<repomd><data type='primary'><location href='/etc/passwd'/></data></repomd>", "leads out"},
	{"<repomd><data type='primary'><location href='repodata/..&#47;../f'/></data></repomd>", "leads out"},
	{"<repomd><data type='primary'><location href=''/></data></repomd>", "leads out"},
	{"<repomd><data type='primary'>", "ends too early"},
	{"", "ends too early"},
	{"<metadata/>", "not <repomd>"},
};

static void
test_no_repository(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(str_fini) struct str out = {0};
	struct err err = {0};

	FAILS(rpmmd_primary(f.path, describe, &out, &err),
	    "not an rpm-md repository (no repodata/repomd.xml); run createrepo_c there");
	FAILS(rpmmd_primary("/tmp/no such folder", describe, &out, &err), "/tmp/no such folder");
	OK(file_mkdirs(f.fd, "repodata", &err));
	for (size_t i = 0; i < ARRAY_SIZE(bad_repomd); i++) {
		folder_put(&f, "repodata/repomd.xml", bad_repomd[i].repomd);
		FAILS(rpmmd_primary(f.path, describe, &out, &err), bad_repomd[i].says);
		unit_has(err.msg, f.path);
	}
	put_repository(&f, RPMMD_PRIMARY, "<metadata/>", strlen("<metadata/>"));
	OK(rpmmd_primary(f.path, describe, &out, &err));
	FAILS(rpmmd_filelists(f.path, describe, &out, &err), "names no filelists");
	assert_int_equal(unlinkat(f.fd, "repodata/file", 0), 0);
	FAILS(rpmmd_primary(f.path, describe, &out, &err), "repodata/file: No such file");
	assert_int_equal(out.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_long_record),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_no_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
