/* What the strategies of bisection would do with made-up batches. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "bisect/simulate.h"
#include "bisect/strategy.h"
#include "shell/context.h"
#include "shell/plumb-bisect.h"

enum { MOST = 10000, MOST_TRIALS = 1000000 };

struct request {
	struct simulation sim;
	int64_t n, culprits, pairs, testers, rounds, named, trials, seed;
	bool all;			/* strategies */
};

/* The number option that a word is; NULL: none. */
static int64_t *
number_option(struct request *r, const char *word, int64_t *max)
{
	const struct {
		const char *name;
		int64_t *value, max;
	} options[] = {
		{"--n", &r->n, MOST}, {"--culprits", &r->culprits, MOST}, {"--pairs", &r->pairs, MOST},
		{"--testers", &r->testers, MOST}, {"--rounds", &r->rounds, MOST}, {"--named", &r->named, 100},
		{"--trials", &r->trials, MOST_TRIALS}, {"--seed", &r->seed, INT64_MAX / 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i].name, word) == 0) {
			*max = options[i].max;
			return options[i].value;
		}
	return NULL;
}

static int
strategy_option(struct request *r, const char *word, struct err *err)
{
	AUTO(free) char *names = strategy_names();

	r->all = strcmp(word, "all") == 0;
	r->sim.strategy = r->all ? &strategies[0] : strategy_find(word);
	return r->sim.strategy ? 0 : err_set(err, EINVAL, "no strategy `%s`; there are all, %s", word, names);
}

static int
options(struct context *c, struct request *r, struct err *err)
{
	const char *word;

	while ((word = context_next(c))) {
		int64_t max, *number = number_option(r, word, &max);
		const char *value;

		if (strcmp(word, "--json") == 0) {
			c->json = true;
			continue;
		}
		if (!number && strcmp(word, "--strategy") != 0)
			return err_set(err, EINVAL, "`%s` is not expected here", word);
		if (!(value = context_need(c, word, err)))
			return -1;
		if (!number && strategy_option(r, value, err) < 0)
			return -1;
		if (number && (*number = text_number(value, max)) < 0)
			return err_set(err, EINVAL, "%s `%s` is not a number up to %lld", word, value, (long long)max);
	}
	if (r->n == 0 || r->testers == 0 || r->trials == 0)
		return err_set(err, EINVAL, "--n, --testers and --trials must be more than 0");
	if (r->culprits + 2 * r->pairs > r->n)
		return err_set(err, EINVAL, "--n %lld is too small for so many culprits and pairs", (long long)r->n);
	return 0;
}

static void
print_row(const struct simulation *sim, const struct simulated *out)
{
	printf("%s\t%zu\t%zu\t%zu\t%zu\t%.0f\t%.2f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\n", sim->strategy->name, sim->n,
	    sim->culprits, sim->pairs, sim->testers, 100 * sim->named, out->rounds, out->attempts, 100 * out->merged[0],
	    100 * out->merged[1], 100 * out->merged[2], out->closing);
}

static json_t *
json_row(const struct simulation *sim, const struct simulated *out)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "strategy", sim->strategy->name,
	    "n", (json_int_t)sim->n, "culprits", (json_int_t)sim->culprits, "pairs", (json_int_t)sim->pairs,
	    "testers", (json_int_t)sim->testers, "named", 100 * sim->named, "rounds", out->rounds,
	    "attempts", out->attempts, "merged1", 100 * out->merged[0], "merged2", 100 * out->merged[1],
	    "merged3", 100 * out->merged[2], "closing", out->closing);
}

static int
run_request(struct request *r, json_t *rows, struct err *err)
{
	for (size_t s = 0; s < (r->all ? n_strategies : 1); s++) {
		struct simulated out;

		if (r->all)
			r->sim.strategy = &strategies[s];
		if (simulate(&r->sim, &out, err) < 0)
			return -1;
		if (rows)
			json_array_append_new(rows, json_row(&r->sim, &out));
		else
			print_row(&r->sim, &out);
	}
	return 0;
}

int
plumb_bisect_sim(struct context *c, struct err *err)
{
	struct request r = {.n = 64, .culprits = 1, .testers = 7, .trials = 1000, .seed = 1, .sim.strategy = &strategies[0]};
	json_t *rows;
	char *text;
	int rc;

	if (options(c, &r, err) < 0)
		return -1;
	r.sim.n = (size_t)r.n;
	r.sim.culprits = (size_t)r.culprits;
	r.sim.pairs = (size_t)r.pairs;
	r.sim.testers = (size_t)r.testers;
	r.sim.max_rounds = (size_t)r.rounds;
	r.sim.named = (double)r.named / 100;
	r.sim.trials = (size_t)r.trials;
	r.sim.seed = (uint64_t)r.seed;
	rows = c->json ? json_array() : NULL;
	if (!rows)
		puts("strategy\tn\tculprits\tpairs\ttesters\tnamed\trounds\tattempts\tmerged1\tmerged2\tmerged3\tclosing");
	rc = run_request(&r, rows, err);
	if (rc == 0 && rows && (text = json_dumps(rows, JSON_INDENT(2) | JSON_REAL_PRECISION(6)))) {
		puts(text);
		free(text);
	}
	json_decref(rows);
	return rc;
}
