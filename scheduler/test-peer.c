/* Who may be a builder, and which of two of one name. */
#include "tests/unit.h"

#include "base/text.h"
#include "scheduler/peer.h"

static struct wire_hello
hello(const char *name, const char *origin, uint32_t slots)
{
	struct wire_hello h = {.version = WIRE_VERSION, .role = WIRE_CONTROL, .slots = slots, .clock = now_ms(), .arches = "x86_64"};

	snprintf(h.name, sizeof(h.name), "%s", name);
	snprintf(h.origin, sizeof(h.origin), "%s", origin);
	return h;
}

static void
object(const struct wire_hello *h, const struct peer *old, const char *why)
{
	AUTO(free) char *said = peer_objection(h, old);

	if (!why)
		assert_null(said);
	else
		unit_has(said ? said : "nothing", why);
}

static void
test_alone(void **state)
{
	object(&(struct wire_hello){.slots = 1}, NULL, "has a name");
	for (uint32_t slots = 0; slots < 2000; slots += 1024) {
		struct wire_hello h = hello("b", "x", slots), more = hello("b", "x", slots + 1);

		object(&h, NULL, slots ? NULL : "1 to 1024 slots");
		object(&more, NULL, slots ? "1 to 1024 slots" : NULL);
	}
	object(&(struct wire_hello){.name = "a b", .slots = 1}, NULL, "has a name");
	object(&(struct wire_hello){.name = "../b", .slots = 1}, NULL, "has a name");
}

/* The first keeps the name while it is heard of; the same builder comes back at any time. */
/* What it says it offers becomes names of lanes, lines of logs and rows. */
static void
test_offers(void **state)
{
	static const char *const arches[] = {"", "x86_64 ../etc", "\033[31m", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"};
	struct wire_hello h = hello("b", "x", 1);

	for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
		snprintf(h.arches, sizeof(h.arches), "%s", arches[i]);
		object(&h, NULL, "architectures");
	}
	h = hello("b", "x", 1);
	snprintf(h.features, sizeof(h.features), "kvm KVM");
	object(&h, NULL, "KVM");
	h = hello("b", "x", 1);
	h.memory = UINT64_MAX;
	object(&h, NULL, "so much memory");
	h.memory = 0;
	h.n_running = PEER_REFS_MAX + 1;
	object(&h, NULL, "so many jobs");
}

static void
test_two(void **state)
{
	struct peer old = {.origin = "x", .heard = tick_ms()};
	struct wire_hello same = hello("b", "x", 1), other = hello("b", "y", 1), none = hello("b", "", 1);

	object(&same, &old, NULL);
	object(&other, &old, "give one of the two another --name");
	object(&none, &old, "another builder named b");
	assert_false(peer_quiet(&old));
	old.heard -= 6000;
	object(&other, &old, "another builder named b");
	old.heard -= 2000;
	assert_true(peer_quiet(&old));
	object(&other, &old, NULL);
	object(&same, &old, NULL);
}

static void
test_clock(void **state)
{
	struct wire_hello h = hello("b", "x", 1);
	int64_t now = now_ms();

	assert_int_equal(peer_clock_off(&h), 0);
	h.clock = now - 30000;
	assert_int_equal(peer_clock_off(&h), 0);
	h.clock = now + 5 * 3600000ll;
	assert_in_range(peer_clock_off(&h), 5 * 3600 - 20, 5 * 3600);
	h.clock = now - 5 * 3600000ll;
	assert_in_range(-peer_clock_off(&h), 5 * 3600, 5 * 3600 + 20);
	h.clock = INT64_MIN;
	assert_true(peer_clock_off(&h) < 0);
	h.clock = INT64_MAX;
	assert_true(peer_clock_off(&h) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
