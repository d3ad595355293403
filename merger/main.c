/* artel-merger: fold every BUILT task into the next state of its repository. See artel-merger(8). */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "bisect/strategy.h"
#include "merger/commit.h"
#include "merger/cycle.h"
#include "merger/history.h"
#include "merger/what-if.h"
#include "repo/state.h"
#include "schema/repository.h"
#include "schema/store.h"

enum { EXIT_FAILED = 1, EXIT_BUSY = 75, MAX_TESTERS = 64, MAX_WAIT_S = 86400, WAIT_STEP_US = 200000 };

static struct {
	int once, watch, testers, interval, wait, dry, json;
	char *repository, *strategy, *fold;
	long long rollback, replay, keep;
	int sweep;
	const struct strategy *how;
	struct strs bases;
} conf = {.interval = 10, .rollback = -1, .replay = -1, .keep = -1};

static const struct poptOption options[] = {
	{"once", '1', POPT_ARG_NONE, &conf.once, 0, "One cycle, then exit (for cron; the default)", NULL},
	{"watch", 'w', POPT_ARG_NONE, &conf.watch, 0, "A cycle every --interval, until killed", NULL},
	{"interval", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.interval, 0, "Pause between cycles", "SECONDS"},
	{"wait", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.wait, 0, "How long to wait for another merger to end",
	    "SECONDS"},
	{"repository", 'r', POPT_ARG_STRING, &conf.repository, 0, "Only this one (default: all)", "NAME"},
	{"testers", 'j', POPT_ARG_INT, &conf.testers, 0, "Attempts at once (default: processors)", "N"},
	{"strategy", '\0', POPT_ARG_STRING, &conf.strategy, 0,
	    "How culprits are looked for: auto (default), prefix2, prefix, blocks or serial", "NAME"},
	{"dry-run", 'n', POPT_ARG_NONE, &conf.dry, 0, "Say what would become of each task, change nothing", NULL},
	{"fold", '\0', POPT_ARG_STRING, &conf.fold, 0, "Fold the transactions in FILE onto the rpm-md folders named; no farm is needed",
	    "FILE"},
	{"rollback", '\0', POPT_ARG_LONGLONG, &conf.rollback, 0, "Make state SERIAL of --repository current again, as a new one",
	    "SERIAL"},
	{"replay", '\0', POPT_ARG_LONGLONG, &conf.replay, 0, "Make state SERIAL of --repository again and compare", "SERIAL"},
	{"sweep", '\0', POPT_ARG_NONE, &conf.sweep, 0, "Remove old states, and what nothing needs any more", NULL},
	{"keep", '\0', POPT_ARG_LONGLONG, &conf.keep, 0, "With --sweep: how many states stay (default: the repository's setting)", "N"},
	{"json", '\0', POPT_ARG_NONE, &conf.json, 0, "With --dry-run or --fold: JSON", NULL},
	OPTIONS_COMMON
};

/* Dry runs: what would become of each task. */
static void
print_verdict(void *arg, int64_t task, enum task_state to, const char *reason)
{
	json_t *list = arg;
	const char *what = to == TASK_DONE ? "merged" : to == TASK_BUILT ? "waits" : to == TASK_EPERM ? "not permitted" :
	    to == TASK_FAILED ? "failed" : "sent back";

	if (list)
		json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "task", (json_int_t)task, "result", what, "why", reason));
	else
		printf("%lld\t%s\t%s\n", (long long)task, what, reason);
}

/* {"repository": ..., "state": ..., "tasks": [...]}; list is taken over. */
static void
print_json(const char *repository, long long serial, json_t *list)
{
	json_t *o = json_pack("{s:s, s:I, s:o}", "repository", repository, "state", (json_int_t)serial, "tasks", list);
	char *text = json_dumps(o, JSON_INDENT(2));

	puts(text ? text : "{}");
	free(text);
	json_decref(o);
}

/* Another merger works on the repository: pause, and try again; or --wait is over. `start`: of the first try. */
static bool
again(int64_t start)
{
	if (tick_ms() - start >= conf.wait * 1000ll)
		return false;
	usleep(WAIT_STEP_US);
	return true;
}

static int
busy(const char *name)
{
	log_at(LOG_NOTE, "%s: another merger is at work; nothing done", name);
	return EXIT_BUSY;
}

static int
failed(const struct err *err)
{
	log_at(LOG_ERROR, "%s", err->msg);
	return EXIT_FAILED;
}

/* 0, EXIT_FAILED or EXIT_BUSY. A cycle that changed nothing says nothing: it is run every minute. */
static int
merge_one(struct store *s, const char *name)
{
	const struct cycle_options how = {.testers = (size_t)conf.testers, .strategy = conf.how, .dry = conf.dry};
	json_t *list = conf.dry && conf.json ? json_array() : NULL;
	struct cycle_sum sum = {.tell = print_verdict, .arg = list};
	int64_t start = tick_ms();
	struct err err = {0};
	int r;

	do {
		r = cycle_run(s, name, &how, &sum, &err);
	} while (r == CYCLE_BUSY && again(start));
	if (list && r == 0)
		print_json(name, sum.serial, list);
	else
		json_decref(list);
	if (r)
		return r == CYCLE_BUSY ? busy(name) : failed(&err);
	log_at(conf.dry || sum.merged + sum.sent_back + sum.failed == 0 ? LOG_DEBUG : LOG_INFO,
	    "%s: state %lld: %zu merged, %zu sent back, %zu failed, %zu wait; %zu rounds, %zu attempts, %lld ms",
	    name, sum.serial, sum.merged, sum.sent_back, sum.failed, sum.deferred, sum.rounds, sum.attempts,
	    (long long)(tick_ms() - start));
	return 0;
}

/* --rollback, --replay or --sweep of a repository; what was swept is added to *sum. */
static int
history(struct store *s, const char *name, struct history_swept *sum, struct err *err)
{
	struct history_swept swept = {0};
	int64_t n = 0;
	int r;

	if (conf.rollback >= 0) {
		r = history_rollback(s, name, conf.rollback, &n, err);
		if (r == 0)
			printf("%s: state %lld is current: it is state %lld again\n", name, (long long)n, conf.rollback);
	} else if (conf.replay >= 0) {
		r = history_replay(s, name, conf.replay, &n, err);
		if (r == 0)
			printf("%s: state %lld is its predecessor and %lld tasks, to the byte\n", name, conf.replay, (long long)n);
	} else {
		r = history_sweep(s, name, conf.keep, conf.dry, &swept, err);
		sum->states += swept.states;
		sum->packages += swept.packages;
		sum->artefacts += swept.artefacts;
		sum->bytes += swept.bytes;
	}
	return r;
}

/* 0, EXIT_FAILED or EXIT_BUSY. */
static int
history_one(struct store *s, const char *name, struct history_swept *sum)
{
	AUTO(repository_fini) struct repository repository = {0};
	AUTO(close) int lock = -1;
	int64_t start = tick_ms();
	struct err err = {0};
	int r;

	if (repository_get(s, name, &repository, &err))
		return failed(&err);
	do {
		r = state_lock(s, name, &lock, &err);
	} while (r == STATE_BUSY && again(start));
	if (r == STATE_BUSY)
		return busy(name);
	/* A merge that was interrupted comes to its end first. */
	if (r == 0 && (conf.dry || commit_recover(s, &repository, &err) == 0) && history(s, name, sum, &err) == 0)
		return 0;
	return failed(&err);
}

static bool
is_history(void)
{
	return conf.rollback >= 0 || conf.replay >= 0 || conf.sweep;
}

/* What was asked for, on --repository or on all. One that fails does not keep the others from it. */
static int
run(struct store *s)
{
	AUTO(strs_fini) struct strs names = {0};
	struct history_swept swept = {0};
	struct err err = {0};
	int worst = 0;

	if (conf.repository)
		strs_add(&names, conf.repository);
	else if (repository_names(s, &names, &err) < 0)
		return failed(&err);
	for (size_t i = 0; i < names.n; i++) {
		int r = is_history() ? history_one(s, names.p[i], &swept) : merge_one(s, names.p[i]);

		worst = worst == EXIT_FAILED || r == 0 ? worst : r;
	}
	if (conf.sweep && (conf.dry || !options_common.quiet) && worst == 0)
		printf("states\t%lld\npackages\t%lld\nartefacts\t%lld\nbytes\t%lld\n", (long long)swept.states,
		    (long long)swept.packages, (long long)swept.artefacts, (long long)swept.bytes);
	return worst;
}

/* NULL, or what is wrong with the options. */
static const char *
check_options(void)
{
	if (conf.testers <= 0)
		conf.testers = (int)sysconf(_SC_NPROCESSORS_ONLN) < MAX_TESTERS ? (int)sysconf(_SC_NPROCESSORS_ONLN) : MAX_TESTERS;
	if (conf.testers > MAX_TESTERS || conf.interval < 1 || (conf.once && conf.watch))
		return "--testers is 1 to 64, --interval at least 1, --once or --watch";
	if (conf.strategy && !(conf.how = strategy_find(conf.strategy)))
		return "--strategy is auto, prefix2, prefix, blocks or serial";
	if ((conf.fold == NULL) != (conf.bases.n == 0))
		return "--fold FILE goes with one or more rpm-md folders";
	if ((conf.rollback >= 0) + (conf.replay >= 0) + conf.sweep > 1 || (is_history() && !conf.sweep && !conf.repository))
		return "--rollback or --replay, and --repository with it; or --sweep";
	if (conf.wait < 0 || conf.wait > MAX_WAIT_S || (conf.wait && conf.watch))
		return "--wait is 0 to 86400, and not for --watch";
	if ((conf.keep >= 0 && !conf.sweep) || conf.keep == 0)
		return "--keep N goes with --sweep";
	if (conf.json && !conf.fold && !(conf.dry && !is_history()))
		return "--json goes with --dry-run or --fold";
	if (conf.dry && conf.watch)
		return "--dry-run is for once";
	return NULL;
}

static int
run_fold(void)
{
	const struct what_if w = {.bases = (const char *const *)conf.bases.p, .n_bases = conf.bases.n, .batch = conf.fold,
	    .strategy = conf.how, .testers = (size_t)conf.testers, .json = conf.json};
	struct err err = {0};

	return what_if(&w, &err) == 0 ? 0 : failed(&err);
}

int
main(int argc, const char **argv)
{
	AUTO(store_close) struct store *s = NULL;
	struct err err = {0};
	const char *wrong;
	int r;

	options_parse(argc, argv, "artel-merger", "merger", options, "[OPTION...] [--fold FILE DIR...]", 0, &conf.bases);
	if ((wrong = check_options())) {
		fprintf(stderr, "artel-merger: %s\n", wrong);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	if (conf.fold)
		return run_fold();
	if (store_open(options_common.root, &s, &err) < 0)
		return failed(&err);
	s->user = "merger";
	while (r = run(s), conf.watch && !is_history())
		sleep((unsigned)conf.interval);
	return r;
}
