#include "queue/inside.h"
#include "queue/keep.h"

static void
release(struct queue *q)
{
	struct host *h = q->kept;

	fleet_out(h);
	h->kept->kept = NULL;
	h->kept = NULL;
	fleet_in(h);
	q->kept = NULL;
}

/* Since when the first job of a lane that is not kept back by a limit could go; INT64_MAX: there is none. */
static int64_t
waits_since(const struct queue *q, const struct lane *l)
{
	int64_t since = INT64_MAX;

	for (int c = 0; c < QUEUE_CLASSES; c++) {
		const struct line *line = heap_top(&l->turn[c]);
		const struct live *first = line && !queue_class_full(q, c) ? heap_top(&line->jobs) : NULL;

		if (first && live_since(first) < since)
			since = live_since(first);
	}
	return since;
}

int64_t
keep_since(const struct queue *q, const struct lane *l)
{
	bool slot = false;

	for (size_t i = 0; i < l->fits.n; i++)
		slot |= l->fits.p[i].kind->tree != NULL;
	return slot ? waits_since(q, l) : INT64_MAX;
}

void
keep_review(struct queue *q, int64_t now)
{
	struct lane *l = q->kept ? q->kept->kept : NULL;

	if (!l)
		return;
	lane_refresh(l, &q->fleet);
	if (!q->kept->open || !q->kept->kind || !lane_fit(l, q->kept->kind) || waits_since(q, l) > now - AGING_MS ||
	    lane_host(l, q->kept))
		release(q);
}

static bool
take(void *arg, struct host *h)
{
	*(struct host **)arg = h;
	return false;
}

/* Of those with a free slot. */
static struct host *
with_most(const struct lane *l)
{
	struct host *best = NULL;

	for (size_t i = 0; i < l->fits.n; i++) {
		struct host *tree = l->fits.p[i].kind->tree, *h = NULL;

		if (!tree)
			continue;
		fleet_walk(tree, tree->most, take, &h);
		if (!best || h->free > best->free)
			best = h;
	}
	return best;
}

bool
keep_try(struct queue *q, struct lane *l, int64_t now)
{
	struct host *h;

	bool again = now >= q->kept_last && now < q->kept_last + AGING_MS;

	if (q->kept || again || keep_since(q, l) > now - AGING_MS)
		return false;
	h = with_most(l);
	fleet_out(h);
	h->kept = l;
	l->kept = h;
	fleet_in(h);
	q->kept = h;
	return true;
}

void
keep_started(struct queue *q, const struct lane *l, int64_t now)
{
	if (!q->kept || q->kept->kept != l)
		return;
	release(q);
	q->kept_last = now;
}
