/*
 * Start-time fair queueing over builders that differ. The account is the owner's, over all lanes. Two rules more than
 * the textbook has, as not every job fits every slot:
 *
 *   One who comes back begins at the virtual time, but never behind those who wait for the same builders: the
 *   virtual time may have been driven up on builders that these cannot use. If that is where he is, his first job goes
 *   before all of theirs, though some of their jobs end sooner than was expected meanwhile.
 *
 *   Who had much where others did not want it would wait elsewhere until all have caught up. So a line counts as if it
 *   were its owner's only one, AHEAD_MS later; a job that goes by that costs the line SURCHARGE times as much, so that
 *   having many lines gains next to nothing.
 */
#include "queue/inside.h"
#include "queue/share.h"

enum { AHEAD_MS = AGING_MS, SURCHARGE = 50, CREDIT_MS = 6 * 3600000 };

static double
tag(const struct line *l)
{
	double alone = l->finish + AHEAD_MS;

	return l->owner->account < alone ? l->owner->account : alone;
}

int
share_compare(const struct line *a, const struct line *b)
{
	double x = tag(a), y = tag(b);
	int64_t i, j;

	if (a->owner->fresh != b->owner->fresh)
		return a->owner->fresh ? -1 : 1;
	if (x != y)
		return x < y ? -1 : 1;
	i = (int64_t)a->owner->running * b->owner->weight;
	j = (int64_t)b->owner->running * a->owner->weight;
	return (i > j) - (i < j);
}

static bool
line_before(const void *x, const void *y)
{
	const struct line *a = x, *b = y;
	int order = share_compare(a, b);

	return order ? order < 0 : lane_jobs.before(heap_top(&a->jobs), heap_top(&b->jobs));
}

static const struct heap_order turns = {line_before, offsetof(struct line, at)};

bool
share_limited(const struct queue *q, const struct owner *o)
{
	int limit = o->limit ? o->limit : q->limits.owner;

	return limit > 0 && o->running >= limit;
}

/* Whether some open builder may run jobs of both. */
static bool
compete(const struct lane *a, const struct lane *b)
{
	for (size_t i = 0; i < a->fits.n; i++)
		if (a->fits.p[i].kind->open > 0 && lane_fit(b, a->fits.p[i].kind))
			return true;
	return a == b;
}

/* He had nothing to start, and has now. */
static void
come_back(struct queue *q, const struct line *l)
{
	struct owner *o = l->owner;
	double level = q->virtual;

	lane_refresh(l->lane, &q->fleet);
	for (size_t i = 0; i < q->lanes.n; i++) {
		struct lane *other = q->lanes.p[i];
		const struct line *first = heap_top(&other->turn[l->class]);

		if (!first || tag(first) >= level)
			continue;
		lane_refresh(other, &q->fleet);
		if (compete(l->lane, other))
			level = tag(first);
	}
	o->fresh = o->account <= level;
	if (o->account < level)
		o->account = o->raised = level;
}

void
share_line(struct queue *q, struct line *l)
{
	bool stands = l->jobs.n > 0 && !share_limited(q, l->owner);
	struct heap *turn = &l->lane->turn[l->class];

	if (l->standing && stands) {
		heap_fix(turn, &turns, l);
	} else if (l->standing) {
		heap_remove(turn, &turns, l);
		l->owner->standing--;
	} else if (stands) {
		if (l->owner->standing++ == 0)
			come_back(q, l);
		if (l->finish < l->lane->virtual)
			l->finish = l->lane->virtual;
		heap_push(turn, &turns, l);
	}
	l->standing = stands;
}

void
share_owner(struct queue *q, struct owner *o)
{
	for (struct line *l = o->lines; l; l = l->next)
		if (l->jobs.n > 0)
			share_line(q, l);
}

double
share_charge(struct queue *q, struct line *l, int64_t expected_ms)
{
	struct owner *o = l->owner;
	double start = tag(l), cost = (double)expected_ms / o->weight;
	bool ahead = start < o->account;

	if (l->lane->virtual < start)
		l->lane->virtual = start;
	if (q->virtual < start)
		q->virtual = start;
	if (l->finish < l->lane->virtual)
		l->finish = l->lane->virtual;
	l->finish += ahead ? SURCHARGE * cost : cost;
	if (o->account < l->lane->virtual - CREDIT_MS)
		o->account = l->lane->virtual - CREDIT_MS;
	start = o->account;
	o->account += cost;
	o->fresh = false;
	return start;
}

/* Time that was paid for before the account was lifted, and not used, was given back by that. */
void
share_settle(struct line *line, const struct live *job, int64_t elapsed_ms)
{
	struct owner *o = line->owner;
	double more = (double)(elapsed_ms - job->expected_ms) / o->weight;

	if (more < 0 && job->start_tag < o->raised)
		return;
	o->account += more;
	line->finish += more;
}
