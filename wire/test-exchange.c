/* The artefact exchange between two ends as they are: whole, broken off and gone on with, wrong, without room. */
#include "wire/test-pair.h"

static void
test_exchange(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	AUTO(folder_fini) struct folder mine = folder_make();
	struct err err = {0};

	put_and_get(&p, &mine, "abc", 3);
	put_and_get(&p, &mine, "", 0);
	put_and_get(&p, &mine, big.p, WIRE_CHUNK);
	put_and_get(&p, &mine, big.p, BIG);
	assert_int_equal(exchange_get(&p.c, SHA_A, -1, &err), 0);
	assert_int_equal(pair_end(&p), 0);
}

static void
test_absent(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	struct err err = {0};

	assert_int_equal(exchange_get(&p.c, SHA_A, -1, &err), EXCHANGE_ABSENT);
	assert_int_equal(exchange_get(&p.c, SHA_B, -1, &err), EXCHANGE_ABSENT);
	assert_int_equal(pair_end(&p), 0);
}

/* Neither end keeps what is not what it should be; the connection goes on. */
static void
test_wrong_hash(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	AUTO(folder_fini) struct folder mine = folder_make();
	AUTO(close) int from = file_of(&mine, "abd", 3);
	AUTO(close) int to = openat(mine.fd, "back", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct err err = {0};

	FAILS(exchange_put(&p.c, SHA_A, from, &err), "what arrived has another hash");
	assert_false(file_exists(p.store.fd, SHA_A));
	assert_false(file_exists(p.store.fd, "part." SHA_A));
	folder_put(&p.store, SHA_A, "forged");
	FAILS(exchange_get(&p.c, SHA_A, to, &err), "what arrived has another hash");
	assert_int_equal(lseek(to, 0, SEEK_END), 0);
	assert_int_equal(unlinkat(p.store.fd, SHA_A, 0), 0);
	put_and_get(&p, &mine, "abc", 3);
	assert_int_equal(pair_end(&p), 0);
}

static void
test_refused(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	AUTO(folder_fini) struct folder mine = folder_make();
	AUTO(close) int from = file_of(&mine, "abc", 3);
	struct err err = {0};

	folder_put(&p.store, "full", "");
	FAILS(exchange_put(&p.c, SHA_A, from, &err), "the disk is full");
	assert_int_equal(err.code, EPROTO);
	assert_int_equal(unlinkat(p.store.fd, "full", 0), 0);
	put_and_get(&p, &mine, "abc", 3);
	assert_int_equal(pair_end(&p), 0);
}

/* The disk fills up in the middle: the sender is told, what came goes, the connection goes on. */
static void
test_no_room(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	AUTO(folder_fini) struct folder mine = folder_make();
	AUTO(close) int from = file_of(&mine, big.p, BIG);
	AUTO(free) char *part = part_name(big.sum.hex);
	struct err err = {0};

#if !FAULTS
	return;
#endif
	folder_put(&p.store, "no-room", "");
	FAILS(exchange_put(&p.c, big.sum.hex, from, &err), "No space left");
	assert_int_equal(err.code, EPROTO);
	assert_int_equal(exchange_get(&p.c, SHA_A, -1, &err), EXCHANGE_ABSENT);
	assert_false(file_exists(p.store.fd, part));
	assert_int_equal(unlinkat(p.store.fd, "no-room", 0), 0);
	put_and_get(&p, &mine, big.p, BIG);
	assert_int_equal(pair_end(&p), 0);
}

static void
test_log(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	struct err err = {0};

	OK(exchange_log(&p.c, "one\n", 4, &err));
	OK(exchange_log(&p.c, NULL, 0, &err));
	OK(exchange_log(&p.c, "two\n", 4, &err));
	assert_int_equal(exchange_get(&p.c, SHA_A, -1, &err), EXCHANGE_ABSENT);
	is_noted(&p, "log", "one\ntwo\n");
	assert_int_equal(pair_end(&p), 0);
}

/* What the farm has is not sent. */
static void
test_stored(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();

	folder_put(&p.store, SHA_A, "abc");
	send_part(&p.c, WIRE_PUT, SHA_A, 3);
	expect(&p.c, WIRE_STORED);
	assert_int_equal(pair_end(&p), 0);
}

/* A put that broke off is gone on with. */
static void
test_put_resumes(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	AUTO(folder_fini) struct folder mine = folder_make();
	AUTO(close) int from = file_of(&mine, big.p, BIG);
	struct err err = {0};

	send_part(&p.c, WIRE_PUT, big.sum.hex, BIG);
	expect_from(&p.c, 0, BIG);
	send_data(&p.c, big.p, FRONT);
	assert_int_equal(pair_end(&p), 1);
	pair_again(&p);
	OK(exchange_put(&p.c, big.sum.hex, from, &err));
	is_noted(&p, "offsets", "0 262149 ");
	assert_true(file_exists(p.store.fd, big.sum.hex));
	put_and_get(&p, &mine, "abc", 3);
	assert_int_equal(pair_end(&p), 0);
}

/* What is there from before is wrong, or too long: it goes, and all is sent, once. */
static void
test_put_on_wrong_front(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	AUTO(folder_fini) struct folder mine = folder_make();
	AUTO(close) int from = file_of(&mine, big.p, BIG);
	AUTO(close) int other = file_of(&mine, big.p, BIG);
	struct err err = {0};

	store_front(&p, big.sum.hex, big.p + 1, FRONT);
	OK(exchange_put(&p.c, big.sum.hex, from, &err));
	is_noted(&p, "offsets", "262149 0 ");
	store_front(&p, SHA_A, big.p, FRONT);
	FAILS(exchange_put(&p.c, SHA_A, other, &err), "what arrived has another hash");
	is_noted(&p, "offsets", "262149 0 262149 0 ");
	assert_false(file_exists(p.store.fd, "part." SHA_A));
	store_front(&p, SHA_A, big.p, FRONT);
	put_and_get(&p, &mine, "abc", 3);
	assert_int_equal(pair_end(&p), 0);
}

static void
get_with_front(struct pair *p, const void *front, size_t n)
{
	AUTO(folder_fini) struct folder mine = folder_make();
	AUTO(close) int to = file_with_front(&mine, front, n);
	struct err err = {0};

	OK(exchange_get(&p->c, big.sum.hex, to, &err));
	is_file(to, big.sum.hex);
}

static void
test_get_with_front(void **state)
{
	AUTO(pair_fini) struct pair p = pair_make();
	AUTO(free) char *longer = xcalloc(1, BIG + 1);
	struct err err = {0};

	OK(file_replace(p.store.fd, big.sum.hex, big.p, BIG, 0644, &err));
	get_with_front(&p, big.p, FRONT);
	get_with_front(&p, big.p, BIG);
	get_with_front(&p, big.p + 1, FRONT);
	get_with_front(&p, big.p + 1, 1);
	get_with_front(&p, memcpy(longer, big.p, BIG), BIG + 1);
	assert_int_equal(pair_end(&p), 0);
}

/* Only the rest of a get crosses the line; a get that broke off leaves what came. */
static int
rest_only(struct conn *c, const struct folder *store)
{
	struct wire_frame f = expect(c, WIRE_GET);
	struct wire_part part;
	struct err err = {0};

	OK(wire_part_unpack(&f, &part, &err));
	assert_int_equal(part.bytes, FRONT);
	send_from(c, FRONT, BIG);
	send_data(c, big.p + FRONT, 1000);
	return 0;
}

static void
test_get_resumes(void **state)
{
	AUTO(pair_fini) struct pair p = pair_with(rest_only);
	AUTO(folder_fini) struct folder mine = folder_make();
	AUTO(close) int to = file_with_front(&mine, big.p, FRONT);
	struct err err = {0};

	FAILS(exchange_get(&p.c, big.sum.hex, to, &err), "the connection was closed");
	assert_int_equal(err.code, ECONNRESET);
	is_file(to, hash_bytes(big.p, FRONT + 1000).hex);
	assert_int_equal(pair_end(&p), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_wrong_hash),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_put_resumes),
		cmocka_unit_test(test_put_on_wrong_front),
		cmocka_unit_test(test_get_with_front),
		cmocka_unit_test(test_get_resumes),
	};

	return cmocka_run_group_tests(tests, big_make, NULL);
}
