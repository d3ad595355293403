/*
 * fill-farm: a farm as its users have left it, without anything built: a repository that begins empty, owners, tasks that
 * are queued, some of whose jobs run, and tasks that are over. All in one transaction, through the functions that the
 * programs use, so that rows and events are such as those make; all times are now. To be run while no scheduler runs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/options.h"
#include "base/str.h"
#include "base/text.h"
#include "bench/data.h"
#include "repo/import.h"
#include "schema/build.h"
#include "schema/builder.h"
#include "schema/event.h"
#include "schema/repository.h"
#include "schema/setting.h"
#include "schema/store.h"
#include "schema/task.h"
#include "schema/user.h"

enum { LEASE_MS = 30000, STEP = 0100, GIGA = 1 << 30 };

static struct {
	int tasks, subtasks, owners, awaiting, running, slots, done, failed, usage, gate;
	char *arches, *prefix, *repository;
} conf = {.subtasks = 1, .owners = 10, .slots = 10, .usage = 1};

static const struct poptOption options[] = {
	{"repository", '\0', POPT_ARG_STRING, &conf.repository, 0, "Its name (default: bench)", "NAME"},
	{"arch", '\0', POPT_ARG_STRING, &conf.arches, 0, "Its architectures, blank-separated (default: x86_64)", "LIST"},
	{"owners", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.owners, 0, "Users, who submit in turn", "N"},
	{"tasks", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.tasks, 0, "Tasks on their way, their first jobs queued", "N"},
	{"subtasks", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.subtasks, 0, "Of each task", "N"},
	{"awaiting", '\0', POPT_ARG_NONE, &conf.awaiting, 0, "They have not been begun", NULL},
	{"running", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.running, 0, "Of the queued jobs, how many run", "N"},
	{"slots", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.slots, 0, "So many on each builder", "N"},
	{"name-prefix", '\0', POPT_ARG_STRING, &conf.prefix, 0, "On PREFIX-0, PREFIX-1, ... (default: fake)", "PREFIX"},
	{"done", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.done, 0, "Tasks that are merged", "N"},
	{"failed", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.failed, 0, "Tasks that have failed", "N"},
	{"usage", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.usage, 0, "Builds of each package that are remembered", "N"},
	{"gate", '\0', POPT_ARG_NONE, &conf.gate, 0, "One job at a time, until fake-builders --open-gate", NULL},
	OPTIONS_COMMON
};

struct fill {
	struct store *s;
	struct strs arches;
	int64_t made;		/* tasks */
	int running;		/* jobs */
};

/* Owners are user0, user1, ... */
static void
owner_name(const struct fill *f, char *out, size_t size)
{
	snprintf(out, size, "user%lld", (long long)(f->made % conf.owners));
}

static void
make_farm(struct fill *f)
{
	AUTO(repository_fini) struct repository r = {.name = xstrdup(conf.repository ? conf.repository : "bench"), .base_group = xstrdup("")};
	AUTO(free) const char **dirs = NULL;
	struct err err;

	strs_split(&r.arches, conf.arches ? conf.arches : "x86_64", " ");
	strs_split(&f->arches, conf.arches ? conf.arches : "x86_64", " ");
	dirs = xcalloc(r.arches.n + 1, sizeof(*dirs));
	must(store_create(options_common.root, &err), &err);
	must(store_open(options_common.root, &f->s, &err), &err);
	f->s->user = "bench";
	must(import_repository(f->s, &r, dirs, NULL, NULL, &err), &err);
	must(store_begin(f->s, &err), &err);
	for (int i = 0; i < conf.owners; i++) {
		AUTO(free) char *name = xasprintf("user%d", i);

		must(user_add(f->s, name, false, &err), &err);
	}
	if (conf.gate)
		must(setting_set(f->s, SETTING_LIMIT_NORMAL, 1, &err), &err);
}

static void
say(struct fill *f, const struct job *j, const char *text)
{
	AUTO(free) char *where = *j->arch ? xasprintf("[%s] ", j->arch) : xstrdup("");
	struct err err;

	must(event_add(f->s, "job", j->task, j->id, job_state_name(j->state), &err, "%s#%lld.%o %s: %s", where,
	    (long long)j->task, (unsigned)j->subtask, job_kind_name(j->kind), text), &err);
}

/* As it comes into the queue. */
static struct job
queue_job(struct fill *f, int64_t task, int subtask, const char *arch, enum job_kind kind)
{
	struct job j = {.task = task, .subtask = subtask, .arch = (char *)arch, .kind = kind, .state = JOB_QUEUED, .queued = now_ms()};
	struct err err;

	must(job_add(f->s, &j, &j.id, &err), &err);
	must(event_add(f->s, "job", task, j.id, "queued", &err, "#%lld %s queued", (long long)task, job_kind_name(kind)), &err);
	return j;
}

static void
run_job(struct fill *f, struct job *j)
{
	char builder[160];
	struct err err;

	snprintf(builder, sizeof(builder), "%s-%d", conf.prefix ? conf.prefix : "fake", f->running++ / conf.slots);
	j->state = JOB_RUNNING;
	j->attempt = 1;
	j->builder = builder;
	j->started = now_ms();
	j->lease = j->started + LEASE_MS;
	must(job_save(f->s, j, &err), &err);
	must(event_add(f->s, "job", j->task, j->id, "running", &err, "#%lld.%o %s %s on %s", (long long)j->task,
	    (unsigned)j->subtask, j->arch, job_kind_name(j->kind), builder), &err);
	j->builder = NULL;
}

/* What it took: more or less, by its number. */
static void
end_job(struct fill *f, struct job *j, enum job_state state, const char *reason)
{
	const int64_t some = j->id % 97 + 3;
	struct err err;

	j->state = state;
	j->finished = j->started + some * 1000;
	j->reason = (char *)reason;
	j->used = (struct used){some * 1000, some * 900, some << 24, some << 22};
	must(job_save(f->s, j, &err), &err);
	say(f, j, state == JOB_DONE ? "OK" : reason);
}

static void
remember(struct fill *f, const char *package)
{
	struct err err;

	for (int i = 0; i < conf.usage; i++)
		for (size_t a = 0; a <= f->arches.n; a++) {
			const int64_t some = f->made % 97 + 3 + i;
			const struct job j = {.id = i + 1, .arch = a ? f->arches.p[a - 1] : (char *)"", .kind = a ? JOB_BUILD : JOB_SRPM,
			    .used = {some * 1000, some * 900, GIGA / 100 * some, GIGA / 100 * some}};

			must(usage_add(f->s, package, &j, &err), &err);
		}
}

static void
add_subtask(struct fill *f, int64_t task, int id, const char *owner)
{
	char package[64], file[96];
	struct sha256 sum;
	struct subtask t = {.task = task, .id = id, .kind = SUBTASK_SRPM, .user = (char *)owner, .package = package, .srpm_file = file};
	struct err err;

	snprintf(package, sizeof(package), "package-%lld-%o", (long long)task, (unsigned)id);
	snprintf(file, sizeof(file), "%s-1-1.src.rpm", package);
	sum = hash_bytes(file, strlen(file));
	t.srpm = sum.hex;
	must(subtask_save(f->s, &t, &err), &err);
	remember(f, package);
}

/* Of the next owner, submitted. */
static struct task
add_task(struct fill *f)
{
	struct task t = {0};
	char owner[32];
	int64_t id;
	struct err err;

	owner_name(f, owner, sizeof(owner));
	f->made++;
	must(task_create(f->s, conf.repository ? conf.repository : "bench", owner, &id, &err), &err);
	must(task_get(f->s, id, &t, &err), &err);
	for (int i = 1; i <= conf.subtasks; i++)
		add_subtask(f, id, i * STEP, owner);
	t.try = 1;
	t.submitted = now_ms();
	must(task_save(f->s, &t, &err), &err);
	must(task_move(f->s, &t, TASK_AWAITING, NULL, &err), &err);
	return t;
}

static void
begin_task(struct fill *f, struct task *t)
{
	struct err err;

	t->started = now_ms();
	t->base = 1;
	must(task_save(f->s, t, &err), &err);
	must(task_move(f->s, t, TASK_BUILDING, NULL, &err), &err);
}

/* On its way: its source packages are queued, or made. */
static void
open_task(struct fill *f)
{
	AUTO(task_fini) struct task t = add_task(f);

	if (conf.awaiting)
		return;
	begin_task(f, &t);
	for (int i = 1; i <= conf.subtasks; i++) {
		struct job j = queue_job(f, t.id, i * STEP, "", JOB_SRPM);

		if (f->running < conf.running)
			run_job(f, &j);
	}
}

static void
past_job(struct fill *f, int64_t task, int subtask, const char *arch, enum job_kind kind, enum job_state state, const char *reason)
{
	struct job j = queue_job(f, task, subtask, arch, kind);
	const int before = f->running;

	run_job(f, &j);
	f->running = before;
	end_job(f, &j, state, reason);
}

/* Merged, with all its jobs; or failed at its first build. */
static void
past_task(struct fill *f, bool failed)
{
	AUTO(task_fini) struct task t = add_task(f);
	static const char why[] = "Bad exit status from %build";
	struct err err;

	begin_task(f, &t);
	for (int i = 1; i <= conf.subtasks; i++)
		past_job(f, t.id, i * STEP, "", JOB_SRPM, JOB_DONE, "");
	for (size_t a = 0; a < f->arches.n && !failed; a++)
		for (int i = 1; i <= conf.subtasks; i++)
			past_job(f, t.id, i * STEP, f->arches.p[a], JOB_BUILD, JOB_DONE, "");
	for (size_t a = 0; a < f->arches.n && !failed; a++)
		past_job(f, t.id, 0, f->arches.p[a], JOB_TEST, JOB_DONE, "");
	if (failed) {
		past_job(f, t.id, STEP, f->arches.p[0], JOB_BUILD, JOB_FAILED, why);
		must(task_move(f->s, &t, TASK_FAILED, why, &err), &err);
		return;
	}
	t.build_ms = 60000;
	t.test_ms = 5000;
	t.merge_ms = 1000;
	must(task_save(f->s, &t, &err), &err);
	must(task_move(f->s, &t, TASK_BUILT, NULL, &err), &err);
	must(task_move(f->s, &t, TASK_MERGING, NULL, &err), &err);
	must(task_move(f->s, &t, TASK_DONE, NULL, &err), &err);
}

static void
add_builders(struct fill *f)
{
	AUTO(free) char *arches = strs_join(&f->arches, " ");
	struct err err;

	for (int i = 0; i < conf.running; i += conf.slots) {
		AUTO(free) char *name = xasprintf("%s-%d", conf.prefix ? conf.prefix : "fake", i / conf.slots);
		const struct builder b = {.name = name, .arches = arches, .features = (char *)"", .slots = conf.slots};

		must(builder_seen(f->s, &b, &err), &err);
	}
}

int
main(int argc, const char **argv)
{
	struct fill f = {0};
	struct err err;

	options_parse(argc, argv, "fill-farm", "bench", options, "[OPTION...]", 0, NULL);
	if (conf.subtasks < 1 || conf.owners < 1 || conf.slots < 1 || conf.usage < 0 ||
	    conf.running > conf.tasks * conf.subtasks || (conf.running && conf.awaiting)) {
		fprintf(stderr, "fill-farm: numbers are positive, and no more jobs run than are queued\n");
		return EXIT_USAGE;
	}
	make_farm(&f);
	for (int i = 0; i < conf.done + conf.failed; i++)
		past_task(&f, i >= conf.done);
	for (int i = 0; i < conf.tasks; i++)
		open_task(&f);
	add_builders(&f);
	must(store_commit(f.s, &err), &err);
	store_close(f.s);
	strs_fini(&f.arches);
	return 0;
}
