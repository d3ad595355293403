#include <stdlib.h>

#include "base/str.h"
#include "shell/glance-json.h"
#include "shell/glance.h"
#include "shell/json.h"

static json_t *
summary(const struct glance *g)
{
	const struct glance_sum sum = glance_sum(g);

	return json_pack("{s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I}", "queued", (json_int_t)sum.queued, "held",
	    (json_int_t)sum.held, "waiting", (json_int_t)sum.waiting, "running", (json_int_t)sum.running, "slots", sum.slots, "busy",
	    sum.busy, "online", sum.online, "offline", sum.offline, "closed", sum.closed, "built", (json_int_t)(g->states[TASK_BUILT] + g->states[TASK_MERGING]), "done_day",
	    (json_int_t)g->done_day, "done_hour", (json_int_t)g->done_hour);
}

static json_t *
states(const struct glance *g)
{
	json_t *all = json_object();

	for (enum task_state s = 0; s < TASK_STATES; s++)
		if (s != TASK_DONE)
			json_object_set_new(all, task_state_name(s), json_integer(g->states[s]));
	return all;
}

static json_t *
queues(const struct glance *g)
{
	json_t *all = json_array();

	for (size_t i = 0; i < g->queues.n; i++) {
		const struct glance_queue *q = &g->queues.p[i];
		json_t *o = json_pack("{s:s, s:o, s:I, s:I, s:I, s:I}", "class", task_class_name(q->class), "arch", json_text(q->arch), "queued",
		    (json_int_t)q->queued, "held", (json_int_t)q->held, "waiting", (json_int_t)q->waiting, "running",
		    (json_int_t)q->running);

		json_set_number(o, "oldest", q->oldest);
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *
running(const struct glance *g)
{
	json_t *all = json_array();

	for (size_t i = 0; i < g->running.n; i++) {
		const struct glance_job *j = &g->running.p[i];
		json_t *o = json_pack("{s:I, s:I, s:o, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:i, s:I, s:I}", "job", (json_int_t)j->id, "task",
		    (json_int_t)j->task, "subtask", json_sprintf("%o", (unsigned)j->subtask), "arch", json_text(j->arch), "kind",
		    job_kind_name(j->kind), "package", json_text(j->package), "class", task_class_name(j->class), "repository",
		    json_text(j->repository), "owner", json_text(j->owner), "builder", json_text(j->builder), "attempt", j->attempt,
		    "started", (json_int_t)j->started, "elapsed_ms", (json_int_t)(g->at - j->started));

		json_set_number(o, "expected_ms", j->expected_ms);
		json_set_number(o, "late_ms", glance_late(j, g->at) > 0 ? glance_late(j, g->at) : 0);
		json_array_append_new(all, o);
	}
	return all;
}

json_t *
builder_json(const struct builder *b)
{
	return json_pack("{s:o, s:b, s:I, s:s, s:o, s:i, s:i, s:o, s:o, s:I}", "name", json_text(b->name), "online", (int)b->online,
	    "seen", (json_int_t)b->seen, "mode", builder_mode_name(b->mode), "why", json_text(b->why), "busy", b->running, "slots",
	    b->slots, "arches", json_words(b->arches), "features", json_words(b->features), "memory", (json_int_t)b->memory);
}

static json_t *
builders(const struct glance *g)
{
	json_t *all = json_array();

	for (size_t i = 0; i < g->builders.n; i++)
		json_array_append_new(all, builder_json(&g->builders.p[i]));
	return all;
}

static json_t *
tasks(const struct task_list *l, const struct strs *progress)
{
	json_t *all = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct task *t = &l->p[i];
		json_t *o = json_pack("{s:I, s:s, s:s, s:o, s:o, s:i, s:i, s:o, s:o, s:I, s:I}", "id", (json_int_t)t->id, "state",
		    task_state_name(t->state), "class", task_class_name(t->class), "repository", json_text(t->repository), "owner",
		    json_text(t->owner), "try", t->try, "iter", t->iter, "reason", json_text(t->reason), "hold", json_text(t->hold),
		    "changed", (json_int_t)t->changed, "submitted", (json_int_t)t->submitted);

		if (progress && *progress->p[i])
			json_object_set_new(o, "progress", json_text(progress->p[i]));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *
merges(const struct glance *g)
{
	json_t *all = json_array();

	for (size_t i = 0; i < g->merges.n; i++) {
		const struct merge *m = &g->merges.p[i];
		json_t *members = json_array();

		for (size_t k = 0; k < g->members[i].n; k++)
			json_array_append_new(members, json_integer(g->members[i].p[k]));
		json_array_append_new(all, json_pack("{s:o, s:I, s:I, s:o, s:o, s:I, s:I, s:o}", "repository", json_text(m->repository),
		    "serial", (json_int_t)m->serial, "base", (json_int_t)m->base, "kind", json_text(m->kind), "state",
		    json_text(m->state), "started", (json_int_t)m->started, "finished", (json_int_t)m->finished, "tasks", members));
	}
	return all;
}

json_t *
glance_json(const struct glance *g)
{
	return json_pack("{s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "at", (json_int_t)g->at, "scheduler", g->scheduler,
	    "summary", summary(g), "states", states(g), "queues", queues(g), "running", running(g), "builders", builders(g),
	    "tasks", tasks(&g->tasks, &g->progress), "ended", tasks(&g->ended, NULL), "merges", merges(g));
}
