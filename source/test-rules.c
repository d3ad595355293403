#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"
#include "source/gear-rules.h"
#include "source/glob.h"

static void
parse_good(const char *text, struct gear_rules *r, struct strs *notes)
{
	struct err err = {0};

	if (gear_rules_parse(text, r, notes, &err) < 0)
		fail_msg("%s", err.msg);
}

static void
refused(const char *text, const char *part)
{
	AUTO(gear_rules_fini) struct gear_rules r = {0};
	AUTO(strs_fini) struct strs notes = {0};
	struct err err = {0};

	if (gear_rules_parse(text, &r, &notes, &err) == 0)
		fail_msg("accepted: %s", text);
	if (!strstr(err.msg, part))
		fail_msg("\"%s\" is not in \"%s\"", part, err.msg);
}

static void
test_directives(void **state)
{
	AUTO(gear_rules_fini) struct gear_rules r = {0};
	AUTO(strs_fini) struct strs notes = {0};

	parse_good("# comment\n"
	    "\n"
	    "spec: a/b.spec\n"
	    "  tags :.tags\n"
	    "exclude: *.orig  *~\n"
	    "specsubst: one two\n"
	    "copy?: *.patch 'with blank'\n"
	    "tar.xz: v@version@:. name=@name@ base=x exclude=a/** exclude=b spec=o.spec suffix=.txz\n"
	    "zip:dir\n"
	    "diff.gz?: v1:. . name=x.patch exclude=.gear\r\n"
	    "compress: type=zstd name=n.zst -19 -- file", &r, &notes);
	assert_int_equal(notes.n, 0);
	assert_string_equal(r.spec, "a/b.spec");
	assert_string_equal(r.tags, ".tags");
	assert_int_equal(r.exclude.n, 2);
	assert_int_equal(r.specsubst.n, 2);
	assert_int_equal(r.rules.n, 5);
	assert_int_equal(r.rules.p[0].kind, RULE_COPY);
	assert_true(r.rules.p[0].optional);
	assert_int_equal(r.rules.p[0].line, 7);
	assert_string_equal(r.rules.p[0].paths.p[1], "with blank");
	assert_int_equal(r.rules.p[1].kind, RULE_TAR);
	assert_int_equal(r.rules.p[1].compression, COMPRESSION_XZ);
	assert_false(r.rules.p[1].optional);
	assert_string_equal(r.rules.p[1].paths.p[0], "v@version@:.");
	assert_string_equal(r.rules.p[1].name, "@name@");
	assert_string_equal(r.rules.p[1].base, "x");
	assert_string_equal(r.rules.p[1].spec, "o.spec");
	assert_string_equal(r.rules.p[1].suffix, ".txz");
	assert_int_equal(r.rules.p[1].exclude.n, 2);
	assert_int_equal(r.rules.p[2].kind, RULE_ZIP);
	assert_int_equal(r.rules.p[3].kind, RULE_DIFF);
	assert_int_equal(r.rules.p[3].compression, COMPRESSION_GZIP);
	assert_int_equal(r.rules.p[4].level, 19);
	assert_int_equal(r.rules.p[4].compression, COMPRESSION_ZSTD);
}

static void
test_unknown(void **state)
{
	AUTO(gear_rules_fini) struct gear_rules r = {0};
	AUTO(strs_fini) struct strs notes = {0};
	AUTO(str_fini) struct str many = {0};

	parse_good("type: x\nspec?: a\nno colon\n\033[1m: x\n", &r, &notes);
	assert_int_equal(notes.n, 4);
	assert_string_equal(notes.p[0], "line 1: \"type\" is not a known directive and was ignored");
	assert_string_equal(notes.p[3], "line 4: \"?[1m\" is not a known directive and was ignored");
	assert_int_equal(r.rules.n, 0);
	for (int i = 0; i < 1000; i++)
		str_puts(&many, "what: ever\n");
	parse_good(str_c(&many), &r, &notes);
	assert_true(notes.n < 100);
}

static void
test_refused(void **state)
{
	refused("spec: a\nspec: b\n", "line 2: a second spec:");
	refused("spec:\n", "takes one path");
	refused("spec: /etc/passwd\n", "takes one path");
	refused("tags: a/../b\n", "takes one path");
	refused("copy:\n", "a pattern is wanted");
	refused("copy: ../x\n", "not a pattern");
	refused("copy: /etc/*\n", "not a pattern");
	refused("copy: a/\n", "not a pattern");
	refused("copy: 'open\n", "quote is not closed");
	refused("copy: a\033b\n", "control characters");
	refused("tar:\n", "a tree is wanted");
	refused("tar: :x\n", "neither PATH nor");
	refused("tar: x:\n", "neither PATH nor");
	refused("tar: v1:..\n", "neither PATH nor");
	refused("tar: v1:/x\n", "neither PATH nor");
	refused("tar: . what=ever\n", "unknown option");
	refused("tar: . spec=../x\n", "spec= takes a path");
	refused("tar: . exclude=\n", "empty exclude=");
	refused("diff: a\n", "two trees");
	refused("diff: a b base=x\n", "unknown option");
	refused("compress: type=gzip a\n", "unknown option");
	refused("compress: type=rar -- a\n", "unknown type");
	refused("compress: -- a\n", "wants type=");
	refused("compress: type=gzip -10 -- a\n", "no level");
	refused("compress: type=copy -9 -- a\n", "no level");
	refused("compress: type=gzip --\n", "a pattern is wanted");
	refused("compress: type=gzip --rm -- a\n", "unknown option");
	refused("specsubst: a-b\n", "letters, digits and _");
}

static void
quoted(const char *text, const char *expected)
{
	AUTO(gear_rules_fini) struct gear_rules r = {0};
	AUTO(strs_fini) struct strs notes = {0};
	AUTO(free) char *joined = NULL;

	parse_good(text, &r, &notes);
	joined = strs_join(&r.rules.p[0].paths, "|");
	assert_string_equal(joined, expected);
}

static void
test_quoting(void **state)
{
	quoted("copy: a b", "a|b");
	quoted("copy: 'a b' \"c d\"", "a b|c d");
	quoted("copy: a\\ b c\\\\d", "a b|c\\d");
	quoted("copy: \"a\\\"b\" '\\x' \"\\x\"", "a\"b|\\x|\\x");
	quoted("copy: a'b'\"c\"", "abc");
	quoted("copy: $(x) `y` $Z", "$(x)|`y`|$Z");
}

static void
test_expand(void **state)
{
	const struct gear_keyword k[] = {{"name", "foo"}, {"version", "1.0"}, {"dir", NULL}};
	static const char *const cases[][2] = {
		{"@name@-@version@", "foo-1.0"}, {"@@name@@", "@foo@"}, {"a@b", "a@b"}, {"@name", "@name"},
		{"@other@name@", "@otherfoo"}, {"", ""}, {"@", "@"}, {"@nam@ @names@", "@nam@ @names@"},
	};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(free) char *out = NULL;

		assert_int_equal(gear_expand(cases[i][0], k, ARRAY_SIZE(k), 100, &out, &err), 0);
		assert_string_equal(out, cases[i][1]);
	}
	assert_int_equal(gear_expand("x@dir@", k, ARRAY_SIZE(k), 100, &(char *){NULL}, &err), -1);
	assert_int_equal(gear_expand("@name@@name@", k, ARRAY_SIZE(k), 5, &(char *){NULL}, &err), -1);
}

static void
test_glob(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool shell, path;
	} cases[] = {
		{"*", "a", true, true}, {"*", ".hidden", true, true}, {"*", "a/b", true, false}, {"*", "", true, true},
		{"*.spec", "a.spec", true, true}, {"*.spec", "a/b.spec", true, false}, {"?", "/", true, false},
		{"a?c", "abc", true, true}, {"[a-c]x", "bx", true, true}, {"[!a-c]x", "bx", false, false},
		{"[^a]", "b", true, true}, {"[]]", "]", true, true}, {"[a-]", "-", true, true}, {"[", "[", true, true},
		{"[!x]", "/", true, false}, {"\\*", "*", true, true}, {"\\*", "a", false, false},
		{"a*b*c", "aXbYc", true, true}, {"a*b*c", "aXbY", false, false}, {"*a*a*a*b", "aaaaaaaaaaaaaaaa", false, false},
		{"**/x", "x", false, true}, {"**/x", "a/b/x", true, true}, {"**/x", "a/xx", false, false},
		{"a/**", "a/b/c", true, true}, {"a/**", "a", false, false}, {"a/**/c", "a/c", false, true},
		{"a/**/c", "a/x/y/c", true, true}, {"a/**/c", "ac", false, false}, {"a**", "a/b", true, false},
		{"*/c/za*", "b/c/zaz", true, true}, {"**/t*/x", "a/tb/y/tc/x", true, true}, {"test*", "tests/a", true, false},
		{"**", "a/b", true, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (glob_match(cases[i].pattern, cases[i].name) != cases[i].shell ||
		    glob_match_path(cases[i].pattern, cases[i].name) != cases[i].path)
			fail_msg("%s against %s", cases[i].pattern, cases[i].name);
	assert_true(glob_match_path("doc", "doc/x"));
	assert_true(glob_match_path("doc/", "doc/x"));
	assert_true(glob_match_path("doc", "doc"));
	assert_false(glob_match_path("doc", "docs"));
	assert_false(glob_match_path("", "a"));
}

static void
test_paths(void **state)
{
	static const char *const good[] = {"a", "a/b", ".", "./a", "a..b", "..a", "a/..b"};
	static const char *const bad[] = {"", "/", "/a", "..", "../a", "a/..", "a/../b", "a\nb", "a\x7f"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(gear_path_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(gear_path_valid(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
