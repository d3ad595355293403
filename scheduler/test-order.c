#include "tests/unit.h"

#include "base/map.h"
#include "base/text.h"
#include "scheduler/order.h"

enum { MANY = 400 };

/* Items written as "provides | requires", the requirements separated by commas. */
struct items {
	struct order_item item[MANY];
	struct strs list[2 * MANY];
	char label[MANY][16];
	size_t n;
	bool *needs;
	char *cycle;
};

static void
items_fini(struct items *t)
{
	for (size_t i = 0; i < 2 * t->n; i++)
		strs_fini(&t->list[i]);
	free(t->needs);
	free(t->cycle);
}
AUTO_DEFINE_EMBEDDED(struct items, items_fini);

static void
add(struct items *t, const char *line)
{
	const char *bar = strchr(line, '|');
	AUTO(free) char *provides = xstrndup(line, (size_t)(bar - line));
	struct strs *p = &t->list[2 * t->n], *r = p + 1;

	strs_split(p, provides, " ");
	strs_split(r, bar + 1, ",");
	snprintf(t->label[t->n], sizeof(t->label[t->n]), "%zu00 %.8s", t->n + 1, p->n ? p->p[0] : "none");
	t->item[t->n] = (struct order_item){t->label[t->n], p, r};
	t->n++;
}

static int
order(struct items *t)
{
	t->needs = xcalloc(t->n * t->n, sizeof(*t->needs));
	memset(t->needs, 1, t->n * t->n * sizeof(*t->needs));
	return order_builds(t->item, t->n, t->needs, &t->cycle);
}

/* The rows of needs as digits. */
static void
needs_are(const struct items *t, const char *want)
{
	AUTO(str_fini) struct str got = {0};

	for (size_t i = 0; i < t->n * t->n; i++)
		str_puts(&got, i && i % t->n == 0 ? t->needs[i] ? " 1" : " 0" : t->needs[i] ? "1" : "0");
	assert_string_equal(str_c(&got), want);
}

static void
test_order(void **state)
{
	AUTO(items_fini) struct items t = {0};

	add(&t, "app | libz-devel >= 2,gcc");
	add(&t, "zlib libz-devel |gcc");
	add(&t, "gcc gcc-c++ |make");
	assert_int_equal(order(&t), 0);
	needs_are(&t, "011 001 000");
	assert_null(t.cycle);
}

static void
test_nothing(void **state)
{
	AUTO(items_fini) struct items none = {0};
	AUTO(items_fini) struct items strangers = {0};

	assert_int_equal(order(&none), 0);
	add(&strangers, "a |x");
	add(&strangers, " |a-devel,aa");
	assert_int_equal(order(&strangers), 0);
	needs_are(&strangers, "00 00");
}

/* A package that needs itself, or its own older build, does so from the base. */
static void
test_self(void **state)
{
	AUTO(items_fini) struct items t = {0};

	add(&t, "gcc gcc-devel |gcc,gcc-devel >= 5");
	add(&t, "app |gcc");
	assert_int_equal(order(&t), 0);
	needs_are(&t, "00 10");
}

/* Whichever of several will be chosen: all of them come first. */
static void
test_several(void **state)
{
	AUTO(items_fini) struct items t = {0};
	AUTO(items_fini) struct items round = {0};
	AUTO(items_fini) struct items hard = {0};
	AUTO(items_fini) struct items many = {0};

	add(&t, "app |mta,x");
	add(&t, "postfix mta |");
	add(&t, "exim mta mta |x");
	add(&t, "x |");
	assert_int_equal(order(&t), 0);
	needs_are(&t, "0111 0000 0001 0000");
	/* A need that another one might satisfy too makes no cycle. */
	add(&round, "exim mta |mta");
	add(&round, "postfix mta |mta,exim");
	assert_int_equal(order(&round), 0);
	needs_are(&round, "00 10");
	add(&hard, "exim mta |mta,postfix");
	add(&hard, "postfix mta |mta,exim");
	assert_int_equal(order(&hard), 1);
	assert_string_equal(hard.cycle, "100 exim -> 200 postfix -> 100 exim");
	add(&many, "a x |x");
	add(&many, "b x |x");
	add(&many, "c x |x,d");
	add(&many, "d |a");
	assert_int_equal(order(&many), 0);
	assert_true(many.needs[2 * 4 + 3] && many.needs[3 * 4]);
}

/* All that a rich dependency mentions comes first; its words name nothing. */
static void
test_rich(void **state)
{
	AUTO(items_fini) struct items t = {0};

	add(&t, "app |(a or (b >= 2 and c))");
	add(&t, "a |");
	add(&t, "b |");
	add(&t, "d |");
	assert_int_equal(order(&t), 0);
	needs_are(&t, "0110 0000 0000 0000");
}

static void
test_cycle(void **state)
{
	AUTO(items_fini) struct items two = {0};
	AUTO(items_fini) struct items tail = {0};

	add(&two, "a |b");
	add(&two, "b |a");
	assert_int_equal(order(&two), 1);
	assert_string_equal(two.cycle, "100 a -> 200 b -> 100 a");
	/* What only leads to a cycle is not named. */
	add(&tail, "top |a");
	add(&tail, "a |b");
	add(&tail, "b |leaf,c");
	add(&tail, "c |a");
	add(&tail, "leaf |");
	assert_int_equal(order(&tail), 1);
	assert_string_equal(tail.cycle, "200 a -> 300 b -> 400 c -> 200 a");
}

/* Each of many needs all before it: a walk that forgets where it was would take for ever. */
static void
test_dense(void **state)
{
	AUTO(items_fini) struct items t = {0};
	int64_t begin = tick_ms();

	for (int i = 0; i < MANY; i++) {
		AUTO(str_fini) struct str line = {0};

		str_add(&line, "p%d |", i);
		for (int k = 0; k < i; k++)
			str_add(&line, "p%d,", k);
		add(&t, str_c(&line));
	}
	assert_int_equal(order(&t), 0);
	for (int i = 0; i < MANY; i++)
		for (int k = 0; k < MANY; k++)
			assert_int_equal(t.needs[i * MANY + k], k < i);
	assert_true(tick_ms() - begin < 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_rich),
		cmocka_unit_test(test_cycle),
		cmocka_unit_test(test_dense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
