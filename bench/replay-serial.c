/*
 * Merging as farms do today, girar above all: one transaction after another, each only on exactly the state that
 * it was tested on. So each commit makes the tests of all others void, those that are under way too.
 *
 * Kinder than the real thing: what is void is ended at once and not run to its end, of those that are tested the
 * first submitted is committed without any delay, and nothing is built again that has not changed.
 */
#include "base/vec.h"
#include "bench/replay-farm.h"

/* All that was tested, or is being tested, is tested again. Tests that have not started yet will be on the new state. */
static void
test_again(struct replay *r)
{
	for (size_t i = 0; i < r->built.n; i++)
		replay_test(r, r->built.p[i]);
	r->built.n = 0;
	for (size_t b = 0; b < r->how->builders; b++)
		if (r->on[b] && replay_is_test(r->on[b]))
			replay_cut(r, b);
}

static void
begin(struct replay *r)
{
	size_t first = 0;

	for (size_t i = 1; i < r->built.n; i++)
		if (r->built.p[i] < r->built.p[first])
			first = i;
	vec_push(&r->merging, r->built.p[first]);
	r->tasks[r->built.p[first]].state = REPLAY_MERGING;
	r->built.p[first] = r->built.p[--r->built.n];
	r->merge_end = r->now + r->how->serial_merge;
	r->busy = true;
	r->sum->merges++;
	r->sum->attempts++;
}

static int
step(struct replay *r, int64_t *due, struct err *err)
{
	if (r->busy && r->now >= r->merge_end) {
		r->busy = false;
		if (replay_commit(r, err) < 0)
			return -1;
		test_again(r);
	}
	if (!r->busy && r->built.n)
		begin(r);
	*due = r->busy ? r->merge_end : INT64_MAX;
	return 0;
}

const struct replay_model replay_serial = {"serial", step};
