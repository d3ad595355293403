#include "tests/unit.h"

#include "base/err.h"
#include "builder/reason.h"

/* tests/data/logs: real packages, broken on purpose. */
static void
test_real_logs(void **state)
{
	static const struct {
		const char *log, *section, *cause, *last;
	} cases[] = {
		{"check", "%check", "FAIL: tests/hello-1",
		    "make: *** [Makefile:2362: check] Error 2"},
		{"cmake", "%build", "CMake Error at CMakeLists.txt:174 (find_package): By not providing "
		    "\"FindLibNotThere.cmake\" in CMAKE_MODULE_PATH this project has asked CMake to find a "
		    "package configuration file provided by \"LibNotThere\", but CMake did not find one.",
		    ""},
		{"command", "%install", "/var/tmp/rpm-tmp.Ab12Cd: 34: install-catalogs: not found",
		    ""},
		{"compile", "%build", "xxhash.h:2159:16: error: unknown type name 'XXH_eror'; did you mean 'XXH_errorcode'?",
		    "make: *** [<builtin>: xxhash.o] Error 1"},
		{"configure", "%build", "configure: error: C compiler cannot create executables",
		    ""},
		{"disk", "%install", "dd: error writing '/dev/full': No space left on device",
		    ""},
		{"header", "%build", "cli/xxhsum.c:48:10: fatal error: zstd/nothere.h: No such file or directory",
		    "make: *** [<builtin>: cli/xxhsum.o] Error 1"},
		{"java", "%build", "Hello.java:3: error: ';' expected",
		    "1 error"},
		{"meson", "%build", "meson.build:2:0: ERROR: Dependency \"gnulib\" not found, tried pkgconfig and cmake",
		    ""},
		{"ninja", "%build", "/home/builder/rpmbuild/BUILD/xxhash-0.8.1/xxhash.h:1876:59: error: 'XXH_NUMBER' "
		    "undeclared (first use in this function)",
		    "ninja: build stopped: cannot make progress due to previous errors."},
		{"no-library", "%build", "/usr/bin/ld: cannot find -lnothere: No such file or directory",
		    "make: *** [Makefile:143: libxxhash.so.0.8.1] Error 1"},
		{"nofile", "%install", "install: cannot stat 'contrib/hello.conf': No such file or directory",
		    ""},
		{"not-found", "%files", "File not found: /home/builder/rpmbuild/BUILDROOT/hello-2.10-1.x86_64/usr/bin/goodbye",
		    "File not found: /home/builder/rpmbuild/BUILDROOT/hello-2.10-1.x86_64/usr/sbin/hellod"},
		{"patch", "%prep", "1 out of 1 hunk FAILED -- saving rejects to file src/hello.c.rej",
		    ""},
		{"perl", "%build", "Can't locate Locale/Maketext/Nowhere.pm in @INC (you may need to install the "
		    "Locale::Maketext::Nowhere module) (@INC contains: /etc/perl "
		    "/usr/local/lib/x86_64-linux-gnu/perl/5.36.0 /usr/local/share/perl/5.36.0 "
		    "/usr/lib/x86_64-linux-gnu/perl5/5.36 /usr/share/perl5 "
		    "/usr/lib/x86_64-linux-gnu/perl-base",
		    "BEGIN failed--compilation aborted at Makefile.PL line 2."},
		{"prove", "%check", "not ok 2 - greets the world",
		    ""},
		{"python", "%build", "ModuleNotFoundError: No module named 'hello_version'",
		    ""},
		{"silent", "%check", "+ test Hello, farm! = Hello, field!",
		    ""},
		{"spec-macro", "", "error: line 18: unclosed macro or bad line continuation",
		    ""},
		{"spec-tag", "", "error: line 5: Unknown tag: Lisence: GPL-3.0-or-later",
		    ""},
		{"template", "%build", "sort.cc:40:10: error: expected unqualified-id before 'short'",
		    "make: *** [<builtin>: sort.o] Error 1"},
		{"undefined", "%build", "/home/builder/rpmbuild/BUILD/hello-2.10/src/hello.c:121: undefined reference to "
		    "`program_name'",
		    "make: *** [Makefile:1413: all] Error 2"},
		{"unittest", "%check", "FAIL: test_default (__main__.Greeting.test_default)",
		    "FAILED (failures=1)"},
		{"unpackaged", "%files", "Installed (but unpackaged) file(s) found: /usr/share/info/hello.info "
		    "/usr/share/man/man1/hello.1",
		    ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(free) char *path = xasprintf("logs/%s.log", cases[i].log);
		AUTO(free) char *log = unit_data(path);
		AUTO(reason_fini) struct reason r = {0};

		reason_find(log, strlen(log), &r);
		assert_string_equal(r.section, cases[i].section);
		assert_string_equal(r.cause, cases[i].cause);
		assert_string_equal(r.last, cases[i].last);
	}
}

static char *
text_of(const char *log, size_t n)
{
	AUTO(reason_fini) struct reason r = {0};
	struct str out = {0};

	reason_find(log, n, &r);
	reason_text(&r, &out);
	return str_steal(&out);
}

static void
is(const char *log, const char *wanted)
{
	AUTO(free) char *got = text_of(log, strlen(log));

	assert_string_equal(got, wanted);
}

static void
test_which_line(void **state)
{
	is("", "");
	is("\n\n", "");
	is("no line end", "no line end");
	is("Executing(%prep): x\na.c:1:1: error: old\nExecuting(%build): x\nb.c:2:2: error: new\n"
	    "error: Bad exit status from /x (%build)\nc.c:3:3: error: later\n", "%build: b.c:2:2: error: new");
	/* what was not heeded, and what was */
	is("rm: cannot remove 'a': No such file or directory\ncp: cannot stat 'b': No such file or directory\n",
	    "cp: cannot stat 'b': No such file or directory");
	is("lint: 3 complaints\nmake: *** [Makefile:3: lint] Error 1\n", "lint: 3 complaints");
	is("+ make\nmake: *** [Makefile:3: lint] Error 1\n", "make: *** [Makefile:3: lint] Error 1");
	is("make: *** [Makefile:3: x] Error 1 (ignored)\nlast\n", "last");
	is("a.c:1:2: warning: error: is a word\nx\n", "x");
	is("error[E0425]: cannot find value `x`\n --> src/main.rs:2:20\n  |\n", "error[E0425]: cannot find value `x` --> src/main.rs:2:20");
	is("\033[1m\033[Ka.c:1:2:\033[m\033[K \033[01;31m\033[Kerror: \033[m\033[Kno\n", "a.c:1:2: error: no");
	is("make[2]: *** No rule to make target 'a', needed by 'b'.  Stop.\n", "make[2]: *** No rule to make target 'a', needed by 'b'.  Stop.");
	is("not ok 1 - known # TODO later\nnot ok 2 - new\n", "not ok 2 - new");
	is(" 3/12 merge   FAIL   0.1s   exit status 1\n", "3/12 merge   FAIL   0.1s   exit status 1");
	is("Executing(%build): x\nerror: Bad exit status from /x (%a section whose name is too long to be one)\n", "");
}

static void
test_hostile(void **state)
{
	static const char binary[] = "a\0b\033]0;title\a.c:1: error: \302\233 \377\n";
	AUTO(free) char *got = text_of(binary, sizeof(binary) - 1);
	AUTO(str_fini) struct str log = {0};
	AUTO(reason_fini) struct reason r = {0};

	assert_string_equal(got, "a?b.c:1: error: ?? ?");
	str_puts(&log, "x.c:1: error: ");
	for (int i = 0; i < 5000; i++)
		str_puts(&log, "\303\244");
	reason_find(str_c(&log), log.n, &r);
	assert_int_equal(strlen(r.cause), REASON_CAUSE);
	assert_int_equal((unsigned char)r.cause[REASON_CAUSE - 1], 0xa4);
	reason_fini(&r);
	/* Nothing but near misses of patterns with several stars: linear, or this takes for ever. */
	str_clear(&log);
	for (int i = 0; i < 300000; i++)
		str_puts(&log, i % 50 ? ": relocation 1/2 FAI" : "\n");
	reason_find(str_c(&log), log.n, &r);
	assert_true(strlen(r.cause) <= REASON_CAUSE);
}

static void
test_end_of_a_file(void **state)
{
	AUTO(reason_fini) struct reason r = {0};
	FILE *f = tmpfile();
	struct err err = {0};

	assert_non_null(f);
	fputs("a.c:1: error: too long ago\n", f);
	for (int i = 0; i < 5 << 20; i += 10)
		fputs("123456789\n", f);
	fputs("a.c:1: error: here\n", f);
	assert_int_equal(fflush(f), 0);
	OK(reason_read(fileno(f), &r, &err));
	assert_string_equal(r.cause, "a.c:1: error: here");
	fclose(f);
	reason_fini(&r);
	FAILS(reason_read(-1, &r, &err), "log");
	assert_string_equal(r.cause, "");
}

static void
says(const char *log, const char *said, bool stopped, const char *why, const char *last)
{
	AUTO(strs_fini) struct strs lines = {0};
	FILE *f = tmpfile();

	assert_non_null(f);
	fputs(log, f);
	assert_int_equal(fflush(f), 0);
	reason_lines(fileno(f), said, stopped, &lines);
	fclose(f);
	assert_int_equal(lines.n, last ? 2 : 1);
	assert_string_equal(lines.p[0], why);
	if (last)
		assert_string_equal(lines.p[1], last);
}

static void
test_what_is_said(void **state)
{
	static const char log[] = "Executing(%build): x\n+ make\na.c:1: error: no\nmake: *** [a] Error 1\n"
	    "error: Bad exit status from /x (%build)\n";

	says(log, "rpmbuild: exit status 1", false, "%build: a.c:1: error: no", "make: *** [a] Error 1");
	says("", "rpmbuild: exit status 1", false, "rpmbuild: exit status 1", NULL);
	says("error: line 3: x\n", "rpmbuild: exit status 1", false, "error: line 3: x (rpmbuild: exit status 1)", NULL);
	says("error: line 3: x\n", "rpmspec could not read the spec", false, "error: line 3: x", NULL);
	says(log, "BuildRequires: nothing provides a", false, "BuildRequires: nothing provides a", NULL);
	says("+ sleep 9\n", "was silent for 3 s", true, "was silent for 3 s", "+ sleep 9");
	says("", "was silent for 3 s", true, "was silent for 3 s", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_logs),
		cmocka_unit_test(test_which_line),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_end_of_a_file),
		cmocka_unit_test(test_what_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
