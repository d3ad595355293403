/* Each end of the exchange against another one that lies, stops, or refuses. */
#include "wire/test-pair.h"

/* The server ends, with a reason, at the first thing that it does not know. */
static void
server_says(struct pair *p, const char *why)
{
	AUTO(free) char *said = NULL;

	assert_int_equal(pair_end(p), 1);
	said = folder_get(&p->store, "failed");
	unit_has(said, why);
}

static void
hostile(enum wire_type type, const char *raw, size_t n, const char *why)
{
	AUTO(pair_fini) struct pair p = pair_make();
	struct err err = {0};

	conn_send(&p.c, type, &(struct str){.p = (char *)raw, .n = n});
	OK(conn_drain(&p.c, 10000, &err));
	server_says(&p, why);
}

static void
test_hostile(void **state)
{
	hostile(WIRE_GET, "\4\0\0\0abcd\0\0\0\0\0\0\0\0", 16, "GET: not a SHA-256");
	hostile(WIRE_PUT, "\x0b\0\0\0../../../ab\0\0\0\0\0\0\0\0", 23, "PUT: not a SHA-256");
	hostile(WIRE_GET, "", 0, "GET: malformed");
	hostile(WIRE_DATA, "x", 1, "unexpected DATA");
	hostile(WIRE_HELLO, "", 0, "unexpected HELLO");
}

/* A sender's count and its data must agree. */
static void
test_put_lies(void **state)
{
	static const struct {
		uint64_t announced;
		size_t sent;
		const char *why;
	} cases[] = {{WIRE_CHUNK, WIRE_CHUNK + 1, "more bytes came"}, {WIRE_CHUNK, WIRE_CHUNK - 1, "fewer bytes came"},
	    {0, 1, "more bytes came"}, {INT64_MAX, 1, "fewer bytes came"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(pair_fini) struct pair p = pair_make();

		send_part(&p.c, WIRE_PUT, big.sum.hex, cases[i].announced);
		expect_from(&p.c, 0, cases[i].announced);
		send_data(&p.c, big.p, cases[i].sent);
		send_data(&p.c, NULL, 0);
		server_says(&p, cases[i].why);
	}
}

/* Servers that lie. What the client asked or offered was BIG bytes, of which it has FRONT. */

static int
another_offset(struct conn *c, const struct folder *store)
{
	expect(c, WIRE_GET);
	send_from(c, FRONT - 1, BIG);
	return 0;
}

static int
more_than_all(struct conn *c, const struct folder *store)
{
	expect(c, WIRE_GET);
	send_from(c, FRONT, FRONT + 3);
	send_data(c, big.p, 4);
	return 0;
}

static int
less_than_all(struct conn *c, const struct folder *store)
{
	expect(c, WIRE_GET);
	send_from(c, FRONT, FRONT + 3);
	send_data(c, big.p, 2);
	send_data(c, NULL, 0);
	return 0;
}

static int
no_offset(struct conn *c, const struct folder *store)
{
	expect(c, WIRE_GET);
	send_data(c, big.p, 2);
	return 0;
}

static void
test_get_lies(void **state)
{
	static const struct {
		peer_fn *fn;
		const char *why;
	} cases[] = {{another_offset, "it begins at byte 262148, not 262149"}, {more_than_all, "more bytes came"},
	    {less_than_all, "fewer bytes came"}, {no_offset, "unexpected DATA"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(pair_fini) struct pair p = pair_with(cases[i].fn);
		AUTO(folder_fini) struct folder mine = folder_make();
		AUTO(close) int to = file_with_front(&mine, big.p, FRONT);
		struct err err = {0};

		FAILS(exchange_get(&p.c, big.sum.hex, to, &err), cases[i].why);
		assert_int_equal(pair_end(&p), 0);
	}
}

static int
another_size(struct conn *c, const struct folder *store)
{
	expect(c, WIRE_PUT);
	send_from(c, 0, BIG - 1);
	return 0;
}

static void
take_data(struct conn *c)
{
	struct wire_frame f = {0};
	struct err err = {0};

	do
		OK(conn_wait(c, &f, 10000, &err));
	while (f.type == WIRE_DATA);
	assert_int_equal(f.type, WIRE_DATA_END);
}

static int
never_enough(struct conn *c, const struct folder *store)
{
	expect(c, WIRE_PUT);
	send_from(c, FRONT, BIG);
	take_data(c);
	send_from(c, 0, BIG);
	take_data(c);
	send_from(c, 0, BIG);
	return 0;
}

static int
the_end_again(struct conn *c, const struct folder *store)
{
	expect(c, WIRE_PUT);
	send_from(c, 0, BIG);
	take_data(c);
	send_from(c, FRONT, BIG);
	return 0;
}

static void
test_put_to_liar(void **state)
{
	static peer_fn *const liars[] = {another_size, never_enough, the_end_again};

	for (size_t i = 0; i < ARRAY_SIZE(liars); i++) {
		AUTO(pair_fini) struct pair p = pair_with(liars[i]);
		AUTO(folder_fini) struct folder mine = folder_make();
		AUTO(close) int from = file_of(&mine, big.p, BIG);
		struct err err = {0};

		FAILS(exchange_put(&p.c, big.sum.hex, from, &err), "asks for what it was not offered");
		assert_int_equal(pair_end(&p), 0);
	}
}

/* An end that does nothing any more: as when its host is cut off, no end of file comes. */
static int
stands_still(struct conn *c, const struct folder *store)
{
	struct wire_frame f;
	char last;
	struct err err = {0};

	if (file_exists(store->fd, "answer-first")) {
		OK(conn_wait(c, &f, 10000, &err));
		send_from(c, 0, BIG);
	}
	/* Nothing is read until the client has given up. */
	while (!file_exists(store->fd, "gave-up"))
		usleep(10000);
	while (recv(c->fd, &last, 1, 0) > 0)
		;
	return 0;
}

static void
stalls(const char *mark, int (*call)(struct conn *c, const char *sha256, int fd, struct err *err))
{
	AUTO(pair_fini) struct pair p = {.store = folder_make()};
	AUTO(folder_fini) struct folder mine = folder_make();
	AUTO(close) int fd = file_of(&mine, big.p, BIG);
	struct err err = {0};

	folder_put(&p.store, mark, "");
	pair_start(&p, stands_still, 0);
	p.c.stall_ms = 100;
	FAILS(call(&p.c, big.sum.hex, fd, &err), "did not answer in time");
	assert_int_equal(err.code, ETIMEDOUT);
	folder_put(&p.store, "gave-up", "");
	assert_int_equal(pair_end(&p), 0);
}

static int
hello_only(struct conn *c, const char *sha256, int fd, struct err *err)
{
	return exchange_hello(c, "x", (struct wire_ref){1, 1}, err);
}

static void
test_farm_stalls(void **state)
{
	stalls("no-answer", exchange_get);
	stalls("no-answer", exchange_put);
	stalls("answer-first", exchange_put);
	stalls("answer-first", exchange_get);
	stalls("no-answer", hello_only);
}

/* The builder stops in the middle, and between two requests. */
static void
test_builder_stalls(void **state)
{
	AUTO(pair_fini) struct pair p = {.store = folder_make()};
	AUTO(free) char *part = part_name(big.sum.hex);
	struct stat st;
	int status;

	pair_start(&p, serve, 100);
	say_hello(&p);
	send_part(&p.c, WIRE_PUT, big.sum.hex, BIG);
	expect_from(&p.c, 0, BIG);
	send_data(&p.c, big.p, FRONT);
	/* It ends although the connection stands. */
	assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
	is_noted(&p, "failed", "the other end did not answer in time");
	assert_int_equal(fstatat(p.store.fd, part, &st, 0), 0);
	assert_int_equal(st.st_size, FRONT);
	conn_fini(&p.c);
	pair_start(&p, serve, 50);
	say_hello(&p);
	assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
	assert_int_equal(WEXITSTATUS(status), 1);
	conn_fini(&p.c);
}

static int
not_wanted(struct conn *c, const struct folder *store)
{
	AUTO(str_fini) struct str why = {0};
	struct err err = {0};

	expect(c, WIRE_HELLO);
	wire_text_pack(&why, "not wanted any more");
	conn_send(c, WIRE_REFUSE, &why);
	OK(conn_drain(c, 10000, &err));
	return 0;
}

static void
test_hello_refused(void **state)
{
	AUTO(pair_fini) struct pair p = pair_with(not_wanted);
	struct err err = {0};

	assert_int_equal(exchange_hello(&p.c, "x", (struct wire_ref){1, 1}, &err), EXCHANGE_REFUSED);
	unit_has(err.msg, "not wanted any more");
	assert_int_equal(pair_end(&p), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_put_lies),
		cmocka_unit_test(test_get_lies),
		cmocka_unit_test(test_put_to_liar),
		cmocka_unit_test(test_farm_stalls),
		cmocka_unit_test(test_builder_stalls),
		cmocka_unit_test(test_hello_refused),
	};

	return cmocka_run_group_tests(tests, big_make, NULL);
}
