/*
 * Every rule that can be broken by one event is looked after here, at that event, by what came before it. An event stands
 * for the moment of its transaction, so their order is the order of what happened, whatever clocks said. An attempt has no
 * number in the journal: the nth start of a job is its attempt n.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/event.h"
#include "schema/store.h"
#include "tests/soak/past.h"

static const int class_setting[] = {SETTING_LIMIT_URGENT, SETTING_LIMIT_NORMAL, SETTING_LIMIT_BACKGROUND};

void
past_fini(struct past *p)
{
	vec_fini(&p->tasks);
	vec_fini(&p->jobs);
	vec_fini(&p->attempts);
	vec_fini(&p->owners);
	vec_fini(&p->builders);
	map_fini(&p->owner_names);
	map_fini(&p->builder_names);
}

struct past_task *
past_task(struct past *p, int64_t id)
{
	return id > 0 && (size_t)id < p->tasks.n && p->tasks.p[id].known ? &p->tasks.p[id] : NULL;
}

struct past_job *
past_job(struct past *p, int64_t id)
{
	return id > 0 && (size_t)id < p->jobs.n && p->jobs.p[id].known ? &p->jobs.p[id] : NULL;
}

const struct past_attempt *
past_attempt(struct past *p, int64_t job, uint32_t number)
{
	struct past_job *j = past_job(p, job);
	uint32_t i = j ? j->last : 0;

	while (i && p->attempts.p[i - 1].number != number)
		i = p->attempts.p[i - 1].before;
	return i ? &p->attempts.p[i - 1] : NULL;
}

static struct past_owner *
owner_at(struct past *p, const char *name, uint32_t *at)
{
	uint32_t i = map_intern(&p->owner_names, name);

	while (p->owners.n <= i)
		vec_push(&p->owners, (struct past_owner){0});
	if (at)
		*at = i;
	return &p->owners.p[i];
}

static struct past_builder *
builder_at(struct past *p, const char *name, uint32_t *at)
{
	uint32_t i = map_intern(&p->builder_names, name);

	while (p->builders.n <= i)
		vec_push(&p->builders, (struct past_builder){0});
	if (at)
		*at = i;
	return &p->builders.p[i];
}

/* Word number n of a text, from 0; malloc'ed, "" if there is none. */
static char *
word(const char *text, size_t n)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, text, " ");
	return xstrdup(n < words.n ? words.p[n] : "");
}

static int64_t
last_number(const char *text)
{
	const char *space = strrchr(text, ' ');

	return space ? text_number(space + 1, INT64_MAX) : -1;
}

/* Attempts. */

static void
forget_running(struct past_task *t, struct past *p, int64_t job)
{
	uint32_t *at = &t->running;

	while (*at && *at != job)
		at = &p->jobs.p[*at].next;
	if (*at)
		*at = p->jobs.p[job].next;
}

static void
end_attempt(struct past *p, int64_t job, enum attempt_end how, int64_t event)
{
	struct past_job *j = &p->jobs.p[job];
	struct past_attempt *a = &p->attempts.p[j->last - 1];
	struct past_task *t = &p->tasks.p[j->task];

	a->ended = event;
	a->how = how;
	p->builders.p[a->builder].running--;
	p->owners.p[t->owner].running--;
	p->class_running[t->class] -= j->counted;
	j->counted = false;
	forget_running(t, p, job);
}

static void
check_place(struct past *p, const struct past_task *t, const struct past_builder *b, const char *name, const struct event *e)
{
	const struct past_owner *o = &p->owners.p[t->owner];
	int64_t limit = o->limit ? o->limit : p->limits[SETTING_OWNER_LIMIT];

	if (t->held)
		wrong_add(p->wrongs, RULE_HELD, "event %lld: job %lld starts, task #%lld is held", (long long)e->id,
		    (long long)e->job, (long long)e->task);
	if (!b->online || b->mode != BUILDER_ENABLED)
		wrong_add(p->wrongs, RULE_CLOSED, "event %lld: job %lld starts on %s, which is %s", (long long)e->id,
		    (long long)e->job, name, b->online ? builder_mode_name(b->mode) : "offline");
	if (b->running >= b->slots)
		wrong_add(p->wrongs, RULE_SLOTS, "event %lld: job %lld starts on %s, whose %lld slots are taken", (long long)e->id,
		    (long long)e->job, name, (long long)b->slots);
	if (limit && o->running >= limit)
		wrong_add(p->wrongs, RULE_OWNER_LIMIT, "event %lld: job %lld starts, %lld of its owner run and %lld may",
		    (long long)e->id, (long long)e->job, (long long)o->running, (long long)limit);
	limit = p->limits[class_setting[t->class]];
	if (limit && p->class_running[t->class] >= limit)
		wrong_add(p->wrongs, RULE_CLASS_LIMIT, "event %lld: job %lld starts, %lld of its class run and %lld may",
		    (long long)e->id, (long long)e->job, (long long)p->class_running[t->class], (long long)limit);
}

static void
begin_attempt(struct past *p, struct past_task *t, struct past_job *j, const struct event *e)
{
	const char *on = strrchr(e->text, ' ');
	uint32_t builder, number = j->last ? p->attempts.p[j->last - 1].number : 0;
	struct past_builder *b = builder_at(p, on ? on + 1 : "", &builder);

	check_place(p, t, b, on ? on + 1 : "", e);
	p->starts++;
	b->running++;
	p->owners.p[t->owner].running++;
	p->class_running[t->class]++;
	j->counted = true;
	vec_push(&p->attempts, ((struct past_attempt){.job = e->job, .began = e->id, .number = number + 1, .before = j->last,
	    .builder = builder}));
	j->last = (uint32_t)p->attempts.n;
	j->next = t->running;
	t->running = (uint32_t)e->job;
}

/* Jobs. */

static void
take_start(struct past *p, struct past_task *t, struct past_job *j, const struct event *e)
{
	if (j->state == JOB_RUNNING) {
		wrong_add(p->wrongs, RULE_OVERLAP, "event %lld: job %lld starts, and attempt %u has not ended", (long long)e->id,
		    (long long)e->job, p->attempts.p[j->last - 1].number);
		end_attempt(p, e->job, ATTEMPT_BACK, e->id);
	} else if (j->state != JOB_QUEUED) {
		wrong_add(p->wrongs, RULE_JOB, "event %lld: job %lld starts, which was %s", (long long)e->id, (long long)e->job,
		    job_state_name(j->state));
	}
	if (t->state != TASK_BUILDING || t->era != j->era)
		wrong_add(p->wrongs, RULE_ABORTED, "event %lld: job %lld of iteration %u starts, task #%lld is %s at iteration %u",
		    (long long)e->id, (long long)e->job, j->era, (long long)e->task, task_state_name(t->state), t->era);
	begin_attempt(p, t, j, e);
	j->state = JOB_RUNNING;
}

static void
take_end(struct past *p, struct past_task *t, struct past_job *j, enum job_state how, const struct event *e)
{
	if (how == JOB_DONE && j->done)
		wrong_add(p->wrongs, RULE_TWICE, "event %lld: job %lld is done a second time", (long long)e->id, (long long)e->job);
	else if (t->state != TASK_BUILDING || t->era != j->era)
		wrong_add(p->wrongs, RULE_ABORTED, "event %lld: job %lld of iteration %u is %s, task #%lld is %s at iteration %u",
		    (long long)e->id, (long long)e->job, j->era, job_state_name(how), (long long)e->task, task_state_name(t->state), t->era);
	/* One that cannot even be described to a builder fails without having run. */
	else if (j->state != JOB_RUNNING && !(how == JOB_FAILED && j->state == JOB_QUEUED))
		wrong_add(p->wrongs, RULE_JOB, "event %lld: job %lld is %s, which was %s", (long long)e->id, (long long)e->job,
		    job_state_name(how), job_state_name(j->state));
	if (j->state == JOB_RUNNING)
		end_attempt(p, e->job, how == JOB_DONE ? ATTEMPT_DONE : ATTEMPT_FAILED, e->id);
	j->done |= how == JOB_DONE;
	j->state = how;
}

/* Somebody may put back what has ended; the scheduler may not. */
static void
take_back(struct past *p, struct past_task *t, struct past_job *j, enum job_state how, const struct event *e)
{
	bool by_hand = strcmp(e->user, "scheduler") != 0;

	if (j->state == JOB_RUNNING)
		end_attempt(p, e->job, ATTEMPT_BACK, e->id);
	else if (j->state >= JOB_DONE && !by_hand)
		wrong_add(p->wrongs, RULE_JOB, "event %lld: job %lld is %s, which was %s", (long long)e->id, (long long)e->job,
		    job_state_name(how), job_state_name(j->state));
	if (by_hand) {
		j->done = false;
		j->era = t->era + (t->state != TASK_BUILDING);
	}
	j->state = how;
}

static struct past_job *
job_new(struct past *p, const struct past_task *t, const struct event *e)
{
	while (p->jobs.n <= (size_t)e->job)
		vec_push(&p->jobs, (struct past_job){0});
	p->jobs.p[e->job] = (struct past_job){.task = e->task, .state = JOB_WAITING, .era = t->era, .known = true};
	return &p->jobs.p[e->job];
}

static enum job_state
job_state(const char *name)
{
	int s = 0;

	while (s < JOB_STATES && strcmp(job_state_name(s), name) != 0)
		s++;
	return s;
}

static void
take_job(struct past *p, const struct event *e)
{
	struct past_task *t = past_task(p, e->task);
	struct past_job *j = past_job(p, e->job);
	enum job_state to = job_state(e->state);

	if (!*e->state || !e->job)
		return;
	if (!t || to == JOB_STATES || (!j && to != JOB_QUEUED && to != JOB_WAITING && to != JOB_CANCELLED)) {
		wrong_add(p->wrongs, RULE_JOB, "event %lld: job %lld of task #%lld is %s, and was never heard of", (long long)e->id,
		    (long long)e->job, (long long)e->task, e->state);
		return;
	}
	if (!j)
		j = job_new(p, t, e);
	if (to == JOB_RUNNING) {
		take_start(p, t, j, e);
	} else if (to == JOB_DONE || to == JOB_FAILED) {
		take_end(p, t, j, to, e);
	} else if (to == JOB_CANCELLED) {
		if (j->state == JOB_RUNNING)
			end_attempt(p, e->job, ATTEMPT_CANCELLED, e->id);
		j->state = to;
	} else {
		take_back(p, t, j, to, e);
	}
}

/* Tasks. */

static struct past_task *
task_room(struct past *p, int64_t id)
{
	while (p->tasks.n <= (size_t)id)
		vec_push(&p->tasks, (struct past_task){0});
	return &p->tasks.p[id];
}

static void
task_new(struct past *p, const struct event *e)
{
	AUTO(free) char *owner = word(e->text, 3);
	struct past_task *t = task_room(p, e->task);

	t->known = true;
	t->state = TASK_NEW;
	t->class = CLASS_NORMAL;
	owner_at(p, strncmp(owner, "owner=", 6) == 0 ? owner + 6 : "", &t->owner);
}

static bool
is_there(struct past *p, int64_t dep)
{
	const struct past_task *d = past_task(p, dep);

	return d && !d->gone && (d->state == TASK_BUILT || d->state == TASK_MERGING || d->state == TASK_DONE);
}

static void
begin_iteration(struct past *p, struct past_task *t, const struct event *e)
{
	AUTO(free) int64_t *deps = NULL;
	size_t n = 0;
	struct err err;

	t->begun = e->id;
	t->era++;
	/* Which they were before they were changed last stands nowhere. */
	if (e->id < t->wired)
		return;
	if (task_deps(p->s, e->task, &deps, &n, &err) < 0)
		wrong_add(p->wrongs, RULE_DATABASE, "%s", err.msg);
	for (size_t i = 0; i < n; i++)
		if (!is_there(p, deps[i]))
			wrong_add(p->wrongs, RULE_DEPENDS, "event %lld: task #%lld begins without #%lld", (long long)e->id,
			    (long long)e->task, (long long)deps[i]);
}

static void
take_move(struct past *p, struct past_task *t, enum task_state to, const struct event *e)
{
	if (!task_may_move(t->state, to))
		wrong_add(p->wrongs, RULE_ARROW, "event %lld: task #%lld goes from %s to %s", (long long)e->id, (long long)e->task,
		    task_state_name(t->state), task_state_name(to));
	while (t->state == TASK_BUILDING && to != TASK_BUILDING && t->running) {
		p->jobs.p[t->running].state = JOB_CANCELLED;
		end_attempt(p, t->running, ATTEMPT_CANCELLED, e->id);
	}
	t->state = to;
	p->moves++;
	if (to == TASK_BUILDING)
		begin_iteration(p, t, e);
}

/* Whether a job that runs counts as one of its new class or of the old one is left open: it counts as neither. */
static void
take_class(struct past *p, struct past_task *t, const char *name)
{
	enum task_class to = task_class_find(name);

	for (uint32_t i = t->running; i; i = p->jobs.p[i].next) {
		p->class_running[t->class] -= p->jobs.p[i].counted;
		p->jobs.p[i].counted = false;
	}
	if (to != TASK_CLASSES)
		t->class = to;
}

static void
take_task(struct past *p, const struct event *e)
{
	static const char class[] = ": class ";
	struct past_task *t = past_task(p, e->task);
	const char *name = strstr(e->text, class);
	enum task_state to = task_state_find(e->state);

	if (!t && to == TASK_NEW) {
		task_new(p, e);
	} else if (!t || t->gone) {
		wrong_add(p->wrongs, RULE_ARROW, "event %lld: there is no task #%lld", (long long)e->id, (long long)e->task);
	} else if (to != TASK_STATES) {
		take_move(p, t, to, e);
	} else if (strcmp(e->state, "held") == 0 || strcmp(e->state, "released") == 0) {
		t->held = *e->state == 'h';
	} else if (strcmp(e->state, "REMOVED") == 0) {
		t->gone = true;
	} else if (name) {
		take_class(p, t, name + sizeof(class) - 1);
	}
}

/* The rest of the farm. */

static void
take_builder(struct past *p, const struct event *e)
{
	AUTO(free) char *name = word(e->text, 1);
	struct past_builder *b = builder_at(p, name, NULL);

	if (strcmp(e->state, "online") == 0 || strcmp(e->state, "offline") == 0)
		b->online = e->state[1] == 'n';
	for (int m = 0; m < BUILDER_MODES; m++)
		if (strcmp(builder_mode_name(m), e->state) == 0)
			b->mode = m;
}

/* "user joe: weight 2, at most 5 jobs at once", or without the second half. */
static void
take_user(struct past *p, const struct event *e)
{
	AUTO(free) char *name = word(e->text, 1);
	AUTO(free) char *limit = word(e->text, 6);

	if (strcmp(e->state, "share") != 0)
		return;
	name[strcspn(name, ":")] = '\0';
	owner_at(p, name, NULL)->limit = *limit ? text_number(limit, INT32_MAX) : 0;
}

static int
take_event(void *arg, const struct event *e)
{
	struct past *p = arg;
	enum setting k = setting_find(e->state);

	p->events++;
	if (strcmp(e->kind, "job") == 0)
		take_job(p, e);
	else if (strcmp(e->kind, "task") == 0)
		take_task(p, e);
	else if (strcmp(e->kind, "builder") == 0)
		take_builder(p, e);
	else if (strcmp(e->kind, "user") == 0)
		take_user(p, e);
	else if (strcmp(e->kind, "farm") == 0 && k != SETTINGS)
		p->limits[k] = last_number(e->text);
	return 0;
}

/* What an event needs to know that comes later, or in none: slots, which never change here, and when dependencies were changed last. */
static int
prepare(struct past *p, struct err *err)
{
	static const char sql[] = "SELECT task, max(id) FROM event WHERE kind = 'task' AND text LIKE '%: dependencies changed' GROUP BY task";
	AUTO(builder_list_fini) struct builder_list l = {0};
	sqlite3_stmt *q = NULL;
	int r;

	if (builder_find(p->s, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++)
		builder_at(p, l.p[i].name, NULL)->slots = l.p[i].slots;
	if (sqlite3_prepare_v2(p->s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return err_set(err, EIO, "%s", sqlite3_errmsg(p->s->db));
	while ((r = store_row(p->s, q, err)) > 0)
		task_room(p, store_int(q, 0))->wired = store_int(q, 1);
	sqlite3_finalize(q);
	return r;
}

int
past_read(struct past *p, struct store *s, struct wrongs *w, struct err *err)
{
	*p = (struct past){.s = s, .wrongs = w};
	return prepare(p, err) < 0 ? -1 : event_each(s, 0, 0, take_event, p, err);
}
