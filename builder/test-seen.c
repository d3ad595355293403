/* What is seen of installed packages: packed, kept from job to job, and the last lines of scriptlets. */
#include "tests/unit.h"

#include "base/hash.h"
#include "base/pack.h"
#include "builder/echo.h"
#include "builder/seen.h"
#include "builder/tested.h"

static void
test_pack(void **state)
{
	AUTO(seen_list_fini) struct seen_list l = {0};
	AUTO(seen_list_fini) struct seen_list got = {0};
	AUTO(str_fini) struct str packed = {0};
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	seen_text(&l, &text);
	assert_string_equal(str_c(&text), "");
	seen_add(&l, SANITY_SCRIPTLET, "foo", "%post", "exit status 3: a\033[31mb");
	seen_add(&l, SANITY_DANGLING_LINK, "foo", "/usr/lib/x", "");
	seen_pack(&packed, &l);
	OK(seen_unpack(packed.p, packed.n, &got, &err));
	assert_int_equal(got.n, 2);
	assert_int_equal(got.p[0].check, SANITY_SCRIPTLET);
	assert_string_equal(got.p[0].package, "foo");
	assert_string_equal(got.p[0].detail, "exit status 3: a?[31mb");
	assert_int_equal(got.p[1].check, SANITY_DANGLING_LINK);
	assert_string_equal(got.p[1].what, "/usr/lib/x");
	seen_text(&got, &text);
	assert_string_equal(str_c(&text), "%post of foo (exit status 3: a?[31mb) (and 1 more)");
	for (size_t n = 0; n < packed.n; n++) {
		AUTO(free) void *copy = memcpy(xcalloc(1, n), packed.p, n);
		AUTO(seen_list_fini) struct seen_list cut = {0};

		FAILS(seen_unpack(copy, n, &cut, &err), "what was seen of a package");
	}
}

/* Only what is seen of an installed package comes from there. */
static void
test_foreign(void **state)
{
	static const char *const checks[] = {"setuid", "nothing", ""};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		AUTO(seen_list_fini) struct seen_list l = {0};
		AUTO(str_fini) struct str packed = {0};

		pack_u32(&packed, 1);
		pack_text(&packed, checks[i]);
		for (int k = 0; k < 3; k++)
			pack_text(&packed, "x");
		FAILS(seen_unpack(packed.p, packed.n, &l, &err), "malformed");
	}
}

static void
test_many(void **state)
{
	AUTO(seen_list_fini) struct seen_list l = {0};

	for (int i = 0; i < SEEN_MAX + 10; i++)
		seen_add(&l, SANITY_LEFT_BEHIND, "foo", "/x", "");
	assert_int_equal(l.n, SEEN_MAX);
}

static struct str
text_of(const char *text)
{
	struct str s = {0};

	str_puts(&s, text);
	return s;
}

static void
test_tested(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(str_fini) struct str base = text_of("base"), full = text_of("full"), other = text_of("fullx"), none = {0};
	AUTO(str_fini) struct str got = {0};
	struct sha256 key = tested_key("a", &base, &full);
	struct err err = {0};

	assert_string_equal(key.hex, tested_key("a", &base, &full).hex);
	assert_string_not_equal(key.hex, tested_key("b", &base, &full).hex);
	assert_string_not_equal(key.hex, tested_key("a", &full, &base).hex);
	assert_string_not_equal(key.hex, tested_key("a", &base, &other).hex);
	assert_int_equal(tested_get(f.fd, key.hex, &got, &err), TESTED_NOT);
	OK(tested_put(f.fd, key.hex, &full, &err));
	OK(tested_get(f.fd, key.hex, &got, &err));
	assert_string_equal(str_c(&got), "full");
	str_clear(&got);
	OK(tested_put(f.fd, key.hex, &none, &err));
	OK(tested_get(f.fd, key.hex, &got, &err));
	assert_int_equal(got.n, 0);
}

/* The number of an entry as its key. */
static void
entry(const struct folder *f, int i, time_t when)
{
	AUTO(free) char *path = xasprintf("tested/%064d", i);
	int fd = openat(f->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, (const struct timespec[]){{when, 0}, {when, 0}}), 0);
	close(fd);
}

static int
has(const struct folder *f, int i)
{
	AUTO(free) char *path = xasprintf("tested/%064d", i);

	return faccessat(f->fd, path, F_OK, 0) == 0;
}

/* The ones that were not asked for longest go. */
static void
test_bounded(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(str_fini) struct str seen = text_of("x");
	AUTO(str_fini) struct str got = {0};
	struct sha256 key = hash_bytes("x", 1);
	struct err err = {0};
	char name[SHA256_HEX + 1];
	int left = 0;

	assert_int_equal(mkdirat(f.fd, "tested", 0755), 0);
	for (int i = 0; i < TESTED_MAX; i++)
		entry(&f, i, 1000000 + i);
	snprintf(name, sizeof(name), "%064d", 3);
	OK(tested_get(f.fd, name, &got, &err));
	OK(tested_put(f.fd, key.hex, &seen, &err));
	for (int i = 0; i < TESTED_MAX; i++)
		left += has(&f, i);
	assert_int_equal(left, TESTED_MAX - 1 - TESTED_MAX / 10);
	assert_false(has(&f, 0));
	assert_true(has(&f, 3));
	assert_true(has(&f, TESTED_MAX - 1));
	str_clear(&got);
	OK(tested_get(f.fd, key.hex, &got, &err));
}

static void
test_echo(void **state)
{
	static struct echo e;
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str copied = {0};
	int out[2];
	struct err err = {0};
	char buf[256];
	ssize_t n;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	OK(echo_start(&e, out[1], &err));
	OK(file_write_fd(e.in, "of another\n", 11, &err));
	echo_forget(&e);
	echo_lines(&e, 3, 100, &text);
	assert_string_equal(str_c(&text), "");
	OK(file_write_fd(e.in, "one\ntwo\r\n\nthree\nfo\0ur\033\n", 23, &err));
	echo_lines(&e, 3, 100, &text);
	assert_string_equal(str_c(&text), "two; three; fo ur?");
	str_clear(&text);
	echo_lines(&e, 3, 6, &text);
	assert_string_equal(str_c(&text), "two; t");
	n = read(out[0], buf, sizeof(buf));
	assert_int_equal(n, 34);
	str_put(&copied, buf, (size_t)n);
	assert_memory_equal(copied.p, "of another\none\ntwo\r\n\nthree\nfo\0ur\033\n", 34);
	/* Only the last of it is remembered. */
	echo_forget(&e);
	for (int i = 0; i < 2 * ECHO_MAX / 8; i++)
		OK(file_write_fd(e.in, "1234567\n", 8, &err));
	str_clear(&text);
	echo_lines(&e, 100000, 100000, &text);
	assert_int_equal(text.n, ECHO_MAX / 8 * 9 - 2);
	close(e.in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_tested),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
