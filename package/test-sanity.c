/* The checks of sanity on real RPMs: a sound package has no findings, and each check finds its own. */
#include "package/test-rpm.h"

#include <rpm/rpmlog.h>

#include "package/facts.h"
#include "package/sanity.h"

/* A package that is in order, and where a test puts what is not. */
struct recipe {
	const char *head;	/* lines of the preamble over the usual ones */
	const char *summary;	/* NULL: a good one */
	const char *description;
	const char *install;	/* shell, in the build root */
	const char *files;
	const char *tail;	/* sections */
};

static void
write_spec(const struct recipe *r, struct str *out)
{
	str_add(out, "%%global _binaries_in_noarch_packages_terminate_build 0\n%%global _invalid_encoding_terminates_build 0\n"
	    "Name: tiny\nVersion: 1.0\nRelease: alt1\nSummary: %s\nLicense: MIT\n%s\n%%description\n%s\n",
	    r->summary ? r->summary : "Something small", r->head ? r->head : "", r->description ? r->description : "Small.");
	str_add(out, "%%install\nmkdir -p %%buildroot/usr/bin %%buildroot/etc/cron.d %%buildroot/usr/share/tiny\n"
	    "cd %%buildroot\necho '#!/bin/sh' > usr/bin/tiny\nchmod 755 usr/bin/tiny\necho x > etc/cron.d/tiny\n"
	    "ln -s ../../bin/tiny usr/share/tiny/link\n%s\n", r->install ? r->install : "");
	str_add(out, "%%files\n/usr/bin/tiny\n%%config /etc/cron.d/tiny\n/usr/share/tiny\n%s\n%s\n", r->files ? r->files : "",
	    r->tail ? r->tail : "");
}

enum { NOW = 1700000000 };	/* 2023-11-14 */

/* What the checks find in the package NAME.ARCH that a recipe makes: a line each. */
static void
look_at(const struct recipe *r, const char *name, const char *arch, const char *policy, struct str *out)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(str_fini) struct str spec = {0};
	AUTO(free) char *file = xasprintf("%s-1.0-alt1.%s.rpm", name, arch);
	AUTO(free) char *path = xasprintf("%s/rpms/%s", f.path, file);
	AUTO(facts_fini) struct facts facts = {0};
	AUTO(sanity_list_fini) struct sanity_list l = {0};
	struct sanity_policy p;
	struct err err = {0};

	write_spec(r, &spec);
	rpm_build(&f, str_c(&spec));
	OK(facts_from_rpm(path, file, &facts, &err));
	OK(sanity_parse(policy, &p, &err));
	OK(sanity_rpm(path, &facts, &p, NOW, &l, &err));
	for (size_t i = 0; i < l.n; i++) {
		str_add(out, "%s ", sanity_level_name(l.p[i].level));
		sanity_text(&l.p[i], out);
		str_putc(out, '\n');
	}
	if (l.cut)
		str_add(out, "and %zu more\n", l.cut);
}

static int
quiet(void **state)
{
	rpmlogSetMask(RPMLOG_UPTO(RPMLOG_CRIT));
	return 0;
}

static void
test_sound(void **state)
{
	AUTO(str_fini) struct str text = {0};

	look_at(&(struct recipe){0}, "tiny", "x86_64", "", &text);
	assert_string_equal(str_c(&text), "");
	look_at(&(struct recipe){0}, "tiny", "x86_64", "all=warning link-absolute=fatal", &text);
	assert_string_equal(str_c(&text), "");
}

/* Each of these finds this, and nothing else. */
static const struct {
	const char *found;
	struct recipe recipe;
	const char *arch;	/* NULL: x86_64 */
} cases[] = {
	{"warning summary-style: tiny: Summary (ends in a dot): ", {.summary = "Something."}, NULL},
	{"warning summary-style: tiny: Summary (has 81 characters): ",
	    {.summary = "12345678901234567890123456789012345678901234567890123456789012345678901234567890x"}, NULL},
	{"warning description: tiny: %description: ", {.description = " "}, NULL},
	{"warning changelog-time: tiny: %changelog (by ",
	    {.tail = "%changelog\n* Sun Nov 19 2023 Joe <joe@example.org> 1.0-alt1\n- of the future\n"}, NULL},
	{"warning unversioned-provides: tiny: tiny: ", {.head = "Provides: tiny"}, NULL},
	{"warning unversioned-obsoletes: tiny: old: ", {.head = "Obsoletes: old"}, NULL},
	{"fatal self-dependency: tiny: tiny (requires tiny > 2): ", {.head = "Requires: tiny > 2"}, NULL},
	{"fatal self-dependency: tiny: tiny (obsoletes tiny < 2): ", {.head = "Obsoletes: tiny < 2"}, NULL},
	{"fatal location: tiny: /home/joe/file: ", {.install = "mkdir -p home/joe; echo > home/joe/file", .files = "/home/joe/file"}, NULL},
	{"fatal location: tiny: /usr/local/x: ", {.install = "mkdir usr/local; echo > usr/local/x", .files = "/usr/local/x"}, NULL},
	{"fatal location: tiny: /usrx: ", {.install = "echo > usrx", .files = "/usrx"}, NULL},
	{"warning encoding: tiny: /usr/share/tiny/a?b: ", {.install = "echo > usr/share/tiny/$(printf 'a\\344b')"}, NULL},
	{"fatal device: tiny: /usr/share/null (device): ", {.files = "%dev(c 1 3) /usr/share/null"}, NULL},
	{"fatal device: tiny: /usr/share/tiny/pipe (pipe): ", {.install = "mkfifo usr/share/tiny/pipe"}, NULL},
	{"fatal world-writable: tiny: /usr/share/x (mode 0666): ", {.install = "echo > usr/share/x", .files = "%attr(666,root,root) /usr/share/x"}, NULL},
	{"fatal world-writable: tiny: /usr/share/x (mode 0777): ", {.install = "mkdir usr/share/x", .files = "%attr(777,root,root) %dir /usr/share/x"}, NULL},
	{"fatal setuid: tiny: /usr/bin/x (mode 4755, owner root): ", {.install = "echo > usr/bin/x", .files = "%attr(4755,root,root) /usr/bin/x"}, NULL},
	{"fatal setgid: tiny: /usr/bin/x (mode 2755, group root): ", {.install = "echo > usr/bin/x", .files = "%attr(2755,root,root) /usr/bin/x"}, NULL},
	{"warning no-permissions: tiny: /usr/share/x: ", {.install = "echo > usr/share/x", .files = "%attr(0,root,root) /usr/share/x"}, NULL},
	{"warning not-executable: tiny: /usr/bin/x (mode 0644): ", {.install = "echo > usr/bin/x", .files = "%attr(644,root,root) /usr/bin/x"}, NULL},
	{"fatal writable-config: tiny: /etc/cron.d/x (mode 0664, group root): ",
	    {.install = "echo > etc/cron.d/x", .files = "%attr(664,root,root) /etc/cron.d/x"}, NULL},
	{"warning owner: tiny: /usr/share/x (owner joe): ", {.install = "echo > usr/share/x", .files = "%attr(644,joe,root) /usr/share/x"}, NULL},
	{"warning owner: tiny: /usr/share/x (group joe): ", {.install = "echo > usr/share/x", .files = "%attr(644,root,joe) /usr/share/x"}, NULL},
	{"warning hard-link: tiny: /usr/share/x (and /usr/bin/tiny): ", {.install = "ln usr/bin/tiny usr/share/x", .files = "/usr/share/x"}, NULL},
	{"warning hard-link: tiny: /etc/cron.d/x (a configuration file, and /etc/cron.d/tiny): ",
	    {.install = "ln etc/cron.d/tiny etc/cron.d/x", .files = "/etc/cron.d/x"}, NULL},
	{"fatal link-escapes: tiny: /usr/share/tiny/up (-> ../../../../etc): ", {.install = "ln -s ../../../../etc usr/share/tiny/up"}, NULL},
	{"fatal link-escapes: tiny: /usr/share/tiny/up (-> /a/../..): ", {.install = "ln -s /a/../.. usr/share/tiny/up"}, NULL},
	{"fatal link-temporary: tiny: /usr/share/tiny/up (-> /tmp/x): ", {.install = "ln -s /tmp/x usr/share/tiny/up"}, NULL},
	{"warning debug-files: tiny: /usr/lib/debug/x: ", {.install = "mkdir -p usr/lib/debug; echo > usr/lib/debug/x", .files = "/usr/lib/debug/x"}, NULL},
	{"warning elf-location: tiny: /usr/share/tiny/true: ", {.install = "cp /bin/true usr/share/tiny/true"}, NULL},
	{"fatal elf-noarch: tiny: /usr/bin/true: ", {.head = "BuildArch: noarch", .install = "cp /bin/true usr/bin/true", .files = "/usr/bin/true"}, "noarch"},
	{"warning elf-broken: tiny: /usr/share/tiny/x (a broken header): ",
	    {.install = "printf '\\177ELF%0100d' 1 > usr/share/tiny/x; chmod 755 usr/share/tiny/x"}, NULL},
	{"fatal runpath: tiny: /usr/bin/x (/usr/lib:/tmp/build): ",
	    {.install = "echo 'int main(void) { return 0; }' > x.c; gcc -o usr/bin/x -Wl,-rpath,/usr/lib:/tmp/build x.c; rm x.c", .files = "/usr/bin/x"}, NULL},
	{"fatal runpath: tiny: /usr/bin/x (/usr/lib::/lib): ",
	    {.install = "echo 'int main(void) { return 0; }' > x.c; gcc -o usr/bin/x -Wl,-rpath,/usr/lib::/lib x.c; rm x.c", .files = "/usr/bin/x"}, NULL},
};

static void
test_found(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_fini) struct str text = {0};

		look_at(&cases[i].recipe, "tiny", cases[i].arch ? cases[i].arch : "x86_64", "", &text);
		if (strncmp(str_c(&text), cases[i].found, strlen(cases[i].found)) != 0 ||
		    strchr(str_c(&text), '\n') != text.p + text.n - 1)
			fail_msg("found: %s\nwanted: %s", str_c(&text), cases[i].found);
	}
}

/* What looks much like it and is in order. */
static void
test_not_found(void **state)
{
	static const struct recipe sound[] = {
		{.summary = "And so on..."},
		{.tail = "%changelog\n* Tue Nov 14 2023 Joe <joe@example.org> 1.0-alt1\n- today\n"},
		{.head = "Requires: tiny = 1.0\nObsoletes: tiny < 1.0\nConflicts: tiny\nProvides: tiny = 0.5"},
		{.files = "%ghost /run/tiny"},
		{.install = "mkdir usr/share/x", .files = "%attr(1777,root,root) %dir /usr/share/x"},
		{.install = "mkdir usr/share/x", .files = "%attr(2755,root,root) %dir /usr/share/x"},
		{.install = "echo > usr/share/x", .files = "%attr(644,joe,joe) /usr/share/x", .tail = "%pre\nuseradd -r joe\n"},
		{.head = "Requires: user(joe), group(joe)", .install = "echo > usr/share/x", .files = "%attr(644,joe,joe) /usr/share/x"},
		{.install = "ln usr/bin/tiny usr/bin/y", .files = "/usr/bin/y"},
		{.install = "ln -s ../../../etc usr/share/tiny/up; ln -s /proc/mounts usr/share/tiny/mounts"},
		{.install = "ln -s /etc usr/share/tiny/absolute"},
		{.install = "echo 'int main(void) { return 0; }' > x.c; gcc -o usr/bin/x '-Wl,-rpath,$ORIGIN/../lib:/usr/lib/x' x.c; rm x.c",
		    .files = "/usr/bin/x"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sound); i++) {
		AUTO(str_fini) struct str text = {0};

		look_at(&sound[i], "tiny", "x86_64", "", &text);
		if (text.n)
			fail_msg("%zu: %s", i, str_c(&text));
	}
}

static void
test_subpackage(void **state)
{
	static const struct recipe r = {.tail = "%package debuginfo\nSummary: Debug\n%description debuginfo\nDebug.\n"
	    "%files debuginfo\n/usr/lib/debug/x\n%package none\nSummary: None\n%description none\nNone.\n%files none\n",
	    .install = "mkdir -p usr/lib/debug; echo > usr/lib/debug/x"};
	AUTO(str_fini) struct str text = {0};

	look_at(&r, "tiny-debuginfo", "x86_64", "", &text);
	assert_string_equal(str_c(&text), "");
	look_at(&r, "tiny-none", "x86_64", "empty-package=fatal", &text);
	assert_string_equal(str_c(&text), "fatal empty-package: tiny-none: tiny-none: no files and no requirements\n");
}

static void
test_many(void **state)
{
	static const struct recipe r = {.install = "for i in $(seq 100); do echo > usr/bin/x$i; done; chmod 644 usr/bin/x*",
	    .files = "/usr/bin/x*"};
	AUTO(str_fini) struct str text = {0};
	size_t lines = 0;

	look_at(&r, "tiny", "x86_64", "", &text);
	for (const char *p = str_c(&text); (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, SANITY_MAX + 1);
	unit_has(str_c(&text), "and 36 more\n");
}

/* What rpmbuild would not write. */
static void
test_names(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *path = xasprintf("%s/rpms/tiny-1.0-alt1.x86_64.rpm", f.path);
	AUTO(str_fini) struct str spec = {0};
	AUTO(facts_fini) struct facts facts = {0};
	AUTO(sanity_list_fini) struct sanity_list l = {0};
	struct sanity_policy p;
	struct err err = {0};

	write_spec(&(struct recipe){0}, &spec);
	rpm_build(&f, str_c(&spec));
	OK(facts_from_rpm(path, "tiny-1.0-alt1.x86_64.rpm", &facts, &err));
	facts.name[0] = '_';
	facts.release[0] = ':';
	facts.files.p[1].path[1] = '\033';
	OK(sanity_parse("all=off name=fatal version=warning control-character=fatal encoding=fatal", &p, &err));
	OK(sanity_rpm(path, &facts, &p, NOW, &l, &err));
	assert_int_equal(l.n, 3);
	assert_int_equal(l.p[2].check, SANITY_CONTROL_CHARACTER);
	assert_string_equal(l.p[2].what, "/?sr/bin/tiny");
	assert_int_equal(l.p[0].check, SANITY_NAME);
	assert_int_equal(l.p[0].level, SANITY_FATAL);
	assert_int_equal(l.p[1].check, SANITY_VERSION);
	assert_int_equal(l.p[1].level, SANITY_WARNING);
	assert_string_equal(l.p[1].detail, "release `:lt1`");
	free(facts.files.p[--facts.files.n].path);
	free(facts.files.p[facts.files.n].content);
	FAILS(sanity_rpm(path, &facts, &p, NOW, &l, &err), "facts of another file");
	FAILS(sanity_rpm("/nonexistent", &facts, &p, NOW, &l, &err), "open /nonexistent");
}

static void
test_policy(void **state)
{
	struct sanity_policy p;
	struct err err = {0};

	OK(sanity_parse("", &p, &err));
	for (enum sanity_id i = 0; i < SANITY_CHECKS; i++)
		assert_int_equal(p.level[i], sanity_checks[i].level);
	OK(sanity_parse("setuid=warning  name=off\nsetuid=off", &p, &err));
	assert_int_equal(p.level[SANITY_SETUID], SANITY_OFF);
	assert_int_equal(p.level[SANITY_NAME], SANITY_OFF);
	assert_int_equal(p.level[SANITY_LOCATION], SANITY_FATAL);
	OK(sanity_parse("all=off scriptlet=fatal", &p, &err));
	assert_int_equal(p.level[SANITY_LOCATION], SANITY_OFF);
	assert_int_equal(p.level[SANITY_SCRIPTLET], SANITY_FATAL);
	FAILS(sanity_parse("setuid", &p, &err), "`setuid` is not CHECK=LEVEL");
	FAILS(sanity_parse("setuid=maybe", &p, &err), "`setuid=maybe` is not CHECK=LEVEL");
	FAILS(sanity_parse("suid=off", &p, &err), "no check `suid`");
	FAILS(sanity_parse("=off", &p, &err), "no check ``");
}

/* The table: each has a name of its own that can stand in the allow-list, and a line for people. */
static void
test_table(void **state)
{
	for (enum sanity_id i = 0; i < SANITY_CHECKS; i++) {
		const struct sanity_check *c = &sanity_checks[i];

		assert_non_null(c->name);
		assert_int_equal(strspn(c->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(c->name));
		assert_int_equal(sanity_find(c->name), i);
		assert_true(*c->text && !strchr(c->text, '\n'));
	}
	assert_int_equal(sanity_find("all"), SANITY_CHECKS);
	assert_int_equal(sanity_find(""), SANITY_CHECKS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_subpackage),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
