#include <string.h>

#include "base/str.h"
#include "scheduler/queue.h"

enum { AGING_MS = 60000, PATIENCE_MS = 10000, LOOK_AHEAD = 16 };

static void
live_free(struct live *l)
{
	free(l->owner);
	free(l->repository);
	strs_fini(&l->arches);
	free(l->builder);
	free(l);
}

void
queue_fini(struct queue *q)
{
	for (size_t i = 0; i < q->all.n; i++)
		live_free(q->all.p[i]);
	for (size_t i = 0; i < q->owners.n; i++) {
		free(q->owners.p[i]->name);
		vec_fini(&q->owners.p[i]->line);
		free(q->owners.p[i]);
	}
	warm_fini(&q->warm);
	vec_fini(&q->all);
	vec_fini(&q->owners);
}

static struct owner *
owner_of(struct queue *q, const char *name)
{
	struct owner *o;

	for (size_t i = 0; i < q->owners.n; i++)
		if (strcmp(q->owners.p[i]->name, name) == 0)
			return q->owners.p[i];
	o = xcalloc(1, sizeof(*o));
	o->name = xstrdup(name);
	vec_push(&q->owners, o);
	return o;
}

static bool
before(const struct live *a, const struct live *b)
{
	if (a->class != b->class)
		return a->class < b->class;
	if (a->submitted != b->submitted)
		return a->submitted < b->submitted;
	return a->job < b->job;
}

static void
enqueue(struct owner *o, struct live *l)
{
	size_t i;

	vec_push(&o->line, l);
	for (i = o->line.n - 1; i > 0 && before(l, o->line.p[i - 1]); i--)
		o->line.p[i] = o->line.p[i - 1];
	o->line.p[i] = l;
}

static void
dequeue(struct owner *o, struct live *l)
{
	size_t i = 0;

	while (o->line.p[i] != l)
		i++;
	memmove(&o->line.p[i], &o->line.p[i + 1], (o->line.n - i - 1) * sizeof(l));
	o->line.n--;
}

struct live *
queue_add(struct queue *q, const struct live *from)
{
	struct live *l = xcalloc(1, sizeof(*l));
	struct owner *o;

	*l = *from;
	if (!l->builder)
		l->builder = xstrdup("");
	o = owner_of(q, l->owner);
	vec_push(&q->all, l);
	if (l->running)
		o->running++;
	else
		enqueue(o, l);
	return l;
}

struct live *
queue_find(struct queue *q, int64_t job)
{
	for (size_t i = 0; i < q->all.n; i++)
		if (q->all.p[i]->job == job)
			return q->all.p[i];
	return NULL;
}

static void
leave(struct queue *q, struct live *l)
{
	struct owner *o = owner_of(q, l->owner);

	if (l->running)
		o->running--;
	else
		dequeue(o, l);
}

void
queue_drop(struct queue *q, struct live *l)
{
	leave(q, l);
	for (size_t i = 0; i < q->all.n; i++)
		if (q->all.p[i] == l) {
			q->all.p[i] = q->all.p[--q->all.n];
			break;
		}
	live_free(l);
}

void
queue_start(struct queue *q, struct live *l, const char *builder, uint32_t attempt, int64_t lease)
{
	leave(q, l);
	l->running = true;
	free(l->builder);
	l->builder = xstrdup(builder);
	l->attempt = attempt;
	l->lease = lease;
	owner_of(q, l->owner)->running++;
}

void
queue_requeue(struct queue *q, struct live *l, int64_t now, int64_t not_before)
{
	leave(q, l);
	l->running = false;
	l->queued = now;
	l->not_before = not_before;
	enqueue(owner_of(q, l->owner), l);
}

static bool
fits(const struct live *l, const struct strs *arches)
{
	for (size_t i = 0; i < l->arches.n; i++)
		if (strs_has(arches, l->arches.p[i]))
			return true;
	return l->arches.n == 0;
}

bool
queue_warm(const struct queue *q, const struct live *l, const struct strs *roots)
{
	return l->repository && warm_at(&q->warm, l->repository, &l->arches, roots);
}

/* What an owner would start there: its turn is that of the first in line that may run, `job` the one that goes. */
struct offer {
	struct live *first, *job;
	int64_t share;
	bool warm;			/* and nobody has waited so long that it does not count */
};

static struct offer
offer_of(const struct queue *q, const struct owner *o, const struct strs *arches, const struct strs *roots, int64_t now)
{
	struct offer f = {0};
	size_t looked = 0;

	for (size_t i = 0; i < o->line.n && looked < LOOK_AHEAD; i++) {
		struct live *l = o->line.p[i];

		if (l->not_before > now || !fits(l, arches))
			continue;
		if (!f.first)
			f = (struct offer){.first = l, .job = l, .share = o->running - (now - l->queued) / AGING_MS};
		if (l->class != f.first->class || now - f.first->queued >= PATIENCE_MS)
			break;
		looked++;
		if (!queue_warm(q, l, roots))
			continue;
		f.job = l;
		f.warm = true;
		break;
	}
	return f;
}

static bool
offer_before(const struct offer *a, const struct offer *b)
{
	if (a->first->class != b->first->class)
		return a->first->class < b->first->class;
	if (a->share != b->share)
		return a->share < b->share;
	return a->warm != b->warm ? a->warm : before(a->first, b->first);
}

struct live *
queue_next(const struct queue *q, const struct strs *arches, const struct strs *roots, int64_t now)
{
	struct offer best = {0};

	for (size_t i = 0; i < q->owners.n; i++) {
		struct offer f = offer_of(q, q->owners.p[i], arches, roots, now);

		if (f.first && (!best.first || offer_before(&f, &best)))
			best = f;
	}
	return best.job;
}

size_t
queue_queued(const struct queue *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->owners.n; i++)
		n += q->owners.p[i]->line.n;
	return n;
}
