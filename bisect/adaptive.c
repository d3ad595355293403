/*
 * Sets are judged by a sample of answers (guess.h). Of candidates for one tester,
 * that one is taken which together with those before it tells most answers apart
 * (the entropy of all their verdicts, in bits), plus a reward for items that could
 * be accepted at once, and for what would settle the batch.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "bisect/adaptive.h"
#include "bisect/guess.h"

/* Of the candidates for a tester one in COMPLEMENTS leaves out what an answer does; one tester in SPARE proves nobody guilty. */
enum { CANDIDATES = 64, COMPLEMENTS = 4, SPARE = 3 };

/*
 * How likely a set should be to pass for testers to build on it; what an accepted batch, and a settled one,
 * weigh in bits. Chosen by simulation: bench/bench-bisect.c.
 */
static const double LIKELY = 0.4, REWARD = 1, FINISH = 3;

/* What the sets taken so far tell of each answer. */
struct told {
	unsigned cell[GUESS_SAMPLES];	/* answers in one cell are not told apart */
	unsigned n_cells;
	size_t passes[GUESS_SAMPLES];	/* the largest set that passes */
	bool settled[GUESS_SAMPLES];	/* some set leaves out just what the answer does */
};

struct ranked {
	size_t item;
	unsigned out;			/* answers in which it is left out */
	bool suspect;
};

static int
by_guilt(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->out != y->out)
		return x->out < y->out ? -1 : 1;
	if (x->suspect != y->suspect)
		return x->suspect ? 1 : -1;
	return (x->item > y->item) - (x->item < y->item);
}

/* Open items that are not in a set. */
static struct set
rest(const struct knowledge *k, const struct set *s)
{
	struct set r = set_copy(&k->open);

	set_less(&r, s);
	return r;
}

/* The answers that leave out just what a set leaves out. */
static struct mask
exactly(const struct guess *g, const struct knowledge *k, const struct set *s, const struct mask *failing)
{
	AUTO(set_fini) struct set left = rest(k, s);
	struct mask m;

	for (int i = 0; i < GUESS_WORDS; i++)
		m.w[i] = ~failing->w[i];
	set_each(i, &left)
		for (int w = 0; w < GUESS_WORDS; w++)
			m.w[w] &= g->out[i].w[w];
	return m;
}

/* All but what one of the answers leaves out. */
static struct set
complement(const struct guess *g, const struct knowledge *k, unsigned answer)
{
	struct set s = set_copy(&k->open);

	set_each(i, &k->open)
		if (mask_has(&g->out[i], answer))
			set_drop(&s, i);
	return s;
}

/* The best set to try so far. */
struct promise {
	struct set set;
	double worth, likely;
};

static void
consider(const struct guess *g, const struct knowledge *k, const struct set *s, double n_open, struct promise *best)
{
	struct mask failing = guess_failing(g, s), exact = exactly(g, k, s, &failing);
	double likely = 1 - (double)mask_count(&failing) / GUESS_SAMPLES;
	double worth = likely * (double)set_count(s) / n_open + FINISH * (double)mask_count(&exact) / GUESS_SAMPLES;

	if (worth <= best->worth)
		return;
	set_fini(&best->set);
	*best = (struct promise){set_copy(s), worth, likely};
}

/* The set most worth trying: by the items to be expected to pass, and whether that may be all that can. */
static double
most_promising(const struct guess *g, const struct knowledge *k, struct set *out)
{
	AUTO(free) struct ranked *r = xcalloc(k->n + 1, sizeof(*r));
	AUTO(set_fini) struct set first = set_new(k->n);
	struct promise best = {.set = set_new(k->n), .worth = -1};
	size_t n = 0;

	set_each(i, &k->open)
		r[n++] = (struct ranked){i, mask_count(&g->out[i]), set_has(&g->suspects, i)};
	qsort(r, n, sizeof(*r), by_guilt);
	for (size_t i = 0; i < n; i++) {
		set_add(&first, r[i].item);
		consider(g, k, &first, (double)n, &best);
	}
	for (unsigned a = 0; a < GUESS_SAMPLES; a++) {
		AUTO(set_fini) struct set s = complement(g, k, a);

		if (!set_empty(&s))
			consider(g, k, &s, (double)n, &best);
	}
	set_join(out, &best.set);
	set_fini(&best.set);
	return best.likely;
}

static void
tell(struct told *t, const struct mask *failing, const struct mask *exact, size_t size)
{
	unsigned renamed[2 * GUESS_SAMPLES], next = 0;

	memset(renamed, 0xff, sizeof(renamed));
	for (unsigned a = 0; a < GUESS_SAMPLES; a++) {
		unsigned *to = &renamed[t->cell[a] * 2 + mask_has(failing, a)];

		if (*to == UINT32_MAX)
			*to = next++;
		t->cell[a] = *to;
		if (!mask_has(failing, a) && size > t->passes[a])
			t->passes[a] = size;
		t->settled[a] |= mask_has(exact, a);
	}
	t->n_cells = next;
}

/* Bits that another set tells. */
static double
bits(const struct told *t, const struct mask *failing)
{
	unsigned n[2 * GUESS_SAMPLES] = {0};
	double sum = 0;

	for (unsigned a = 0; a < GUESS_SAMPLES; a++)
		n[t->cell[a] * 2 + mask_has(failing, a)]++;
	for (unsigned c = 0; c < t->n_cells; c++) {
		double p = n[2 * c], f = n[2 * c + 1];

		if (p > 0 && f > 0)
			sum += (p + f) * log2(p + f) - p * log2(p) - f * log2(f);
	}
	return sum / GUESS_SAMPLES;
}

/* What may be accepted beyond what passes already, as a share of all that is open; and whether that may be all that can. */
static double
gain(const struct told *t, const struct mask *failing, const struct mask *exact, size_t size, size_t n_open)
{
	size_t sum = 0, settled = 0;

	for (unsigned a = 0; a < GUESS_SAMPLES; a++) {
		if (!mask_has(failing, a) && size > t->passes[a])
			sum += size - t->passes[a];
		settled += mask_has(exact, a) && !t->settled[a];
	}
	return (REWARD * (double)sum / (double)n_open + FINISH * (double)settled) / GUESS_SAMPLES;
}

/* Items in any order as long as the set passes in a good part of the answers; with all that are cleared. */
static struct set
random_set(const struct guess *g, const struct knowledge *k, uint64_t *seed)
{
	struct set out = set_copy(&g->cleared);
	AUTO(free) size_t *items = xcalloc(k->n + 1, sizeof(*items));
	size_t n = 0, most = GUESS_SAMPLES / 4 + guess_below(seed, GUESS_SAMPLES / 2);
	struct mask failing = guess_failing(g, &g->cleared);

	set_each(i, &k->open)
		items[n++] = i;
	for (size_t i = 0; i < n; i++) {
		size_t j = i + guess_below(seed, n - i), item = items[j];
		struct mask with = failing;

		items[j] = items[i];
		mask_join(&with, &g->out[item]);
		if (mask_count(&with) > most && !set_empty(&out))
			break;
		set_add(&out, item);
		failing = with;
	}
	return out;
}

static void
take(const struct guess *g, const struct knowledge *k, const struct set *s, struct told *told)
{
	struct mask failing = guess_failing(g, s), exact = exactly(g, k, s, &failing);

	tell(told, &failing, &exact, set_count(s));
}

/* The best of some candidates; false if none tells anything. */
static bool
one_more(const struct guess *g, const struct knowledge *k, struct told *told, uint64_t *seed, struct plan *out)
{
	AUTO(set_fini) struct set best = set_new(k->n);
	size_t n_open = set_count(&k->open);
	double best_score = 1e-9;
	struct mask failing, exact;

	for (int c = 0; c < CANDIDATES; c++) {
		AUTO(set_fini) struct set s = c % COMPLEMENTS ? random_set(g, k, seed) :
		    complement(g, k, (unsigned)guess_below(seed, GUESS_SAMPLES));
		double score;

		failing = guess_failing(g, &s);
		exact = exactly(g, k, &s, &failing);
		score = bits(told, &failing) + gain(told, &failing, &exact, set_count(&s), n_open);
		if (score > best_score) {
			struct set old = best;

			best_score = score;
			best = s;
			s = old;
		}
	}
	if (set_empty(&best))
		return false;
	take(g, k, &best, told);
	plan_add(out, &best);
	return true;
}

/* Open items that most answers leave out. */
static struct set
guilty_items(const struct guess *g, const struct knowledge *k)
{
	struct set guilty = set_new(k->n);

	set_each(i, &k->open)
		if (mask_count(&g->out[i]) >= GUESS_SAMPLES / 2)
			set_add(&guilty, i);
	return guilty;
}

/* A set with each of some items, as long as there are fewer than `most` sets. */
static void
prove(const struct knowledge *k, const struct set *first, const struct set *guilty, size_t most, struct plan *out)
{
	set_each(i, guilty) {
		AUTO(set_fini) struct set with = set_copy(first);

		set_add(&with, i);
		if (out->n < most && !knowledge_fails(k, &with))
			plan_add(out, &with);
	}
}

/* What follows from what is known: the first set, and those that are worth their testers if it is as likely as it seems. */
static void
plan_likely(const struct knowledge *k, struct set *first, struct plan *out)
{
	AUTO(guess_fini) struct guess g = {0};
	AUTO(set_fini) struct set guilty = {0};
	AUTO(set_fini) struct set left = {0};
	AUTO(set_fini) struct set none = set_new(k->n);
	double p;

	guess_make(&g, k, NULL);
	guilty = guilty_items(&g, k);
	if (set_equal(&guilty, &k->open)) {
		/* Each is to be proven guilty or not, on its own. */
		prove(k, &none, &guilty, k->testers, out);
		return;
	}
	p = most_promising(&g, k, first);
	plan_add(out, first);
	left = rest(k, first);
	if (p < LIKELY && out->n < k->testers)
		plan_add(out, &g.cleared);
	else if (p >= LIKELY && set_within(&left, &guilty))
		prove(k, first, &left, k->testers - k->testers / SPARE, out);
}

void
adaptive_plan(const struct knowledge *k, struct plan *out)
{
	AUTO(guess_fini) struct guess g = {0};
	AUTO(set_fini) struct set first = set_new(k->n);
	uint64_t seed = k->trials.n;
	struct told told = {.n_cells = 1};

	if (k->trials.n == k->since) {
		set_join(&first, &k->open);
		plan_add(out, &first);
	} else
		plan_likely(k, &first, out);
	if (out->n >= k->testers)
		return;
	/* What the others tell matters if the first fails. */
	guess_make(&g, k, &first);
	for (size_t i = 1; i < out->n; i++)
		take(&g, k, &out->p[i], &told);
	for (size_t tries = 0; out->n < k->testers && tries < 2 * k->testers; tries++)
		if (!one_more(&g, k, &told, &seed, out))
			return;
}
