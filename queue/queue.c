/*
 * A job is in one of these places: in its line (queued), in `delayed` (queued, before not_before), with its host
 * (running), or nowhere (held). A line with jobs stands in its lane's heap of the class unless its owner is at the limit.
 * Every change of state is leave(), then enter().
 */
#include <assert.h>
#include <string.h>

#include "queue/inside.h"
#include "queue/keep.h"
#include "queue/share.h"

static bool
due_before(const void *x, const void *y)
{
	const struct live *a = x, *b = y;

	return a->not_before != b->not_before ? a->not_before < b->not_before : a->job < b->job;
}

static const struct heap_order by_due = {due_before, offsetof(struct live, at)};

struct queue *
queue_new(void)
{
	struct queue *q = xcalloc(1, sizeof(*q));

	q->jobs.offset = offsetof(struct live, job);
	q->tasks.offset = offsetof(struct live, task);
	q->patient_until = INT64_MAX;
	return q;
}

static void
owner_free(struct owner *o)
{
	for (struct line *l = o->lines, *next; l; l = next) {
		next = l->next;
		heap_fini(&l->jobs);
		free(l);
	}
	free(o);
}

void
queue_destroy(struct queue *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->jobs.n_slots; i++)
		free(q->jobs.slot[i]);
	for (size_t i = 0; i < q->owners.n; i++)
		owner_free(q->owners.p[i]);
	for (size_t i = 0; i < q->lanes.n; i++)
		lane_free(q->lanes.p[i]);
	vec_fini(&q->owners);
	vec_fini(&q->lanes);
	vec_fini(&q->words);
	roll_fini(&q->jobs);
	roll_fini(&q->tasks);
	heap_fini(&q->delayed);
	str_fini(&q->scratch);
	map_fini(&q->owner_names);
	map_fini(&q->lane_names);
	fleet_fini(&q->fleet);
	free(q);
}

void
queue_set_limits(struct queue *q, const struct queue_limits *l)
{
	q->limits = *l;
	for (size_t i = 0; i < q->owners.n; i++)
		share_owner(q, q->owners.p[i]);
}

struct owner *
queue_owner(struct queue *q, const char *name)
{
	uint32_t i = map_intern(&q->owner_names, name);
	struct owner *o;

	if (i < q->owners.n)
		return q->owners.p[i];
	o = xcalloc(1, sizeof(*o));
	o->name = q->owner_names.key[i].text;
	o->weight = 1;
	vec_push(&q->owners, o);
	return o;
}

void
queue_set_owner(struct queue *q, struct owner *o, int weight, int limit)
{
	o->weight = weight < 1 ? 1 : weight;
	o->limit = limit;
	share_owner(q, o);
}

struct host *
queue_host(struct queue *q, const char *name)
{
	return fleet_host(&q->fleet, name);
}

struct host *
queue_known(const struct queue *q, const char *name)
{
	uint32_t i = map_find(&q->fleet.names, name);

	return i == MAP_NONE ? NULL : q->fleet.hosts.p[i];
}

void
queue_set_host(struct queue *q, struct host *h, const struct strs *arches, const struct strs *features, int slots,
	int64_t memory)
{
	fleet_out(h);
	fleet_offer(&q->fleet, h, arches, features, slots, memory);
	h->taken = 0;
	for (const struct live *l = h->running; l; l = l->next)
		h->taken += fleet_counts(h, l->lane->memory);
	fleet_in(h);
}

void
queue_set_open(struct queue *q, struct host *h, bool open)
{
	fleet_out(h);
	fleet_open(h, open);
	fleet_in(h);
}

void
queue_set_roots(struct queue *q, struct host *h, struct strs *roots)
{
	strs_fini(&h->roots);
	h->roots = *roots;
	*roots = (struct strs){0};
}

void
queue_root(struct queue *q, struct lane *lane, const char *root)
{
	if (!*root || strcmp(lane->root, root) == 0)
		return;
	free(lane->root);
	lane->root = xstrdup(root);
}

static int
compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Onto q->words, in order, and as text onto q->scratch. */
static size_t
sorted(struct queue *q, const struct strs *from)
{
	size_t first = q->words.n;

	for (size_t i = 0; from && i < from->n; i++)
		vec_push(&q->words, from->p[i]);
	if (q->words.n > first)
		qsort(&q->words.p[first], q->words.n - first, sizeof(*q->words.p), compare_words);
	for (size_t i = first; i < q->words.n; i++) {
		str_puts(&q->scratch, q->words.p[i]);
		str_putc(&q->scratch, ' ');
	}
	str_putc(&q->scratch, '\n');
	return q->words.n - first;
}

struct lane *
queue_lane(struct queue *q, const struct ask *a)
{
	int64_t memory = queue_memory(a->memory);
	size_t arches, features;
	uint32_t i;

	q->words.n = 0;
	str_clear(&q->scratch);
	arches = sorted(q, a->arches);
	features = sorted(q, a->features);
	str_add(&q->scratch, "%lld %s", (long long)memory, a->repository);
	i = map_intern(&q->lane_names, q->scratch.p);
	if (i == q->lanes.n)
		vec_push(&q->lanes, lane_new(a->repository, q->words.p, arches, q->words.p + arches, features, memory));
	return q->lanes.p[i];
}

/* NULL: it was never needed. */
static struct line *
line_of(const struct live *l)
{
	struct line *line = l->owner->lines;

	while (line && (line->lane != l->lane || line->class != l->class))
		line = line->next;
	return line;
}

static struct line *
need_line(const struct live *l)
{
	struct line *line = line_of(l);

	if (line)
		return line;
	line = xcalloc(1, sizeof(*line));
	line->owner = l->owner;
	line->lane = l->lane;
	line->class = l->class;
	line->next = l->owner->lines;
	l->owner->lines = line;
	return line;
}

static void
stand(struct queue *q, struct live *l)
{
	struct line *line = need_line(l);

	l->delayed = false;
	heap_push(&line->jobs, &lane_jobs, l);
	share_line(q, line);
}

static void
leave_host(struct live *l)
{
	struct host *h = l->host;

	fleet_out(h);
	if (l->prev)
		l->prev->next = l->next;
	else
		h->running = l->next;
	if (l->next)
		l->next->prev = l->prev;
	l->next = l->prev = NULL;
	h->busy--;
	h->taken -= fleet_counts(h, l->lane->memory);
	fleet_in(h);
}

static void
join_host(struct live *l, struct host *h)
{
	fleet_out(h);
	l->host = h;
	l->prev = NULL;
	l->next = h->running;
	if (l->next)
		l->next->prev = l;
	h->running = l;
	h->busy++;
	h->taken += fleet_counts(h, l->lane->memory);
	fleet_in(h);
}

static void
leave(struct queue *q, struct live *l, int64_t now)
{
	struct line *line;

	q->now = now;
	switch ((enum live_state)l->state) {
	case LIVE_HELD:
		q->counts.held--;
		return;
	case LIVE_QUEUED:
		q->counts.queued--;
		q->counts.class_queued[l->class]--;
		l->owner->queued--;
		if (l->delayed) {
			heap_remove(&q->delayed, &by_due, l);
			return;
		}
		line = line_of(l);
		heap_remove(&line->jobs, &lane_jobs, l);
		share_line(q, line);
		return;
	case LIVE_RUNNING:
		q->counts.running--;
		q->counts.class_running[l->class]--;
		l->owner->running--;
		leave_host(l);
		share_settle(line_of(l), l, now > l->started ? now - l->started : 0);
		share_owner(q, l->owner);
		return;
	}
}

static void
enter(struct queue *q, struct live *l, enum live_state state, int64_t now)
{
	q->now = now;
	l->state = (uint8_t)state;
	if (state == LIVE_HELD) {
		q->counts.held++;
		return;
	}
	q->counts.queued++;
	q->counts.class_queued[l->class]++;
	l->owner->queued++;
	l->delayed = l->not_before > now;
	if (l->delayed)
		heap_push(&q->delayed, &by_due, l);
	else
		stand(q, l);
}

/* After the first one of its task, if there is one. */
static void
join_task(struct queue *q, struct live *l)
{
	l->elder = queue_of_task(q, l->task);
	if (!l->elder) {
		roll_add(&q->tasks, l);
		return;
	}
	l->sibling = l->elder->sibling;
	l->elder->sibling = l;
	if (l->sibling)
		l->sibling->elder = l;
}

static void
leave_task(struct queue *q, struct live *l)
{
	if (l->elder)
		l->elder->sibling = l->sibling;
	else
		roll_remove(&q->tasks, l);
	if (l->sibling)
		l->sibling->elder = l->elder;
	if (l->sibling && !l->elder)
		roll_add(&q->tasks, l->sibling);
}

struct live *
queue_add(struct queue *q, const struct ask *a, int64_t now)
{
	struct live *l = xcalloc(1, sizeof(*l));

	assert(a->class >= 0 && a->class < QUEUE_CLASSES && !queue_find(q, a->job));
	*l = (struct live){
		.job = a->job,
		.task = a->task,
		.owner = queue_owner(q, a->owner),
		.lane = queue_lane(q, a),
		.submitted = a->submitted,
		.queued = a->queued,
		.not_before = a->not_before,
		.expected_ms = a->expected_ms > 0 ? a->expected_ms : EXPECTED_MS,
		.host = a->failed_on ? queue_host(q, a->failed_on) : NULL,
		.attempt = a->attempt,
		.class = (uint8_t)a->class,
	};
	roll_add(&q->jobs, l);
	join_task(q, l);
	enter(q, l, a->held ? LIVE_HELD : LIVE_QUEUED, now);
	return l;
}

struct live *
queue_of_task(const struct queue *q, int64_t task)
{
	return roll_find(&q->tasks, task);
}

struct live *
queue_find(const struct queue *q, int64_t job)
{
	return roll_find(&q->jobs, job);
}

void
queue_drop(struct queue *q, struct live *l, int64_t now)
{
	leave(q, l, now);
	roll_remove(&q->jobs, l);
	leave_task(q, l);
	free(l);
}

/* Classes below that could have gone too have been passed once more. */
static void
note_turn(struct queue *q, const struct live *l)
{
	if (q->chosen != l->job)
		return;
	for (int c = l->class + 1; c < QUEUE_CLASSES; c++)
		if (q->aged[c] && q->passed[c] < AGED_SHARE)
			q->passed[c]++;
	q->passed[l->class] = 0;
	q->chosen = 0;
}

void
queue_start(struct queue *q, struct live *l, struct host *h, int64_t now)
{
	struct line *line = need_line(l);

	assert(l->state != LIVE_RUNNING);
	note_turn(q, l);
	l->start_tag = share_charge(q, line, l->expected_ms);
	leave(q, l, now);
	l->state = LIVE_RUNNING;
	l->started = now;
	join_host(l, h);
	q->counts.running++;
	q->counts.class_running[l->class]++;
	l->owner->running++;
	share_owner(q, l->owner);
	keep_started(q, l->lane, now);
}

void
queue_requeue(struct queue *q, struct live *l, int64_t now, int64_t not_before, bool failed)
{
	assert(l->state == LIVE_RUNNING);
	leave(q, l, now);
	if (!failed)
		l->host = NULL;
	l->queued = now;
	l->not_before = not_before;
	enter(q, l, LIVE_QUEUED, now);
}

void
queue_hold(struct queue *q, struct live *l, bool held, int64_t now)
{
	if (l->state == LIVE_RUNNING || held == (l->state == LIVE_HELD))
		return;
	leave(q, l, now);
	enter(q, l, held ? LIVE_HELD : LIVE_QUEUED, now);
}

void
queue_take_due(struct queue *q, int64_t now)
{
	for (struct live *l; (l = heap_top(&q->delayed)) && l->not_before <= now;) {
		heap_remove(&q->delayed, &by_due, l);
		stand(q, l);
	}
}

int64_t
queue_due(const struct queue *q)
{
	const struct live *l = heap_top(&q->delayed);

	return l && l->not_before < q->patient_until ? l->not_before : q->patient_until;
}

int64_t
queue_memory(int64_t bytes)
{
	int64_t p = (int64_t)512 << 20;

	if (bytes <= 0)
		return (int64_t)1 << 30;
	while (p < bytes && p < (int64_t)1 << 60) {
		if (p / 2 * 3 >= bytes)
			return p / 2 * 3;
		p *= 2;
	}
	return p;
}
