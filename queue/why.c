#include <string.h>

#include "queue/inside.h"
#include "queue/share.h"
#include "queue/why.h"

/* The first of the words of a lane that a builder lacks. */
static const char *
missing(const struct strs *wanted, const struct strs *there)
{
	for (size_t i = 0; i < wanted->n; i++)
		if (!strs_has(there, wanted->p[i]))
			return wanted->p[i];
	return NULL;
}

static char *
words(const struct strs *s)
{
	return s->n ? strs_join(s, " ") : NULL;
}

static bool
arch_fits(const struct lane *lane, const struct host *h)
{
	for (size_t i = 0; i < lane->arches.n; i++)
		if (strs_has(&h->arches, lane->arches.p[i]))
			return true;
	return lane->arches.n == 0;
}

/* What would still be so with all slots free; *detail as in why_not(). */
static enum exclude
lasting(const struct queue *q, const struct live *l, const struct host *h, char **detail)
{
	struct lane *lane = l->lane;
	const char *feature = missing(&lane->features, &h->features);

	lane_refresh(lane, &q->fleet);
	if (!arch_fits(lane, h)) {
		*detail = words(&lane->arches);
		return EXCLUDE_ARCH;
	}
	if (feature) {
		*detail = xstrdup(feature);
		return EXCLUDE_FEATURE;
	}
	if (h->kind && !lane_fit(lane, h->kind))
		return EXCLUDE_MEMORY;
	return h->open && h->kind ? EXCLUDE_NOTHING : EXCLUDE_CLOSED;
}

/* What may be otherwise as soon as some job ends. */
static enum exclude
passing(const struct queue *q, const struct live *l, const struct host *h)
{
	const struct fit *fit = lane_fit(l->lane, h->kind);

	if (l->state != LIVE_RUNNING && l->host == h && queue_wary(q, l, q->now))
		return EXCLUDE_FAILED_HERE;
	if (h->busy >= h->slots)
		return EXCLUDE_SLOTS;
	if (h->kept && h->kept != l->lane)
		return EXCLUDE_MEMORY_TAKEN;
	if (fit->whole ? h->busy > 0 : h->memory && h->memory - h->taken < fit->need)
		return EXCLUDE_MEMORY_TAKEN;
	return EXCLUDE_NOTHING;
}

enum exclude
why_not(const struct queue *q, const struct live *l, const struct host *h, char **detail)
{
	AUTO(free) char *what = NULL;
	enum exclude e = lasting(q, l, h, &what);

	if (detail)
		*detail = STEAL(what);
	return e ? e : passing(q, l, h);
}

/* Asking changes nothing but what the queue works out again each time. */
static bool
goes_next(const struct queue *q, const struct live *l, int64_t now)
{
	struct live *job;
	struct host *h;

	return queue_next((struct queue *)q, now, &job, &h) && job == l;
}

enum why
why_waits(const struct queue *q, const struct live *l, int64_t now)
{
	if (l->state == LIVE_RUNNING)
		return WHY_RUNNING;
	if (l->state == LIVE_HELD)
		return WHY_HELD;
	lane_refresh(l->lane, &q->fleet);
	if (l->lane->fits.n == 0)
		return WHY_NO_BUILDER;
	if (l->delayed && l->not_before > now)
		return WHY_BACKOFF;
	if (share_limited(q, l->owner))
		return WHY_OWNER_LIMIT;
	if (queue_class_full(q, l->class))
		return WHY_CLASS_LIMIT;
	if (lane_open(l->lane, NULL) == 0)
		return WHY_NONE_OPEN;
	return goes_next(q, l, now) ? WHY_NEXT : WHY_SLOTS;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(const struct host *const *)a)->name, (*(const struct host *const *)b)->name);
}

void
why_hosts(const struct queue *q, void (*fn)(void *arg, const struct host *h), void *arg)
{
	VEC(const struct host *) hosts = {0};

	for (size_t i = 0; i < q->fleet.hosts.n; i++)
		vec_push(&hosts, q->fleet.hosts.p[i]);
	if (hosts.n)
		qsort(hosts.p, hosts.n, sizeof(*hosts.p), by_name);
	for (size_t i = 0; i < hosts.n; i++)
		fn(arg, hosts.p[i]);
	vec_fini(&hosts);
}
