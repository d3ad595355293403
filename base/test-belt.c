/* Batches from one thread to another: all of them, whole, in order. */
#include "tests/unit.h"

#include "base/belt.h"

struct taken {
	struct str all;
	size_t batches;
	useconds_t pause;
};

static void
take(void *arg, struct str *batch)
{
	struct taken *t = arg;

	str_put(&t->all, batch->p, batch->n);
	t->batches++;
	usleep(t->pause);
}

static void
hand_over(unsigned n, useconds_t slow_taker, useconds_t slow_giver)
{
	struct taken t = {.pause = slow_taker};
	AUTO(str_fini) struct str want = {0};
	struct belt *b = belt_new(take, &t);

	for (unsigned i = 0; i < n; i++) {
		str_add(&want, "%u ", i);
		assert_int_equal(belt_batch(b)->n, 0);
		str_add(belt_batch(b), "%u ", i);
		belt_send(b);
		usleep(slow_giver);
	}
	str_puts(&want, "the end");
	str_puts(belt_batch(b), "the end");
	belt_end(b);
	assert_string_equal(str_c(&t.all), str_c(&want));
	assert_int_equal(t.batches, n + 1);
	str_fini(&t.all);
}

static void
test_order(void **state)
{
	hand_over(20000, 0, 0);
	hand_over(100, 500, 0);
	hand_over(100, 0, 500);
}

static void
test_nothing(void **state)
{
	struct taken t = {0};

	belt_end(NULL);
	belt_end(belt_new(take, &t));
	assert_int_equal(t.batches, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
