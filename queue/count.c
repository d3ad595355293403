#include "queue/inside.h"

struct queue_counts
queue_count(const struct queue *q)
{
	struct queue_counts n = q->counts;

	n.owners = q->owners.n;
	n.hosts = q->fleet.hosts.n;
	n.lanes = q->lanes.n;
	for (size_t i = 0; i < q->fleet.hosts.n; i++) {
		const struct host *h = q->fleet.hosts.p[i];

		n.slots += h->open ? h->slots : 0;
		n.busy += h->busy;
	}
	return n;
}

void
queue_each(const struct queue *q, void (*fn)(void *arg, struct live *l), void *arg)
{
	for (size_t i = 0; i < q->jobs.n_slots; i++)
		if (q->jobs.slot[i])
			fn(arg, q->jobs.slot[i]);
}

static size_t
of_owner(const struct owner *o)
{
	size_t n = sizeof(*o);

	for (const struct line *l = o->lines; l; l = l->next)
		n += sizeof(*l) + l->jobs.cap * sizeof(void *);
	return n;
}

static size_t
of_lane(const struct lane *l)
{
	size_t n = sizeof(*l) + l->fits.cap * sizeof(*l->fits.p) + (l->arches.cap + l->features.cap) * sizeof(char *);

	for (int c = 0; c < QUEUE_CLASSES; c++)
		n += l->turn[c].cap * sizeof(void *);
	return n;
}

static size_t
of_map(const struct map *m)
{
	return m->n_slots * sizeof(*m->slot) + m->cap * sizeof(*m->key);
}

/* Without the texts of names, which are few. */
size_t
queue_bytes(const struct queue *q)
{
	size_t n = sizeof(*q) + q->jobs.n * sizeof(struct live) + (q->jobs.n_slots + q->tasks.n_slots) * sizeof(struct live *) +
	    q->delayed.cap * sizeof(void *) + of_map(&q->owner_names) + of_map(&q->lane_names) +
	    of_map(&q->fleet.names) + q->fleet.hosts.n * (sizeof(struct host) + sizeof(struct host *)) +
	    q->fleet.kinds.n * (sizeof(struct kind) + sizeof(struct kind *));

	for (size_t i = 0; i < q->owners.n; i++)
		n += sizeof(struct owner *) + of_owner(q->owners.p[i]);
	for (size_t i = 0; i < q->lanes.n; i++)
		n += sizeof(struct lane *) + of_lane(q->lanes.p[i]);
	return n;
}
