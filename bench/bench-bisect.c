/*
 * Rounds and attempts of every strategy over simulated batches, 7 testers, reports
 * that name 90 % of the culprits and reports that name nobody. TRIALS batches a line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/text.h"
#include "bisect/simulate.h"
#include "bisect/strategy.h"

static const struct {
	size_t n, culprits, pairs;
} cases[] = {
	{64, 1, 0}, {64, 2, 0}, {64, 4, 0}, {64, 8, 0}, {64, 1, 2}, {64, 2, 2}, {64, 4, 2}, {64, 8, 2},
	{256, 1, 0}, {256, 2, 0}, {256, 4, 0}, {256, 8, 0}, {256, 1, 2}, {256, 2, 2}, {256, 4, 2}, {256, 8, 2},
};

/* Every strategy on one kind of batch, and how auto compares. */
static int
compare(size_t c, unsigned named, size_t trials, struct err *err)
{
	double best = 0;

	for (size_t s = 0; s < n_strategies; s++) {
		const struct simulation sim = {.n = cases[c].n, .culprits = cases[c].culprits, .pairs = cases[c].pairs,
		    .testers = 7, .named = named / 100.0, .trials = trials, .seed = 1, .strategy = &strategies[s]};
		AUTO(free) char *id = NULL;
		struct simulated out;
		int64_t start = tick_ms();

		if (asprintf(&id, "bisect-%zu-%zu-culprits-%zu-pairs-%u-named-%s", sim.n, sim.culprits, sim.pairs, named,
		    strategies[s].name) < 0 || simulate(&sim, &out, err) < 0)
			return -1;
		if (s == 0)
			best = out.rounds;
		printf("%s %.2f rounds\n", id, out.rounds);
		printf("%s-attempts %.1f attempts\n", id, out.attempts);
		printf("%s-merged2 %.1f %%\n", id, 100 * out.merged[1]);
		printf("%s-time %.3f ms/batch\n", id, (double)(tick_ms() - start) / (double)trials);
		if (s > 0)
			printf("%s-over-auto %.2f ratio\n", id, out.rounds / best);
	}
	return 0;
}

int
main(void)
{
	const char *wanted = getenv("TRIALS");
	size_t trials = wanted && text_number(wanted, 1000000) > 0 ? (size_t)text_number(wanted, 1000000) : 50;
	struct err err = {0};

	for (size_t c = 0; c < ARRAY_SIZE(cases); c++)
		for (unsigned named = 0; named <= 90; named += 90)
			if (compare(c, named, trials, &err) < 0) {
				fprintf(stderr, "%s\n", err.msg);
				return 1;
			}
	return 0;
}
