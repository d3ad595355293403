/* Which job goes where, on a clock that only the tests move. */
#include "queue/test-yard.h"

#include "queue/why.h"

static void
test_order(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct host *h = host(&y, "anvil", "x86_64", "", 9, 0);

	assert_int_equal(start(&y), 0);
	WANT(&y, .submitted = 30);
	WANT(&y, .submitted = 10);
	WANT(&y, .submitted = 20);
	WANT(&y, .submitted = 10);
	WANT(&y, .submitted = 40, .lower = -1);
	WANT(&y, .submitted = 1, .lower = 1);
	assert_int_equal(start(&y), 5);
	assert_int_equal(start(&y), 2);
	assert_int_equal(start(&y), 4);
	assert_int_equal(h->busy, 3);
	assert_int_equal(start(&y), 3);
	assert_int_equal(start(&y), 1);
	assert_int_equal(start(&y), 6);
	assert_int_equal(start(&y), 0);
	assert_int_equal(queue_count(y.q).running, 6);
	assert_int_equal(queue_count(y.q).class_running[QUEUE_NORMAL], 4);
}

/* Through all its states; what is counted is right in each. */
static void
test_states(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct host *h = host(&y, "anvil", "x86_64", "", 2, 0);
	struct live *l = WANT(&y, .held = true);
	struct owner *joe = queue_owner(y.q, "joe");

	assert_int_equal(start(&y), 0);
	assert_int_equal(queue_count(y.q).held, 1);
	queue_hold(y.q, l, false, y.now);
	assert_int_equal(joe->queued, 1);
	queue_hold(y.q, l, true, y.now);
	assert_int_equal(joe->queued, 0);
	queue_hold(y.q, l, false, y.now);
	assert_int_equal(start(&y), 1);
	assert_ptr_equal(l->host, h);
	assert_ptr_equal(h->running, l);
	assert_int_equal(joe->running, 1);
	queue_hold(y.q, l, true, y.now);
	assert_int_equal(l->state, LIVE_RUNNING);

	queue_requeue(y.q, l, y.now + 5, y.now + 1000, false);
	assert_null(l->host);
	assert_null(h->running);
	assert_int_equal(h->taken, 0);
	assert_int_equal(queue_due(y.q), y.now + 1000);
	y.now += 999;
	assert_int_equal(start(&y), 0);
	assert_int_equal(joe->queued, 1);
	y.now += 1;
	assert_int_equal(start(&y), 1);
	assert_true(queue_due(y.q) == INT64_MAX);
	done(&y, 1);
	assert_null(queue_find(y.q, 1));
	assert_int_equal(queue_count(y.q).running + queue_count(y.q).queued + queue_count(y.q).held, 0);
}

static void
test_arches_features(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	host(&y, "arm", "aarch64", "", 8, 0);
	host(&y, "old", "i586 x86_64", "", 8, 0);
	WANT(&y, .arches = "i586");
	assert_string_equal(where(&y), "old");
	WANT(&y, .arches = "ppc64le aarch64");
	assert_string_equal(where(&y), "arm");
	WANT(&y, .features = "kvm");
	assert_string_equal(where(&y), "");
	host(&y, "big", "x86_64", "bigmem kvm", 1, 0);
	assert_string_equal(where(&y), "big");
	WANT(&y, .arches = "", .features = "kvm bigmem");
	assert_string_equal(where(&y), "");
	done(&y, 3);
	assert_string_equal(where(&y), "big");
	host(&y, "big", "x86_64", "kvm", 2, 0);
	WANT(&y, .features = "bigmem kvm");
	assert_string_equal(where(&y), "");
	WANT(&y, .features = "kvm");
	assert_string_equal(where(&y), "big");
}

static void
test_memory_steps(void **state)
{
	assert_int_equal(queue_memory(0), GIB);
	assert_int_equal(queue_memory(1), GIB / 2);
	assert_int_equal(queue_memory(GIB / 2 + 1), GIB / 4 * 3);
	assert_int_equal(queue_memory(GIB), GIB);
	assert_int_equal(queue_memory(GIB + 1), GIB / 2 * 3);
	assert_int_equal(queue_memory(GIB / 2 * 3 + 1), 2 * GIB);
	assert_true(queue_memory(INT64_MAX) > 0);
}

static void
test_memory(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct host *small = host(&y, "small", "x86_64", "", 4, 3 * GIB);

	WANT(&y, .memory = 2 * GIB);
	WANT(&y, .memory = 2 * GIB);
	WANT(&y, .memory = GIB);
	assert_string_equal(where(&y), "small");
	assert_int_equal(start(&y), 3);
	assert_int_equal(small->taken, 3 * GIB);
	assert_int_equal(start(&y), 0);
	done(&y, 1);
	assert_int_equal(start(&y), 2);
	done(&y, 2);

	/* More than anyone has: the whole of it, when it is empty. */
	WANT(&y, .memory = 40 * GIB);
	assert_int_equal(start(&y), 0);
	done(&y, 3);
	assert_int_equal(start(&y), 4);
	assert_int_equal(small->taken, 3 * GIB);
	WANT(&y, .memory = 1);
	assert_int_equal(start(&y), 0);
	done(&y, 4);
	assert_int_equal(start(&y), 5);

	/* Until one comes that has more; or does not say, and is believed. */
	WANT(&y, .memory = 40 * GIB);
	host(&y, "large", "x86_64", "", 4, 64 * GIB);
	assert_string_equal(where(&y), "large");
	WANT(&y, .memory = 100 * GIB);
	assert_string_equal(where(&y), "");
	host(&y, "silent", "x86_64", "", 4, 0);
	assert_string_equal(where(&y), "silent");
}

/* The emptiest by share of slots; what is closed, drained or full gets nothing. */
static void
test_emptiest(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct host *b = host(&y, "b", "x86_64", "", 4, 0);

	host(&y, "a", "x86_64", "", 2, 0);
	for (int i = 0; i < 8; i++)
		WANT(&y);
	assert_string_equal(where(&y), "b");
	assert_string_equal(where(&y), "a");
	assert_string_equal(where(&y), "b");
	assert_string_equal(where(&y), "b");
	queue_set_open(y.q, b, false);
	assert_string_equal(where(&y), "a");
	assert_string_equal(where(&y), "");
	queue_set_open(y.q, b, true);
	assert_string_equal(where(&y), "b");
	assert_string_equal(where(&y), "");
	host(&y, "b", "x86_64", "", 5, 0);
	assert_string_equal(where(&y), "b");
	assert_string_equal(where(&y), "");
}

static void
roots(struct yard *y, struct host *h, const char *ids)
{
	AUTO(strs_fini) struct strs r = {0};

	strs_split(&r, ids, " ");
	queue_set_roots(y->q, h, &r);
	assert_int_equal(r.n, 0);
}

static void
test_warm(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct host *a = host(&y, "a", "x86_64", "", 1, 0), *b = host(&y, "b", "x86_64", "", 8, 0);
	struct live *l = WANT(&y);

	roots(&y, a, "r1 r2");
	roots(&y, b, "r3");
	queue_root(y.q, l->lane, "r3");
	queue_root(y.q, l->lane, "");
	assert_string_equal(where(&y), "b");
	WANT(&y);
	assert_string_equal(where(&y), "b");	/* though a is emptier */
	queue_root(y.q, WANT(&y)->lane, "r2");
	assert_string_equal(where(&y), "a");

	/* Of one owner's jobs the one goes whose root is there, until the other has waited for long. */
	queue_set_open(y.q, b, false);
	l = WANT(&y, .repository = "p10");
	queue_root(y.q, l->lane, "r9");
	queue_root(y.q, WANT(&y)->lane, "r1");
	done(&y, 3);
	assert_int_equal(start(&y), 5);
	y.now += PATIENCE_MS;
	WANT(&y);
	done(&y, 5);
	assert_int_equal(start(&y), 4);
}

static void
test_failed_on(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct host *a = host(&y, "a", "x86_64", "", 1, 0), *b = host(&y, "b", "x86_64", "", 1, 0);
	struct live *l = WANT(&y, .submitted = 1);

	assert_string_equal(where(&y), "a");
	queue_requeue(y.q, l, y.now, 0, true);
	assert_string_equal(where(&y), "b");
	queue_requeue(y.q, l, y.now, 0, true);
	assert_string_equal(where(&y), "a");

	/* The other one is busy: it waits, others may go meanwhile; but not for ever. */
	WANT(&y);
	assert_string_equal(where(&y), "b");
	queue_requeue(y.q, l, y.now, 0, true);
	assert_string_equal(where(&y), "");
	assert_int_equal(queue_due(y.q), y.now + PATIENCE_MS);
	WANT(&y);
	WANT(&y, .owner = "ann");
	assert_int_equal(start(&y), 4);
	assert_int_equal(start(&y), 0);
	y.now += PATIENCE_MS;
	assert_int_equal(start(&y), 0);
	done(&y, a->running->job);
	assert_int_equal(start(&y), 1);
	assert_ptr_equal(l->host, a);

	/* There is no other. */
	queue_set_open(y.q, b, false);
	queue_requeue(y.q, l, y.now, 0, true);
	assert_int_equal(start(&y), 1);
}

/* However many must keep off the only builder that is free: one that need not is found, wherever it stands. */
static void
test_failed_many(void **state)
{
	static const char *const owners[] = {"o1", "o2", "o3", "o4", "o5", "o6", "o7"};

	for (int last = 0; last < 7 * 9; last++) {
		AUTO(yard_fini) struct yard y = yard_make();
		struct live *l = NULL;

		host(&y, "a", "x86_64", "", 3, 0);
		host(&y, "b", "x86_64", "", 1, 0);
		WANT(&y, .owner = "o9");
		WANT(&y, .owner = "o9");
		while (queue_host(y.q, "b")->busy == 0)
			assert_true(start(&y));
		for (int i = 0; i < 7 * 9; i++) {
			l = WANT(&y, .owner = owners[i % 7], .failed_on = i == last ? NULL : "a", .submitted = i + 1);
			queue_set_owner(y.q, l->owner, 1 + i % 7, 0);
		}
		assert_int_equal(start(&y), 3 + last);
		assert_int_equal(start(&y), 0);
		assert_int_equal(queue_due(y.q), y.now + PATIENCE_MS);
	}
}

static void
test_limits(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	host(&y, "a", "x86_64", "", 100, 0);
	for (int i = 0; i < 10; i++)
		WANT(&y, .owner = i % 2 ? "joe" : "ann", .lower = i >= 5);
	queue_set_limits(y.q, &(struct queue_limits){.owner = 2, .class = {0, 0, 1}});
	queue_set_owner(y.q, queue_owner(y.q, "ann"), 1, 4);
	while (start(&y))
		continue;
	assert_int_equal(queue_owner(y.q, "joe")->running, 2);
	assert_int_equal(queue_owner(y.q, "ann")->running, 4);
	assert_int_equal(queue_count(y.q).class_running[QUEUE_BACKGROUND], 1);
	queue_set_limits(y.q, &(struct queue_limits){.owner = 3});
	assert_string_equal(whose(&y), "joe");
	assert_string_equal(whose(&y), "");
	queue_set_owner(y.q, queue_owner(y.q, "ann"), 1, 0);
	queue_set_limits(y.q, &(struct queue_limits){0});
	while (start(&y))
		continue;
	assert_int_equal(queue_count(y.q).running, 10);
}

/* What is asked of why_hosts(): a line for each. */
struct asked {
	struct yard *y;
	const struct live *job;
	struct str text;
};

static void
ask_host(void *arg, const struct host *h)
{
	struct asked *a = arg;
	AUTO(free) char *detail = NULL;
	int e = (int)why_not(a->y->q, a->job, h, &detail);

	str_add(&a->text, "%s %d %s\n", h->name, e, detail ? detail : "-");
}

/* What is most lasting is named, of builders in order of their names. */
static void
test_why_hosts(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct asked a = {.y = &y};
	AUTO(free) char *expected = NULL;

	queue_set_open(y.q, host(&y, "wrong", "aarch64", "", 1, GIB), false);
	queue_set_open(y.q, host(&y, "plain", "x86_64", "bigmem", 1, GIB), false);
	queue_set_open(y.q, host(&y, "small", "x86_64", "kvm", 1, GIB), false);
	queue_set_open(y.q, host(&y, "closed", "x86_64", "kvm", 1, 0), false);
	host(&y, "busy", "x86_64", "kvm", 1, 4 * GIB);
	host(&y, "short", "x86_64", "kvm", 2, 4 * GIB);
	host(&y, "failed", "x86_64", "kvm", 1, 4 * GIB);
	queue_start(y.q, WANT(&y), queue_host(y.q, "busy"), y.now);
	queue_start(y.q, WANT(&y, .memory = 3 * GIB), queue_host(y.q, "short"), y.now);
	host(&y, "anvil", "x86_64", "kvm", 1, 4 * GIB);
	a.job = WANT(&y, .features = "kvm", .memory = 2 * GIB, .failed_on = "failed");
	why_hosts(y.q, ask_host, &a);
	expected = xasprintf("anvil %d -\nbusy %d -\nclosed %d -\nfailed %d -\nplain %d kvm\nshort %d -\nsmall %d -\nwrong %d x86_64\n",
	    EXCLUDE_NOTHING, EXCLUDE_SLOTS, EXCLUDE_CLOSED, EXCLUDE_FAILED_HERE, EXCLUDE_FEATURE, EXCLUDE_MEMORY_TAKEN,
	    EXCLUDE_MEMORY, EXCLUDE_ARCH);
	assert_string_equal(str_c(&a.text), expected);
	str_fini(&a.text);
}

static void
count_job(void *arg, struct live *l)
{
	++*(size_t *)arg;
}

/* Numbers come and go in any order; none is lost, none is found twice. */
static void
test_index(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	size_t n = 0;

	for (int i = 0; i < 5000; i++)
		WANT(&y);
	for (int64_t i = 1; i <= 5000; i += 3)
		done(&y, i);
	for (int64_t i = 1; i <= 5001; i++)
		assert_int_equal(queue_find(y.q, i) != NULL, i <= 5000 && i % 3 != 1);
	queue_each(y.q, count_job, &n);
	assert_int_equal(n, queue_count(y.q).queued);
	assert_int_equal(n, 3333);
}

static void
test_bytes(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	for (int i = 0; i < 100000; i++) {
		char owner[16], arch[16];

		snprintf(owner, sizeof(owner), "o%d", i % 1000);
		snprintf(arch, sizeof(arch), "a%d", i / 1000 % 4);
		WANT(&y, .owner = owner, .arches = arch);
	}
	assert_int_equal(queue_count(y.q).owners, 1000);
	assert_true(queue_bytes(y.q) / 100000 < 1024);
	assert_true(queue_bytes(y.q) / 100000 >= sizeof(struct live));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_arches_features),
		cmocka_unit_test(test_memory_steps),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_emptiest),
		cmocka_unit_test(test_warm),
		cmocka_unit_test(test_failed_on),
		cmocka_unit_test(test_failed_many),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_why_hosts),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
