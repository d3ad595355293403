/*
 * The decision: each lane with room offers the next job of each class, by share; the best of a class goes, and which
 * class is a matter of how long the others have been passed. Nothing is looked at but the first of each lane, unless
 * that must keep off the only builder that is free.
 */
#include <string.h>

#include "queue/inside.h"
#include "queue/keep.h"
#include "queue/share.h"

bool
queue_wary(const struct queue *q, const struct live *l, int64_t now)
{
	return l->host && now < live_since(l) + PATIENCE_MS && lane_open(l->lane, l->host) > 0;
}

bool
queue_class_full(const struct queue *q, int class)
{
	int limit = q->limits.class[class];

	return limit > 0 && q->counts.class_running[class] >= (size_t)limit;
}

/* What a lane would start next. */
struct offer {
	struct live *job;
	struct line *line;
};

/* The first of a line that need not keep off this host: a job's children in the heap are only looked at if it must. */
static void
pick_job(struct queue *q, const struct heap *h, size_t i, const struct host *only, int64_t now, struct live **best)
{
	struct live *l = i < h->n ? h->p[i] : NULL;

	if (!l || (*best && lane_jobs.before(*best, l)))
		return;
	if (l->host != only || !queue_wary(q, l, now)) {
		*best = l;
		return;
	}
	if (q->patient_until > live_since(l) + PATIENCE_MS)
		q->patient_until = live_since(l) + PATIENCE_MS;
	pick_job(q, h, 2 * i + 1, only, now, best);
	pick_job(q, h, 2 * i + 2, only, now, best);
}

/* The same for the lines of a lane. */
static void
pick_line(struct queue *q, const struct heap *h, size_t i, const struct host *only, int64_t now, struct offer *best)
{
	struct line *line = i < h->n ? h->p[i] : NULL;
	struct live *job = NULL;

	if (!line || (best->job && share_compare(best->line, line) < 0))
		return;
	pick_job(q, &line->jobs, 0, only, now, &job);
	if (job) {
		*best = (struct offer){job, line};
		return;
	}
	pick_line(q, h, 2 * i + 1, only, now, best);
	pick_line(q, h, 2 * i + 2, only, now, best);
}

static struct offer
offer_of(struct queue *q, struct lane *lane, int class, const struct host *free, int64_t now)
{
	struct line *line = heap_top(&lane->turn[class]);
	struct live *first = line ? heap_top(&line->jobs) : NULL;
	struct offer f = {0};

	if (!first || first->host != free || !queue_wary(q, first, now) || lane_host(lane, free))
		return (struct offer){first, line};
	pick_line(q, &lane->turn[class], 0, free, now, &f);
	return f;
}

/* Whether it need not stand back for one of another lane that would find its root made. */
static bool
pressing(const struct offer *f, int64_t now)
{
	bool warm = now - live_since(f->job) >= PATIENCE_MS;

	if (!warm && *f->job->lane->root)
		lane_warm_host(f->job->lane, NULL, &warm);
	return warm;
}

/* Of one class, of different lanes. */
static bool
offer_before(const struct offer *a, const struct offer *b, int64_t now)
{
	int order = share_compare(a->line, b->line);
	bool x, y;

	if (order)
		return order < 0;
	x = pressing(a, now);
	y = pressing(b, now);
	return x != y ? x : lane_jobs.before(a->job, b->job);
}

/* Of each class the next job, if any has room. The lane without room that has waited longest; NULL: there is none. */
static struct lane *
collect(struct queue *q, int64_t now, struct offer *best)
{
	struct lane *longest = NULL;
	int64_t since = INT64_MAX;

	for (size_t i = 0; i < q->lanes.n; i++) {
		struct lane *lane = q->lanes.p[i];
		struct host *free = NULL;
		int c;

		for (c = 0; c < QUEUE_CLASSES; c++) {
			struct offer f;

			if (lane->turn[c].n == 0 || queue_class_full(q, c))
				continue;
			lane_refresh(lane, &q->fleet);
			if (!free && !(free = lane_host(lane, NULL)))
				break;	/* no class of it has room */
			f = offer_of(q, lane, c, free, now);
			if (f.job && (!best[c].job || offer_before(&f, &best[c], now)))
				best[c] = f;
		}
		if (c < QUEUE_CLASSES && keep_since(q, lane) < since) {
			since = keep_since(q, lane);
			longest = lane;
		}
	}
	return longest;
}

bool
queue_next(struct queue *q, int64_t now, struct live **job, struct host **host)
{
	struct offer best[QUEUE_CLASSES] = {0};
	struct lane *starved;
	int choice = -1;
	struct live *l;
	bool warm;

	q->now = now;
	queue_take_due(q, now);
	q->patient_until = INT64_MAX;
	keep_review(q, now);
	starved = collect(q, now, best);
	if (starved && keep_try(q, starved, now)) {
		memset(best, 0, sizeof(best));
		collect(q, now, best);
	}
	for (int c = 0; c < QUEUE_CLASSES; c++) {
		q->aged[c] = best[c].job && now - live_since(best[c].job) >= AGING_MS;
		if (best[c].job && (choice < 0 || (q->aged[c] && q->passed[c] >= AGED_SHARE - 1)))
			choice = c;
	}
	if (choice < 0)
		return false;
	l = best[choice].job;
	q->chosen = l->job;
	*job = l;
	*host = lane_warm_host(l->lane, queue_wary(q, l, now) ? l->host : NULL, &warm);
	return true;
}
