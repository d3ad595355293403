/* artel-merger: fold every BUILT task into the next state of its repository. See artel-merger(8). */
#include <signal.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "merger/cycle.h"
#include "schema/repository.h"
#include "schema/store.h"

enum { EXIT_FAILED = 1, EXIT_BUSY = 75, MAX_TESTERS = 64 };

static struct {
	int once, watch, testers, interval;
	char *repository;
} conf = {.interval = 10};

static const struct poptOption options[] = {
	{"once", '1', POPT_ARG_NONE, &conf.once, 0, "One cycle, then exit (for cron; the default)", NULL},
	{"watch", 'w', POPT_ARG_NONE, &conf.watch, 0, "A cycle every --interval, until killed", NULL},
	{"interval", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.interval, 0, "Pause between cycles", "SECONDS"},
	{"repository", 'r', POPT_ARG_STRING, &conf.repository, 0, "Only this one (default: all)", "NAME"},
	{"testers", 'j', POPT_ARG_INT, &conf.testers, 0, "Attempts at once (default: processors)", "N"},
	OPTIONS_COMMON
};

/* 0, EXIT_FAILED or EXIT_BUSY. */
static int
merge_one(struct store *s, const char *name)
{
	int64_t start = tick_ms();
	struct cycle_sum sum = {0};
	struct err err = {0};
	int r = cycle_run(s, name, (size_t)conf.testers, &sum, &err);

	if (r == CYCLE_BUSY) {
		log_at(LOG_NOTE, "%s: another merger is at work; nothing done", name);
		return EXIT_BUSY;
	}
	if (r < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		return EXIT_FAILED;
	}
	log_at(LOG_INFO, "%s: state %lld: %zu merged, %zu sent back, %zu failed, %zu wait; %zu rounds, %zu attempts, %lld ms",
	    name, sum.serial, sum.merged, sum.sent_back, sum.failed, sum.deferred, sum.rounds, sum.attempts,
	    (long long)(tick_ms() - start));
	return 0;
}

static int
merge_all(struct store *s)
{
	AUTO(strs_fini) struct strs names = {0};
	struct err err = {0};
	int worst = 0;

	if (conf.repository)
		strs_add(&names, conf.repository);
	else if (repository_names(s, &names, &err) < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < names.n; i++) {
		int r = merge_one(s, names.p[i]);

		worst = worst == EXIT_FAILED || r == 0 ? worst : r;
	}
	return worst;
}

int
main(int argc, const char **argv)
{
	AUTO(store_close) struct store *s = NULL;
	struct err err = {0};
	int r;

	options_parse(argc, argv, "artel-merger", "merger", options, "[OPTION...]", 0, NULL);
	if (conf.testers <= 0)
		conf.testers = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (conf.testers > MAX_TESTERS || conf.interval < 1 || (conf.once && conf.watch)) {
		fprintf(stderr, "artel-merger: --testers is 1 to %d, --interval at least 1, --once or --watch\n", (int)MAX_TESTERS);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	if (store_open(options_common.root, &s, &err) < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		return EXIT_FAILED;
	}
	s->user = "merger";
	do {
		r = merge_all(s);
		if (conf.watch)
			sleep((unsigned)conf.interval);
	} while (conf.watch);
	return r;
}
