#include "tests/unit.h"

#include "base/pack.h"

struct sample {
	uint32_t a;
	uint64_t b;
	char *text;
	char fixed[8];
	size_t n;
	struct strs list;
};

static void
sample_fini(struct sample *s)
{
	free(s->text);
	strs_fini(&s->list);
}
AUTO_DEFINE_EMBEDDED(struct sample, sample_fini);

static void
pack_sample(struct str *out)
{
	AUTO(strs_fini) struct strs list = {0};

	strs_split(&list, "x yy zzz", " ");
	pack_u32(out, 0x01020304);
	pack_u64(out, UINT64_MAX - 1);
	pack_text(out, "grüße");
	pack_text(out, "fixed");
	pack_bytes(out, "a\0b", 3);
	pack_strs(out, &list);
}

static int
unpack_sample(const void *data, size_t n, struct sample *s, struct err *err)
{
	struct unpack u = unpack_begin(data, n);

	s->a = unpack_u32(&u);
	s->b = unpack_u64(&u);
	s->text = unpack_text(&u);
	unpack_into(&u, s->fixed, sizeof(s->fixed));
	unpack_bytes(&u, &s->n);
	unpack_strs(&u, &s->list);
	return unpack_end(&u, "sample", err);
}

static void
test_round_trip(void **state)
{
	AUTO(sample_fini) struct sample s = {0};
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	pack_sample(&raw);
	assert_memory_equal(raw.p, "\4\3\2\1", 4);
	OK(unpack_sample(raw.p, raw.n, &s, &err));
	assert_int_equal(s.a, 0x01020304);
	assert_true(s.b == UINT64_MAX - 1);
	assert_string_equal(s.text, "grüße");
	assert_string_equal(s.fixed, "fixed");
	assert_int_equal(s.n, 3);
	assert_int_equal(s.list.n, 3);
	assert_string_equal(s.list.p[2], "zzz");
}

/* Every cut and every trailing byte is an error; copies of exact size let the sanitizer see a read beyond. */
static void
test_exact(void **state)
{
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	pack_sample(&raw);
	for (size_t n = 0; n < raw.n; n++) {
		AUTO(free) void *copy = memcpy(xcalloc(1, n), raw.p, n);
		AUTO(sample_fini) struct sample s = {0};

		FAILS(unpack_sample(copy, n, &s, &err), "sample: malformed or cut short");
		assert_non_null(s.text);
	}
	for (int byte = 0; byte < 256; byte++) {
		AUTO(sample_fini) struct sample s = {0};

		str_putc(&raw, (char)byte);
		FAILS(unpack_sample(raw.p, raw.n, &s, &err), "sample: 1 bytes too many");
		raw.n--;
	}
}

/* Lengths and counts that promise more than there is cost no memory. */
static void
test_lies(void **state)
{
	static const uint32_t lies[] = {UINT32_MAX, UINT32_MAX - 3, 1u << 31, 17};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		AUTO(str_fini) struct str raw = {0};
		AUTO(strs_fini) struct strs list = {0};
		AUTO(free) char *text = NULL;
		struct unpack u;

		pack_u32(&raw, lies[i]);
		str_put(&raw, "0123456789abcdef", 16);
		u = unpack_begin(raw.p, raw.n);
		unpack_strs(&u, &list);
		FAILS(unpack_end(&u, "list", &err), "malformed");
		assert_int_equal(list.n, 0);
		u = unpack_begin(raw.p, raw.n);
		text = unpack_text(&u);
		assert_string_equal(text, "");
		FAILS(unpack_end(&u, "text", &err), "malformed");
		u = unpack_begin(raw.p, raw.n);
		assert_int_equal(unpack_count(&u, 1), 0);
		assert_true(u.bad);
		assert_int_equal(unpack_u32(&u), 0);
		assert_int_equal(unpack_u64(&u), 0);
	}
}

static void
test_text(void **state)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(free) char *text = NULL;
	struct err err = {0};
	struct unpack u;
	char buf[4];

	pack_bytes(&raw, "a\0b", 3);
	u = unpack_begin(raw.p, raw.n);
	text = unpack_text(&u);
	FAILS(unpack_end(&u, "text", &err), "malformed");
	u = unpack_begin(raw.p, raw.n);
	unpack_into(&u, buf, sizeof(buf));
	FAILS(unpack_end(&u, "text", &err), "malformed");
	str_clear(&raw);
	pack_text(&raw, "1234");
	u = unpack_begin(raw.p, raw.n);
	unpack_into(&u, buf, sizeof(buf));
	assert_true(u.bad);
	assert_string_equal(buf, "");
	str_clear(&raw);
	pack_text(&raw, NULL);
	u = unpack_begin(raw.p, raw.n);
	unpack_into(&u, buf, sizeof(buf));
	OK(unpack_end(&u, "text", &err));
	assert_string_equal(buf, "");
}

static void
test_empty(void **state)
{
	const struct strs none = {0};
	AUTO(strs_fini) struct strs list = {0};
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};
	struct unpack u = unpack_begin(NULL, 0);

	OK(unpack_end(&u, "nothing", &err));
	assert_int_equal(unpack_u32(&u), 0);
	FAILS(unpack_end(&u, "nothing", &err), "cut short");
	pack_strs(&raw, &none);
	u = unpack_begin(raw.p, raw.n);
	unpack_strs(&u, &list);
	OK(unpack_end(&u, "list", &err));
	assert_int_equal(list.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
