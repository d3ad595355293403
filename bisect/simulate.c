#include "base/alloc.h"
#include "base/err.h"
#include "bisect/guess.h"
#include "bisect/settle.h"
#include "bisect/simulate.h"

/* One batch. A culprit is a fault of one item, twice. */
struct fault_of {
	size_t a, b;
	bool named;
};

struct world {
	size_t n_faults;
	struct fault_of *faults;
	bool *in;			/* the set that is looked at */
};

static void
draw(struct world *w, const struct simulation *sim, uint64_t *seed)
{
	AUTO(free) size_t *items = xcalloc(sim->n + 1, sizeof(*items));
	size_t next = 0;

	for (size_t i = 0; i < sim->n; i++)
		items[i] = i;
	for (size_t i = 0; i + 1 < sim->n; i++) {
		size_t j = i + guess_below(seed, sim->n - i), item = items[j];

		items[j] = items[i];
		items[i] = item;
	}
	for (size_t f = 0; f < w->n_faults; f++) {
		struct fault_of *x = &w->faults[f];

		x->a = items[next++ % sim->n];
		x->b = f < sim->culprits ? x->a : items[next++ % sim->n];
		x->named = (double)guess_below(seed, 1000000) < sim->named * 1e6;
	}
}

/* Whether a fault shows in a set. */
static bool
shows(const struct world *w, const struct fault_of *f)
{
	return w->in[f->a] && w->in[f->b];
}

static void
look_at(struct world *w, const size_t *items, size_t n, bool in)
{
	for (size_t i = 0; i < n; i++)
		w->in[items[i]] = in;
}

static int
judge(void *arg, const size_t *items, size_t n, struct str *report)
{
	struct world *w = arg;
	int failed = 0;

	look_at(w, items, n, true);
	for (size_t f = 0; f < w->n_faults; f++)
		failed |= shows(w, &w->faults[f]);
	look_at(w, items, n, false);
	return failed;
}

static void
name(void *arg, const size_t *items, size_t n, const struct str *report, bool *suspect)
{
	struct world *w = arg;

	look_at(w, items, n, true);
	for (size_t f = 0; f < w->n_faults; f++) {
		const struct fault_of *x = &w->faults[f];

		for (size_t i = 0; i < n && x->named && shows(w, x); i++)
			suspect[i] |= items[i] == x->a || items[i] == x->b;
	}
	look_at(w, items, n, false);
}

static void
add_up(const struct simulation *sim, const struct settled *done, struct simulated *out)
{
	double trials = (double)sim->trials, n = (double)(sim->n ? sim->n : 1);

	out->rounds += (double)done->rounds / trials;
	out->attempts += (double)done->attempts / trials;
	out->closing += (double)done->closing_attempts / trials;
	out->accepted += (double)done->n_accepted / n / trials;
	for (size_t r = 0; r < SIMULATE_ROUNDS && done->merged.n; r++)
		out->merged[r] += (double)done->merged.p[r < done->merged.n ? r : done->merged.n - 1] / n / trials;
}

int
simulate(const struct simulation *sim, struct simulated *out, struct err *err)
{
	AUTO(free) struct fault_of *faults = xcalloc(sim->culprits + sim->pairs + 1, sizeof(*faults));
	AUTO(free) bool *in = xcalloc(sim->n + 1, sizeof(*in));
	struct world w = {.n_faults = sim->n ? sim->culprits + sim->pairs : 0, .faults = faults, .in = in};
	const struct settle job = {.n = sim->n, .testers = sim->testers, .max_rounds = sim->max_rounds,
	    .strategy = sim->strategy, .run = runner_inline, .fn = judge, .suspects = name, .arg = &w};
	uint64_t seed = sim->seed;

	*out = (struct simulated){0};
	for (size_t t = 0; t < sim->trials; t++) {
		AUTO(settled_fini) struct settled done = {0};

		draw(&w, sim, &seed);
		if (settle(&job, &done, err) < 0)
			return -1;
		add_up(sim, &done, out);
	}
	return 0;
}
