/*
 * soak: a farm under everything that may happen to it, at a high rate and by dice, and then a look at its journal.
 *
 *   soak [--seed N] [--seconds N] ROOT     make a farm there, soak it, let it come to rest, check it
 *   soak --check ROOT                      check one that is at rest
 *
 * The status is 1 if a rule is broken (tests/soak/wrong.h): the farm is left where it is then. A seed gives the same
 * choices, not the same moments.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/options.h"
#include "base/spawn.h"
#include "base/text.h"
#include "bench/data.h"
#include "schema/event.h"
#include "tests/soak/check.h"
#include "tests/soak/crew.h"
#include "tests/soak/merging.h"
#include "tests/soak/people.h"

enum { RATE = 400, MERGE_MS = 200, COUNT_MS = 100, QUIET_MS = 60000, STUCK = 10 };

static struct {
	int seed, seconds, check, keep;
	char *build;
} conf;

static const struct poptOption options[] = {
	{"seed", '\0', POPT_ARG_INT, &conf.seed, 0, "Of the dice ($ARTEL_SOAK_SEED; default: any)", "N"},
	{"seconds", '\0', POPT_ARG_INT, &conf.seconds, 0, "Before it may come to rest ($ARTEL_SOAK_SECONDS; default: 60)", "N"},
	{"build", '\0', POPT_ARG_STRING, &conf.build, 0, "The folder with the programs ($BUILD)", "DIR"},
	{"check", '\0', POPT_ARG_NONE, &conf.check, 0, "Only check the farm that is there", NULL},
	{"keep", '\0', POPT_ARG_NONE, &conf.keep, 0, "Leave the farm there in any case", NULL},
	OPTIONS_COMMON
};

static int
number(int given, const char *variable, int other)
{
	const char *text = getenv(variable);
	int64_t n = text ? text_number(text, INT32_MAX) : 0;

	return given > 0 ? given : n > 0 ? (int)n : other;
}

/* People, at a steady rate; who was late does not make up for it. */
static void
act(struct soak *k, double *acted)
{
	const double now = sample_now_ms();

	if (now - *acted > 1000)
		*acted = now - 1000;
	while (*acted + 1000.0 / RATE <= now && sample_now_ms() - now < MERGE_MS) {
		people_act(k);
		*acted += 1000.0 / RATE;
	}
}

static void
storm(struct soak *k, struct crew *c)
{
	const double end = sample_now_ms() + conf.seconds * 1e3;
	double acted = sample_now_ms(), merged = 0, counted = 0;
	const struct timespec pause = {0, 1000000};

	for (double now; (now = sample_now_ms()) < end; nanosleep(&pause, NULL)) {
		crew_turn(c);
		if (now - counted > COUNT_MS) {
			k->open = soak_count(k, "SELECT count(*) FROM task WHERE state IN ('AWAITING', 'BUILDING')");
			counted = now;
		}
		if (now - merged > MERGE_MS) {
			merging_cycle(k);
			merged = now;
		}
		act(k, &acted);
	}
}

/* Rest. */

/* A task that waits for others has nothing to do as long as one of them is not there. */
#define UNREST " FROM task t WHERE state IN ('AWAITING', 'BUILDING', 'BUILT', 'MERGING') OR (state = 'POSTPONED' AND NOT EXISTS" \
	" (SELECT 1 FROM task_dep d LEFT JOIN task n ON n.id = d.dep WHERE d.task = t.id AND (n.state IS NULL OR n.state NOT IN" \
	" ('BUILT', 'MERGING', 'DONE'))))"

static bool
is_at_rest(struct soak *k)
{
	return soak_count(k, "SELECT count(*)" UNREST) == 0 &&
	    soak_count(k, "SELECT count(*) FROM job WHERE state IN ('waiting', 'queued', 'running')") == 0;
}

/* What `task why` says of some of those that are stuck. */
static void
tell_stuck(struct soak *k, struct wrongs *w)
{
	AUTO(free) char *program = xasprintf("%s/artel", conf.build);
	int64_t ids[STUCK];
	size_t n = soak_ask(k, "SELECT id" UNREST " ORDER BY id", ids, STUCK);

	wrong_add(w, RULE_HANG, "no task has moved for %d s, and %lld are not at rest, %lld jobs are open", QUIET_MS / 1000,
	    (long long)soak_count(k, "SELECT count(*)" UNREST),
	    (long long)soak_count(k, "SELECT count(*) FROM job WHERE state IN ('waiting', 'queued', 'running')"));
	for (size_t i = 0; i < n; i++) {
		AUTO(free) char *id = xasprintf("%lld", (long long)ids[i]);
		const char *argv[] = {program, "--root", k->root, "--user", "admin", "task", "why", id, NULL};
		AUTO(str_fini) struct str said = {0};
		struct ended e;
		struct err err;

		if (spawn_run(&(struct spawn){.argv = argv}, NULL, &said, QUIET_MS, &e, &err) < 0)
			str_puts(&said, err.msg);
		wrong_add(w, RULE_HANG, "task #%lld: %s", (long long)ids[i], str_c(&said));
	}
}

static bool
settle(struct soak *k, struct crew *c, struct wrongs *w)
{
	const struct timespec pause = {0, 100000000};
	int64_t seen = 0, moved = tick_ms();

	k->calm = true;
	people_calm(k);
	for (; !is_at_rest(k); nanosleep(&pause, NULL)) {
		const int64_t last = soak_count(k, "SELECT max(id) FROM event WHERE kind IN ('task', 'job')");

		crew_turn(c);
		merging_cycle(k);
		if (last != seen)
			moved = tick_ms();
		seen = last;
		if (tick_ms() - moved > QUIET_MS) {
			tell_stuck(k, w);
			return false;
		}
	}
	return true;
}

static void
tell(const struct soak *k, const struct crew *c, const struct past *p, double seconds)
{
	printf("%zu submits, %zu more runs, %zu put back, %zu aborts, %zu holds, %zu other changes, %zu merges\n", k->submits, k->reruns, k->requeues, k->aborts,
	    k->holds, k->changes, k->merges);
	printf("%zu kills of the scheduler, %zu of builders, %zu stops, %zu jumps of the clock\n", c->kills_scheduler,
	    c->kills_builders, c->stops, c->jumps);
	printf("%lld events, %.0f a second: %lld moves of tasks, %lld starts of jobs\n", (long long)p->events,
	    (double)p->events / seconds, (long long)p->moves, (long long)p->starts);
}

static size_t
soak(const char *root)
{
	AUTO(soak_fini) struct soak k = {.root = root, .seed = (unsigned)conf.seed};
	AUTO(past_fini) struct past p = {0};
	struct wrongs w = {0};
	struct crew c;
	double begin = sample_now_ms(), stormed;
	struct err err;

	printf("seed %d, %d seconds, %s\n", conf.seed, conf.seconds, root);
	fflush(stdout);
	soak_make(&k);
	crew_start(&c, &k, conf.build, &w);
	storm(&k, &c);
	stormed = sample_now_ms();
	settle(&k, &c, &w);
	printf("at rest after %.1f s more\n", (sample_now_ms() - stormed) / 1e3);
	crew_end(&c);
	must(check_farm(&p, k.s, c.notes, &w, &err), &err);
	tell(&k, &c, &p, (sample_now_ms() - begin) / 1e3);
	return wrong_count(&w);
}

static size_t
check_only(const char *root)
{
	AUTO(soak_fini) struct soak k = {.root = root};
	AUTO(past_fini) struct past p = {0};
	struct wrongs w = {0};
	unsigned notes = 0;
	struct err err;

	must(store_open(root, &k.s, &err), &err);
	for (bool more = true; more; notes += more) {
		AUTO(free) char *name = xasprintf("notes.%u", notes);

		more = file_exists(k.s->dir, name);
	}
	must(check_farm(&p, k.s, notes, &w, &err), &err);
	printf("%lld events: %lld moves of tasks, %lld starts of jobs\n", (long long)p.events, (long long)p.moves, (long long)p.starts);
	return wrong_count(&w);
}

int
main(int argc, const char **argv)
{
	AUTO(strs_fini) struct strs rest = {0};
	struct err err;
	size_t wrongs;

	options_parse(argc, argv, "soak", "soak", options, "[OPTION...] ROOT", 0, &rest);
	conf.seed = number(conf.seed, "ARTEL_SOAK_SEED", (int)(now_ms() % 1000000) + 1);
	conf.seconds = number(conf.seconds, "ARTEL_SOAK_SECONDS", 60);
	if (!conf.build && getenv("BUILD"))
		conf.build = xstrdup(getenv("BUILD"));
	if (rest.n != 1 || (!conf.check && !conf.build)) {
		fprintf(stderr, "soak: give one folder for the farm, and --build\n");
		return EXIT_USAGE;
	}
	/* A name that ends in XXXXXX: a new folder each time, as what an earlier run left must stay. */
	if (!conf.check && strlen(rest.p[0]) > 6 && strcmp(rest.p[0] + strlen(rest.p[0]) - 6, "XXXXXX") == 0 && !mkdtemp(rest.p[0]))
		must(err_sys(&err, "make %s", rest.p[0]), &err);
	wrongs = conf.check ? check_only(rest.p[0]) : soak(rest.p[0]);
	printf(wrongs ? "%zu times a rule is broken\n" : "no rule is broken\n", wrongs);
	if (!conf.check && !wrongs && !conf.keep)
		must(file_remove_tree(AT_FDCWD, rest.p[0], &err), &err);
	return wrongs ? 1 : 0;
}
