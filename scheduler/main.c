/* artel-scheduler: hand AWAITING tasks to builders, job by job. See artel-scheduler(8). */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/log.h"
#include "base/options.h"
#include "repo/state.h"
#include "scheduler/daemon.h"
#include "schema/repository.h"
#include "schema/store.h"

static struct {
	int tries, lease, stall;
	char *limits;
} conf = {.tries = 5, .lease = 30, .stall = 60};

/* Of a repository that says nothing. */
#define LIMITS "time=4h silence=1h output=64M memory=8G processes=4k disk=64G files=4M"

static const struct poptOption options[] = {
	{"tries", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.tries, 0, "Attempts at a job that fails by infrastructure", "N"},
	{"lease", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.lease, 0, "A builder that is silent so long loses its jobs", "SECONDS"},
	{"stall", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.stall, 0, "A transfer that stands still so long is given up", "SECONDS"},
	{"limits", '\0', POPT_ARG_STRING, &conf.limits, 0, "What a job may use (default: " LIMITS ")", "LIST"},
	OPTIONS_COMMON
};

/* Builders are given the index of the current state: one that cannot be read any more is made anew. */
static int
renew(struct store *s, struct err *err)
{
	AUTO(strs_fini) struct strs names = {0};

	if (repository_names(s, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		AUTO(repository_fini) struct repository r = {0};
		size_t n = 0;

		if (repository_get(s, names.p[i], &r, err) || state_renew(s, &r, &n, err) < 0)
			return -1;
		if (n)
			log_at(LOG_NOTE, "%s: the index of state %lld was made anew", r.name, (long long)r.serial);
	}
	return 0;
}

/* A descriptor for each builder: as many as the host lets us have. */
static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
main(int argc, const char **argv)
{
	AUTO(store_close) struct store *s = NULL;
	struct scheduler_conf c;
	struct err err = {0};
	int r;

	options_parse(argc, argv, "artel-scheduler", "scheduler", options, "[OPTION...]", 0, NULL);
	if (conf.tries < 1 || conf.lease < 5 || conf.stall < 1) {
		fprintf(stderr, "artel-scheduler: numbers are positive, --lease is at least 5\n");
		return EXIT_USAGE;
	}
	c = (struct scheduler_conf){.tries = conf.tries, .lease_ms = conf.lease * 1000ll, .stall_ms = conf.stall * 1000ll};
	if (limits_parse(&c.limits, LIMITS, &err) < 0 || (conf.limits && limits_parse(&c.limits, conf.limits, &err) < 0)) {
		fprintf(stderr, "artel-scheduler: --limits: %s\n", err.msg);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	store_set_up();
	if (store_open(options_common.root, &s, &err) < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		return 1;
	}
	s->user = "scheduler";
	raise_files();
	r = store_tune(s, &err) < 0 || renew(s, &err) < 0 ? -1 : scheduler_run(s, &c, &err);
	if (r == SCHEDULER_BUSY)
		err_set(&err, 0, "another scheduler runs on this farm");
	if (r)
		log_at(LOG_ERROR, "%s", err.msg);
	return r ? 1 : 0;
}
