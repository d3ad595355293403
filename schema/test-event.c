#include "schema/test-farm.h"

#include <jansson.h>

#include "schema/event.h"
#include "schema/event-json.h"
#include "schema/user.h"

/* The line of an event, which must be one, as an object. */
static json_t *
parsed(const struct event *e)
{
	AUTO(str_fini) struct str line = {0};
	json_error_t error;
	json_t *o;

	event_json(e, &line);
	assert_int_equal(line.p[line.n - 1], '\n');
	assert_ptr_equal(strchr(line.p, '\n'), line.p + line.n - 1);
	for (size_t i = 0; i + 1 < line.n; i++)
		if ((unsigned char)line.p[i] < 0x20 || line.p[i] == 0x7f)
			fail_msg("byte %02x at %zu", (unsigned char)line.p[i], i);
	o = json_loads(line.p, JSON_REJECT_DUPLICATES, &error);
	if (!o)
		fail_msg("%s: %s", error.text, line.p);
	assert_int_equal(json_object_size(o), 10);
	return o;
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	assert_non_null(text);
	return text;
}

static void
test_json(void **state)
{
	const struct event e = {.id = 57, .at = 1795291788830, .kind = "task", .task = 7, .job = 0, .user = "scheduler",
	    .origin = "local", .state = "FAILED", .text = "task #7 for sisyphus FAILED: \"a\\b\""};
	AUTO(str_fini) struct str line = {0};

	event_json(&e, &line);
	assert_string_equal(str_c(&line), "{\"id\":57,\"at\":1795291788830,\"time\":\"2026-11-21T20:09:48.830Z\",\"kind\":\"task\","
	    "\"task\":7,\"job\":0,\"user\":\"scheduler\",\"origin\":\"local\",\"state\":\"FAILED\","
	    "\"text\":\"task #7 for sisyphus FAILED: \\\"a\\\\b\\\"\"}\n");
}

/* Whatever the strings hold, the line is JSON, one line, UTF-8. */
static void
test_json_hostile(void **state)
{
	static const char *const texts[] = {"a\nb\r\tc\033[31m\x7f", "\xff\xfe\x80", "cut off \xc3", "\xed\xa0\x80", "\xc0\xaf",
	    "\xf4\x90\x80\x80", "\xc2\x9b" "31m", "grün – ☃ 𝄞", "\",\"id\":1,\"x\":\"\\", "\\u0000", ""};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct event e = {.id = 1, .at = (int64_t)i, .kind = texts[i], .user = texts[i], .origin = texts[i],
		    .state = texts[i], .text = texts[i]};
		json_t *o = parsed(&e);

		assert_int_equal(json_integer_value(json_object_get(o, "id")), 1);
		assert_string_equal(text_of(o, "text"), text_of(o, "user"));
		assert_int_equal(strlen(text_of(o, "text")) == 0, *texts[i] == '\0');
		json_decref(o);
	}
	for (int c = 1; c < 256; c++) {
		const char text[] = {'a', (char)c, 'z', '\0'};
		const struct event e = {.id = INT64_MAX, .at = INT64_MAX, .kind = "", .user = "", .origin = "", .state = "", .text = text};
		json_t *o = parsed(&e);

		assert_int_equal(json_integer_value(json_object_get(o, "id")), INT64_MAX);
		assert_string_equal(text_of(o, "time"), "1970-01-01T00:00:00.000Z");
		assert_int_equal(text_of(o, "text")[1], c >= 0x20 && c < 0x7f ? c : '?');
		json_decref(o);
	}
}

/* In pieces of any size every event comes once, in order; of one task only its own. */
static void
test_read(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	struct err err = {0};
	int64_t first = event_last(f.s, &err);

	for (int i = 0; i < 20; i++)
		OK(event_add(f.s, "task", i % 3 + 1, i, "x", &err, "number %d", i));
	for (int64_t limit = 1; limit < 25; limit++) {
		int64_t since = first;
		int n = 0;

		for (bool more = true; more;) {
			AUTO(event_list_fini) struct event_list l = {0};

			OK(event_read(f.s, since, 0, limit, &l, &err));
			assert_true((int64_t)l.n <= limit);
			for (size_t i = 0; i < l.n; i++) {
				assert_int_equal(l.p[i].id, since + 1);
				assert_int_equal(l.p[i].job, n++);
				assert_string_equal(l.p[i].user, "tester");
				since = l.p[i].id;
			}
			more = l.n > 0;
		}
		assert_int_equal(n, 20);
	}
	for (int task = 1; task < 5; task++) {
		AUTO(event_list_fini) struct event_list l = {0};

		OK(event_read(f.s, first + 3, task, 4, &l, &err));
		assert_int_equal(l.n, task == 4 ? 0 : 4);
		for (size_t i = 0; i < l.n; i++)
			assert_int_equal(l.p[i].job, 3 + task - 1 + 3 * (int)i);
	}
}

/* After a read no statement is open: the log can be emptied. */
static void
test_read_ends(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(store_close) struct store *writer = NULL;
	AUTO(event_list_fini) struct event_list l = {0};
	struct err err = {0};

	OK(store_open(f.folder.path, &writer, &err));
	for (int i = 0; i < 5; i++)
		OK(event_add(writer, "farm", 0, 0, "x", &err, "number %d", i));
	OK(event_read(f.s, 0, 0, 2, &l, &err));
	assert_int_equal(l.n, 2);
	assert_int_equal(farm_count(writer, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
}

static void
test_mail_address(void **state)
{
	static const char *const good[] = {"joe@example.org", "joe.hacker+artel@mail.example.org", "o'brien@x", "1@2.3"};
	static const char *const bad[] = {"", "joe", "@", "joe@", "@example.org", "a@b@c", "joe @example.org", "joe@exam ple.org",
	    "joe@example.org\nBcc: all@example.org", "joe@example.org\r", "joe@example.org,ann@example.org", "joe@example.org;x",
	    "Joe <joe@example.org>", "joe@[127.0.0.1]", "\"joe\"@example.org", "(joe)@example.org", "joe\\@example.org", "|sh@x",
	    "/etc/passwd@x", "-joe@example.org", "joe@-example.org", "joe@example.org.", ".joe@example.org", "j\xc3\xb6@example.org",
	    "joe@ex\xc3\xa4mple.org", "a:b@c", "joe%x@y"};
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(str_fini) struct str address = {0};
	char large[300];
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!user_mail_ok(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (user_mail_ok(bad[i]))
			fail_msg("%s", bad[i]);
	memset(large, 'a', sizeof(large));
	large[5] = '@';
	large[255] = '\0';
	assert_false(user_mail_ok(large));
	large[254] = '\0';
	assert_true(user_mail_ok(large));

	OK(user_add(f.s, "joe", false, &err));
	OK(user_mail_get(f.s, "joe", &address, &err));
	assert_int_equal(address.n, 0);
	OK(user_mail_set(f.s, "joe", "joe@example.org", &err));
	FAILS(user_mail_set(f.s, "joe", "joe@example.org\nBcc: ann@example.org", &err), "not an address");
	OK(user_mail_get(f.s, "joe", &address, &err));
	assert_string_equal(str_c(&address), "joe@example.org");
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM event WHERE text LIKE '%@%'"), 0);
	str_clear(&address);
	assert_int_equal(farm_count(f.s, "UPDATE user SET disabled = 1 RETURNING 1"), 1);
	OK(user_mail_get(f.s, "joe", &address, &err));
	OK(user_mail_get(f.s, "nobody", &address, &err));
	assert_int_equal(address.n, 0);
	OK(user_mail_set(f.s, "joe", "", &err));
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM user WHERE mail <> ''"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_hostile),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_ends),
		cmocka_unit_test(test_mail_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
