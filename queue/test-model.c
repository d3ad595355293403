/*
 * Random histories: after each step the queue is asked until it has nothing more, and a model that looks at every job and
 * every builder must agree that nothing more can start, that what was chosen may go where it went, and on all counts.
 */
#include "queue/test-yard.h"

#include "base/vec.h"
#include "queue/why.h"

enum { ARCHES = 3, FEATURES = 2, HOSTS = 6, OWNERS = 5 };
static const char *const arch_names[ARCHES] = {"x86_64", "aarch64", "riscv64"};
static const char *const feature_names[FEATURES] = {"kvm", "bigmem"};

enum state { QUEUED, HELD, RUNNING, GONE };

/* Sets of architectures and features are bits. */
struct job {
	int64_t id, submitted, memory, queued, not_before;
	unsigned arches, features;
	int owner, class;
	enum state state;
	int host;			/* running: where; queued: where it failed; -1 */
};

struct box {
	struct host *h;
	char name[4];
	unsigned arches, features;
	int slots;
	int64_t memory;
	bool open;
};

struct model {
	struct yard y;
	uint64_t seed;
	unsigned spread;		/* 0: few kinds of jobs and builders, many of each; 2: the contrary */
	VEC(struct job) jobs;		/* job n is at n - 1 */
	struct box box[HOSTS];
	int weight[OWNERS], limit[OWNERS];
	struct queue_limits limits;
};

static void
model_fini(struct model *m)
{
	yard_fini(&m->y);
	vec_fini(&m->jobs);
}
AUTO_DEFINE_EMBEDDED(struct model, model_fini);

static int64_t
dice(struct model *m, int64_t n)
{
	m->seed ^= m->seed << 13;
	m->seed ^= m->seed >> 7;
	m->seed ^= m->seed << 17;
	return (int64_t)((m->seed >> 11) % (uint64_t)n);
}

static const char *
words(char *out, unsigned bits, const char *const *names, int n)
{
	char *p = out;

	*p = '\0';
	for (int i = 0; i < n; i++)
		if (bits & 1u << i)
			p += sprintf(p, "%s ", names[i]);
	return out;
}

static bool
suits(const struct job *j, const struct box *b)
{
	return b->slots > 0 && (!j->arches || (j->arches & b->arches)) && !(j->features & ~b->features);
}

/* The most that a builder has which suits; those that do not tell have any. */
static int64_t
most(const struct model *m, const struct job *j)
{
	int64_t n = 0;

	for (int i = 0; i < HOSTS; i++) {
		int64_t has = m->box[i].memory ? m->box[i].memory : INT64_MAX;

		if (suits(j, &m->box[i]) && has > n)
			n = has;
	}
	return n;
}

/* Whether it could run there if nothing else did. */
static bool
ever(const struct model *m, const struct job *j, const struct box *b)
{
	int64_t all = most(m, j), need = queue_memory(j->memory);

	return suits(j, b) && (!b->memory || b->memory >= (need < all ? need : all));
}

static int64_t
counts(const struct job *j, const struct box *b)
{
	int64_t need = queue_memory(j->memory);

	return b->memory && b->memory < need ? b->memory : need;
}

static bool
wary(const struct model *m, const struct job *j, const struct box *b)
{
	int64_t since = j->queued > j->not_before ? j->queued : j->not_before;

	if (j->host < 0 || &m->box[j->host] != b || m->y.now >= since + PATIENCE_MS)
		return false;
	for (int i = 0; i < HOSTS; i++)
		if (i != j->host && m->box[i].open && ever(m, j, &m->box[i]))
			return true;
	return false;
}

static bool
room(const struct model *m, const struct job *j, const struct box *b)
{
	int64_t taken = 0;
	int busy = 0;

	if (!b->open || !ever(m, j, b) || wary(m, j, b) ||
	    (b->h->kept && b->h->kept != queue_find(m->y.q, j->id)->lane))
		return false;
	for (size_t i = 0; i < m->jobs.n; i++) {
		const struct job *k = &m->jobs.p[i];

		if (k->state == RUNNING && &m->box[k->host] == b) {
			busy++;
			taken += counts(k, b);
		}
	}
	return busy < b->slots && (!b->memory || taken + counts(j, b) <= b->memory);
}

static int
running(const struct model *m, int owner, int class)
{
	int n = 0;

	for (size_t i = 0; i < m->jobs.n; i++)
		n += m->jobs.p[i].state == RUNNING && (owner < 0 || m->jobs.p[i].owner == owner) &&
		    (class < 0 || m->jobs.p[i].class == class);
	return n;
}

static bool
allowed(const struct model *m, const struct job *j)
{
	int limit = m->limit[j->owner] ? m->limit[j->owner] : m->limits.owner, class = m->limits.class[j->class];

	return (!limit || running(m, j->owner, -1) < limit) && (!class || running(m, -1, j->class) < class);
}

static bool
runnable(const struct model *m, const struct job *j)
{
	if (j->state != QUEUED || j->not_before > m->y.now || !allowed(m, j))
		return false;
	for (int i = 0; i < HOSTS; i++)
		if (room(m, j, &m->box[i]))
			return true;
	return false;
}

static bool
one_line(const struct job *a, const struct job *b)
{
	return a->owner == b->owner && a->class == b->class && a->arches == b->arches && a->features == b->features &&
	    queue_memory(a->memory) == queue_memory(b->memory);
}

/* A choice: it may go, there; what was before it in its line may not, nor what is of a class above unless this is old. */
static void
check_choice(const struct model *m, const struct job *j, const struct box *b)
{
	assert_int_equal(j->state, QUEUED);
	assert_true(j->not_before <= m->y.now);
	assert_true(allowed(m, j));
	assert_true(room(m, j, b));
	for (size_t i = 0; i < m->jobs.n; i++) {
		const struct job *k = &m->jobs.p[i];
		int64_t since = j->queued > j->not_before ? j->queued : j->not_before;

		if (one_line(k, j) && (k->submitted < j->submitted || (k->submitted == j->submitted && k->id < j->id)))
			assert_false(runnable(m, k));
		if (k->class < j->class && m->y.now - since < AGING_MS)
			assert_false(runnable(m, k));
	}
}

/* A builder is kept only for one who has waited for long, and one at a time. */
static void
check_kept(const struct model *m)
{
	int kept = 0;

	for (int b = 0; b < HOSTS; b++) {
		const struct lane *lane = m->box[b].h->kept;
		bool old = !lane;

		kept += lane != NULL;
		for (size_t i = 0; i < m->jobs.n && !old; i++) {
			const struct job *j = &m->jobs.p[i];
			int64_t since = j->queued > j->not_before ? j->queued : j->not_before;

			old = j->state == QUEUED && since <= m->y.now - AGING_MS && queue_find(m->y.q, j->id)->lane == lane;
		}
		assert_true(old);
	}
	assert_true(kept <= 1);
}

/* All that can start does; what is left cannot, and is said to wait for something. */
static void
start_all(struct model *m)
{
	struct live *l;
	struct host *h;

	while (queue_next(m->y.q, m->y.now, &l, &h)) {
		struct job *j = &m->jobs.p[l->job - 1];
		int b = 0;

		while (m->box[b].h != h)
			b++;
		check_choice(m, j, &m->box[b]);
		assert_int_equal(why_waits(m->y.q, l, m->y.now), WHY_NEXT);
		assert_int_equal(why_not(m->y.q, l, h, NULL), EXCLUDE_NOTHING);
		queue_start(m->y.q, l, h, m->y.now);
		j->state = RUNNING;
		j->host = b;
	}
	for (size_t i = 0; i < m->jobs.n; i++)
		if (runnable(m, &m->jobs.p[i]))
			fail_msg("job %zu could run", i + 1);
	check_kept(m);
}

/* Of a job that is queued and cannot start. */
static enum why
reason(const struct model *m, const struct job *j)
{
	bool ever_any = false, open = false;

	if (j->state == RUNNING || j->state == HELD)
		return j->state == RUNNING ? WHY_RUNNING : WHY_HELD;
	for (int i = 0; i < HOSTS; i++) {
		ever_any |= ever(m, j, &m->box[i]);
		open |= ever(m, j, &m->box[i]) && m->box[i].open;
	}
	if (!ever_any || j->not_before > m->y.now)
		return ever_any ? WHY_BACKOFF : WHY_NO_BUILDER;
	if (!allowed(m, j)) {
		int limit = m->limit[j->owner] ? m->limit[j->owner] : m->limits.owner;

		return limit && running(m, j->owner, -1) >= limit ? WHY_OWNER_LIMIT : WHY_CLASS_LIMIT;
	}
	return open ? WHY_SLOTS : WHY_NONE_OPEN;
}

static void
check_counts(const struct model *m)
{
	struct queue_counts n = queue_count(m->y.q);
	size_t state[GONE + 1] = {0};
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < m->jobs.n; i++) {
		const struct job *j = &m->jobs.p[i];
		const struct live *l = queue_find(m->y.q, j->id);

		state[j->state]++;
		assert_int_equal(l != NULL, j->state != GONE);
		if (j->state == QUEUED && j->not_before > m->y.now && j->not_before < due)
			due = j->not_before;
		if (l && why_waits(m->y.q, l, m->y.now) != reason(m, j))
			fail_msg("job %zu: why %d, not %d", i + 1, (int)why_waits(m->y.q, l, m->y.now), (int)reason(m, j));
		if (l && j->state == QUEUED)
			for (int b = 0; b < HOSTS; b++)
				assert_int_equal(why_not(m->y.q, l, m->box[b].h, NULL) == EXCLUDE_NOTHING, room(m, j, &m->box[b]));
	}
	assert_int_equal(n.queued, state[QUEUED]);
	assert_int_equal(n.held, state[HELD]);
	assert_int_equal(n.running, state[RUNNING]);
	assert_int_equal(n.busy, running(m, -1, -1));
	for (int c = 0; c < QUEUE_CLASSES; c++)
		assert_int_equal(n.class_running[c], running(m, -1, c));
	for (int o = 0; o < OWNERS; o++) {
		char name[4] = {'o', (char)('0' + o), '\0'};

		assert_int_equal(queue_owner(m->y.q, name)->running, running(m, o, -1));
	}
	assert_true(queue_due(m->y.q) <= due);
}

static void
change_box(struct model *m, int i)
{
	static const int64_t memory[] = {0, 7, 20, 5};
	struct box *b = &m->box[i];
	char arches[64], features[64];

	snprintf(b->name, sizeof(b->name), "b%d", i);
	b->arches = 1 + (unsigned)dice(m, 1 + 3 * m->spread);
	b->features = (unsigned)dice(m, 1 + m->spread);
	b->slots = (int)dice(m, 5);
	b->memory = memory[dice(m, 2 + m->spread)] * GIB;
	b->open = dice(m, 4) > 0;
	b->h = host(&m->y, b->name, words(arches, b->arches, arch_names, ARCHES), words(features, b->features, feature_names, FEATURES),
	    b->slots, b->memory);
	queue_set_open(m->y.q, b->h, b->open);
}

static void
add(struct model *m)
{
	static const int64_t memory[] = {0, 1 << 29, 1 << 30, (int64_t)3 << 30, (int64_t)12 << 30, (int64_t)40 << 30};
	struct job j = {
		.submitted = m->y.now - dice(m, 1000),
		.memory = memory[m->spread ? dice(m, 6) : 5 * (dice(m, 3) == 0)],
		.queued = m->y.now,
		.not_before = dice(m, 3) ? 0 : m->y.now + dice(m, 4 * PATIENCE_MS),
		.arches = (unsigned)dice(m, 2 + 3 * m->spread),
		.features = (unsigned)dice(m, 1 + m->spread),
		.owner = (int)dice(m, m->spread ? OWNERS : 2),
		.class = (int)dice(m, 1 + m->spread),
		.state = dice(m, 8) ? QUEUED : HELD,
		.host = dice(m, 8) ? -1 : (int)dice(m, HOSTS),
	};
	char arches[64], features[64], owner[4] = {'o', (char)('0' + j.owner), '\0'};

	j.id = WANT(&m->y, .owner = owner, .arches = words(arches, j.arches, arch_names, ARCHES),
	    .features = words(features, j.features, feature_names, FEATURES), .memory = j.memory, .submitted = j.submitted,
	    .not_before = j.not_before, .lower = j.class - QUEUE_NORMAL, .held = j.state == HELD,
	    .failed_on = j.host < 0 ? NULL : m->box[j.host].name)->job;
	vec_push(&m->jobs, j);
}

/* Something happens to one job. */
static void
touch(struct model *m, struct job *j)
{
	struct live *l = queue_find(m->y.q, j->id);
	int64_t what = dice(m, 6);

	if (!l)
		return;
	if (j->state == RUNNING && what < 2) {
		bool failed = dice(m, 2);

		j->queued = m->y.now;
		j->not_before = m->y.now + dice(m, 2) * PATIENCE_MS;
		queue_requeue(m->y.q, l, m->y.now, j->not_before, failed);
		j->state = QUEUED;
		j->host = failed ? j->host : -1;
	} else if (j->state != RUNNING && what < 3) {
		j->state = j->state == HELD ? QUEUED : HELD;
		queue_hold(m->y.q, l, j->state == HELD, m->y.now);
	} else if (j->state == RUNNING || what == 5) {
		queue_drop(m->y.q, l, m->y.now);
		j->state = GONE;
	}
}

static void
set_limits(struct model *m)
{
	int o = (int)dice(m, OWNERS);
	char name[4] = {'o', (char)('0' + o), '\0'};

	m->limit[o] = (int)dice(m, 4);
	queue_set_owner(m->y.q, queue_owner(m->y.q, name), 1 + (int)dice(m, 5), m->limit[o]);
	m->limits = (struct queue_limits){(int)dice(m, 4) * 2, {(int)dice(m, 3) * 3, (int)dice(m, 3) * 3, (int)dice(m, 3) * 3}};
	queue_set_limits(m->y.q, &m->limits);
}

static void
step(struct model *m)
{
	int64_t what = dice(m, 100);

	if (what < 40)
		add(m);
	else if (what < 90)
		touch(m, &m->jobs.p[dice(m, (int64_t)m->jobs.n)]);
	else if (what < 96)
		change_box(m, (int)dice(m, HOSTS));
	else
		set_limits(m);
	m->y.now += dice(m, 3) ? dice(m, PATIENCE_MS / 4) : dice(m, 40) ? 0 : AGING_MS / 2;
}

static void
test_histories(void **state)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		AUTO(model_fini) struct model m = {.y = yard_make(), .seed = seed * 0x9e3779b97f4a7c15u, .spread = seed % 3};

		for (int i = 0; i < HOSTS; i++)
			change_box(&m, i);
		add(&m);
		for (int i = 0; i < 500; i++) {
			step(&m);
			start_all(&m);
			check_counts(&m);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
