#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "bench/data.h"
#include "schema/acl.h"
#include "schema/builder.h"
#include "schema/event.h"
#include "schema/needs.h"
#include "schema/requeue.h"
#include "schema/setting.h"
#include "schema/user.h"
#include "tests/soak/people.h"
#include "tests/soak/soak.h"

enum { PACKAGES = 400, SUBTASKS = 8, RECENT = 1500, LOOKS = 20, OPEN_MAX = 1500 };

static const char *const owners[] = {"ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal"};
static const char *const repositories[] = {"one", "two"};

void
people_make(struct soak *k)
{
	struct needs n = {.package = (char *)"package-0", .features = (char *)"kvm", .limits = (char *)""};
	AUTO(strs_fini) struct strs ann = {0};
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
		must(user_add(k->s, owners[i], false, &err), &err);
	for (size_t i = 0; i < ARRAY_SIZE(repositories); i++)
		must(needs_set(k->s, repositories[i], &n, &err), &err);
	n = (struct needs){.package = (char *)"package-1", .features = (char *)"", .limits = (char *)"memory=2G"};
	must(needs_set(k->s, "one", &n, &err), &err);
	strs_add(&ann, "ann");
	must(acl_change(k->s, "one", "package-2", ACL_CREATE, &ann, &err), &err);
}

/* The store borrows the name for longer than a task is there. */
static void
act_as(struct soak *k, const char *owner)
{
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
		if (strcmp(owners[i], owner) == 0)
			k->s->user = owners[i];
}

/* A recent task in one of these states (bits); false if none was met by chance. */
static bool
pick(struct soak *k, unsigned states, struct task *out)
{
	for (int i = 0; i < LOOKS && k->newest; i++) {
		int64_t id = k->newest - dice(k, k->newest < RECENT ? (unsigned)k->newest : RECENT);

		if (!soak_task(k, id, out))
			continue;
		if (states & 1u << out->state) {
			act_as(k, out->owner);
			return true;
		}
		task_fini(out);
	}
	return false;
}

/* New tasks. */

static void
add_subtask(struct soak *k, int64_t task, int id, unsigned package, const char *owner)
{
	char name[32], file[64];
	struct sha256 sum;
	struct subtask t = {.task = task, .id = id, .kind = SUBTASK_SRPM, .user = (char *)owner, .package = name, .srpm_file = file};
	struct err err;

	snprintf(name, sizeof(name), "package-%u", package);
	snprintf(file, sizeof(file), "%s-1-1.src.rpm", name);
	sum = hash_bytes(file, strlen(file));
	t.srpm = sum.hex;
	must(subtask_save(k->s, &t, &err), &err);
}

static void
depend(struct soak *k, int64_t task, int64_t dep)
{
	struct err err;

	must(store_begin(k->s, &err), &err);
	must(task_dep_add(k->s, task, dep, &err), &err);
	must(event_add(k->s, "task", task, 0, "", &err, "task #%lld: dependencies changed", (long long)task), &err);
	must(store_commit(k->s, &err), &err);
}

static void
set_class(struct soak *k, struct task *t, unsigned class)
{
	struct err err;

	t->class = class;
	must(task_save(k->s, t, &err), &err);
	must(event_add(k->s, "task", t->id, 0, "", &err, "task #%lld: class %s", (long long)t->id, task_class_name(class)), &err);
}

/* As `task run` does, in the caller's transaction. */
static void
run(struct soak *k, struct task *t)
{
	struct err err;

	t->submitted = now_ms();
	must(task_save(k->s, t, &err), &err);
	t->try++;
	t->iter = 1;
	soak_move(k, t, TASK_AWAITING, NULL);
}

static void
create(struct soak *k, const char *owner, struct task *out)
{
	const char *repository = repositories[dice(k, ARRAY_SIZE(repositories))];
	const unsigned n = chance(k, 60) ? 1 : 1 + dice(k, SUBTASKS), first = dice(k, PACKAGES);
	struct err err;
	int64_t id;

	k->s->user = owner;
	must(task_create(k->s, repository, owner, &id, &err), &err);
	for (unsigned i = 0; i < n; i++)
		add_subtask(k, id, (int)(i + 1) * 0100, (first + i) % PACKAGES, owner);
	k->newest = id;
	must(task_get(k->s, id, out, &err), &err);
	out->fail_early = chance(k, 70);
	out->test_only = chance(k, 15);
	must(task_save(k->s, out, &err), &err);
	if (chance(k, 30))
		set_class(k, out, dice(k, TASK_CLASSES));
}

/* Two or three that wait for each other. */
static void
submit_cycle(struct soak *k, const char *owner)
{
	struct task t[3] = {0};
	const size_t n = 2 + dice(k, 2);
	struct err err;

	for (size_t i = 0; i < n; i++)
		create(k, owner, &t[i]);
	for (size_t i = 0; i < n; i++)
		depend(k, t[i].id, t[(i + 1) % n].id);
	must(store_commit(k->s, &err), &err);
	for (size_t i = 0; i < n; i++) {
		must(store_begin(k->s, &err), &err);
		run(k, &t[i]);
		must(store_commit(k->s, &err), &err);
		task_fini(&t[i]);
	}
	k->submits += n;
}

/* One owner submits much more than others. */
static void
act_submit(struct soak *k)
{
	const char *owner = owners[chance(k, 40) ? 0 : dice(k, ARRAY_SIZE(owners))];
	AUTO(task_fini) struct task t = {0};
	struct err err;

	if (k->open > OPEN_MAX)
		return;
	must(store_begin(k->s, &err), &err);
	if (chance(k, 2)) {
		submit_cycle(k, owner);
		return;
	}
	create(k, owner, &t);
	for (unsigned n = chance(k, 15) ? 1 + dice(k, 2) : 0; n > 0 && t.id > RECENT / 50; n--)
		depend(k, t.id, t.id - 1 - dice(k, RECENT / 50));
	if (chance(k, 97))
		run(k, &t);
	must(store_commit(k->s, &err), &err);
	k->submits++;
}

/* What is done to tasks that are there. */

static void
act_abort(struct soak *k)
{
	const unsigned states = 1u << TASK_AWAITING | 1u << TASK_POSTPONED | 1u << TASK_BUILDING | 1u << TASK_BUILT;
	AUTO(task_fini) struct task t = {0};

	if (pick(k, chance(k, 80) ? 1u << TASK_BUILDING : states, &t) && soak_move(k, &t, TASK_CANCELLED, "aborted"))
		k->aborts++;
}

/* In a transaction: the task, if it is in one of these states still. */
static bool
reread(struct soak *k, struct task *t, unsigned states)
{
	int64_t id = t->id;

	task_fini(t);
	if (!soak_task(k, id, t))
		return false;
	act_as(k, t->owner);
	return states & 1u << t->state;
}

static const unsigned idle = 1u << TASK_NEW | 1u << TASK_FAILED | 1u << TASK_TESTED | 1u << TASK_EPERM | 1u << TASK_CANCELLED;

static void
act_run_again(struct soak *k)
{
	AUTO(task_fini) struct task t = {0};
	struct err err;

	if (k->open > OPEN_MAX || !pick(k, idle, &t))
		return;
	must(store_begin(k->s, &err), &err);
	if (reread(k, &t, idle)) {
		run(k, &t);
		k->reruns++;
	}
	must(store_commit(k->s, &err), &err);
}

/* As `task requeue` does; it refuses what could lead nowhere. */
static void
act_requeue(struct soak *k)
{
	AUTO(task_fini) struct task t = {0};
	const struct job_choice every = {0};
	struct err err;
	size_t n;

	if (k->open <= OPEN_MAX && pick(k, 1u << TASK_FAILED | 1u << TASK_BUILDING, &t) &&
	    task_requeue(k->s, t.id, &every, &n, &err) == 0)
		k->requeues++;
}

/* One more dependency, on a task that may well be a later one. */
static void
act_edit(struct soak *k)
{
	AUTO(task_fini) struct task t = {0}, dep = {0};
	struct err err;

	if (!pick(k, ~0u, &dep) || !pick(k, idle, &t) || dep.id == t.id)
		return;
	must(store_begin(k->s, &err), &err);
	if (reread(k, &t, idle)) {
		if (t.state != TASK_NEW)
			soak_move(k, &t, TASK_NEW, NULL);
		depend(k, t.id, dep.id);
		run(k, &t);
		k->changes++;
	}
	must(store_commit(k->s, &err), &err);
}

static void
act_remove(struct soak *k)
{
	AUTO(task_fini) struct task t = {0};
	struct err err;

	if (!pick(k, idle, &t))
		return;
	must(store_begin(k->s, &err), &err);
	if (reread(k, &t, idle)) {
		must(task_remove(k->s, t.id, &err), &err);
		k->changes++;
	}
	must(store_commit(k->s, &err), &err);
}

static void
act_hold(struct soak *k)
{
	const unsigned states = 1u << TASK_NEW | 1u << TASK_AWAITING | 1u << TASK_POSTPONED | 1u << TASK_BUILDING;
	AUTO(task_fini) struct task t = {0};
	struct err err;

	if (!pick(k, states, &t))
		return;
	must(store_begin(k->s, &err), &err);
	if (reread(k, &t, states) && !*t.hold) {
		must(task_hold(k->s, &t, "for a while", &err), &err);
		vec_push(&k->held, t.id);
		k->holds++;
	}
	must(store_commit(k->s, &err), &err);
}

static void
release(struct soak *k, size_t i)
{
	AUTO(task_fini) struct task t = {0};
	int64_t id = k->held.p[i];
	struct err err;

	k->held.p[i] = k->held.p[--k->held.n];
	must(store_begin(k->s, &err), &err);
	if (soak_task(k, id, &t) && *t.hold)
		must(task_hold(k->s, &t, "", &err), &err);
	must(store_commit(k->s, &err), &err);
}

static void
act_release(struct soak *k)
{
	if (k->held.n)
		release(k, dice(k, (unsigned)k->held.n));
}

static void
act_class(struct soak *k)
{
	const unsigned states = 1u << TASK_NEW | 1u << TASK_AWAITING | 1u << TASK_POSTPONED | 1u << TASK_BUILDING;
	AUTO(task_fini) struct task t = {0};
	struct err err;

	if (!pick(k, states, &t))
		return;
	must(store_begin(k->s, &err), &err);
	if (reread(k, &t, states)) {
		set_class(k, &t, dice(k, TASK_CLASSES));
		k->changes++;
	}
	must(store_commit(k->s, &err), &err);
}

/* Administrators. */

static void
act_limit(struct soak *k)
{
	struct err err;

	k->s->user = "admin";
	must(setting_set(k->s, dice(k, SETTINGS), chance(k, 40) ? 0 : 1 + dice(k, 40), &err), &err);
	k->changes++;
}

static void
act_share(struct soak *k)
{
	const char *owner = owners[dice(k, ARRAY_SIZE(owners))];
	struct user u;
	struct err err;

	k->s->user = "admin";
	must(user_get(k->s, owner, &u, &err), &err);
	u.weight = 1 + (int)dice(k, 4);
	u.max_running = chance(k, 50) ? 0 : 1 + (int)dice(k, 30);
	must(user_share(k->s, owner, &u, &err), &err);
	k->changes++;
}

static void
act_builder(struct soak *k)
{
	AUTO(builder_list_fini) struct builder_list l = {0};
	struct err err;

	k->s->user = "admin";
	must(builder_find(k->s, &l, &err), &err);
	if (l.n == 0)
		return;
	must(builder_set_mode(k->s, l.p[dice(k, (unsigned)l.n)].name, chance(k, 60) ? BUILDER_ENABLED : dice(k, BUILDER_MODES),
	    "for a while", &err), &err);
	k->changes++;
}

void
people_act(struct soak *k)
{
	static const struct {
		unsigned share;
		void (*act)(struct soak *k);
	} acts[] = {
		{600, act_submit}, {80, act_abort}, {80, act_run_again}, {40, act_requeue}, {10, act_edit}, {5, act_remove}, {20, act_hold},
		{25, act_release}, {20, act_class}, {3, act_limit}, {3, act_share}, {10, act_builder},
	};
	unsigned sum = 0, at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		sum += acts[i].share;
	sum = dice(k, sum);
	for (; sum >= acts[at].share; at++)
		sum -= acts[at].share;
	acts[at].act(k);
}

void
people_calm(struct soak *k)
{
	AUTO(builder_list_fini) struct builder_list l = {0};
	struct err err;

	k->s->user = "admin";
	while (k->held.n)
		release(k, 0);
	for (int i = 0; i < SETTINGS; i++)
		must(setting_set(k->s, i, 0, &err), &err);
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
		must(user_share(k->s, owners[i], &(struct user){.weight = 1}, &err), &err);
	must(builder_find(k->s, &l, &err), &err);
	for (size_t i = 0; i < l.n; i++)
		if (l.p[i].mode != BUILDER_ENABLED)
			must(builder_set_mode(k->s, l.p[i].name, BUILDER_ENABLED, "", &err), &err);
}
