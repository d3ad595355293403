#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "source/spec.h"

static void
check(const char *text, const char *name, const char *epoch, const char *version, const char *release)
{
	AUTO(spec_fini) struct spec s = {0};
	struct err err = {0};

	if (spec_scan(text, &s, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(s.name, name);
	assert_string_equal(s.version, version);
	assert_string_equal(s.release, release);
	if (epoch)
		assert_string_equal(s.epoch, epoch);
	else
		assert_null(s.epoch);
}

static void
refused(const char *text, const char *part)
{
	AUTO(spec_fini) struct spec s = {0};
	struct err err = {0};

	assert_int_equal(spec_scan(text, &s, &err), -1);
	assert_null(s.name);
	if (!strstr(err.msg, part))
		fail_msg("\"%s\" is not in \"%s\"", part, err.msg);
}

static void
test_plain(void **state)
{
	check("Name: foo\nVersion: 1.0\nRelease: alt1\n", "foo", NULL, "1.0", "alt1");
	check("name:foo\nVERSION :\t1.0~rc1 \r\nRelease: 1^git2\nEpoch: 3", "foo", "3", "1.0~rc1", "1^git2");
	check("Serial: 2\nName: a\nVersion: 1\nRelease: 1\n", "a", "2", "1", "1");
	check("# Name: no\nName: a\nName: b\nVersion: 1\nRelease: 1\n%package x\nVersion: 9\n", "a", NULL, "1", "1");
	check("Version: 1\nRelease: 1\nName: a\n%description\nEpoch: 4\n", "a", NULL, "1", "1");
}

static void
test_missing(void **state)
{
	refused("", "no Name");
	refused("Name: a\n", "no Version");
	refused("Name: a\nVersion: 1\n", "no Release");
	refused("Name: a\nVersion: 1\n%description\nRelease: 1\n", "no Release");
	refused("Name: a b\nVersion: 1\nRelease: 1\n", "Name: \"a b\"");
	refused("Name: ../a\nVersion: 1\nRelease: 1\n", "Name:");
	refused("Name:\nVersion: 1\nRelease: 1\n", "Name:");
	refused("Name: a\nVersion: 1-2\nRelease: 1\n", "Version:");
	refused("Name: a\nVersion: 1/2\nRelease: 1\n", "Version:");
	refused("Name: a\nVersion: 1\nRelease: \033[0m\n", "Release:");
	refused("Name: a\nVersion: 1\nRelease: 1\nEpoch: x\n", "Epoch:");
}

static void
test_macros(void **state)
{
	check("%define ver 1.2\n%global rel alt%ver\nName: x-%{nil}y\nVersion: %{ver}\nRelease: %rel\n",
	    "x-y", NULL, "1.2", "alt1.2");
	check("Name: a\nVersion: 1\nRelease: 1%{?dist}%{!?dist:.none}%{?_with_x:.x}\n", "a", NULL, "1", "1.none");
	check("%define beta rc1\nName: a\nVersion: 1\nRelease: 0%{?beta:.%{beta}}%{!?beta:no}\n", "a", NULL, "1", "0.rc1");
	refused("Name: a%%b\nVersion: 1\nRelease: 1\n", "Name: \"a%b\"");
}

static void
test_order(void **state)
{
	check("Name: a\nVersion: 1\nRelease: %{version}.%{name}\n", "a", NULL, "1", "1.a");
	check("%define v 1\nName: a\nVersion: %v\n%define v 2\nRelease: %v\n", "a", NULL, "1", "2");
	check("%define a 1\n%define b %a\n%global c %a\n%define a 2\nName: x%b\nVersion: %c\nRelease: 1\n",
	    "x2", NULL, "1", "1");
	check("%define a 1\n%undefine a\nName: x\nVersion: 1%{?a}\nRelease: 1\n", "x", NULL, "1", "1");
	check("%{!?v: %define v 7}\n%{!?v: %define v 8}\nName: a\nVersion: %v\nRelease: 1\n", "a", NULL, "7", "1");
	check("%define long a\\\nVersion: 9\nName: a\nVersion: 1\nRelease: 1\n", "a", NULL, "1", "1");
	check("%define block %{expand:\nVersion: 9\n}\nName: a\nVersion: 1\nRelease: 1\n", "a", NULL, "1", "1");
}

static void
test_conditions(void **state)
{
	check("%if 0%{?rhel}\nName: no\n%else\nName: yes\n%endif\nVersion: 1\nRelease: 1\n", "yes", NULL, "1", "1");
	check("%if 1\n%if 0\nName: a\n%endif\nName: b\n%endif\nVersion: 1\nRelease: 1\n", "b", NULL, "1", "1");
	check("%if !0%{?x}\nName: a\n%elif 1\nName: b\n%else\nName: c\n%endif\nVersion: 1\nRelease: 1\n",
	    "a", NULL, "1", "1");
	check("%if 0\nName: a\n%elif 1\nName: b\n%else\nName: c\n%endif\nVersion: 1\nRelease: 1\n", "b", NULL, "1", "1");
	check("%if_with x\nBuildRequires: y\n%endif\nName: a\nVersion: 1\nRelease: 1\n", "a", NULL, "1", "1");
	check("%ifarch x86_64\n%define lib lib64\n%endif\nName: a\nVersion: 1\nRelease: 1\n", "a", NULL, "1", "1");
	refused("%ifarch x86_64\n%define v 2\n%else\n%define v 3\n%endif\nName: a\nVersion: %v\nRelease: 1\n",
	    "version: %v cannot be told");
	check("%endif\n%else\nName: a\nVersion: 1\nRelease: 1\n", "a", NULL, "1", "1");
}

/* A spec is code: what would have to be run is named, and only if a tag depends on it. */
static void
test_untold(void **state)
{
	refused("Name: a\nVersion: %(date)\nRelease: 1\n", "%(");
	refused("Name: a\nVersion: %{lua:print(1)}\nRelease: 1\n", "%{lua:print(1)}");
	refused("Name: a\nVersion: 1\nRelease: %mkrel 1\n", "%mkrel");
	refused("Name: a\nVersion: 1\nRelease: %{autorelease}\n", "%{autorelease}");
	refused("%define f() 1\nName: a\nVersion: %f\nRelease: 1\n", "%f");
	refused("%global d %(date)\nName: a\nVersion: %d\nRelease: 1\n", "%d");
	refused("%define d %(date)\nName: a\nVersion: %d\nRelease: 1\n", "%(");
	refused("Name: a\nVersion: %{x\nRelease: 1\n", "cannot be told");
	refused("Name: a\nVersion: %[1+1]\nRelease: 1\n", "%[");
	check("%global d %(date)\nName: a\nVersion: 1\nRelease: 1\n", "a", NULL, "1", "1");
}

/* Nothing grows or takes time without bound. */
static void
test_bombs(void **state)
{
	AUTO(str_fini) struct str text = {0};

	refused("%define a %a\nName: %a\nVersion: 1\nRelease: 1\n", "nested too deep");
	refused("%define a %b\n%define b %a\nName: %a\nVersion: 1\nRelease: 1\n", "nested too deep");
	str_puts(&text, "%define m0 xxxxxxxxxx\n");
	for (int i = 1; i < 30; i++)
		str_add(&text, "%%define m%d %%{m%d}%%{m%d}%%{m%d}\n", i, i - 1, i - 1, i - 1);
	str_puts(&text, "Name: %m29\nVersion: 1\nRelease: 1\n");
	refused(str_c(&text), "more than 4096 bytes");
	str_clear(&text);
	str_puts(&text, "%define m0 %{nil}\n");
	for (int i = 1; i < 30; i++)
		str_add(&text, "%%define m%d %%{m%d}%%{m%d}%%{m%d}\n", i, i - 1, i - 1, i - 1);
	str_puts(&text, "Name: %m29\nVersion: 1\nRelease: 1\n");
	refused(str_c(&text), "nested too deep");
	str_clear(&text);
	for (int i = 0; i < 1000; i++)
		str_puts(&text, "%if 1\n");
	refused(str_c(&text), "conditions");
}

static void
test_some(void **state)
{
	AUTO(spec_fini) struct spec s = {0};
	struct err err = {0};

	assert_int_equal(spec_scan_some("Version: v2\n", &s, &err), 0);
	assert_null(s.name);
	assert_string_equal(s.version, "v2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_macros),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
