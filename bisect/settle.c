#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bisect/prefix2.h"
#include "bisect/runner.h"
#include "bisect/settle.h"

/* One round: the accepted items, then the open ones of which prefixes are tried. */
struct round {
	const struct settle *s;
	const struct settled *out;
	size_t *open;
	size_t n_open;
	size_t sizes[PREFIX2_MAX];
};

void
settled_fini(struct settled *s)
{
	for (size_t i = 0; i < s->n; i++)
		str_fini(&s->report[i]);
	free(s->state);
	free(s->report);
	free(s->order);
	*s = (struct settled){0};
}

static int
attempt(void *arg, size_t which, struct str *report)
{
	const struct round *r = arg;
	size_t n = r->out->n_accepted + r->sizes[which];
	AUTO(free) size_t *items = xcalloc(n, sizeof(*items));

	memcpy(items, r->out->order, r->out->n_accepted * sizeof(*items));
	memcpy(items + r->out->n_accepted, r->open, r->sizes[which] * sizeof(*items));
	return r->s->fn(r->s->arg, items, n, report);
}

/* Items that need one that is aside cannot be tried; they are neither accepted nor to blame. */
static void
drop_dependents(const struct settle *s, struct settled *out)
{
	bool again = s->needs != NULL;

	while (again) {
		again = false;
		for (size_t a = 0; a < s->n; a++)
			for (size_t b = 0; b < s->n && out->state[a] == SETTLED_LEFT; b++)
				if (b != a && out->state[b] >= SETTLED_ASIDE && s->needs(s->arg, a, b)) {
					out->state[a] = SETTLED_NEEDS_ASIDE;
					again = true;
				}
	}
}

static size_t
open_items(const struct settle *s, const struct settled *out, size_t *open)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (out->state[i] == SETTLED_LEFT)
			open[n++] = i;
	return n;
}

/* Accept the largest passing prefix, or set the first item aside. */
static int
one_round(const struct settle *s, struct settled *out, struct round *r, struct err *err)
{
	struct runner_result results[PREFIX2_MAX];
	size_t n = prefix2_sizes(r->n_open, r->sizes), best;
	int rc = runner_run(n, s->testers, attempt, r, results, &best, err);

	out->rounds++;
	for (size_t i = 0; i < n; i++)
		out->attempts += results[i].how != RUNNER_KILLED;
	if (rc == 0 && best < n) {
		for (size_t i = 0; i < r->sizes[best]; i++) {
			out->state[r->open[i]] = SETTLED_ACCEPTED;
			out->order[out->n_accepted++] = r->open[i];
		}
	} else if (rc == 0) {
		/* Even the first alone fails on top of what is accepted. */
		out->state[r->open[0]] = SETTLED_ASIDE;
		str_clear(&out->report[r->open[0]]);
		str_put(&out->report[r->open[0]], results[n - 1].report.p, results[n - 1].report.n);
		drop_dependents(s, out);
	}
	runner_results_fini(results, n);
	return rc;
}

static int
settle_left(const struct settle *s, struct settled *out, struct err *err)
{
	AUTO(free) size_t *open = xcalloc(s->n, sizeof(*open));

	for (;;) {
		struct round r = {.s = s, .out = out, .open = open, .n_open = open_items(s, out, open)};

		if (r.n_open == 0)
			return 0;
		if (one_round(s, out, &r, err) < 0)
			return -1;
	}
}

int
settle(const struct settle *s, struct settled *out, struct err *err)
{
	size_t before, aside;

	*out = (struct settled){.n = s->n};
	out->state = xcalloc(s->n, sizeof(*out->state));
	out->report = xcalloc(s->n, sizeof(*out->report));
	out->order = xcalloc(s->n, sizeof(*out->order));
	do {
		/*
		 * The set-aside items come back while the set grows: a second pass without any gain,
		 * or with nothing aside, is the end.
		 */
		before = out->n_accepted;
		aside = 0;
		for (size_t i = 0; i < s->n; i++)
			if (out->state[i] != SETTLED_ACCEPTED) {
				out->state[i] = SETTLED_LEFT;
				aside++;
			}
		if (aside && settle_left(s, out, err) < 0)
			return -1;
	} while (aside && out->n_accepted > before && out->n_accepted < s->n);
	return 0;
}
