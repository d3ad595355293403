#include "tests/unit.h"

#include <errno.h>

#include "shell/command.h"

static void
test_split(void **state)
{
	static const struct {
		const char *line, *words;	/* joined with | */
	} cases[] = {
		{"", ""}, {"   ", ""}, {"task ls", "task|ls"}, {"  task\t ls  ", "task|ls"}, {"a  b", "a|b"},
		{"'task ls'", "'task|ls'"}, {"a\\ b", "a\\|b"}, {"$(id) `id` ;|&>x", "$(id)|`id`|;|&>x"},
		{"-m \xc3\xa4", "-m|\xc3\xa4"}, {"*? ~ #7", "*?|~|#7"},
		{"a\xc2\xa0" "b\xe3\x80\x80" "c", "a\xc2\xa0" "b\xe3\x80\x80" "c"},	/* other blanks are none */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(strs_fini) struct strs words = {0};
		AUTO(free) char *got = NULL;
		struct err err = {0};

		OK(command_split(cases[i].line, &words, &err));
		got = strs_join(&words, "|");
		assert_string_equal(got, cases[i].words);
	}
}

/* What is refused is not said again. */
static void
test_not_text(void **state)
{
	static const char *const lines[] = {"task ls\nid", "task\rls", "\033]0;secret\a", "a\x7f", "a\v" "b", "\xff", "\xc2\x9b" "31m",
	    "\xc0\xaf", "a\xe2\x80\xae" "b", "\xed\xa0\x80", "cut \xe2\x82"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		AUTO(strs_fini) struct strs words = {0};
		struct err err = {0};

		FAILS(command_split(lines[i], &words, &err), "not one line of printable UTF-8");
		assert_int_equal(err.code, EINVAL);
		assert_string_equal(err.msg, "the command is not one line of printable UTF-8");
		assert_int_equal(words.n, 0);
	}
}

static char *
repeated(const char *text, size_t times)
{
	struct str s = {0};

	while (times--)
		str_puts(&s, text);
	return str_steal(&s);
}

static void
test_bounds(void **state)
{
	AUTO(free) char *most = repeated("a ", COMMAND_WORDS);
	AUTO(free) char *more = repeated("a ", COMMAND_WORDS + 1);
	AUTO(free) char *longest = repeated("x", COMMAND_BYTES);
	AUTO(free) char *longer = repeated("x", COMMAND_BYTES + 1);
	AUTO(strs_fini) struct strs words = {0};
	AUTO(strs_fini) struct strs one = {0};
	AUTO(strs_fini) struct strs none = {0};
	struct err err = {0};

	OK(command_split(most, &words, &err));
	assert_int_equal(words.n, COMMAND_WORDS);
	FAILS(command_split(more, &none, &err), "more than 8192 words");
	OK(command_split(longest, &one, &err));
	assert_int_equal(one.n, 1);
	FAILS(command_split(longer, &none, &err), "longer than 98304 bytes");
}


static void
test_git(void **state)
{
	static const struct {
		const char *line, *path;
		int what;
	} cases[] = {
		{"git-upload-pack 'zlib.git'", "zlib.git", COMMAND_FETCH},
		{"git-upload-pack '/people/joe/packages/zlib.git'", "/people/joe/packages/zlib.git", COMMAND_FETCH},
		{"git-upload-pack zlib.git", "zlib.git", COMMAND_FETCH},
		{"git upload-pack 'zlib.git'", "zlib.git", COMMAND_FETCH},
		{"git-receive-pack 'zlib.git'", "zlib.git", COMMAND_PUSH},
		{"git receive-pack 'zlib.git'", "zlib.git", COMMAND_PUSH},
		/* What is no good name comes out as it was meant: to judge it is not for here. */
		{"git-receive-pack '-x'", "-x", COMMAND_PUSH},
		{"git-upload-pack '../../etc'", "../../etc", COMMAND_FETCH},
		{"git-upload-pack '", "", -1},
		{"git-upload-pack", "", -1}, {"git-upload-pack ''", "", -1}, {"git-upload-pack 'a' 'b'", "", -1},
		{"git-upload-pack --strict 'a'", "", -1}, {"git-upload-pack --strict a", "", -1}, {"git-upload-pack 'a'\\''b'", "", -1},
		{"git-upload-pack a\\!b", "", -1}, {"git-upload-pack 'a b'", "", -1}, {"git-upload-pack 'a", "", -1},
		{"git-upload-archive 'a'", "", -1}, {"git-shell -c x", "", -1}, {"git-", "", -1}, {"git gc", "", -1}, {"git --exec-path=/tmp", "", -1},
		{"git -c core.x=y upload-pack 'a'", "", -1}, {"git-upload-packs 'a'", "", -1}, {"git upload-pack", "", -1},
		{"git", NULL, COMMAND_NO_GIT}, {"", NULL, COMMAND_NO_GIT}, {"task ls", NULL, COMMAND_NO_GIT},
		{"gitk git-upload-pack", NULL, COMMAND_NO_GIT}, {"/usr/bin/git-upload-pack 'a'", NULL, COMMAND_NO_GIT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(strs_fini) struct strs words = {0};
		AUTO(free) char *path = NULL;
		struct err err = {0};
		int r;

		OK(command_split(cases[i].line, &words, &err));
		r = command_git(&words, &path, &err);
		if (r != cases[i].what)
			fail_msg("%s: %d", cases[i].line, r);
		if (r > 0)
			assert_string_equal(path, cases[i].path);
		else
			assert_null(path);
		assert_int_equal(err.code, r < 0 ? EINVAL : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_not_text),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_git),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
