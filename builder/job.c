/*
 * One process a job: what the scheduler said is fetched, solved, built or tested inside the sandbox, and sent back. A step
 * ends well, with the fault of the package (STEP_FAILED), or with ours (-1), which the scheduler tries again elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "builder/clean.h"
#include "builder/inside.h"
#include "builder/kept.h"
#include "builder/names.h"
#include "builder/phases.h"
#include "builder/reason.h"
#include "builder/record.h"
#include "builder/root.h"
#include "builder/running.h"
#include "builder/send.h"
#include "builder/sweep.h"
#include "builder/tested.h"
#include "builder/verdict.h"
#include "package/artefact.h"
#include "package/partial.h"
#include "repo/check.h"
#include "wire/buildinfo.h"
#include "wire/exchange.h"

enum { MAX_MORE_ROUNDS = 10, REOPEN_MS = 500 };

static int
make_folder(struct running *t, const char *path, struct err *err)
{
	unsigned owner = t->slot->ids.first;

	if (mkdirat(t->conf->dir, path, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "mkdir %s", path);
	/* As root the folders must belong to uid 0 of the sandbox; otherwise that is us. */
	if (geteuid() == 0 && fchownat(t->conf->dir, path, owner, owner, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "chown %s", path);
	return 0;
}

static int
connect_once(struct running *t, struct err *err)
{
	conn_fini(&t->conn);
	if ((t->conf->connect ? conn_command(&t->conn, t->conf->connect, err) : conn_open(&t->conn, t->conf->root, err)) < 0)
		return -1;
	t->conn.stall_ms = t->conf->stall_ms;
	return exchange_hello(&t->conn, t->conf->name, t->job->ref, err);
}

/*
 * What was built is not thrown away because the scheduler restarts or a line is down: try until the job's time is
 * over, or the farm says that it does not want it any more.
 */
static int
reopen(void *arg, struct err *err)
{
	struct running *t = arg;
	int64_t since = tick_ms();
	int r;

	while ((r = connect_once(t, err)) < 0) {
		if (tick_ms() > t->watch.deadline)
			return -1;
		poll(NULL, 0, REOPEN_MS);
	}
	/* That the farm was away is no fault of the package's. */
	if (t->watch.deadline != INT64_MAX)
		t->watch.deadline += tick_ms() - since;
	return r ? -1 : 0;
}

static int
prepare(struct running *t, struct err *err)
{
	AUTO(free) char *folder = xasprintf("job/%s", t->name);
	AUTO(free) char *out = xasprintf("job/%s/out", t->name);
	AUTO(free) char *log = xasprintf("job/%s/log", t->name);

	if (guard_begin(&t->guard, &t->job->limits, t->conf->groups, &t->box, t->conf->dir, folder, t->name, err) < 0)
		return -1;
	if (!t->job->keep && !t->conf->keep && !t->conf->again && kept_forget(t->conf, t->job->task, err) < 0)
		return -1;
	if (sandbox_remove_tree(&t->box, folder, err) < 0 || make_folder(t, folder, err) < 0 || make_folder(t, out, err) < 0)
		return -1;
	t->watch.file = openat(t->conf->dir, log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (t->watch.file < 0)
		return err_sys(err, "create %s", log);
	return t->conf->again ? 0 : reopen(t, err);
}

static int
fetch_inputs(struct running *t, struct err *err)
{
	const struct wire_job *j = t->job;
	const char *single[] = {j->index, j->changes, j->source.sha256};

	phases_enter(t->phases, PHASE_FETCH);
	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		if (*single[i] && cache_get(&t->cache, single[i], err) < 0)
			return -1;
	for (size_t i = 0; i < j->overlay.n; i++)
		/* What a test installs is fetched at once; of other packages perhaps none is needed. */
		if (cache_get(&t->cache, j->overlay.p[i].facts, err) < 0 || (j->kind == WIRE_JOB_TEST &&
		    i >= j->overlay.n - j->n_own && cache_get(&t->cache, j->overlay.p[i].sha256, err) < 0))
			return err_ctx(err, "%s", j->overlay.p[i].name);
	for (size_t i = 0; i < j->others.n; i++)
		if (cache_get(&t->cache, j->others.p[i].facts, err) < 0)
			return err_ctx(err, "%s", j->others.p[i].name);
	return 0;
}

/* What a set has beyond the base root. */
static int
fetch_set(struct running *t, const char *set_name, struct err *err)
{
	AUTO(pkgset_fini) struct pkgset base = {0};
	AUTO(pkgset_fini) struct pkgset set = {0};
	AUTO(pkgset_fini) struct pkgset needed = {0};

	phases_enter(t->phases, PHASE_FETCH);
	if (running_set(t, "base.set", &base, err) < 0 || running_set(t, set_name, &set, err) < 0)
		return -1;
	root_needs(&base, &set, &needed);
	return cache_get_set(&t->cache, &needed, err);
}

/* Whether inside_all() had all that it needs, and went on. */
static bool
went_on(struct running *t)
{
	AUTO(free) char *path = xasprintf("job/%s/ready", t->name);

	return file_exists(t->conf->dir, path);
}

static int
write_set(struct running *t, const char *what, struct pkgset *set, struct err *err)
{
	AUTO(free) char *path = xasprintf("job/%s/%s", t->name, what);
	AUTO(str_fini) struct str text = {0};

	pkgset_sort(set);
	pkgset_text(set, &text);
	return file_replace(t->conf->dir, path, str_c(&text), text.n, 0644, err);
}

/* In place of solving. */
static int
recorded_sets(struct running *t, struct err *err)
{
	AUTO(pkgset_fini) struct pkgset base = {0};
	AUTO(pkgset_fini) struct pkgset full = {0};

	record_sets(t->conf->again, &base, &full);
	return write_set(t, "base.set", &base, err) < 0 ? -1 : write_set(t, "full.set", &full, err);
}

/* What the build requires after all. MORE_ASKED: it was found out, so once more; 0: it was not. */
enum { MORE_ASKED = STEP_FAILED + 1 };

static int
take_more(struct running *t, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(strs_fini) struct strs more = {0};
	AUTO(free) char *before = strs_join(&t->more, ", ");
	AUTO(free) char *now = NULL;
	int r = running_small(t, "more", &raw, err);

	if (r)
		return r < 0 ? -1 : 0;
	if (names_unpack_more(raw.p, raw.n, &more, err) < 0)
		return -1;
	now = strs_join(&more, ", ");
	/* They are in the root, and rpmbuild does not see them. */
	if (t->has_more && strcmp(before, now) == 0)
		return running_fail(t, "rpmbuild: BuildRequires are missing that its root has");
	watch_say(&t->watch, "artel: the build requires %s; once more", more.n ? now : "nothing");
	strs_fini(&t->more);
	t->more = more;
	more = (struct strs){0};
	t->has_more = true;
	return MORE_ASKED;
}

static int
clean_round(struct running *t, struct err *err)
{
	static const char *const left[] = {"root", "root.upper", "root.work", "home", "tmp", "more", "foreign", "ready", "notes"};

	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		AUTO(free) char *path = xasprintf("job/%s/%s", t->name, left[i]);

		if (sandbox_remove_tree(&t->box, path, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * Build; or find out what has to be in the root. In one sandbox, or step by step where there is something to fetch or
 * to make.
 */
static int
build_round(struct running *t, struct err *err)
{
	AUTO(free) char *foreign = xasprintf("job/%s/foreign", t->name);
	int r;

	phases_enter(t->phases, PHASE_SOLVE);
	if (t->conf->again) {
		r = recorded_sets(t, err);
	} else {
		base_root_guess(t);
		r = running_inside(t, inside_all, err);
		if (r || went_on(t))
			return r;
	}
	if (r == 0)
		r = base_root_have(t, err);
	if (r == 0 && file_exists(t->conf->dir, foreign))
		return running_inside(t, inside_requires, err);
	if (r == 0)
		r = fetch_set(t, "full.set", err);
	return r ? r : running_inside(t, t->job->kind == WIRE_JOB_SRPM ? inside_srpm : inside_build, err);
}

static int
run_build(struct running *t, struct err *err)
{
	/* What is written during the build is then older than what later times are cut to. */
	if (now_ms() / 1000 < t->job->source_date_epoch)
		watch_say(&t->watch, "artel: this host's clock is behind the time of the source: times in the packages will be this host's");
	for (int round = 0; round < MAX_MORE_ROUNDS; round++) {
		int r = build_round(t, err);

		if (r == 0)
			r = take_more(t, err);
		if (r != MORE_ASKED)
			return r;
		if (t->conf->again)
			return running_fail(t, "the build requires other packages than it did");
		if (clean_round(t, err) < 0)
			return -1;
	}
	return running_fail(t, "%generate_buildrequires asks for more packages without end");
}

static void
say_findings(struct running *t, const char *what, const struct finding_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		AUTO(str_fini) struct str text = {0};

		finding_text(&l->p[i], &text);
		watch_say(&t->watch, "%s: %s", what, str_c(&text));
	}
}

static int
take_report(struct running *t, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(report_fini) struct report report = {0};

	if (running_small(t, "report", &raw, err) || report_unpack(raw.p, raw.n, &report, err) < 0)
		return err_ctx(err, "report");
	for (size_t i = 0; i < report.notes.n; i++) {
		watch_say(&t->watch, "note: %s", report.notes.p[i]);
		strs_add(&t->out->notes, report.notes.p[i]);
	}
	for (size_t i = 0; i < report.repaired.n; i++)
		watch_say(&t->watch, "repaired: %s: %s", report.repaired.p[i].package, report.repaired.p[i].what);
	say_findings(t, "allowed", &report.allowed);
	say_findings(t, "error", &report.broken);
	report_sources(&report, &t->out->unmet);
	if (report.broken.n) {
		AUTO(str_fini) struct str why = {0};

		report_summary(&report, &why);
		return running_fail(t, str_c(&why));
	}
	return 0;
}

/* With what that takes, step by step; of what was tested before nothing is needed. */
static int
install_all(struct running *t, struct err *err)
{
	int r = base_root_have(t, err);

	for (size_t i = t->job->overlay.n - t->job->n_own; i < t->job->overlay.n && r == 0; i++) {
		AUTO(free) char *set = xasprintf("test.%zu.set", i);
		AUTO(str_fini) struct str seen = {0};

		r = tested_find(t->conf->dir, t->name, t->job, i, &seen, err);
		if (r == TESTED_NOT)
			r = fetch_set(t, set, err);
	}
	return r ? r : running_inside(t, inside_install, err);
}

static int
run_test(struct running *t, struct err *err)
{
	int r;

	phases_enter(t->phases, PHASE_CHECK);
	base_root_guess(t);
	r = running_inside(t, inside_all, err);
	if (r < 0)
		return -1;
	/* What the packages break is told before what became of installing them. */
	if (take_report(t, err) != 0)
		return t->out->outcome == WIRE_FAILED ? STEP_FAILED : -1;
	if (r || t->job->n_own == 0)
		return r;
	r = went_on(t) ? 0 : install_all(t, err);
	return r ? r : tested_keep(t->conf->dir, t->name, t->job, err);
}

/* Sending back. */

static int
put_outputs(struct running *t, struct err *err)
{
	size_t n = 0;

	phases_enter(t->phases, PHASE_SEND);
	if (send_outputs(&t->cache, t->name, &t->out->files, &n, err) < 0)
		return -1;
	return t->job->kind != WIRE_JOB_TEST && n == 0 ? running_fail(t, "the build made no packages") : 0;
}

static int
put_record(struct running *t, struct err *err)
{
	AUTO(free) char *path = xasprintf("job/%s/record", t->name);
	AUTO(pkgset_fini) struct pkgset base = {0};
	AUTO(pkgset_fini) struct pkgset full = {0};
	AUTO(buildinfo_fini) struct buildinfo record = {0};
	AUTO(str_fini) struct str text = {0};

	if (running_set(t, "base.set", &base, err) < 0 || running_set(t, "full.set", &full, err) < 0)
		return -1;
	record_make(t->job, t->conf->jobs, &base, &full, &record);
	buildinfo_text(&record, &text);
	if (file_replace(t->conf->dir, path, str_c(&text), text.n, 0644, err) < 0)
		return -1;
	free(t->out->buildroot);
	t->out->buildroot = NULL;
	return cache_put(&t->cache, path, &t->out->buildroot, err);
}

static int
take_names(struct running *t, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};
	struct wire_result *o = t->out;
	AUTO(names_fini) struct names n = {0};

	if (running_small(t, "names", &raw, err) || names_unpack(raw.p, raw.n, &n, err) < 0)
		return err_ctx(err, "names");
	o->package = STEAL(n.package);
	o->evr = STEAL(n.evr);
	o->provides = n.provides;
	o->requires = n.requires;
	o->exclusive = n.exclusive;
	o->excluded = n.excluded;
	n = (struct names){0};
	return text_is_name(o->package) ? 0 : running_fail(t, "the spec's Name cannot be a package's name");
}

/* What took how long: the last words of the log, but for why it failed. */
static void
say_times(struct running *t)
{
	AUTO(str_fini) struct str text = {0};

	phases_text(t->phases, &text);
	watch_say(&t->watch, "artel: %s", str_c(&text));
}

static int
steps(struct running *t, struct err *err)
{
	int r = prepare(t, err);

	if (r == 0)
		r = fetch_inputs(t, err);
	if (r == 0)
		r = t->job->kind == WIRE_JOB_TEST ? run_test(t, err) : run_build(t, err);
	if (r >= 0 && verdict_notes(t->conf->dir, t->name, &t->out->notes, err) < 0)
		r = -1;
	if (r == 0 && t->job->kind == WIRE_JOB_SRPM)
		r = take_names(t, err);
	if (r == 0 && t->job->kind != WIRE_JOB_TEST)
		r = put_record(t, err);
	if (r == 0)
		r = put_outputs(t, err);
	return r;
}

static void
say_reason(struct running *t)
{
	AUTO(strs_fini) struct strs lines = {0};

	reason_lines(t->watch.file, t->out->reason, t->limit, &lines);
	free(t->out->reason);
	t->out->reason = xstrdup(lines.p[0]);
	for (size_t i = 0; i < lines.n; i++)
		watch_say(&t->watch, "artel: %s: %s", i ? "last" : "failed", lines.p[i]);
}

/* Whether it was. */
static bool
keep_root(struct running *t, int r)
{
	struct kept how = {.task = t->job->task, .when = now_ms(), .label = t->job->label, .base = t->base.text,
	    .ids = t->slot->ids, .base_first = t->slot->idmap ? t->conf->ids.first : t->slot->ids.first,
	    .source_date_epoch = t->job->source_date_epoch, .jobs = t->conf->jobs, .network = t->box.network, .bits32 = t->box.bits32};
	struct err why;

	if (r == 0 || !(t->conf->keep || (t->job->keep && r == STEP_FAILED)))
		return false;
	if (kept_add(t->conf, t->name, &how, &why) == 0)
		return true;
	log_at(LOG_WARN, "cannot keep the root of job %s: %s", t->job->label, why.msg);
	return false;
}

/* What still runs of it is ended; a limit that was passed explains whatever else went wrong. */
static int
settle(struct running *t, int r)
{
	struct err why = {0};
	int over = guard_stop(&t->guard, &why);

	t->out->usage = t->guard.usage;
	if (over == GUARD_PASSED) {
		t->limit = true;
		r = running_fail(t, why.msg);
	} else if (over < 0) {
		log_at(LOG_WARN, "job %s: %s", t->job->label, why.msg);
	}
	return r;
}

static void
say_usage(struct running *t)
{
	AUTO(str_fini) struct str text = {0};

	usage_text(&text, &t->out->usage);
	watch_say(&t->watch, "artel: %s", str_c(&text));
}

static void
finish(struct running *t, int r, struct err *err)
{
	struct err why;

	r = settle(t, r);
	t->out->root = xstrdup(t->base.text);
	if (r == 0)
		t->out->outcome = WIRE_OK;
	if (r >= 0)
		say_times(t);
	if (r == STEP_FAILED)
		say_reason(t);
	if (t->watch.file >= 0)
		say_usage(t);
	if (r >= 0 && send_log(&t->cache, t->watch.file, t->name, &t->out->log, err) < 0)
		r = -1;
	if (r < 0) {
		free(t->out->reason);
		t->out->reason = xstrdup(err->msg);
		t->out->outcome = WIRE_INFRA;
	}
	if (!keep_root(t, r) && clean_folder(&t->box, t->name, &why) < 0)
		log_at(LOG_WARN, "job/%s: %s", t->name, why.msg);
}

static int64_t
deadline(const struct wire_job *job)
{
	return job->limits.time_ms ? tick_ms() + job->limits.time_ms : INT64_MAX;
}

/* rpm's names of architectures of 32 bits that a kernel of 64 bits runs too. */
static bool
is_32_bits(const char *arch)
{
	static const char *const names[] = {"i386", "i486", "i586", "i686", "pentium3", "pentium4", "athlon", "armv5tel",
	    "armv6hl", "armv7hl", "armv7hnl", "ppc", "s390", "mips", "mipsel"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(arch, names[i]) == 0)
			return true;
	return false;
}

void
job_run(const struct job_conf *conf, const struct job_slot *slot, const struct wire_job *job, struct wire_result *out)
{
	struct running t = {.conf = conf, .slot = slot, .job = job, .out = out, .conn = CONN_INIT, .base_held = -1,
	    .name = xasprintf("%lld.%u", (long long)job->ref.job, job->ref.attempt),
	    .box = {.ids = slot->ids, .dir = conf->state, .network = job->network && job->kind != WIRE_JOB_TEST,
	        .bits32 = is_32_bits(job->arch)},
	    .phases = phases_new()};
	struct err err = {0};
	AUTO(close) int farm = conf->again ? file_open_dir(AT_FDCWD, conf->root, &err) : -1;

	*out = (struct wire_result){.ref = job->ref, .outcome = WIRE_INFRA, .reason = xstrdup("")};
	t.cache = (struct cache){.dir = conf->dir, .conn = conf->again ? NULL : &t.conn, .reopen = reopen, .arg = &t,
	    .farm = farm, .out = conf->out};
	t.watch = (struct watch){.conn = t.cache.conn, .file = -1, .guard = &t.guard, .deadline = deadline(job)};
	finish(&t, t.phases ? steps(&t, &err) : err_sys(&err, "memory to share"), &err);
	if (t.watch.file >= 0)
		close(t.watch.file);
	strs_fini(&t.more);
	guard_fini(&t.guard);
	conn_fini(&t.conn);
	free(t.name);
	if (t.base_held >= 0)
		close(t.base_held);
	phases_free(t.phases);
}

static int
run_true(void *arg, struct err *err)
{
	const struct sandbox_exec x = {.root = "/", .home = "/tmp", .argv = (const char *const[]){"true", NULL}};
	int status;

	if (sandbox_exec(&x, &status, err) < 0)
		return -1;
	return status ? err_set(err, EPERM, "bubblewrap cannot run a program here: status %d", status) : 0;
}

int
job_probe(const struct job_conf *conf, const struct job_slot *slot, struct err *err)
{
	const struct sandbox box = {.ids = slot->ids, .dir = conf->state, .log = STDERR_FILENO};

	return sandbox_call(&box, run_true, NULL, err) < 0 ? err_ctx(err, "no build can run") : 0;
}

int
job_sweep(const struct job_conf *conf, struct err *err)
{
	static const char *const folders[] = {"artefact", "roots", "job", "kept", "tested"};
	const struct sandbox box = {.ids = conf->ids, .dir = conf->state};

	if (sandbox_remove_tree(&box, "job", err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (mkdirat(conf->dir, folders[i], 0755) < 0 && errno != EEXIST)
			return err_sys(err, "mkdir %s/%s", conf->state, folders[i]);
	return partial_sweep(conf->dir, PARTIAL_MAX_S, 0, err) < 0 ? -1 : kept_trim(conf, err);
}
