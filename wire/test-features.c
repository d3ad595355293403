#include "tests/unit.h"

#include "wire/features.h"

static void
is_list(const char *text, const char *wanted)
{
	AUTO(strs_fini) struct strs got = {0};
	AUTO(free) char *list = NULL;
	struct err err = {0};

	OK(features_parse(text, &got, &err));
	list = strs_join(&got, " ");
	assert_string_equal(list, wanted);
}

static void
is_wrong(const char *text, const char *part)
{
	AUTO(strs_fini) struct strs got = {0};
	struct err err;

	FAILS(features_parse(text, &got, &err), part);
	assert_int_equal(got.n, 0);
}

static void
test_good(void **state)
{
	is_list("", "");
	is_list(" kvm  bigmem\t", "kvm bigmem");
	is_list("a-b_c.9 0x", "a-b_c.9 0x");
	is_list("1 2 3 4 5 6 7 8", "1 2 3 4 5 6 7 8");
	is_list("abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwx");
}

static void
test_bad(void **state)
{
	is_wrong("kvm KVM", "feature `KVM`");
	is_wrong("kvm,bigmem", "feature `kvm,bigmem`");
	is_wrong("-x", "feature `-x`");
	is_wrong("..", "feature `..`");
	is_wrong("sm\303\266rg", "must be a name");
	is_wrong("a b a", "feature `a` is given twice");
	is_wrong("1 2 3 4 5 6 7 8 9", "more than 8 features");
	is_wrong("abcdefghijklmnopqrstuvwxy", "at most 24 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
