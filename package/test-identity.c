/* The identity of real RPMs: what it does not see, and that it sees everything else; and what rpm_differ() says. */
#include "package/test-rpm.h"

#include <rpm/rpmlog.h>
#include <rpm/rpmtd.h>

#include "package/differ.h"
#include "package/facts.h"
#include "package/header.h"
#include "package/identity.h"

static const char spec[] =
    "Name: tiny\n"
    "Epoch: 2\n"
    "Version: 1.0\n"
    "Release: alt1\n"
    "Summary: tiny and small\n"
    "License: Public Domain\n"
    "URL: https://example.org\n"
    "Provides: tiny-files = 7\n"
    "Requires: liba >= 2:1.0, (a if b)\n"
    "Recommends: nice\n"
    "%description\nFirst line.\n\nSecond.\n"
    "%install\n"
    "mkdir -p %buildroot/usr/share/tiny %buildroot/usr/bin\n"
    "echo hello > %buildroot/usr/share/tiny/hello\n"
    "ln -s hello %buildroot/usr/share/tiny/link\n"
    "ln %buildroot/usr/share/tiny/hello %buildroot/usr/share/tiny/other\n"
    "echo 1 > %buildroot/usr/share/tiny/number\n"
    "echo '#!/bin/sh' > %buildroot/usr/bin/tiny\n"
    "%post\necho post\n"
    "%preun -p <lua>\nprint('x')\n"
    "%triggerin -- liba > 1\necho trigger\n"
    "%transfiletriggerin -- /usr/share/icons\necho files\n"
    "%files\n%attr(4755,root,root) /usr/bin/tiny\n%dir /usr/share/tiny\n%doc /usr/share/tiny/hello\n"
    "/usr/share/tiny/link\n/usr/share/tiny/other\n/usr/share/tiny/number\n"
    "%changelog\n* Tue Nov 14 2023 Joe <joe@example.org> 1.0-alt1\n- first\n";

#define TINY "tiny-1.0-alt1.x86_64.rpm"

/* A spec with one text in place of another, built with one more definition. */
static struct folder
built(const char *from, const char *to, const char *define)
{
	struct folder f = folder_make();
	AUTO(str_fini) struct str text = {0};
	const char *at = strstr(spec, from);

	if (!at)
		fail_msg("no %s in the spec", from);
	if (define)
		str_add(&text, "%s\n", define);
	str_put(&text, spec, (size_t)(at - spec));
	str_puts(&text, to);
	str_puts(&text, at + strlen(from));
	rpm_build(&f, str_c(&text));
	return f;
}

static struct sha256
identity(const struct folder *f)
{
	AUTO(free) char *path = xasprintf("%s/rpms/" TINY, f->path);
	AUTO(Fclose) FD_t fd = NULL;
	AUTO(headerFree) Header h = NULL;
	struct err err = {0};

	OK(header_read(path, &fd, &h, &err));
	return identity_of(h);
}

/* Built once for all tests. */
static struct folder first;

static int
build(void **state)
{
	rpmlogSetMask(RPMLOG_UPTO(RPMLOG_CRIT));
	first = built("tiny", "tiny", NULL);
	return 0;
}

static int
unbuild(void **state)
{
	folder_fini(&first);
	return 0;
}

static int
differ(const struct folder *a, const struct folder *b, struct str *out)
{
	AUTO(free) char *x = xasprintf("%s/rpms/" TINY, a->path);
	AUTO(free) char *y = xasprintf("%s/rpms/" TINY, b->path);
	AUTO(differences_fini) struct differences d = {0};
	struct err err = {0};
	int r = rpm_differ(x, y, &d, &err);

	if (r < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < d.n; i++)
		str_add(out, "%s%s: %s -> %s\n", d.p[i].counts ? "" : "(build) ", d.p[i].what, d.p[i].old ? d.p[i].old : "-",
		    d.p[i].new ? d.p[i].new : "-");
	return r;
}

/* Other times, another host, another rpm, other flags, another compressor, another comment: other bytes, no other identity. */
static void
test_build(void **state)
{
	AUTO(folder_fini) struct folder second = built("%install\n", "%install\n# a comment\n",
	    "%global optflags -O1 -g\n%global source_date_epoch_from_changelog 0\n"
	    "%global use_source_date_epoch_as_buildtime 0\n%global _buildhost elsewhere\n"
	    "%global clamp_mtime_to_source_date_epoch 0\n%global _binary_payload w9.xzdio");
	AUTO(str_fini) struct str text = {0};

	assert_int_equal(differ(&first, &second, &text), DIFFER_BUILD);
	assert_string_equal(identity(&first).hex, identity(&second).hex);
	unit_has(str_c(&text), "(build) Buildhost: localhost -> elsewhere\n");
	unit_has(str_c(&text), "(build) Optflags: ");
	unit_has(str_c(&text), "(build) Payloadcompressor: gzip -> xz\n");
	unit_has(str_c(&text), "(build) Sigmd5: ");
	for (const char *line = str_c(&text); *line; line += strcspn(line, "\n") + 1)
		assert_int_equal(strncmp(line, "(build) ", 8), 0);
}

static void
test_same(void **state)
{
	AUTO(str_fini) struct str text = {0};

	assert_int_equal(differ(&first, &first, &text), 0);
	assert_string_equal(str_c(&text), "");
}

/* Any one change to the spec is another identity, and is told. */
static void
test_changes(void **state)
{
	static const struct {
		const char *from, *to, *told;
	} changes[] = {
		{"Epoch: 2", "Epoch: 3", "Epoch: 2 -> 3\n"},
		{"Summary: tiny and small", "Summary: tiny and  small", "Summary: tiny and small -> tiny and  small\n"},
		{"Second.", "Third.", "Description: First line.\\x0a\\x0aSecond. -> First line.\\x0a\\x0aThird.\n"},
		{"Public Domain", "MIT", "License: Public Domain -> MIT\n"},
		{"URL: https://example.org\n", "", "Url: https://example.org -> -\n"},
		{"tiny-files = 7", "tiny-files = 8", "provides: tiny-files = 7 -> tiny-files = 8\n"},
		{"liba >= 2:1.0", "liba > 2:1.0", "requires: liba >= 2:1.0 -> liba > 2:1.0\n"},
		{"(a if b)", "(a if c)", "requires: (a\\x20if\\x20b) -> (a\\x20if\\x20c)\n"},
		{"Requires: liba", "Requires(pre): liba", "requires: liba >= 2:1.0 -> liba >= 2:1.0 0x200\n"},
		{"Recommends: nice", "Suggests: nice", "recommends: nice -> -\n"},
		{"Recommends: nice", "Conflicts: nice", "conflicts: - -> nice\n"},
		{"echo post", "echo Post", "Postin: echo post -> echo Post\n"},
		{"%post\n", "%post -p /bin/bash\n", "Postinprog: /bin/sh -> /bin/bash\n"},
		{"%post\n", "%post -e\n", "Postinflags: - -> 1\n"},
		{"%post\n", "%pre\n", "Prein: - -> echo post\n"},
		{"liba > 1", "liba > 2", "Triggerversion: 1 -> 2\n"},
		{"echo trigger", "echo Trigger", "Triggerscripts: echo trigger -> echo Trigger\n"},
		{"/usr/share/icons", "/usr/share/iconz", "Transfiletriggername: /usr/share/icons -> /usr/share/iconz\n"},
		{"- first", "- First", " Joe\\x20<joe@example.org>\\x201.0-alt1 - first -> "},
		{"echo 1 >", "echo 2 >", "/usr/share/tiny/number digest: "},
		{"echo 1 >", "echo 11 >", "/usr/share/tiny/number size: 2 -> 3\n"},
		{"%attr(4755,root,root)", "%attr(755,root,root)", "/usr/bin/tiny mode: 104755 -> 100755\n"},
		{"%attr(4755,root,root)", "%attr(4755,joe,root)", "/usr/bin/tiny user: root -> joe\n"},
		{"%attr(4755,root,root)", "%attr(4755,root,joe)", "/usr/bin/tiny group: root -> joe\n"},
		{"%attr(4755,root,root)", "%config %attr(4755,root,root)", "/usr/bin/tiny flags: 0x0 -> 0x1\n"},
		{"%attr(4755,root,root)", "%attr(4755,root,root) %caps(cap_net_raw=p)", "/usr/bin/tiny caps: - -> cap_net_raw=p\n"},
		{"%attr(4755,root,root)", "%attr(4755,root,root) %verify(not size)", "/usr/bin/tiny verify: "},
		{"ln -s hello", "ln -s hell0", "/usr/share/tiny/link link: hello -> hell0\n"},
		{"ln %buildroot", "cp %buildroot", "/usr/share/tiny/hello hardlink: /usr/share/tiny/hello -> -\n"},
		{"/usr/share/tiny/link\n/usr", "/usr/share/tiny/link\n%dev(c 1 3) /usr/share/tiny/null\n/usr",
		    "/usr/share/tiny/null: - -> mode=020"},
		{"/usr/share/tiny/number\n%ch", "/usr/share/tiny/number\n%ghost /usr/share/tiny/none\n%ch", "/usr/share/tiny/none: - -> mode="},
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		AUTO(folder_fini) struct folder other = built(changes[i].from, changes[i].to, NULL);
		AUTO(str_fini) struct str text = {0};
		AUTO(str_fini) struct str back = {0};

		assert_int_equal(differ(&first, &other, &text), DIFFER_CONTENT);
		assert_int_equal(differ(&other, &first, &back), DIFFER_CONTENT);
		assert_string_not_equal(identity(&first).hex, identity(&other).hex);
		unit_has(str_c(&text), changes[i].told);
	}
}

/* Headers as they come from no rpmbuild. */

static Header
header_of(const struct folder *f, FD_t *fd)
{
	AUTO(free) char *path = xasprintf("%s/rpms/" TINY, f->path);
	struct err err = {0};
	Header h = NULL;

	OK(header_read(path, fd, &h, &err));
	return h;
}

static void
find_line(void *arg, const char *key, const char *value, bool counts)
{
	if (counts)
		str_add(arg, "%s=%s\n", key, value);
}

/* headerPutString() refuses a tag that rpm does not know. */
static void
put_unknown(Header h, const char *text)
{
	struct rpmtd_s td = {.tag = 4999, .type = RPM_STRING_TYPE, .count = 1, .data = (void *)text};

	assert_int_equal(headerPut(h, &td, HEADERPUT_DEFAULT), 1);
}

/* What no rpm knows counts, and arrays that do not fit are told as they are. */
static void
test_strange(void **state)
{
	AUTO(Fclose) FD_t fd = NULL;
	AUTO(headerFree) Header h = header_of(&first, &fd);
	AUTO(str_fini) struct str lines = {0};
	struct sha256 was = identity_of(h), with;

	put_unknown(h, "strange");
	with = identity_of(h);
	assert_string_not_equal(was.hex, with.hex);
	headerDel(h, 4999);
	assert_string_equal(was.hex, identity_of(h).hex);
	headerPutString(h, RPMTAG_PROVIDENAME, "one-more");
	headerPutUint32(h, RPMTAG_FILECOLORS, &(uint32_t){7}, 1);
	put_unknown(h, "strange");
	identity_lines(h, false, find_line, &lines);
	unit_has(str_c(&lines), "Providename[0]=");
	unit_has(str_c(&lines), "tag-4999");
	unit_has(str_c(&lines), "=strange\n");
	unit_has(str_c(&lines), "Filecolors[0]=0\n");
	unit_has_not(str_c(&lines), " color=");
	assert_string_not_equal(with.hex, identity_of(h).hex);
}

/* What is ignored stands in the table, and nothing else is. */
static void
test_table(void **state)
{
	AUTO(Fclose) FD_t fd = NULL;
	AUTO(headerFree) Header h = header_of(&first, &fd);
	struct sha256 was = identity_of(h);

	for (size_t i = 0; i < n_identity_ignored; i++) {
		assert_true(identity_ignored[i].first <= identity_ignored[i].last);
		assert_true(*identity_ignored[i].why);
		headerDel(h, (rpmTagVal)identity_ignored[i].first);
		assert_string_equal(was.hex, identity_of(h).hex);
	}
	headerDel(h, RPMTAG_GROUP);
	assert_string_not_equal(was.hex, identity_of(h).hex);
}

/* Facts have it. */
static void
test_facts(void **state)
{
	AUTO(free) char *path = xasprintf("%s/rpms/" TINY, first.path);
	AUTO(facts_fini) struct facts f = {0};
	struct err err = {0};

	OK(facts_from_rpm(path, TINY, &f, &err));
	assert_string_equal(f.identity, identity(&first).hex);
}

static void
test_errors(void **state)
{
	AUTO(free) char *path = xasprintf("%s/rpms/" TINY, first.path);
	AUTO(free) char *bad = xasprintf("%s/test.spec", first.path);
	AUTO(differences_fini) struct differences d = {0};
	struct err err = {0};

	FAILS(rpm_differ("/nonexistent", path, &d, &err), "open /nonexistent");
	FAILS(rpm_differ(path, bad, &d, &err), "not an RPM");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_strange),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, build, unbuild);
}
