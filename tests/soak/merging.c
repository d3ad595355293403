#include <string.h>

#include "base/alloc.h"
#include "bench/data.h"
#include "tests/soak/merging.h"
#include "tests/soak/soak.h"

enum { BATCH = 64, ITERATIONS = 8 };

/* What became of that on which a task was built. */
enum ground { GROUND_FIRM, GROUND_UNMERGED, GROUND_GONE };

static enum ground
ground_of(struct soak *k, int64_t task)
{
	AUTO(free) struct task_on *on = NULL;
	enum ground g = GROUND_FIRM;
	struct err err;
	size_t n = 0;

	must(task_on_find(k->s, task, &on, &n, &err), &err);
	for (size_t i = 0; i < n; i++) {
		AUTO(task_fini) struct task dep = {0};

		if (!soak_task(k, on[i].dep, &dep) || dep.try != on[i].try || dep.iter != on[i].iter ||
		    (dep.state != TASK_BUILT && dep.state != TASK_MERGING && dep.state != TASK_DONE))
			return GROUND_GONE;
		if (dep.state != TASK_DONE)
			g = GROUND_UNMERGED;
	}
	return g;
}

static void
send_back(struct soak *k, struct task *t, const char *why)
{
	if (t->iter >= ITERATIONS) {
		soak_move(k, t, TASK_FAILED, "sent back too often");
		return;
	}
	t->iter++;
	soak_move(k, t, TASK_AWAITING, why);
}

static void
end_merge(struct soak *k, struct task *t)
{
	const unsigned drawn = k->calm ? 0 : dice(k, 100);

	if (drawn < 85) {
		soak_move(k, t, TASK_DONE, NULL);
		k->merges++;
	} else if (drawn < 92) {
		soak_move(k, t, TASK_BUILT, "the merge was abandoned");
	} else {
		send_back(k, t, "it breaks something");
	}
}

static void
take_built(struct soak *k, struct task *t)
{
	const enum ground g = ground_of(k, t->id);
	const unsigned drawn = k->calm ? 0 : dice(k, 100);

	if (g == GROUND_GONE)
		send_back(k, t, "what it was built on has changed");
	else if (g == GROUND_UNMERGED)
		return;
	else if (drawn < 80)
		soak_move(k, t, TASK_MERGING, NULL);
	else if (drawn < 93)
		send_back(k, t, "the repository has changed");
	else
		soak_move(k, t, TASK_FAILED, "it breaks something");
}

void
merging_cycle(struct soak *k)
{
	int64_t ids[BATCH];
	size_t n = soak_ask(k, "SELECT id FROM task WHERE state IN ('MERGING', 'BUILT') ORDER BY random()", ids, BATCH);
	struct err err;

	k->s->user = "merger";
	for (size_t i = 0; i < n; i++) {
		AUTO(task_fini) struct task t = {0};

		must(store_begin(k->s, &err), &err);
		if (soak_task(k, ids[i], &t) && t.state == TASK_MERGING)
			end_merge(k, &t);
		else if (t.id && t.state == TASK_BUILT)
			take_built(k, &t);
		must(store_commit(k->s, &err), &err);
	}
}
