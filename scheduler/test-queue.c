/* Which job a builder gets, on a clock that only the tests move. */
#include "tests/unit.h"

#include "scheduler/queue.h"
#include "schema/task.h"

enum { MINUTE = 60000 };

static const struct strs cold;	/* no roots */

/* A queue with a clock, and builders that take any architecture of the list. */
struct yard {
	struct queue q;
	struct strs arches;
	int64_t now;
	int64_t next_id;
};

static void
yard_fini(struct yard *y)
{
	queue_fini(&y->q);
	strs_fini(&y->arches);
}
AUTO_DEFINE_EMBEDDED(struct yard, yard_fini);

static struct yard
yard_make(void)
{
	struct yard y = {.now = 1000 * MINUTE, .next_id = 1};

	strs_split(&y.arches, "x86_64 i586", " ");
	return y;
}

static struct live *
submit_as(struct yard *y, const char *owner, const char *arches, enum task_class class)
{
	struct live l = {.job = y->next_id++, .owner = xstrdup(owner), .class = (int)class,
	    .submitted = y->now, .queued = y->now};

	strs_split(&l.arches, arches, " ");
	return queue_add(&y->q, &l);
}

static void
submit(struct yard *y, const char *owner, int n)
{
	while (n-- > 0)
		submit_as(y, owner, "x86_64", CLASS_NORMAL);
}

/* Start the next job; its number, or 0. */
static int64_t
start(struct yard *y)
{
	struct live *l = queue_next(&y->q, &y->arches, &cold, y->now);

	if (!l)
		return 0;
	assert_false(l->running);
	queue_start(&y->q, l, "host", 1, y->now + MINUTE);
	return l->job;
}

/* Start one and tell whose it is. */
static const char *
whose(struct yard *y)
{
	int64_t id = start(y);

	return id ? queue_find(&y->q, id)->owner : "nobody";
}

static void
test_order(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	assert_int_equal(start(&y), 0);
	submit(&y, "joe", 2);
	y.now += 1;
	submit(&y, "joe", 1);
	assert_int_equal(queue_queued(&y.q), 3);
	for (int id = 1; id <= 3; id++)
		assert_int_equal(start(&y), id);
	assert_int_equal(start(&y), 0);
	assert_int_equal(queue_queued(&y.q), 0);
	assert_int_equal(y.q.all.n, 3);
}

/* A job that was made later, of a task that was submitted earlier, comes first. */
static void
test_submission(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	submit(&y, "joe", 1);
	submit(&y, "ann", 1);
	y.now -= 5;
	submit(&y, "joe", 1);
	y.now += 10;
	assert_int_equal(start(&y), 3);
	assert_int_equal(start(&y), 2);
	assert_int_equal(start(&y), 1);
}

/* One who has nothing running comes before one who has, whoever was first. */
static void
test_fair(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	int burst = 0;

	submit(&y, "burst", 3000);
	for (int i = 0; i < 10; i++)
		assert_string_equal(whose(&y), "burst");
	y.now += 10;
	submit(&y, "ann", 1);
	assert_string_equal(whose(&y), "ann");
	assert_string_equal(whose(&y), "burst");
	submit(&y, "ann", 40);
	for (int i = 0; i < 20; i++)
		burst += strcmp(whose(&y), "burst") == 0;
	/* Ann catches up with the eleven that run; from then on they alternate. */
	assert_int_equal(burst, 5);
}

static void
test_shares_end(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	submit(&y, "joe", 3);
	submit(&y, "ann", 3);
	assert_string_equal(whose(&y), "joe");
	assert_string_equal(whose(&y), "ann");
	queue_drop(&y.q, queue_find(&y.q, 4));
	assert_string_equal(whose(&y), "ann");
	assert_null(queue_find(&y.q, 4));
}

static void
test_classes(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	submit_as(&y, "joe", "x86_64", CLASS_BACKGROUND);
	submit_as(&y, "ann", "x86_64", CLASS_NORMAL);
	submit_as(&y, "ann", "x86_64", CLASS_NORMAL);
	submit_as(&y, "ann", "x86_64", CLASS_URGENT);
	y.now += 100 * MINUTE;
	/* Within an owner's line and between owners, and however long a lower class has waited. */
	assert_int_equal(start(&y), 4);
	assert_int_equal(start(&y), 2);
	assert_int_equal(start(&y), 3);
	assert_int_equal(start(&y), 1);
}

static void
test_arches(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	AUTO(strs_fini) struct strs arm = {0};
	AUTO(strs_fini) struct strs none = {0};

	strs_split(&arm, "aarch64", " ");
	submit_as(&y, "joe", "riscv64", CLASS_URGENT);
	submit_as(&y, "joe", "x86_64", CLASS_NORMAL);
	submit_as(&y, "joe", "aarch64", CLASS_NORMAL);
	assert_int_equal(queue_next(&y.q, &arm, &cold, y.now)->job, 3);
	assert_null(queue_next(&y.q, &none, &cold, y.now));
	/* A slow architecture's job in front holds up nobody behind it. */
	assert_int_equal(start(&y), 2);
	assert_int_equal(start(&y), 0);
	submit_as(&y, "ann", "", CLASS_BACKGROUND);
	assert_int_equal(queue_next(&y.q, &none, &cold, y.now)->job, 4);
	assert_int_equal(start(&y), 4);
	/* One that several architectures will do for. */
	submit_as(&y, "joe", "aarch64 i586", CLASS_NORMAL);
	assert_null(queue_next(&y.q, &none, &cold, y.now));
	assert_int_equal(queue_next(&y.q, &arm, &cold, y.now)->job, 3);
	assert_int_equal(start(&y), 5);
}

/* Each minute of waiting counts as one running job less: a wait is bounded. */
static void
test_aging(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	submit(&y, "burst", 3);
	for (int i = 0; i < 3; i++)
		start(&y);
	submit(&y, "burst", 1);
	y.now += 2 * MINUTE;
	submit(&y, "ann", 1);
	assert_string_equal(queue_next(&y.q, &y.arches, &cold, y.now)->owner, "ann");
	queue_drop(&y.q, queue_find(&y.q, 5));
	y.now += 2 * MINUTE;
	submit(&y, "ann", 1);
	/* Three are running; but the fourth has waited four minutes. */
	assert_string_equal(whose(&y), "burst");
}

/* A newcomer every ten seconds cannot keep out one who has many running. */
static void
test_no_starvation(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	int64_t waited = 0;

	submit(&y, "big", 21);
	for (int i = 0; i < 20; i++)
		start(&y);
	for (;; waited += 10000) {
		AUTO(free) char *name = xasprintf("new-%d", (int)waited);

		y.now += 10000;
		submit(&y, name, 1);
		if (strcmp(whose(&y), "big") == 0)
			break;
		assert_true(waited < 60 * MINUTE);
	}
	assert_true(waited >= 15 * MINUTE && waited <= 25 * MINUTE);
}

static void
test_requeue(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct live *l;

	submit(&y, "joe", 2);
	assert_int_equal(start(&y), 1);
	l = queue_find(&y.q, 1);
	assert_string_equal(l->builder, "host");
	queue_requeue(&y.q, l, y.now, y.now + MINUTE);
	assert_false(l->running);
	assert_int_equal(queue_queued(&y.q), 2);
	/* Not before its time; then in its old place. */
	assert_int_equal(queue_next(&y.q, &y.arches, &cold, y.now)->job, 2);
	assert_int_equal(queue_next(&y.q, &y.arches, &cold, y.now + MINUTE - 1)->job, 2);
	y.now += MINUTE;
	assert_int_equal(start(&y), 1);
	assert_int_equal(l->attempt, 1);
}

/* Jobs that run already when the queue is rebuilt count for their owners. */
static void
test_rebuilt(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct live running = {.job = 100, .owner = xstrdup("joe"), .running = true,
	    .class = CLASS_NORMAL, .builder = xstrdup("old"), .attempt = 4};

	queue_add(&y.q, &running);
	assert_int_equal(queue_queued(&y.q), 0);
	submit(&y, "joe", 1);
	submit(&y, "ann", 1);
	assert_string_equal(whose(&y), "ann");
	assert_string_equal(queue_find(&y.q, 100)->builder, "old");
	assert_null(queue_find(&y.q, 101));
}

/* A day of a farm: every job is started once, none is lost, and each owner's come in order. */
static void
test_day(void **state)
{
	enum { JOBS = 600 };
	AUTO(yard_fini) struct yard y = yard_make();
	int64_t last[5] = {0}, started = 0, id;
	unsigned seed = 1;

	while (started < JOBS) {
		seed = seed * 1103515245u + 12345u;
		if (y.next_id <= JOBS) {
			char owner[] = {(char)('a' + (seed >> 16) % 5), '\0'};

			submit_as(&y, owner, "i586", CLASS_NORMAL);
		}
		y.now += 700;
		if (seed >> 20 & 1 && y.next_id <= JOBS)
			continue;
		id = start(&y);
		if (id) {
			struct live *l = queue_find(&y.q, id);

			assert_true(last[l->owner[0] - 'a'] < id);
			last[l->owner[0] - 'a'] = id;
			started++;
			if (seed >> 21 & 1)
				queue_drop(&y.q, l);
		}
	}
	assert_int_equal(queue_queued(&y.q), 0);
	assert_int_equal(start(&y), 0);
}

/*
 * Jobs in line, each "OWNER REPOSITORY" and its age in seconds; repository r1 was in root one, r2 in root two. Which of
 * them a builder gets that has these roots.
 */
static void
test_warm(void **state)
{
	static const struct {
		const char *jobs, *roots;
		int64_t gets;
	} cases[] = {
		{"joe:r1:1 joe:r2:1", "", 1},
		{"joe:r1:1 joe:r2:1", "one", 1},
		{"joe:r1:1 joe:r2:1", "two", 2},
		{"joe:r1:1 joe:r2:1", "three", 1},
		{"joe:r1:1 joe:r2:1", "two one", 1},
		{"joe:r3:1 joe:r1:1 joe:r2:1", "two", 3},
		/* Who was passed for 10 s is not passed any more. */
		{"joe:r1:9 joe:r2:1", "two", 2},
		{"joe:r1:10 joe:r2:1", "two", 1},
		/* Between owners it decides only where all else is equal. */
		{"joe:r1:1 ann:r2:1", "two", 2},
		{"joe:r1:1 ann:r2:1", "one", 1},
		{"joe:r1:1 ann:r2:1", "", 1},
		{"joe:r1:61 ann:r2:1", "two", 1},
		/* A more urgent one is not passed. */
		{"joe:r1:1:urgent joe:r2:1", "two", 1},
		{"joe:r1:1:urgent ann:r2:1", "two", 1},
		{"joe:r1:1 joe:r2:1:urgent", "one", 2},
		/* Nothing of that kind: any. */
		{"joe:r1:1", "two", 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(yard_fini) struct yard y = yard_make();
		AUTO(strs_fini) struct strs jobs = {0};
		AUTO(strs_fini) struct strs roots = {0};
		const struct live *l;

		strs_split(&jobs, cases[i].jobs, " ");
		strs_split(&roots, cases[i].roots, " ");
		for (size_t k = 0; k < jobs.n; k++) {
			AUTO(strs_fini) struct strs part = {0};
			struct live new = {.job = y.next_id++, .class = CLASS_NORMAL, .submitted = y.now};

			strs_split(&part, jobs.p[k], ":");
			new.owner = xstrdup(part.p[0]);
			new.repository = xstrdup(part.p[1]);
			strs_add(&new.arches, "x86_64");
			new.queued = y.now - atoi(part.p[2]) * 1000;
			if (part.n > 3)
				new.class = CLASS_URGENT;
			queue_add(&y.q, &new);
			warm_note(&y.q.warm, "r1", &new.arches, "none");
			warm_note(&y.q.warm, "r1", &new.arches, "one");
			warm_note(&y.q.warm, "r2", &new.arches, "two");
		}
		l = queue_next(&y.q, &y.arches, &roots, y.now);
		assert_non_null(l);
		if (l->job != cases[i].gets)
			fail_msg("%s with %s: job %d", cases[i].jobs, cases[i].roots, (int)l->job);
	}
}

/* What one looks ahead for is bounded, and another architecture's root is another. */
static void
test_warm_bounds(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	AUTO(strs_fini) struct strs roots = {0};
	AUTO(strs_fini) struct strs arm = {0};

	strs_add(&roots, "one");
	strs_add(&arm, "aarch64");
	for (int i = 0; i < 40; i++) {
		struct live new = {.job = y.next_id++, .owner = xstrdup("joe"), .repository = xstrdup(i < 30 ? "r2" : "r1"),
		    .class = CLASS_NORMAL, .submitted = y.now, .queued = y.now};

		strs_add(&new.arches, "x86_64");
		queue_add(&y.q, &new);
		warm_note(&y.q.warm, "r1", &new.arches, "one");
	}
	assert_int_equal(queue_next(&y.q, &y.arches, &roots, y.now)->job, 1);
	assert_false(warm_at(&y.q.warm, "r1", &arm, &roots));
	assert_false(warm_at(&y.q.warm, "r2", &y.q.all.p[0]->arches, &roots));
	assert_true(warm_at(&y.q.warm, "r1", &y.q.all.p[0]->arches, &roots));
	/* A stream of warm jobs does not hold up a cold one for longer than patience. */
	for (int i = 0; i < 25; i++)
		queue_drop(&y.q, queue_next(&y.q, &y.arches, &roots, y.now + 10000));
	assert_int_equal(queue_next(&y.q, &y.arches, &roots, y.now + 10000)->job, 26);
	assert_int_equal(queue_next(&y.q, &y.arches, &roots, y.now + 9999)->job, 31);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_submission),
		cmocka_unit_test(test_fair),
		cmocka_unit_test(test_shares_end),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_arches),
		cmocka_unit_test(test_aging),
		cmocka_unit_test(test_no_starvation),
		cmocka_unit_test(test_requeue),
		cmocka_unit_test(test_rebuilt),
		cmocka_unit_test(test_day),
		cmocka_unit_test(test_warm),
		cmocka_unit_test(test_warm_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
